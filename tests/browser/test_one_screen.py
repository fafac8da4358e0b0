"""What the user can do on the screen beyond run and pause: slow steps, seeds, comparisons, tables, lecture-room keys."""

import re

import pytest

from tests.browser.screen import Screen

pytestmark = pytest.mark.browser


@pytest.fixture
def screen(page, wait_until, voila_server):
    page.goto(voila_server)
    found = Screen(page, wait_until)
    found.painted()
    return found


def small(screen, stop_at):
    """Plane data and a short run: what is tested here is the screen."""
    screen.page.get_by_label("Scene").first.select_option(label="Latent space")
    field = screen.page.get_by_label("Stop at", exact=False).first
    screen.until(lambda: "bent arms" in screen.text("goal") and field.input_value() == "3000")  # the scene is taken up
    field.fill(str(stop_at))
    field.press("Enter")


def until_it_is_still(screen, and_also=lambda: True):
    """What panel C showed until nothing has moved for longer than a stage, 1.2 s, is told."""
    pictures = []

    def it_is_still():
        pictures.append(screen.ink("c"))
        screen.page.wait_for_timeout(50)
        return and_also() and len(pictures) > 30 and len(set(pictures[-30:])) == 1

    screen.until(it_is_still)
    return set(pictures)


def test_slow_speed_tells_a_step_in_four_stages_and_reduced_motion_shows_it_whole(screen):
    small(screen, 100_000)
    screen.press("Run")
    screen.trains(beyond=20)
    screen.choose("^Speed", "slow")
    screen.until(lambda: "draws of one data point" in screen.text("caption"))
    seen: dict[int, set[int]] = {}

    def stages_of_one_step_differ():
        step, picture = screen.step(), screen.ink("c")
        if screen.step() == step:
            seen.setdefault(step, set()).add(picture)
        return max(map(len, seen.values()), default=0) >= 4

    screen.until(stages_of_one_step_differ)
    screen.until(lambda: screen.titled("c", "One step · data point"))
    screen.paused()
    screen.page.emulate_media(reduced_motion="reduce")
    step = screen.step()
    until_it_is_still(screen)
    screen.press("Step")
    pictures = until_it_is_still(screen, lambda: screen.step() == step + 1)
    assert len(pictures) <= 3, "the step before, this one, nothing between them"


def test_five_seeds_draw_a_band_and_runs_can_be_compared(screen):
    small(screen, 40)
    screen.press("Runs")
    rows = screen.page.locator(".elbo-run-table tbody tr")
    screen.unfold("Seed")
    screen.press("5 seeds")
    screen.until(lambda: "5 seeds: the ELBO ends at" in screen.text("caption"), 120)
    screen.until(lambda: screen.titled("a", "mean ± sd of 5 seeds"))
    screen.until(lambda: rows.count() >= 5)  # the open table knows the new runs, as those that other pages have kept
    assert all("Latent space" in rows.nth(place).inner_text() for place in range(5))
    screen.until(lambda: rows.first.get_attribute("aria-current") == "true")
    before = screen.ink("a"), screen.ink("b")
    rows.nth(1).get_by_role("checkbox").check()
    screen.until(lambda: "A: Seed" in screen.text("caption"))
    rows.nth(2).get_by_role("checkbox").check()
    screen.until(lambda: "A: Seed" in screen.text("caption") and "B: Seed" in screen.text("caption"))
    screen.until(lambda: screen.ink("a") != before[0] and screen.ink("b") != before[1])
    screen.press("Compare two")
    screen.page.get_by_role("table", name="Settings that differ").get_by_role("row", name="Seed").wait_for()
    screen.press("Back to the list")
    count = rows.count()
    rows.nth(3).get_by_role("button", name="Delete").click()
    screen.until(lambda: rows.count() == count - 1)
    screen.press("Undo delete")
    screen.until(lambda: rows.count() == count)


def test_an_open_table_follows_the_run_but_not_under_the_hand_that_copies_it(screen):
    """It stays where it was scrolled to, what a person has marked stays until it is let go, and all its rows are a file."""
    small(screen, 100_000)
    screen.page.locator(".elbo-tabs").get_by_role("button", name="Table", exact=True).click()
    sheet, table = screen.page.locator(".elbo-drawer-body"), screen.page.get_by_role("table", name="Gradient variance")
    table.get_by_role("columnheader", name="reparameterisation").wait_for()
    sheet.evaluate("sheet => { sheet.scrollTop = 60; }")
    screen.press("Run")
    screen.trains(beyond=20)
    before = sheet.inner_text()
    screen.until(lambda: sheet.inner_text() != before)
    assert sheet.evaluate("sheet => sheet.scrollTop") == 60
    sheet.evaluate("sheet => document.getSelection().selectAllChildren(sheet.querySelector('td'))")
    marked, step = sheet.inner_text(), screen.step()
    screen.until(lambda: screen.step() > step)
    screen.page.wait_for_timeout(1_500)  # more than one turn of the table
    assert sheet.inner_text() == marked
    screen.page.evaluate("document.getSelection().removeAllRanges()")
    screen.until(lambda: sheet.inner_text() != marked)
    with screen.page.expect_download() as download:
        screen.page.get_by_role("button", name="rows as CSV").first.click()
    assert download.value.suggested_filename == "elbo_lines.csv"


