"""The axe rules for accessible pages, and names that can be spoken: nothing serious or moderate, in any state of the page."""

from __future__ import annotations

from contextlib import suppress

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.screen import Screen

pytestmark = pytest.mark.browser
DRAWERS = ("Try this", "Your data", "Formula", "Runs", "Table", "Download", "Code", "Help")
GRAVE = ("critical", "serious", "moderate")


def faults(screen: Screen) -> list[str]:
    """What axe still finds when the page has had the time to name what is new."""
    found = list[str]()

    def clean() -> bool:
        found[:] = violations(screen)
        return not found

    with suppress(AssertionError):
        screen.until(clean, seconds=5)
    return found


def violations(screen: Screen) -> list[str]:
    """What axe finds on the page as it is."""
    response = Axe().run(screen.page, options={"resultTypes": ["violations"]}).response
    return [
        f"{each['impact']} {each['id']}: {node['html'][:100]}"
        for each in response["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


@pytest.mark.parametrize(
    ("options", "drawers"),
    [
        ({"viewport": {"width": 1280, "height": 720}}, DRAWERS),
        ({"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}, ("Runs", "Help")),
    ],
    ids=["laptop", "dark phone"],
)
def test_axe_finds_no_serious_or_moderate_fault(new_page, voila_server, wait_until, options, drawers):
    """Idle, each drawer, running, projector; Escape closes a drawer."""
    page = new_page(**options)
    page.goto(voila_server)
    screen = Screen(page, wait_until)
    screen.painted()
    found = {"idle": faults(screen)}
    for name in drawers:
        page.locator(".elbo-tabs button", has_text=name).first.click()
        page.locator(".elbo-drawer").wait_for()
        found[name] = faults(screen)
        page.keyboard.press("Escape")
        page.locator(".elbo-drawer").wait_for(state="hidden")
    screen.press("Run")
    screen.trains(20)
    found["running"] = faults(screen)
    screen.press("Projector")
    page.locator(".elbo-room.elbo-projector").wait_for()
    found["projector"] = faults(screen)
    assert {state: each for state, each in found.items() if each} == {}


def test_controls_have_names_without_symbols(new_page, voila_server, wait_until):
    page = new_page(viewport={"width": 1280, "height": 720})
    page.goto(voila_server)
    screen = Screen(page, wait_until)
    screen.painted()
    screen.until(lambda: page.get_by_role("slider", name="Draws B, takes effect at once").count() == 1)
    named = "[...document.querySelectorAll('.elbo-room [aria-label]')].map((part) => part.getAttribute('aria-label'))"
    assert [name for name in page.evaluate(named) if any(symbol in name for symbol in "⚡⟳⚄")] == []
