"""Functions drawn from the prior, on the page: they appear at a click and change with every knob, without training."""

import pytest

from tests.browser.screen import Screen

pytestmark = pytest.mark.browser


def test_the_prior_is_drawn_at_a_click_and_again_when_a_knob_is_turned(page, wait_until, voila_server):
    page.goto(voila_server)
    screen = Screen(page, wait_until)
    screen.painted()
    latent = screen.ink("c")
    page.locator(".elbo-c .elbo-list select").select_option(label="prior")
    screen.until(lambda: "functions drawn from the prior" in screen.text("caption") and screen.ink("c") != latent)
    page.wait_for_timeout(300)
    first = screen.ink("c")
    screen.unfold("Model")
    screen.choose("^Activation", "ReLU")
    screen.until(lambda: screen.ink("c") != first)
    assert screen.text("status").startswith("Example run")
    assert screen.counters()["rebuilds"] == 0
