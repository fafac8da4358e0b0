"""The lab as an application: reload, faults, keys, size, links."""

import contextlib
import os
import re
import signal

import psutil
import pytest

from tests.browser.screen import Screen
from tests.conftest import server

pytestmark = pytest.mark.browser


@pytest.fixture
def screen(page, wait_until, voila_server):
    page.goto(voila_server)
    found = Screen(page, wait_until)
    found.painted()
    return found


WORKER = "elbo_room.widgets.worker"


def workers(address: str) -> list[psutil.Process]:
    """The trainers of the server on this address, the newest last."""
    port = int(re.search(r":(\d+)", address.removeprefix("http:"))[1])
    owner = next(c.pid for c in psutil.net_connections("tcp") if c.laddr.port == port and c.status == "LISTEN")
    found = []
    for each in psutil.Process(owner).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ended while we looked: another test's page has just gone
            if (
                WORKER in each.cmdline() and WORKER not in each.parent().cmdline()
            ):  # the process that measures is its fork
                found.append((each.create_time(), each.pid, each))
    return [each for _, _, each in sorted(found)]


def test_the_page_fits_without_scrolling_and_nothing_overlaps(screen):
    size = screen.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size[0] <= 1280
    assert size[1] <= 720
    boxes = [
        screen.page.locator(f".elbo-{name}").first.bounding_box()
        for name in ("header", "bar", "hero", "controls", "n", "a", "b", "c", "d", "foot-row")
    ]
    for index, one in enumerate(boxes):
        assert one["x"] >= 0
        assert one["y"] >= 0
        assert one["x"] + one["width"] <= 1280
        assert one["y"] + one["height"] <= 720
        for other in boxes[index + 1 :]:
            apart = (one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
                     or one["y"] + one["height"] <= other["y"] + 1 or other["y"] + other["height"] <= one["y"] + 1)  # fmt: skip
            assert apart, (one, other)


def test_a_reload_takes_the_run_up_where_it_was(screen):
    screen.endless()
    screen.press("Run")
    screen.trains(beyond=60)
    screen.paused()
    step = screen.step()
    assert "run=" in screen.page.url
    screen.page.reload()
    screen.painted()
    screen.until(lambda: screen.step() == step and screen.text("status").startswith("Paused"))
    screen.press("Continue")
    screen.until(lambda: screen.step() > step)


# anywidget gives a module two seconds to be ready; here it has none, as on a machine that stands still for a moment.
LATE = """const timeout = AbortSignal.timeout.bind(AbortSignal);
globalThis.late = 0;
AbortSignal.timeout = (ms) => {
  const controller = new AbortController();
  if (ms !== 2000) return timeout(ms);
  globalThis.late += 1;
  queueMicrotask(() => controller.abort());
  return controller.signal;
};"""


def test_a_page_whose_modules_came_late_hears_the_kernel_all_the_same(page, wait_until, voila_server):
    """Else it would keep its first values for ever: no curve, no word, no picture."""
    page.add_init_script(LATE)
    page.goto(voila_server)
    screen = Screen(page, wait_until)
    screen.painted()
    assert page.evaluate("late") >= 6, "each of the lab's own widgets"
    screen.endless()
    before = {panel: screen.ink(panel) for panel in "abcd"}
    screen.press("Run")
    screen.trains(beyond=20)
    screen.until(lambda: all(screen.ink(panel) != before[panel] for panel in "abcd"))
    screen.press("Formula")
    page.locator(".elbo-formulas math").first.wait_for()
    page.locator(".elbo-c .elbo-list select").select_option(label="network")  # a widget that is made only now
    screen.until(lambda: screen.ink("c") not in (0, before["c"]))


def test_a_killed_kernel_is_reported_at_once(screen, watch, page):
    address = page.url
    screen.endless()
    screen.press("Run")
    screen.trains(beyond=10)
    os.kill(workers(address)[-1].ppid(), signal.SIGKILL)
    page.get_by_role("alert").get_by_text("The kernel stopped. Your run is kept up to step").wait_for()
    watch.errors.clear()  # the websocket's own complaint


def test_closing_the_tab_leaves_no_process(new_page, wait_until, tmp_path):
    with server("elbo_room.lab.serving.serve", tmp_path) as address:
        page = new_page()
        page.goto(address)
        screen = Screen(page, wait_until)
        screen.painted()
        screen.endless()
        screen.press("Run")
        screen.trains(beyond=10)
        trainers = workers(address)
        assert trainers
        page.close(run_before_unload=True)
        _gone, alive = psutil.wait_procs(trainers, timeout=60)
        assert not alive, [(p.pid, p.ppid(), p.cmdline(), [c.pid for c in p.children()]) for p in alive]
        assert list(tmp_path.glob("runs/*/state.safetensors"))


