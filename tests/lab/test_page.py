"""The page that Voilà serves, with a small notebook in place of the lab."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import nbformat
import psutil
import pytest

from tests.conftest import server

if TYPE_CHECKING:
    from playwright.sync_api import Page

SLIDER = "import ipywidgets\nipywidgets.IntSlider(description='B')"
QUERY = "import os, ipywidgets\nipywidgets.Label(os.environ['QUERY_STRING'] + ' ' + str(os.getpid()))"

CHATTER = """import ipywidgets, threading, time
label = ipywidgets.Label()
def talk():
    while True:
        label.value = str(time.time()); time.sleep(0.1)
threading.Thread(target=talk, daemon=True).start()
label"""

pytestmark = pytest.mark.browser


def notebook(path: Path, source: str) -> Path:
    cells = [nbformat.v4.new_code_cell(source)]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("page")
    path = notebook(home / "label.ipynb", QUERY)
    with server(
        "elbo_room.lab.serving.serve", home, "--notebook", str(path), "--warm-up", "import ipywidgets"
    ) as found:
        yield found


def kernels(port: int) -> list[psutil.Process]:
    """The kernels of the server on a port."""
    owner = next(c.pid for c in psutil.net_connections("tcp") if c.laddr.port == port and c.status == "LISTEN")
    children = psutil.Process(owner).children(recursive=True)
    return [child for child in children if is_kernel(child)]


def is_kernel(process: psutil.Process) -> bool:
    try:
        return "ipykernel_launcher" in process.cmdline()
    except psutil.Error:  # it ended while we looked
        return False


def eventually(condition: Callable[[], Any], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)


def test_a_page_gets_an_unshared_kernel_that_knows_its_query(new_page, address):
    labels = []
    for run in ("one", "two"):
        page = new_page()
        page.goto(f"{address}/?run={run}")
        page.locator("#rendered_cells .widget-label").wait_for()
        labels.append(page.locator("#rendered_cells .widget-label").inner_text().split())
        assert page.title() == "ELBO Room"
        assert page.locator("#opening").count() == 0
    assert [query for query, _ in labels] == ["run=one", "run=two"]
    assert labels[0][1] != labels[1][1]


def test_the_source_and_a_foreign_template_are_not_served(page, address):
    page.goto(f"{address}/?template=reveal&theme=dark")
    page.locator("#rendered_cells .widget-label").wait_for()
    assert "os.getpid" not in page.content()
    assert "Reveal" not in page.content()


def test_voilas_script_is_in_the_page_before_the_cells_have_run(address):
    """It reads the page's settings at once, and loads its parts while the kernel works."""
    html, _ = fetch(address)
    places = [html.index(each) for each in ('id="jupyter-config-data"', '/voila.js" async', "cell-output+json")]
    assert places == sorted(places)


def test_closing_the_tab_ends_its_kernel(new_page, address):
    page = new_page()
    page.goto(address)
    page.locator("#rendered_cells .widget-label").wait_for()
    mine = int(page.locator("#rendered_cells .widget-label").inner_text().split()[-1])
    assert mine in [kernel.pid for kernel in kernels(int(address.rsplit(":", 1)[1]))]
    page.close(run_before_unload=True)
    eventually(lambda: not psutil.pid_exists(mine))


def test_a_page_from_elsewhere_is_refused(address):
    request = urllib.request.Request(address, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)


def test_an_error_in_the_notebook_is_reported_in_words(page, watch, tmp_path):
    path = notebook(tmp_path / "broken.ipynb", "raise RuntimeError('unutterable')")
    with server("elbo_room.lab.serving.serve", tmp_path, "--notebook", str(path), "--warm-up", "") as address:
        page.goto(address)
        page.get_by_role("alert").get_by_text("The lab could not start.").wait_for()
        assert "unutterable" not in page.content()
        page.goto("about:blank")  # before the server goes


def seen(page: Page, words: str) -> None:
    """The alert with these words, and its button, lie above everything else on the page."""
    page.get_by_role("alert").get_by_text(words).wait_for()
    for part in ("span", "button"):
        box = page.locator(f"#opening {part}").bounding_box()
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).closest('#opening') !== null", middle)


def test_a_page_that_does_not_open_says_so_where_it_can_be_read(page, watch, address):
    """Its kernel never answers; the minute passes at once. Reload opens the lab."""
    page.route_web_socket(re.compile("channels"), lambda socket: None)
    page.clock.install()
    page.goto(address)
    page.locator(".jp-LabShell").wait_for(state="attached")
    page.clock.run_for(61_000)
    seen(page, "The lab has not opened within a minute. Reload this page")
    page.goto("about:blank")
    watch.errors.clear()


