"""The network diagram on the page: it moves while a run trains, responds to the pointer and the keys, and frees its space when closed."""

import pytest

from tests.browser.screen import Screen

pytestmark = pytest.mark.browser
DIAGRAM = ".elbo-c .elbo-diagram"


@pytest.fixture
def screen(page, wait_until, voila_server):
    page.goto(voila_server)
    found = Screen(page, wait_until)
    found.painted()
    page.locator(".elbo-c .elbo-list select").select_option(label="network")
    page.locator(DIAGRAM).wait_for(state="visible")
    found.until(lambda: found.ink("c") != 0)
    return found


def test_it_is_drawn_at_once_and_moves_while_training(screen):
    screen.endless()
    screen.press("Run")
    screen.trains(beyond=5)
    before = screen.ink("c")
    screen.until(lambda: screen.ink("c") != before)
    screen.page.locator(".elbo-c .elbo-list select").select_option(label="latent space")
    screen.page.locator(DIAGRAM).wait_for(state="hidden")


def test_keys_walk_over_units_and_say_which(screen):
    diagram = screen.page.locator(DIAGRAM)
    diagram.focus()
    said = diagram.locator("[role=status]")
    heard = []
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowRight"):
        screen.page.keyboard.press(key)
        heard.append(said.text_content())
    assert heard[0] == "x, unit 1 of 64"
    assert heard[1] == "h₁, unit 1 of 64"
    assert heard[2].startswith("h₁, unit ")
    assert heard[2] != heard[1]
    assert heard[3].startswith("h₂, unit ")
    assert "layers" in diagram.get_attribute("aria-label") or diagram.get_attribute("aria-label") == "Network"


def test_views_without_anything_to_show_say_what_to_choose(screen):
    before = screen.ink("c")
    screen.page.locator(".elbo-c .elbo-list select").select_option(label="attention map")
    screen.until(lambda: screen.ink("c") not in (0, before))
