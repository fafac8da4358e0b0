"""The lab itself opens: as Voilà's page and in JupyterLab, with no request leaving this machine."""

from __future__ import annotations

import pytest

from tests.browser.screen import Screen

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


def test_after_a_restart_of_the_kernel_the_cell_goes_on_with_its_run(
    page, jupyterlab_server, run_all_cells, wait_until, watch
):
    """In JupyterLab, where a person runs the cell again because the page says that this helps."""
    run_all_cells(page, jupyterlab_server, "lab/app.ipynb")
    screen = Screen(page, wait_until)
    wait_until(page, CANVASES)
    screen.press("Run")
    screen.trains(beyond=20)
    screen.paused()
    step = screen.step()
    page.get_by_title(f"Saved up to step {step:,}", exact=True).wait_for()
    kernel = "window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel"
    assert page.evaluate(f"{kernel}.restart().then(() => true)")
    page.locator(".elbo-banner").get_by_text(
        f"Your run is kept up to step {step}: run the cell again to continue."
    ).wait_for()
    wait_until(page, f"{kernel}.status === 'idle'")
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    screen.until(lambda: screen.text("status").startswith("Paused") and "was resumed" in screen.text("caption"))
    assert screen.step() == step
    watch.errors.clear()  # what JupyterLab says of widgets whose kernel has gone
