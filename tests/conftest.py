"""Servers and a browser for the tests that need them; a page fails its test if a request leaves this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from elbo_room.lab import browsers, ports
from elbo_room.lab.processes import Child
from elbo_room.models.reading import process
from tests.reading_server import ReadingServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
PYTHONPATH = os.pathsep.join([str(ROOT / "lab" / "package"), str(ROOT)])
HOME_HOSTS = {"127.0.0.1", "localhost"}
FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]
# What browsers and Jupyter's front ends say at the console that is no fault of ours.
HARMLESS = (
    "Unsatisfied version",
    "was preloaded using link preload but not used",
    "Comm not found for comm id",  # JupyterLab, when a kernel that an earlier page used closes that page's widgets
    "[anywidget] Failed to initialize model",  # on a machine that stood still meanwhile; `anywidget_recovery.js` makes up for it
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a slow test go first: begun last, one of them would keep one core busy for minutes while the others have nothing to do."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


@contextmanager
def server(module: str, home: Path, *arguments: str, **environment: str) -> Iterator[str]:
    """Run one of the lab's servers on a free port; gives its address, and ends it with all it started."""
    port = free_port()
    log = home / f"{module}-{port}.log"
    with log.open("w") as output:
        env = {"ELBO_ROOM_HOME": str(home), "PYTHONPATH": PYTHONPATH, **environment}
        command = [sys.executable, "-m", module, "--port", str(port), "--no-browser", *arguments]
        child = Child(command, ROOT, own_group=True, env=env, output=output.fileno())
        try:
            wait_for_port(port, child.process, log)
            yield f"http://localhost:{port}"
        finally:
            child.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((ports.HOST, 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[str], log: Path, seconds: float = 120.0) -> None:
    """Return once the server listens; fail with its log when it ended or never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((ports.HOST, port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    pytest.fail(f"the server did not open port {port}:\n{log.read_text()}")


@pytest.fixture(scope="session")
def voila_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The lab's page as `python lab` serves it."""
    with server("elbo_room.lab.serving.serve", tmp_path_factory.mktemp("voila"), "--vote-host", "127.0.0.1") as address:
        yield address


@pytest.fixture(scope="session")
def jupyterlab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab as `python lab notebooks` serves it, without a token and with its application open to scripts."""
    home = tmp_path_factory.mktemp("jupyterlab")
    workspace = {"JUPYTERLAB_WORKSPACES_DIR": str(home), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    options = ["--IdentityProvider.token=", "--expose-app-in-browser"]
    with server("elbo_room.lab.serving.notebooks", home, *options, **workspace) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    executable = browsers.find()
    if executable is None:
        missing = f"no Chromium found: install one, or set {browsers.VARIABLE} to its path"
        if browsers.in_ci():
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    flags = [*FLAGS, *(["--no-sandbox"] if browsers.is_root() else [])]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, headless=True, args=flags)
        yield chromium
        chromium.close()


def stays_here(url: str) -> bool:
    """Whether a request is answered by this machine."""
    parts = urlsplit(url)
    return parts.scheme in {"data", "blob", "about"} or parts.hostname in HOME_HOSTS


class Watch:
    """What a page did that it should not have done."""

    def __init__(self) -> None:
        self.away: list[str] = []
        self.errors: list[str] = []

    def follow(self, page: Page) -> None:
        """Note requests, websockets, exceptions and console errors of one page."""
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda websocket: self._note(websocket.url))
        page.on("pageerror", lambda error: self._console("error", str(error)))
        page.on("console", lambda message: self._console(message.type, f"{message.text} {message.location['url']}"))

    def _note(self, url: str) -> None:
        if not stays_here(url):
            self.away.append(url)

    def _console(self, kind: str, text: str) -> None:
        if kind == "error" and not any(harmless in text for harmless in HARMLESS):
            self.errors.append(text)


@pytest.fixture
def watch() -> Watch:
    """The faults of this test's pages; a test that provokes a fault clears it."""
    return Watch()


@pytest.fixture
def new_page(browser: Browser, watch: Watch) -> Iterator[Callable[..., Page]]:
    """Makes pages in fresh contexts; at the end asserts that nothing left this machine and nothing was thrown."""
    contexts: list[Any] = []

    def guard(route: Any) -> None:
        if stays_here(route.request.url):
            route.continue_()
        else:
            watch.away.append(route.request.url)
            route.abort()

    def make(**options: Any) -> Page:
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 720}, "service_workers": "block", **options}
        )
        contexts.append(context)
        context.route("**/*", guard)
        page = context.new_page()
        page.set_default_timeout(120_000)
        watch.follow(page)
        return page

    yield make
    away, errors = list(watch.away), list(watch.errors)
    for context in contexts:
        for page in context.pages:
            _leave(page)
        context.close()
    assert away == [], "requests left this machine"
    assert errors == [], "the page reported errors"


def _leave(page: Page) -> None:
    """Go away as a person does who closes a tab of Voilà: its kernel ends at once, and the next test has the machine to itself."""
    from playwright.sync_api import Error

    where = urlsplit(page.url)
    if where.scheme == "http" and not where.path.startswith("/lab"):
        with suppress(Error), page.expect_event("close", timeout=20_000):
            page.context.unroute_all(behavior="ignoreErrors")  # the page's last word is on its way while it closes
            page.close(run_before_unload=True)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """One watched page of 1280 × 720."""
    return new_page()


def wait_until(page: Page, expression: str, seconds: float = 120.0) -> Any:
    """The first truthy value of a JavaScript expression (the page's policy forbids `wait_for_function` its eval)."""
    deadline = time.monotonic() + seconds
    while True:
        value = page.evaluate(expression)
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {seconds} s: {expression}")
        page.wait_for_timeout(50)


@pytest.fixture(name="wait_until")
def _wait_until() -> Callable[..., Any]:
    return wait_until


@pytest.fixture
def run_all_cells() -> Callable[..., None]:
    """Opens a notebook in JupyterLab and runs all its cells (tried again until the kernel has taken the command)."""

    def run(page: Page, address: str, notebook: str) -> None:
        page.goto(f"{address}/lab/tree/{notebook}?reset")
        wait_until(page, "window.jupyterapp ? window.jupyterapp.restored.then(() => true) : false")
        current = "window.jupyterapp.shell.currentWidget"
        wait_until(page, f"!!{current}?.context")
        ready = "c.context.ready.then(() => c.context.sessionContext.ready).then(() => true)"
        assert page.evaluate(f"(c => {ready})({current})")
        wait_until(page, f"{current}.context.sessionContext.session?.kernel?.status === 'idle'")
        prompt = "[...document.querySelectorAll('.jp-InputPrompt')].some(e => /[*0-9]/.test(e.textContent))"
        for _ in range(6):
            page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
            for _ in range(
                200
            ):  # a command that is given twice runs the cells twice: a slow machine gets 10 s to take it
                if page.evaluate(prompt):
                    return
                page.wait_for_timeout(50)
        raise AssertionError(f"JupyterLab did not run {notebook}")

    return run


@pytest.fixture(scope="session")
def reading_server() -> Iterator[ReadingServer]:
    """A process that has imported what reads files."""
    made = ReadingServer()
    yield made
    made.close()


@pytest.fixture
def quick_reading(reading_server: ReadingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read by forks of that process, under the same limits, and not by one that imports everything first."""
    monkeypatch.setattr(process, "launched", reading_server.launched)


@pytest.fixture
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No trace of CI or of a chosen browser in the environment."""
    for name in ("CI", browsers.VARIABLE):
        monkeypatch.delenv(name, raising=False)


os.environ.setdefault("OMP_NUM_THREADS", "1")
