"""The lab itself opens: as Voilà's page and in JupyterLab, with no request leaving this machine."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CANVASES = "[...document.querySelectorAll('canvas')].filter(canvas => canvas.width > 0).length >= 4"


def test_the_lab_opens_on_one_screen(page, voila_server, wait_until):
    page.goto(voila_server)
    wait_until(page, CANVASES)
    page.locator("#opening").wait_for(state="detached")
    wide, tall = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert (wide, tall) <= (1280, 720)


def test_the_lab_opens_in_jupyterlab(page, jupyterlab_server, run_all_cells, wait_until):
    run_all_cells(page, jupyterlab_server, "lab/app.ipynb")
    wait_until(page, CANVASES)
    assert page.locator(".jp-Dialog").count() == 0, "no news, no update, no question"
