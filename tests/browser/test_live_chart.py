"""The charts in a real page: they stream, keep their canvas, pause when hidden, and respond to the pointer."""

from __future__ import annotations

import time
from collections.abc import Iterator

import nbformat
import psutil
import pytest

from elbo_room.widgets.prepare import prepare
from tests.conftest import server

pytestmark = pytest.mark.browser

NOTEBOOK = """
import os, threading, time
import ipywidgets as w
import numpy as np
from elbo_room.widgets.wire.bus import Bus
from elbo_room.widgets.screen.live_chart import LiveChart
from elbo_room.widgets.screen.page import Page

bus, page, heard = Bus(), Page(), w.Label('heard:')
names = ('elbo', 'variance', 'latent', 'kl')
charts = {name: LiveChart(name, bus, summary=f'chart {name}') for name in names}
charts['elbo'].set(split=True)
charts['latent'].labels = ['<b>one</b>', 'two']
rng = np.random.default_rng(0)
bus.static(charts['latent'], 'cloud', label=[0, 1] * 100, images=np.tile(np.arange(64, dtype=np.uint8) * 4, (200, 1)))
bus.replace(charts['latent'], 'cloud', x=rng.normal(size=200), y=rng.normal(size=200), sx=[.2] * 200, sy=[.1] * 200)
bus.replace(charts['kl'], 'bars', dimension=[0, 1, 2], value=[2, 1, 0.001], state=[1, 1, 0])
grid = np.repeat(np.arange(9, dtype=np.uint8) * 28, 64)
about = {'kind': 'grid', 'chart': 'latent', 'n': 3, 'low': [-3, -3], 'high': [3, 3], 'shape': [8, 8]}
bus.message(about, [grid.tobytes()])
lost = []

def note(text):
    heard.value = heard.value + ' ' + text

def on_page(content):
    if content['kind'] == 'key':
        note('key=' + content['key'])
        if content['key'] == 'r':
            lost.append(1)

def on_latent(kind, said):
    if kind == 'hover':
        answer = np.full(64, 0.5, np.float32).tobytes()
        bus.message({'kind': 'decoded', 'chart': 'latent', 'id': said['id']}, [answer])

page.on_message(on_page)
charts['latent'].on_event(on_latent)
charts['kl'].on_event(lambda kind, said: note(f"bar={said.get('dimension')}"))
charts['elbo'].on_event(lambda kind, said: note('zoomed' if said.get('low') else 'whole'))
state = {'step': 0}

def train():
    while True:
        step = state['step'] = state['step'] + 10
        steps = np.arange(step, step + 10)
        for series in range(3):
            values = -100 - 10 * series + rng.normal(size=10)
            bus.append(charts['elbo'], 'lines', step=steps, value=values, series=series)
        for series in range(5):
            level = 10.0 ** (2 - series)
            band = {'low': [level / 2], 'high': [level * 2]}
            bus.append(charts['variance'], 'lines', step=[step], value=[level], **band, series=series)
        time.sleep(0.05)

def pump():
    while True:
        if lost:
            lost.clear()
            bus._flow.frames += 1
        bus.flush()
        time.sleep(1 / 15)

for work in (train, pump):
    threading.Thread(target=work, daemon=True).start()
sized = lambda name: w.Box([charts[name]], layout=w.Layout(width='600px', height='280px'))
grid = w.GridBox([sized(name) for name in names], layout=w.Layout(grid_template_columns='600px 600px'))
root = w.VBox([page, grid, w.Text(placeholder='text'), heard])
root.add_class('elbo-room')
root
"""

