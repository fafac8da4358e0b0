"""A conditional model on the page: the scene opens with the charts that it is about, and they move while it trains."""

import pytest

from tests.browser.screen import Screen

pytestmark = pytest.mark.browser


@pytest.fixture
def screen(page, wait_until, voila_server):
    page.goto(voila_server)
    found = Screen(page, wait_until)
    found.painted()
    return found


def test_attention_is_drawn_and_a_weight_is_chosen_in_the_drawing(screen):
    screen.page.get_by_label("Scene").first.select_option(label="Attention: who is she?")
    screen.until(lambda: "of 800" in screen.text("status"))  # the scene is taken up
    screen.endless()
    screen.press("Run")
    screen.trains(beyond=5)
    lists = [screen.page.locator(f".elbo-{panel} .elbo-tools .elbo-list select") for panel in "cd"]
    screen.until(lambda: [each.evaluate("e => e.value") for each in lists] == ["network", "attention map"])
    before = screen.ink("d")
    screen.until(lambda: screen.ink("d") not in (0, before))
    screen.until(lambda: screen.ink("c") != 0)  # keys walk over what is drawn
    screen.page.locator(".elbo-diagram").focus()
    for key in (
        "ArrowDown",
        "ArrowRight",
        "ArrowRight",
        "ArrowRight",
        "Enter",
    ):  # a unit of h₁, by its intercept
        screen.page.keyboard.press(key)
    parameter = screen.page.locator(".elbo-b .elbo-tools select").first
    screen.until(lambda: "hidden.0.bias[" in parameter.evaluate("e => e.selectedOptions[0]?.label ?? ''"))