def test_code_is_coloured_and_copied_and_help_leads_through_the_screen(screen):
    """The tour rings the real controls, which work meanwhile; a panel's `?` explains what it shows."""
    page = screen.page
    screen.press("Code")
    code = page.get_by_role("region", name="This run in Python")
    code.get_by_text("import", exact=True).first.wait_for()
    assert code.locator(".elbo-py-kn").first.inner_text() == "import"
    screen.press("Help")
    page.get_by_role("button", name="Take the tour").click()
    ring = page.locator(".elbo-tour-ring")
    for part in (".elbo-run", ".elbo-caption", ".elbo-form .widget-dropdown", ".elbo-b"):
        where = page.locator(part).all()

        def ringed(where=where):
            around = ring.bounding_box()
            inside = [box for box in (each.bounding_box() for each in where) if box]
            return any(abs(around["x"] + 4 - box["x"]) < 2 and abs(around["y"] + 4 - box["y"]) < 2 for box in inside)

        screen.until(ringed)
        page.locator(".elbo-tour-next").click()
    screen.until(lambda: ring.count() == 0 and not page.locator(".elbo-drawer").is_visible())
    page.get_by_role("button", name="Explain panel B").click()
    page.locator(".elbo-b .elbo-explained", has_text="Lower is better").wait_for()


def test_share_shows_the_link_and_its_code(screen):
    page = screen.page
    screen.press("Share")
    sheet = page.get_by_role("dialog", name="Share these settings")
    sheet.get_by_role("img", name="QR code of the link").wait_for()
    assert "/?settings=" in sheet.get_by_label("Link that opens the lab").input_value()
    page.keyboard.press("Escape")
    sheet.wait_for(state="detached")


def test_a_question_is_asked_next_to_the_evidence(screen):
    screen.press("Try this")
    screen.page.get_by_text("how noisy is the score gradient").wait_for()
    asked, panel = (screen.page.locator(name) for name in (".elbo-drawer", ".elbo-b"))
    right = lambda box: box["x"] + box["width"]  # noqa: E731
    screen.until(lambda: right(asked.bounding_box()) <= panel.bounding_box()["x"])
    pictures = screen.page.locator(".elbo-b .elbo-vega canvas")
    seen = lambda: any(each.is_visible() for each in pictures.all())  # noqa: E731
    screen.until(lambda: not seen())  # it would tell the answer
    screen.page.get_by_label("more than 100×").check()
    screen.press("That is my guess")
    screen.until(seen)
    screen.page.get_by_text("Press Run: this scene answers at step 500.").wait_for()


def test_a_grey_control_shows_the_reason_below_it_and_nothing_overlaps(screen):
    """In a MAP scene: estimator and draws have nothing to act on; each reason stands between its control and the next one."""
    screen.choose("Scene", "Neural regression, MAP")
    why = screen.page.locator(".elbo-why", has_text="q is a point mass: nothing is drawn.")
    screen.until(lambda: why.nth(1).is_visible())
    draws, scale = (
        screen.page.locator(".elbo-controls .widget-inline-hbox", has_text=words).first
        for words in ("Draws B", "Prior scale")
    )
    line = why.nth(1).bounding_box()
    assert draws.bounding_box()["y"] + draws.bounding_box()["height"] <= line["y"] + 3
    assert line["y"] + line["height"] <= scale.bounding_box()["y"] + 3


def test_at_the_projector_one_panel_is_large_and_a_picture_can_be_saved(screen):
    page = screen.page
    page.mouse.click(900, 690)
    page.keyboard.press("p")
    page.locator(".elbo-room.elbo-projector").wait_for()
    page.keyboard.press("b")
    page.locator(".elbo-room.elbo-large-b").wait_for()
    width = lambda name: page.locator(f".elbo-{name}").bounding_box()["width"]  # noqa: E731
    screen.until(lambda: width("b") > 1.8 * width("c"))
    size = "document.documentElement.scrollWidth <= 1280 && document.documentElement.scrollHeight <= 720"
    screen.until(lambda: page.evaluate(size))
    with page.expect_download() as download:
        page.keyboard.press("s")
    assert download.value.suggested_filename == "elbo-room.png"
    page.keyboard.press("b")
    screen.until(lambda: width("b") < 1.2 * width("c"))


