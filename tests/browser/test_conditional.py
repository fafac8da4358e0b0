"""A conditional model on the page: the scene opens with its charts, and they change during training."""

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
    view = screen.page.locator(".elbo-c .elbo-tools .elbo-list select")
    screen.until(lambda: view.evaluate("e => e.value") == "attention map")
    before = screen.ink("c")
    screen.until(lambda: screen.ink("c") not in (0, before))
    view.select_option(label="network")
    diagram = screen.page.locator(".elbo-c .elbo-diagram").first
    diagram.wait_for(state="visible")
    diagram.focus()

    def begun() -> bool:
        """Keys move once the units are there."""
        screen.page.keyboard.press("ArrowDown")
        return (diagram.locator("[role=status]").text_content() or "").startswith("x, unit")

    screen.until(begun)
    for key in (
        "ArrowRight",
        "ArrowRight",
        "ArrowRight",
        "Enter",
    ):  # a unit of h₁, by its intercept
        screen.page.keyboard.press(key)
    parameter = screen.page.locator(".elbo-b .elbo-tools select").first
    screen.until(lambda: "hidden.0.bias[" in parameter.evaluate("e => e.selectedOptions[0]?.label ?? ''"))


def test_a_text_is_chosen_while_it_trains_and_a_reload_finds_it_again(screen):
    """The words at the map's rows, its label and prediction are those of the chosen sentence; the address remembers it."""
    page = screen.page
    page.get_by_label("Scene").first.select_option(label="Attention: who is she?")
    screen.until(lambda: "of 800" in screen.text("status"))
    screen.press("Run")
    screen.trains(beyond=5)
    reading = page.locator(".elbo-c .elbo-tools .elbo-text select")
    screen.until(lambda: reading.is_visible() and reading.locator("option").count() == 200)
    before, own = screen.ink("c"), reading.evaluate("e => e.selectedOptions[0].label")
    assert own.replace("\xa0", " ").startswith("1  the big dog ate my kid 's gerbil")
    reading.select_option(index=4)
    screen.until(lambda: screen.ink("c") not in (0, before))
    screen.until(lambda: "text=4" in page.url and "run=" in page.url)
    page.reload()
    screen.painted()
    reading = page.locator(".elbo-c .elbo-tools .elbo-text select")
    screen.until(lambda: reading.is_visible() and reading.evaluate("e => e.selectedIndex") == 4)
    assert "text=4" in page.url
