"""The screen from a phone to a projector's wall: what is in sight, how much of the page is used, and that nothing moves during a run."""

import pytest

from tests.browser.screen import Screen

pytestmark = pytest.mark.browser
SHARE_USED = """() => {
  const parts = '.elbo-header, .elbo-bar, .elbo-hero, .elbo-form, .elbo-panel, .elbo-replay, .elbo-foot-row';
  const area = (box) => box.width * box.height;
  const used = [...document.querySelectorAll(parts)].reduce((sum, part) => sum + area(part.getBoundingClientRect()), 0);
  return used / (innerWidth * innerHeight);
}"""
PLACES = """() => [...document.querySelectorAll(
  '.elbo-status-chip:not(.elbo-status-seed), .elbo-bar > *, .elbo-words > *, .elbo-panel, .elbo-replay, .elbo-open > *, .elbo-group')]
  .map((part) => { const {x, y, width, height} = part.getBoundingClientRect(); return [part.className, x, y, width, height].join(); })"""
LONGEST = (
    "A caption of the most characters that two lines hold has to be seen whole. " * 2 + "It may not be cut anywhere."
)


@pytest.fixture
def screen(page, wait_until, voila_server):
    page.goto(voila_server)
    found = Screen(page, wait_until)
    found.painted()
    return found


def sized(screen, width, height):
    """The page at another size, once its panels have taken it."""
    screen.page.set_viewport_size({"width": width, "height": height})
    screen.until(lambda: screen.page.locator(".elbo-room").bounding_box()["width"] <= width)
    fits = "document.documentElement.scrollWidth <= innerWidth"
    screen.until(lambda: screen.page.evaluate(fits))


def test_each_size_shows_what_matters_and_uses_the_page(screen):
    page, box = screen.page, lambda name: screen.page.locator(f".elbo-{name}").first.bounding_box()
    sized(screen, 1920, 1080)
    screen.until(lambda: page.evaluate(SHARE_USED) >= 0.9)
    sized(screen, 390, 844)  # a phone: Run, caption and a panel on the first screen, the others are swiped
    for name in ("run", "caption", "a", "foot-row"):
        screen.until(lambda name=name: box(name)["y"] >= 0 and box(name)["y"] + box(name)["height"] <= 844)
    assert box("b")["x"] > 300
    page.locator(".elbo-main").evaluate("main => main.scrollTo({ left: main.clientWidth })")
    screen.until(lambda: box("b")["x"] >= 0 and box("b")["x"] + box("b")["width"] <= 390)
    last = page.locator(".elbo-tabs button").last
    last.scroll_into_view_if_needed()
    assert last.bounding_box()["x"] + last.bounding_box()["width"] <= 391
    page.locator(".elbo-sentence").evaluate("(part, words) => { part.textContent = words; }", LONGEST)
    for width, height in ((1072, 800), (700, 900), (640, 360), (390, 844)):  # notebooks, 200 %, a phone
        sized(screen, width, height)
        for name in ("hero", "words", "sentence"):
            part = page.locator(f".elbo-{name}").first
            assert part.evaluate("part => part.scrollHeight <= part.clientHeight + 1"), (width, name)


def test_nothing_moves_while_a_run_goes_on(screen):
    screen.endless()
    screen.press("Run")
    screen.trains(beyond=5)
    screen.until(lambda: "as noisy" in screen.text("headline") or "less noisy" in screen.text("headline"))
    places, step = screen.page.evaluate(PLACES), screen.step()
    for _ in range(20):
        screen.page.wait_for_timeout(50)
        assert screen.page.evaluate(PLACES) == places
    screen.until(lambda: screen.step() > step)


def test_panels_are_swiped_by_a_finger_and_each_fills_a_phones_screen(new_page, wait_until, voila_server):
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(voila_server)
    screen = Screen(page, wait_until)
    screen.painted()
    finger, box = page.context.new_cdp_session(page), lambda name: page.locator(f".elbo-{name}").first.bounding_box()

    def touch(kind, *places):
        points = [{"x": x, "y": y} for x, y in places]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def swipe():
        main = box("main")
        level = main["y"] + main["height"] / 2
        touch("touchStart", (330, level))
        for x in range(310, 60, -25):
            touch("touchMove", (x, level))
            page.evaluate("new Promise(requestAnimationFrame)")  # a finger is seen frame by frame
        touch("touchEnd")

    for name in "abcdn":
        screen.until(lambda name=name: box(name)["x"] >= 0 and box(name)["x"] + box(name)["width"] <= 390)
        whole = page.locator(f".elbo-{name}").first.get_by_role("button", name="full screen").first
        whole.tap()
        screen.until(lambda name=name: box(name)["height"] >= 840)
        whole.tap()
        screen.until(lambda name=name: box(name)["height"] < 500)
        swipe()


CUT = """() => [...document.querySelectorAll('.elbo-title')].filter((title) => {
  const own = title.getBoundingClientRect(), tools = title.closest('.elbo-panel').querySelector('.elbo-tools').getBoundingClientRect();
  const cut = title.scrollWidth > title.clientWidth || title.scrollHeight > title.clientHeight;
  return own.width && (cut || own.right > tools.left && own.bottom > tools.top && own.top < tools.bottom);
}).map((title) => title.textContent)"""


BESIDE = """() => {
  const card = document.querySelector('.elbo-legend-card:popover-open')?.getBoundingClientRect();
  const areas = [...document.querySelectorAll('.elbo-b .elbo-area')].map((area) => area.getBoundingClientRect());
  const area = areas.find((each) => each.width);
  return card?.width && (card.left >= area.right - 1 || card.top >= area.bottom - 1);
}"""


def test_no_title_is_cut_and_a_card_of_the_legend_leaves_the_curves_in_sight(screen):
    page = screen.page
    for width, height in ((1920, 1080), (1280, 720), (1001, 700), (390, 844)):
        sized(screen, width, height)
        screen.until(lambda: not page.evaluate(CUT))
        page.locator(".elbo-b").scroll_into_view_if_needed()
        page.locator(".elbo-legend-row input").nth(1).focus()
        screen.until(lambda: "Source:" in page.locator(".elbo-legend-card").inner_text())
        page.wait_for_function(BESIDE)
        page.keyboard.press("Escape")
        page.locator(".elbo-legend-card").wait_for(state="hidden")
        page.locator(".elbo-run").focus()