def test_a_page_whose_kernel_has_ended_says_so_at_once(page, watch, address):
    """As when it was culled before the page's websocket was there."""
    page.route("**/api/kernels/*", lambda route: route.fulfill(status=404, body="{}"))
    page.route_web_socket(re.compile("channels"), lambda socket: socket.close())
    page.goto(address)
    seen(page, "The lab's kernel has ended before this page was ready. Reload the page")
    page.goto("about:blank")
    watch.errors.clear()


def test_the_kernel_started_ahead_is_the_one_that_is_handed_out(page, tmp_path):
    path = notebook(tmp_path / "label.ipynb", QUERY)
    with server(
        "elbo_room.lab.serving.serve", tmp_path, "--notebook", str(path), "--warm-up", "import ipywidgets"
    ) as address:
        port = int(address.rsplit(":", 1)[1])
        eventually(lambda: kernels(port))
        (waiting,) = kernels(port)
        page.goto(address)
        page.locator("#rendered_cells .widget-label").wait_for()
        assert page.locator("#rendered_cells .widget-label").inner_text().split()[-1] == str(waiting.pid)
        page.goto("about:blank")  # before the server goes


@pytest.mark.slow
def test_a_kernel_that_nobody_watches_is_culled_and_the_waiting_one_is_not(tmp_path):
    path = notebook(tmp_path / "label.ipynb", CHATTER)
    with server(
        "elbo_room.lab.serving.serve", tmp_path, "--notebook", str(path), "--warm-up", "", "--idle-seconds", "3"
    ) as address:
        port = int(address.rsplit(":", 1)[1])
        eventually(lambda: kernels(port))
        watched = {kernel.pid for kernel in kernels(port)}  # the one that the page will get
        with urllib.request.urlopen(address) as answer:
            assert b"widget-view" in answer.read()  # the page was made, but no browser ever connects
        eventually(lambda: not watched & {kernel.pid for kernel in kernels(port)})
        eventually(lambda: len(kernels(port)) == 1)
        (waiting,) = kernels(port)
        time.sleep(5)
        assert [kernel.pid for kernel in kernels(port)] == [waiting.pid]


def fetch(address: str) -> tuple[str, str]:
    """Request a page without a browser: its HTML and the id of its kernel."""
    with urllib.request.urlopen(address) as answer:
        html = answer.read().decode()
    found = re.search(r'"kernelId": ?"([-0-9a-f]+)"', html)
    assert found, html
    return html, found[1]


def lives(address: str, kernel: str) -> bool:
    """Whether the server still knows this kernel."""
    try:
        urllib.request.urlopen(f"{address}/api/kernels/{kernel}").close()
    except urllib.error.HTTPError as error:
        return error.code != 404
    return True


def test_a_page_requested_after_a_rest_keeps_its_kernel_until_its_browser_can_be_there(tmp_path):
    """The kernel waited for longer than kernels may idle; culls come every second, the websocket on a slow machine later."""
    path = notebook(tmp_path / "label.ipynb", QUERY)
    with server(
        "elbo_room.lab.serving.serve", tmp_path, "--notebook", str(path), "--warm-up", "", "--idle-seconds", "2"
    ) as address:
        eventually(lambda: kernels(int(address.rsplit(":", 1)[1])))
        time.sleep(4)
        requested = time.monotonic()
        _, kernel = fetch(address)
        while time.monotonic() < requested + 4:
            assert lives(address, kernel)
            time.sleep(0.2)
        eventually(lambda: not lives(address, kernel), 30)  # nobody came


def test_a_waiting_kernel_that_died_is_replaced_by_one_that_is_as_ready(tmp_path):
    """`colorsys` is imported by the warm-up and by nothing else; the file appears when that is done."""
    source = "import sys\n'a warm kernel' if 'colorsys' in sys.modules else 'a cold kernel'"
    path = notebook(tmp_path / "warm.ipynb", source)
    warmed = tmp_path / "warmed"
    warm_up = f"import colorsys, pathlib; pathlib.Path({str(warmed)!r}).touch()"
    with server("elbo_room.lab.serving.serve", tmp_path, "--notebook", str(path), "--warm-up", warm_up) as address:
        port = int(address.rsplit(":", 1)[1])
        eventually(warmed.exists)
        time.sleep(1)
        (waiting,) = kernels(port)
        waiting.kill()
        eventually(lambda: kernels(port) and waiting.pid not in [kernel.pid for kernel in kernels(port)])
        html, _ = fetch(address)
        assert "a warm kernel" in html


def test_messages_leave_without_nagles_delay():
    from elbo_room.lab.serving.no_delay import NoDelayConnection

    class Handler:
        delays: ClassVar[list[bool]] = []

        def set_nodelay(self, value):
            self.delays.append(value)
            raise ConnectionAbortedError  # far enough: there is no kernel to connect to

    with pytest.raises(ConnectionAbortedError):
        NoDelayConnection.connect(SimpleNamespace(websocket_handler=Handler()))
    assert Handler.delays == [True]
