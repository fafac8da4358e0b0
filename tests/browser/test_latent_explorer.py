"""The map of the latent space under a real pointer: a lasso selects, two clicks make a path, lists change colour and view."""

import re

import pytest

from tests.browser.screen import Screen

pytestmark = pytest.mark.browser


@pytest.fixture
def screen(page, voila_server, wait_until):
    page.goto(voila_server)
    found = Screen(page, wait_until)
    found.painted()
    return found


def at(screen, across, down):
    boxes = [each.bounding_box() for each in screen.page.locator(".elbo-c .elbo-vega canvas").all()]
    box = next(each for each in boxes if each and each["width"] > 50)
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def test_a_lasso_selects_and_two_clicks_make_a_path(screen):
    mouse = screen.page.mouse
    mouse.move(*at(screen, 0.25, 0.15))
    mouse.down()
    for corner in ((0.75, 0.15), (0.75, 0.5), (0.25, 0.5)):
        mouse.move(*at(screen, *corner), steps=4)
    mouse.up()
    screen.until(lambda: re.search(r"\d+ data points selected: ", screen.text("caption")))
    mouse.move(20, 600)
    screen.until(lambda: "data points selected" in screen.text("card-words"))

    screen.endless()
    screen.press("Run")
    screen.trains(beyond=5)
    screen.paused()
    screen.until(lambda: "ARI" in screen.text("card-scores"))
    # the same data in a new run: the selection stays
    screen.until(lambda: "data points selected" in screen.text("card-words"))

    mouse.click(*at(screen, 0.3, 0.4))
    mouse.click(*at(screen, 0.7, 0.6))
    screen.until(lambda: "from A to B" in screen.text("card-words"))
    frames = screen.counters()["frames"]
    for hidden in ("true", "false"):  # another tab, and back: everything is sent again
        screen.page.evaluate(f"Object.defineProperty(document, 'hidden', {{configurable: true, get: () => {hidden}}})")
        screen.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    screen.until(lambda: screen.counters()["frames"] > frames)
    screen.until(lambda: screen.counters()["lastFrame"] >= screen.counters()["frames"])
    screen.page.wait_for_timeout(300)
    assert "from A to B" in screen.text("card-words"), "what is pinned outlives it"
    screen.page.keyboard.press("Escape")
    mouse.move(20, 600)
    screen.until(lambda: "draws over this map" in screen.text("card-words"))

    screen.page.locator(".elbo-c .elbo-tools select").first.select_option(label="by KL")
    screen.until(lambda: "KL of the data point" in screen.text("card-key"))
    before = screen.ink("c")
    screen.page.locator(".elbo-c .elbo-tools select").last.select_option(label="manifold")
    screen.until(lambda: "regular grid of z" in screen.text("manifold-words") and screen.ink("c") != before)
    assert screen.counters()["rebuilds"] == 0


def test_scores_that_come_late_find_room_below_what_marks_the_classes(screen):
    """Ten classes with their genes fill the card; ARI, NMI and silhouette, known after the last frame, are not cut off."""
    screen.page.get_by_label("Scene").first.select_option(label="Single cells (scVI)")
    screen.until(lambda: "of 400" in screen.text("status"))
    screen.endless()
    screen.press("Run")
    screen.trains(beyond=5)
    screen.paused()
    screen.until(lambda: "silhouette" in screen.text("card-scores"))
    card, scores = (screen.page.locator(f".elbo-c .elbo-{part}").first for part in ("card", "card-scores"))

    def inside() -> bool:
        outer, inner = card.bounding_box(), scores.bounding_box()
        return inner["y"] + inner["height"] <= outer["y"] + outer["height"]

    screen.until(inside, 20)
