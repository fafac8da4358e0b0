"""The JavaScript modules in Chromium: every `test("…")` of the files `*.test.js` here is a test of pytest's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

HERE = Path(__file__).parent
ADDRESS = "http://localhost"  # nothing listens there: the files are answered from the disk
TEST = re.compile(r'^test\(\s*"(.+?)",', re.MULTILINE)
TYPES = {".js": "text/javascript", ".html": "text/html"}

pytestmark = pytest.mark.browser


def names(file: Path) -> list[str]:
    """The names of a file's tests."""
    return TEST.findall(file.read_text(encoding="utf-8"))


def answer(route: Route) -> None:
    """A file of the repository, or an empty page."""
    place = route.request.url.removeprefix(ADDRESS).lstrip("/")
    if not place:
        route.fulfill(body="<!doctype html><title>tests</title>", content_type="text/html")
    elif (ROOT / place).is_file():
        route.fulfill(path=ROOT / place, content_type=TYPES.get(Path(place).suffix, "text/plain"))
    else:
        route.abort()


@pytest.fixture(scope="module")
def failures(browser: Browser) -> Iterator[Callable[[str], dict[str, str]]]:
    """What went wrong in the tests of a file, by their names; a file is loaded into a page of its own, once."""
    context = browser.new_context()
    context.route("**/*", answer)
    folder = f"/{HERE.relative_to(ROOT).as_posix()}"

    @cache
    def run(file: str) -> dict[str, str]:
        page = context.new_page()
        page.goto(ADDRESS)
        load = f"import('{folder}/{file}').then(() => import('{folder}/harness.js')).then(({{ run }}) => run())"
        found: dict[str, str] = page.evaluate(load)
        page.close()
        return found

    yield run
    context.close()


CASES = [(file.name, name) for file in sorted(HERE.glob("*.test.js")) for name in names(file)]


@pytest.mark.parametrize(("file", "name"), CASES, ids=[f"{file.split('.')[0]}: {name}" for file, name in CASES])
def test_module(failures, file, name):
    found = failures(file)
    assert name in found, f"{file} did not register this test"
    assert found[name] == ""


def test_every_test_of_a_file_is_collected(failures):
    for file in sorted(HERE.glob("*.test.js")):
        assert sorted(failures(file.name)) == sorted(names(file)), (
            f'write `test("name", …)` at the beginning of a line in {file.name}'
        )