def test_predict_mode_covers_panel_b_until_the_room_has_voted(page, new_page, wait_until, voila_server):
    """By hands, and by a phone that opens the page of the QR code, votes, and is told the answer."""
    page.goto(f"{voila_server}/?predict=1&hide=form")
    screen = Screen(page, wait_until)
    screen.painted()
    reveal = page.get_by_role("button", name="Reveal the variances")
    reveal.wait_for()
    page.locator(".elbo-form").wait_for(state="hidden")
    assert not page.locator(".elbo-b .elbo-title").first.is_visible()
    choice = page.get_by_role("button", name="more than 100×")
    choice.click()
    choice.click()
    screen.until(lambda: "2 votes" in choice.inner_text())
    page.get_by_role("button", name="Let phones vote").click()
    phone = new_page(viewport={"width": 390, "height": 844})
    phone.goto(page.locator(".elbo-phones b").inner_text())
    phone.get_by_role("button", name="more than 100×").click()
    phone.get_by_text("You said more than 100×. You can change it").wait_for()
    screen.until(lambda: "3 votes" in choice.inner_text())
    page.get_by_text("1 phone has voted").wait_for()
    reveal.click()
    phone.get_by_text("You said more than 100×. The run has not answered yet.").wait_for()
    phone.close()
    screen.until(lambda: any(title.is_visible() for title in page.locator(".elbo-b .elbo-title").all()))
    page.get_by_text("The room said more than 100× (3 of 3 votes).").wait_for()


def test_every_chart_fills_its_panel_and_groups_of_controls_stay_in_sight(screen):
    """Also after another chart was there first; and an open group leaves the heads of the others visible."""
    wide = lambda name: screen.page.locator(name).first.bounding_box()["width"]  # noqa: E731
    for letter in "ad":
        screen.until(lambda at=f".elbo-{letter}": wide(f"{at} .elbo-area:visible") > wide(at) - 6)
    beside = lambda: wide(".elbo-b .elbo-area:visible") + wide(".elbo-b .elbo-legend-host")  # noqa: E731
    screen.until(lambda: wide(".elbo-b") - 6 < beside() <= wide(".elbo-b"))
    screen.unfold("Model")
    screen.page.get_by_label("Latent size").wait_for()
    form = screen.page.locator(".elbo-left").bounding_box()
    for head in screen.page.locator(".elbo-folded .elbo-opens").all():
        box = head.bounding_box()
        assert box["y"] + box["height"] <= form["y"] + form["height"] + 1


NAMELESS = """() => [...document.querySelectorAll('.elbo-room :is(button, input, select, textarea, [role=slider], [tabindex="0"])')]
  .filter((part) => part.getBoundingClientRect().width && getComputedStyle(part).visibility !== 'hidden')
  .filter((part) => !(part.getAttribute('aria-label') || part.labels?.[0]?.textContent || part.textContent.trim() || part.title
                      || part.closest('label')?.textContent))
  .map((part) => part.outerHTML.slice(0, 120))"""


def test_every_control_has_a_name(screen):
    """For a screen reader: each button, field, list, slider and chart, in every drawer."""
    for name in ("", "Try this", "Runs", "Table"):
        if name:
            screen.press(name)
            screen.page.locator(".elbo-drawer").wait_for(state="visible")
        screen.page.get_by_label("Stop at", exact=False).first.focus()
        screen.until(
            lambda: screen.page.evaluate(NAMELESS) == [], 30
        )  # a slider has its name with the page's next heartbeat
    slider = screen.page.get_by_role("slider", name=re.compile("Prior scale λ"))
    screen.until(lambda: slider.get_attribute("aria-valuetext") == "1")


def test_the_gallery_opens_a_scene_with_its_finished_run_by_keyboard_alone(screen):
    page = screen.page
    name = "document.activeElement?.closest('.elbo-scene-card')?.querySelector('.elbo-scene-name').textContent"
    scenes = page.get_by_role("button", name="Scenes", exact=True)
    scenes.press("Enter")
    screen.until(lambda: page.evaluate(name) == "Gradient noise")  # the scene on the screen
    page.keyboard.press("ArrowLeft")
    screen.until(lambda: page.evaluate(name) not in (None, "Gradient noise"))
    page.keyboard.press("Escape")
    screen.until(lambda: scenes.evaluate("button => button === document.activeElement"))
    assert not page.get_by_role("dialog").is_visible()
    page.keyboard.press("Enter")
    page.get_by_label("Search the scenes").fill("two moons introductory")
    page.get_by_text("1 of 54 scenes").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    screen.until(lambda: "Classes in the plane" in screen.text("goal"))
    assert not page.get_by_role("dialog").is_visible()
    screen.until(lambda: screen.titled("c", "Decision surface"))
    assert "finished run of the scene" in screen.text("caption")
