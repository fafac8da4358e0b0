"""Topics of text on the page: words in panel C, the yardstick in A, the variance ladder in D, and σ by dragging."""

import pytest

from tests.browser.screen import Screen

pytestmark = pytest.mark.browser


def opened(page, wait_until, voila_server, scene: str) -> Screen:
    page.goto(voila_server)
    screen = Screen(page, wait_until)
    screen.painted()
    goal = screen.text("goal")
    page.get_by_label("Scene").first.select_option(label=scene)
    screen.until(lambda: screen.text("goal") != goal)  # the scene is taken up
    screen.endless()
    screen.choose("^Speed", "normal")
    screen.press("Run")
    screen.trains(beyond=5)
    return screen


def test_topics_are_read_live_and_the_ladder_falls(page, wait_until, voila_server):
    screen = opened(page, wait_until, voila_server, "Sparse gamma layers: topics")
    screen.until(lambda: "topic speaks of" in screen.text("caption") and "coordinate ascent" in screen.text("caption"))
    before = screen.ink("d")
    page.locator(".elbo-d .elbo-list select").select_option(label="variance ladder")
    screen.until(lambda: "leave-one-out" in screen.text("caption") and screen.ink("d") != before)
    wide = lambda name: page.locator(name).bounding_box()["width"]  # noqa: E731
    screen.until(
        lambda: wide(".elbo-c .elbo-area:visible") > 0.95 * wide(".elbo-c")
    )  # the plot takes what the panel has


def test_sigma_is_a_slider_of_the_prior_that_acts_on_the_running_model(page, wait_until, voila_server):
    screen = opened(page, wait_until, voila_server, "Deep latent Gaussian model")
    screen.unfold("Prior")
    slider = page.locator(".widget-hslider:visible").filter(has_text="Layer scale")
    slider.locator(".noUi-handle").focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    screen.until(lambda: "0.08" in (slider.text_content() or ""))  # six stops below 0.3
    at = screen.step()
    screen.trains(beyond=at + 20)  # the same run goes on