def test_keys_work_inside_the_lab_and_not_in_fields(screen):
    page = screen.page
    screen.endless()
    page.mouse.click(900, 690)  # the ground beside the drawers' tabs
    page.keyboard.press("Space")
    screen.until(lambda: screen.text("status").startswith("Running"))
    page.keyboard.press("e")
    screen.until(lambda: page.get_by_label(re.compile("^Estimator")).first.input_value() != "reparameterisation")
    page.keyboard.press("Space")
    screen.until(lambda: screen.text("status").startswith("Paused"))
    field = page.get_by_label("Stop at", exact=False).first
    field.focus()
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    assert screen.text("status").startswith("Paused")


def test_every_view_of_panel_b_has_a_picture_and_a_parameter_can_be_chosen(screen):
    """Five views of a paused run differ; choosing log s₂ changes the histogram; a drag along the parabola holds ξ there."""
    screen.endless()
    screen.press("Run")
    screen.trains(beyond=60)
    screen.paused()
    parameter, view = (screen.page.locator(".elbo-b .elbo-tools select").nth(k) for k in (0, 1))
    seen = set()
    for words, said in (
        ("over the steps", "variance"),
        ("against draws B", "falls as B to the power"),
        ("histogram", "the long run"),
        ("variance × cost", "er evaluation"),
        ("control variate ξ", "drag the ring"),
    ):
        view.select_option(label=words)
        screen.until(lambda said=said: said in screen.text("caption"))
        screen.until(lambda: screen.ink("b") not in seen)
        seen.add(screen.ink("b"))
    box = next(
        each for each in (area.bounding_box() for area in screen.page.locator(".elbo-b .elbo-area").all()) if each and each["width"] > 50
    )  # fmt: skip
    screen.page.mouse.move(box["x"] + 150, box["y"] + 150)
    screen.page.mouse.down()
    screen.page.mouse.move(box["x"] + 110, box["y"] + 150, steps=5)
    screen.page.mouse.up()
    screen.until(lambda: "at ξ = " in screen.text("caption"))
    view.select_option(label="histogram")
    parameter.select_option(label="log s₂")
    screen.until(lambda: screen.titled("b", "log s₂"))


def test_views_drawers_terms_and_projector(screen):
    before = screen.ink("b")
    screen.page.locator(".elbo-b select").last.select_option(label="against draws B")
    screen.until(lambda: screen.ink("b") != before)
    screen.press("terms")
    for name in ("Formula", "Table", "Code", "Help", "Runs"):
        screen.press(name)
        screen.page.locator(".elbo-drawer").wait_for(state="visible")
    screen.press("Close")
    screen.page.locator(".elbo-drawer").wait_for(state="hidden")
    screen.press("Projector")
    screen.page.locator(".elbo-room.elbo-projector").wait_for()


def test_two_tabs_train_side_by_side(new_page, wait_until, voila_server):
    screens = []
    for _ in range(2):
        page = new_page()
        page.goto(voila_server)
        screens.append(Screen(page, wait_until))
    for screen in screens:
        screen.painted()
        screen.endless()
        screen.press("Run")
    for screen in screens:
        screen.trains(beyond=20)
    assert screens[0].page.url != screens[1].page.url


def test_a_link_restores_settings_and_nonsense_in_it_is_a_sentence(screen, voila_server):
    screen.page.goto(voila_server + '/?settings={"version":1,"prior_scale":0.1,"width":32}')
    screen.painted()
    screen.until(lambda: "Your settings differ from it: Prior scale 0.1, Width 32." in screen.text("caption"))
    screen.until(lambda: screen.page.get_by_label("Width", exact=False).first.input_value() == "32")
    screen.page.goto(voila_server + '/?settings={"width":100000}')
    screen.painted()
    screen.until(
        lambda: "Width was 100000 in the link; the nearest allowed value, 256, is used." in screen.text("caption")
    )


def test_dark_theme_has_light_ink(new_page, wait_until, voila_server):
    page = new_page(color_scheme="dark")
    page.goto(voila_server)
    screen = Screen(page, wait_until)
    screen.painted()
    ink, paper = page.evaluate(
        "(() => {const s = getComputedStyle(document.querySelector('.elbo-room')); return [s.color, s.backgroundColor]})()"
    )
    light = [sum(int(n) for n in re.findall(r"\d+", value)[:3]) for value in (ink, paper)]
    assert light[0] > light[1] + 300
