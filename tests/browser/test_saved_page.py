"""A saved page replays its run from the file alone: no kernel, no server, no network."""

import re

import pytest

from elbo_room.widgets.actions import PreparePage, Run
from tests.widgets.conftest import eventually, home, lab, prepared  # noqa: F401 - fixtures
from tests.widgets.controllers.test_replay_controller import SETTINGS

pytestmark = pytest.mark.browser


def test_a_saved_page_replays_from_its_file(lab, browser, tmp_path, wait_until) -> None:  # noqa: F811
    room = lab(SETTINGS)
    bar = room.screen.replay
    room.post(Run())
    eventually(lambda: room.state == "finished" and bar.steps and bar.steps[-1] == 60)
    room.post(PreparePage())
    eventually(lambda: bar.ready)
    content = room.saved_page.page
    assert bar.page == f"{len(set(bar.steps))} steps, {len(content) / 1e6:.1f} MB" or "48 steps" in bar.page
    assert len(content) < 3_000_000
    file = tmp_path / "page.html"
    file.write_bytes(content)
    context, faults = browser.new_context(offline=True), []
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda request: faults.extend([] if request.url.startswith(("file:", "blob:", "data:")) else [request.url]),
    )
    page.goto(file.as_uri())
    wait_until(page, "globalThis.__elboRoom?.views >= 4 && __elboRoom.painted >= 1")
    words = page.locator(".words")
    assert words.text_content().startswith("Replaying step 60 of 60")
    ink = "(name) => document.querySelector(`.elbo-${name} canvas`).toDataURL()"
    before = {name: page.evaluate(ink, name) for name in "cd"}
    page.get_by_label("Replay: step shown").focus()
    page.keyboard.press("Home")
    wait_until(page, "document.querySelector('.words').textContent.startsWith('Replaying step 0 of 60')")
    for name, picture in before.items():
        wait_until(page, f"({ink})('{name}') !== '{picture}'")
    page.locator(".elbo-d .elbo-export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=re.compile("CSV")).click()
    assert download.value.suggested_filename == "elbo-room-kl.csv"
    assert faults == []
    context.close()