ROOM = "globalThis.__elboRoom"
# In a callback of the page's own, because the debugger that runs `evaluate` is exempt from the policy.
EVAL_IS_FORBIDDEN = """new Promise((answer) => setTimeout(() => {
    try { new Function('')(); answer(false); } catch { answer(true); }
}))"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    prepare()
    home = tmp_path_factory.mktemp("charts")
    path = home / "charts.ipynb"
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(NOTEBOOK)], metadata=metadata), path)
    with server(
        "elbo_room.lab.serving.serve",
        home,
        "--notebook",
        str(path),
        "--warm-up",
        "import elbo_room.widgets.screen.live_chart",
    ) as found:
        yield found


@pytest.fixture
def room(page, address, wait_until):
    """A page whose four charts are drawn and stream."""
    page.goto(address)
    wait_until(page, f"{ROOM}?.views === 4 && {ROOM}.lastFrame > 5")
    return page


def counters(page):
    return page.evaluate(f"({{...{ROOM}}})")


def drawn(page, index, colour, least):
    """Wait until more than `least` pixels of one chart's canvas are near a colour."""
    deadline = time.monotonic() + 120
    while (found := count_near(page, index, colour)) <= least:
        assert time.monotonic() < deadline, f"{found} pixels of chart {index} are near {colour}, not {least}"
        page.wait_for_timeout(50)


def count_near(page, index, colour, tolerance=40):
    """Pixels of one chart's canvas that are near a colour."""
    return page.evaluate(
        """([index, [r, g, b], most]) => {
        const canvas = document.querySelectorAll('.elbo-vega canvas')[index];
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let found = 0;
        for (let i = 0; i < data.length; i += 4) {
            const far = Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b);
            if (data[i + 3] > 200 && far < most) found += 1;
        }
        return found;
    }""",
        [index, colour, tolerance],
    )


def hide(page, hidden):
    page.evaluate(
        """(hidden) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event('visibilitychange'));
    }""",
        hidden,
    )


def centre(page, index, fx=0.5, fy=0.5):
    box = page.locator(".elbo-area").nth(index).bounding_box()
    return box["x"] + fx * box["width"], box["y"] + fy * box["height"]


def test_charts_stream_on_the_same_canvas_without_eval(room, wait_until):
    page = room
    assert page.evaluate(EVAL_IS_FORBIDDEN), "this test must run under the policy that people get"
    page.evaluate(
        """() => {
        globalThis.rebuilt = 0;
        const watch = new MutationObserver((all) => { globalThis.rebuilt += all.length });
        const boxes = document.querySelectorAll('.elbo-vega');
        for (const box of boxes) watch.observe(box, { childList: true, subtree: true });
    }"""
    )
    before = counters(page)
    wait_until(page, f"{ROOM}.lastFrame >= {before['lastFrame'] + 20}")
    after = counters(page)
    assert after["acks"] > before["acks"]
    assert after["rebuilds"] == 0
    assert page.evaluate("globalThis.rebuilt") == 0
    assert after["views"] == 4
    drawn(page, 0, (0, 114, 178), 200)  # the ELBO in its blue
    drawn(page, 1, (213, 94, 0), 50)  # the score estimator's variance in its vermillion
    drawn(page, 3, (0, 114, 178), 1_000)  # active dimensions as blue bars


def test_labels_are_plain_text_and_every_chart_has_a_sentence(room):
    chips = room.locator(".elbo-chip")
    assert chips.all_inner_texts() == ["<b>one</b>", "two"]
    assert room.locator(".elbo-chip b").count() == 0
    sentences = [room.locator(".elbo-chart").nth(k).get_attribute("aria-label") for k in range(4)]
    assert sentences == ["chart elbo", "chart variance", "chart latent", "chart kl"]


def test_a_hidden_page_gets_no_frame_and_all_of_it_when_it_is_seen(room, wait_until):
    page = room
    hide(page, True)
    for _ in range(20):  # what was under way arrives, on a machine that stands still late
        silent = counters(page)["frames"]
        page.wait_for_timeout(1_500)
        if counters(page)["frames"] == silent:
            break
    assert counters(page)["frames"] == silent
    hide(page, False)
    wait_until(page, f"{ROOM}.frames > {silent + 5}")
    assert counters(page)["resyncs"] == 0, "the kernel sends everything by itself"


