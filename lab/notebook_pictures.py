"""Pictures of a notebook's widgets, for readers without a kernel: Voilà serves the notebook, Chromium takes a screenshot of each widget."""

from __future__ import annotations

import base64
import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elbo_room.lab import browsers, ports
from elbo_room.lab.errors import Refusal

WIDGET = "application/vnd.jupyter.widget-view+json"
WIDTH, HEIGHT = 1100, 1200  # CSS pixels of the page
LONGEST = 600_000  # milliseconds; the longest a notebook may run
SHOWN = 600_000  # and a cell to show its widget, after those before it have trained their models
RUN = 60_000  # milliseconds; the longest a lab in a cell may take to finish; otherwise it is captured as it is
FINISHED = re.compile(r"^Finished ·")  # the status of a run that is done
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


def add_pictures(cells: Sequence[Any], notebook: Path) -> None:
    """Replace every widget in a notebook's executed cells by a PNG of it.

    Raises:
        Refusal: no Chromium was found, or the page does not show a widget that a cell has.
    """
    from playwright.sync_api import sync_playwright

    chromium = browsers.find()
    if chromium is None:
        raise Refusal(f"The notebooks' pictures need a Chromium: install one, or set {browsers.VARIABLE} to its path.")
    with _served(notebook) as address, sync_playwright() as playwright:
        options = ["--no-sandbox"] if browsers.is_root() else []
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.5, bypass_csp=True)
        page.goto(address, timeout=LONGEST)
        page.locator("#opening").wait_for(state="detached", timeout=LONGEST)
        for number, cell in enumerate(cells):
            places = page.locator(f"div[cell-index='{number + 1}'] .jp-OutputArea-output.lm-Panel")
            shown = [each for each in cell.get("outputs", []) if WIDGET in each.get("data", {})]
            for at, output in enumerate(shown):
                picture = _photograph(page, places.nth(at), f"widget {at + 1} of cell {number} of {notebook.name}")
                del output["data"][WIDGET]
                output["data"]["image/png"] = base64.b64encode(picture.png).decode("ascii")
                cell.metadata["mystnb"] = {"image": {"alt": picture.label, "width": f"{picture.width}px"}}
        browser.close()


def _photograph(page: Any, place: Any, name: str) -> Picture:
    from playwright.sync_api import TimeoutError as Late

    try:
        place.wait_for(timeout=SHOWN)
    except Late as late:
        raise Refusal(
            f"The page does not show {name}. Open the notebook with `python lab notebooks` and look."
        ) from late
    place.scroll_into_view_if_needed()
    run = place.get_by_role("button", name="Run", exact=True)
    if is_lab := run.count() > 0:
        run.click()
        with contextlib.suppress(Late):
            place.get_by_text(FINISHED).first.wait_for(timeout=RUN)
    page.wait_for_function(DRAWN, arg=place.element_handle(), timeout=RUN)
    page.wait_for_timeout(SETTLE)
    widget = place.locator(".jupyter-widgets").first
    named = place.locator(".elbo-chart [aria-label], .elbo-chart[aria-label]").first
    label = "The lab in this cell, after its run" if is_lab or not named.count() else named.get_attribute("aria-label")
    return Picture(widget.screenshot(timeout=LONGEST), str(label), round(widget.bounding_box()["width"]))
