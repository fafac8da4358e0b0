"""The main job in a real browser, in Voilà and in JupyterLab: press Run, watch it grow, pause, switch, hover."""

import time

import pytest

from tests.browser import newcomer
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
    assert "finished run of the scene" in screen.text("caption")
    example = {panel: screen.ink(panel) for panel in "abcd"}
    screen.endless()
    screen.press("Run")
    screen.trains(beyond=30)
    screen.until(lambda: all(screen.ink(panel) != example[panel] for panel in "abcd"))
    early, frames = screen.ink("a"), screen.counters()["painted"]
    screen.until(lambda: screen.ink("a") != early and screen.counters()["painted"] > frames + 5)

    screen.paused()
    held = screen.step()
    screen.page.wait_for_timeout(400)
    assert screen.step() == held

    screen.choose("^Estimator", "score")
    screen.press("Continue")
    screen.until(lambda: screen.step() > held)
    screen.until(lambda: "these gradients have the same mean" in screen.text("caption"))
    screen.paused()

    before = screen.ink("c")
    screen.hover("c", 0.45, 0.5)
    screen.hover("c", 0.5, 0.5)
    screen.until(lambda: "z = (" in screen.text("card-words") and screen.ink("c") != before)
    screen.until(lambda: screen.counters()["hoverMs"])
    assert screen.counters()["rebuilds"] == 0


def test_a_newcomer_reads_the_ratio_changes_the_estimator_and_sees_panel_b_change(
    page, wait_until, voila_server, record_property
):
    """Open, Run, read, change, see; `python -m tests.benchmarks.page` asserts the times that are reported here."""
    begun = time.monotonic()
    page.goto(voila_server)
    screen = Screen(page, wait_until)
    found = newcomer.walk(screen, begun)
    assert found.first.startswith("Reparameterisation: ")
    assert found.then.startswith("Score: ")
    active = page.locator(".elbo-legend .elbo-active")
    screen.until(lambda: active.locator(".elbo-legend-name").inner_text() == "score")
    assert active.locator(".elbo-legend-times").inner_text().endswith("×")
    screen.until(lambda: page.locator(".elbo-glossary dfn", has_text="ELBO").count() == 1)
    record_property("seconds from the change to panel B's new point", round(found.change, 2))
    record_property("seconds of the whole path", round(found.whole, 1))
    print(f"newcomer: {found.change:.2f} s from the change to panel B's new point, {found.whole:.1f} s in all")


NONSENSE = ("seven", "-1", "1e99", "", "<b>2</b>")


def test_nonsense_in_every_field_is_answered_with_a_sentence(screen):
    """Every text field that is in sight, in turn with another kind of nonsense; what was there before comes back."""
    screen.unfold("Model")
    screen.page.get_by_label("Latent size").wait_for()
    fields = [field for field in screen.page.locator(".elbo-room .widget-text input").all() if field.is_visible()]
    assert len(fields) >= 5
    for number, field in enumerate(fields):
        before = field.input_value()
        field.fill(NONSENSE[number % len(NONSENSE)])
        field.press("Enter")
        screen.until(lambda: "must be" in screen.text("caption"))
        screen.until(lambda field=field, before=before: field.input_value() == before)
        if number + 1 < len(fields):  # another action takes the sentence away, so that the next one is seen to come
            screen.press("terms")
            screen.until(lambda: "must be" not in screen.text("caption"))