def test_a_gap_in_the_numbers_makes_the_page_ask_for_everything(room, wait_until):
    page = room
    page.locator(".elbo-chart").nth(3).focus()
    page.keyboard.press("r")
    wait_until(page, f"{ROOM}.resyncs === 1")
    frame = counters(page)["lastFrame"]
    wait_until(page, f"{ROOM}.lastFrame > {frame + 5}")
    assert counters(page)["resyncs"] == 1


def test_the_decoder_draws_under_the_pointer_at_once(room, wait_until):
    page = room
    picture = "document.querySelector('.elbo-card-picture').toDataURL()"
    at_rest = page.evaluate(picture)
    x, y = centre(page, 2, 0.3, 0.3)
    page.mouse.move(x, y)
    wait_until(page, f"{picture} !== {at_rest!r}")
    for k in range(200):  # a busy browser makes one event of several moves
        page.mouse.move(x + k % 20, y + k % 20)
        page.wait_for_timeout(20)
        if len(counters(page)["hoverMs"]) >= 10:
            break
    assert len(counters(page)["hoverMs"]) >= 10
    assert "z = (" in page.locator(".elbo-card-words").inner_text()
    page.mouse.move(2, 2)
    wait_until(page, f"{picture} === {at_rest!r}")


def test_bars_and_keys_reach_python_but_not_from_a_text_field(room, wait_until):
    page = room
    heard = page.locator(".widget-label").last
    page.mouse.click(*centre(page, 3, 0.5, 0.5))
    wait_until(page, "[...document.querySelectorAll('.widget-label')].some((e) => e.textContent.includes('bar=1'))")
    page.keyboard.press("Space")
    page.keyboard.press("]")
    wait_until(page, "[...document.querySelectorAll('.widget-label')].some((e) => e.textContent.includes('key=]'))")
    assert "key=space" in heard.inner_text()
    page.locator("input[type=text]").fill("")
    page.locator("input[type=text]").press("e")
    page.locator(".elbo-chart").nth(3).focus()
    page.keyboard.press(".")
    wait_until(page, "[...document.querySelectorAll('.widget-label')].some((e) => e.textContent.includes('key=.'))")
    assert "key=e" not in heard.inner_text()


def test_dragging_zooms_both_charts_and_the_zoom_outlives_new_data(room, wait_until):
    page = room
    left, right = centre(page, 0, 0.2), centre(page, 0, 0.4)
    page.mouse.move(*left)
    page.mouse.down()
    page.mouse.move(*right, steps=4)
    page.mouse.up()
    labels = "[...document.querySelectorAll('.widget-label')]"
    wait_until(page, f"{labels}.some((e) => e.textContent.includes('zoomed'))")
    frame = counters(page)["lastFrame"]
    wait_until(page, f"{ROOM}.lastFrame > {frame + 5}")
    assert counters(page)["rebuilds"] == 0
    page.mouse.dblclick(*left)
    wait_until(page, f"{labels}.some((e) => e.textContent.includes('whole'))")


def test_a_dark_host_gets_a_dark_chart(room, wait_until):
    page = room
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    wait_until(page, "document.querySelectorAll('.elbo-chart.elbo-dark').length === 4")
    frame = counters(page)["lastFrame"]
    wait_until(page, f"{ROOM}.views === 4 && {ROOM}.lastFrame > {frame + 5}")
    drawn(page, 0, (88, 181, 234), 200)  # the ELBO in the lighter blue


def test_the_page_says_so_when_the_kernel_dies(room, watch, address):
    port = int(address.rsplit(":", 1)[1])
    owner = next(c.pid for c in psutil.net_connections("tcp") if c.laddr.port == port and c.status == "LISTEN")
    children = psutil.Process(owner).children(recursive=True)
    for child in [child for child in children if "ipykernel_launcher" in child.cmdline()]:
        child.kill()
    banner = room.locator(".elbo-banner")
    banner.get_by_text("The kernel stopped. Reload this page.").wait_for()
    banner.get_by_role("button", name="Reload").wait_for()
    watch.errors.clear()  # the host's own complaints about the lost kernel
