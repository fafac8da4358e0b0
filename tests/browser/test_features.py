"""A trained model's features become, with one button, the x of a conditional model that reports how well it predicts the labels."""

import pytest

from tests.browser.screen import Screen

pytestmark = pytest.mark.browser


def test_features_of_a_run_train_a_response_model_that_a_reload_finds_again(page, wait_until, voila_server):
    page.goto(voila_server)
    screen = Screen(page, wait_until)
    screen.painted()
    page.get_by_text("Your data", exact=True).click()
    button = page.get_by_role("button", name="Use this run's features")
    assert button.is_disabled()
    assert "There is no run yet" in button.get_attribute("title")
    screen.endless()
    screen.press("Run")
    screen.trains(beyond=100)
    screen.until(button.is_enabled)
    button.click()
    screen.until(lambda: "Can a model predict the labels from the features of run" in screen.text("goal"))
    screen.until(lambda: "Digits 8×8" in screen.text("goal"))
    screen.until(lambda: "held out; 10 labels" in screen.text("caption") or "Step 1,500" in screen.text("caption"))
    screen.until(lambda: screen.step() > 50)  # of 1,500, which may be over before this page has looked
    goal = screen.text("goal")
    page.reload()
    screen.painted()
    screen.until(lambda: screen.text("goal") == goal)
    assert screen.counters()["rebuilds"] == 0
