"""Pictures of a notebook's widgets, for readers without a kernel: Voilà serves the notebook, Chromium takes a screenshot of each widget."""

from __future__ import annotations

import base64
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elbo_room.lab import browsers, ports
from elbo_room.lab.errors import Refusal

WIDGET = "application/vnd.jupyter.widget-view+json"
WIDTH, HEIGHT = 1100, 1200  # CSS pixels of the page
LONGEST = 600_000  # milliseconds; the longest a notebook may run
RUN = 60_000  # milliseconds; the longest a lab in a cell may take to finish; otherwise it is captured as it is
SETTLE = 1_000  # between the last change of a drawing and the screenshot

# Every chart in an output has drawn something, or shows why it is empty.
DRAWN = """output => [...output.querySelectorAll('.elbo-chart')].every(
  chart => chart.querySelector('canvas, svg') || chart.textContent.trim())"""


@dataclass(frozen=True)
class Picture:
    """One widget: PNG, alternative text, width in CSS pixels."""

    png: bytes
    label: str
    width: int


@contextlib.contextmanager
def _served(notebook: Path) -> Iterator[str]:
    port = ports.choose(None, first=8966)
    command = [sys.executable, "-m", "elbo_room.lab.serving.serve", "--no-browser", "--port", str(port)]
    with subprocess.Popen([*command, "--notebook", str(notebook)], stdout=subprocess.PIPE, text=True) as server:
        try:
            if server.stdout is None or not server.stdout.readline():
                raise Refusal(f"{notebook.name} could not be served; the reason is above.")
            yield f"http://localhost:{port}/"
        finally:
            server.terminate()


def photograph(notebook: Path) -> dict[int, list[Picture]]:
    """The pictures of each cell's widgets, by the cell's number.

    Raises:
        Refusal: no Chromium was found.
    """
    from playwright.sync_api import TimeoutError as Late
    from playwright.sync_api import sync_playwright

    chromium = browsers.find()
    if chromium is None:
        raise Refusal(f"The notebooks' pictures need a Chromium: install one, or set {browsers.VARIABLE} to its path.")
    found: dict[int, list[Picture]] = {}
    with _served(notebook) as address, sync_playwright() as playwright:
        options = ["--no-sandbox"] if browsers.is_root() else []
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.5, bypass_csp=True)
        page.goto(address, timeout=LONGEST)
        page.wait_for_function("!document.getElementById('opening')", timeout=LONGEST)
        for cell in page.locator("div[cell-index]").all():
            number = int(cell.get_attribute("cell-index") or 0) - 1
            for output in cell.locator(".jp-OutputArea-output.lm-Panel").all():
                output.scroll_into_view_if_needed()
                run = output.get_by_role("button", name="Run", exact=True)
                if run.count():
                    run.click()
                    with contextlib.suppress(Late):
                        output.get_by_text("Finished").first.wait_for(timeout=RUN)
                page.wait_for_function(DRAWN, arg=output.element_handle(), timeout=RUN)
                page.wait_for_timeout(SETTLE)
                found.setdefault(number, []).append(_picture(output, lab=run.count() > 0))
        browser.close()
    return found


def _picture(output: Any, *, lab: bool) -> Picture:
    widget = output.locator(".jupyter-widgets").first
    named = output.locator(".elbo-chart [aria-label], .elbo-chart[aria-label]").first
    label = "The lab in this cell, after its run" if lab or not named.count() else named.get_attribute("aria-label")
    return Picture(widget.screenshot(timeout=LONGEST), str(label), round(widget.bounding_box()["width"]))


def add_pictures(cells: list[Any], pictures: dict[int, list[Picture]], name: str) -> None:
    """Replace every widget in executed cells by a PNG.

    Raises:
        Refusal: the cells and the page do not show the same number of widgets.
    """
    for number, cell in enumerate(cells):
        shown = [each for each in cell.get("outputs", []) if WIDGET in each.get("data", {})]
        photographs = pictures.get(number, [])
        if len(shown) != len(photographs):
            raise Refusal(
                f"Cell {number} of {name} has {len(shown)} widgets, but the page showed {len(photographs)} of them."
            )
        for output, picture in zip(shown, photographs, strict=True):
            del output["data"][WIDGET]
            output["data"]["image/png"] = base64.b64encode(picture.png).decode("ascii")
            cell.metadata["mystnb"] = {"image": {"alt": picture.label, "width": f"{picture.width}px"}}
