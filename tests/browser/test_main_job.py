"""The main job in a real browser, in Voilà and in JupyterLab: press Run, see it grow, pause, switch, hover."""

import pytest

from tests.browser.screen import Screen

pytestmark = pytest.mark.browser


@pytest.fixture(params=["voila", "jupyterlab"])
def screen(request, page, wait_until, run_all_cells):
    if request.param == "voila":
        page.goto(request.getfixturevalue("voila_server"))
    else:
        run_all_cells(page, request.getfixturevalue("jupyterlab_server"), "lab/app.ipynb")
        page.locator(".elbo-room").first.scroll_into_view_if_needed()
    found = Screen(page, wait_until)
    found.painted()
    return found


def test_a_newcomer_watches_a_model_train(screen):
    """First paint is a finished run; Run makes curves and map move; Pause holds them still; a new estimator is taken up live."""
    assert "finished example run" in screen.text("caption")
    example = {panel: screen.ink(panel) for panel in "abcd"}
    screen.press("Run")
    screen.trains(beyond=30)
    screen.until(lambda: all(screen.ink(panel) != example[panel] for panel in "abcd"))
    early, frames = screen.ink("a"), screen.counters()["painted"]
    screen.until(lambda: screen.ink("a") != early and screen.counters()["painted"] > frames + 5)

    screen.press("Pause")
    screen.until(lambda: screen.text("status").startswith("Paused"))
    held = screen.step()
    screen.page.wait_for_timeout(400)
    assert screen.step() == held

    screen.choose("^Estimator", "score")
    screen.press("Continue")
    screen.until(lambda: screen.step() > held)
    screen.until(lambda: "Same gradient on average" in screen.text("caption"))
    screen.press("Pause")
    screen.until(lambda: screen.text("status").startswith("Paused"))

    before = screen.ink("c")
    screen.hover("c", 0.45, 0.5)
    screen.hover("c", 0.5, 0.5)
    screen.until(lambda: "z = (" in screen.text("card-words"))
    assert screen.ink("c") != before
    assert screen.counters()["hoverMs"]
    assert screen.counters()["rebuilds"] == 0


def test_nonsense_in_every_field_is_answered_with_a_sentence(screen):
    for label, bad in (
        ("Seed", "seven"),
        ("Stop at", "-1"),
        ("Width", "1e9"),
        ("Latent size", "two"),
        ("Hidden layers", ""),
    ):
        field = screen.page.get_by_label(label, exact=False).first
        field.fill(bad)
        field.press("Enter")
        screen.until(lambda words=label: words in screen.text("caption") and "must be" in screen.text("caption"))
        assert field.input_value() != bad
