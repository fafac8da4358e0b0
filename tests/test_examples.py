"""Every name that `elbo_room` exports has an example in its docstring, and the example runs."""

from __future__ import annotations

import doctest
import re
import sys
from importlib import import_module
from types import ModuleType

import pytest

import elbo_room
from elbo_room import _PLACES
from tests.conftest import ROOT


def documented(name: str) -> object:
    """What carries the docstring of a name: itself, or, of a dict of parts, the module that it comes from."""
    value = getattr(elbo_room, name)
    return import_module(f"elbo_room.{_PLACES[name]}") if isinstance(value, dict) else value


def examples(of: object, name: str) -> doctest.DocTest | None:
    """The examples in its own docstring; not those of its methods."""
    text = of.__doc__ or ""
    return doctest.DocTestParser().get_doctest(text, {}, name, None, None)


def failures(test: doctest.DocTest) -> list[str]:
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append)
    return said


@pytest.mark.parametrize("name", elbo_room.__all__)
def test_an_exported_name_has_an_example_that_runs(name: str) -> None:
    test = examples(documented(name), name)
    assert test is not None
    assert test.examples, f"{name} has no example in its docstring"
    assert failures(test) == []


def test_the_package_s_own_example_runs() -> None:
    test = examples(sys.modules["elbo_room"], "elbo_room")
    assert test is not None
    assert test.examples
    assert failures(test) == []


def test_an_example_that_is_wrong_is_reported() -> None:
    module = ModuleType("wrong", "One and one.\n\n>>> 1 + 1\n3\n")
    test = examples(module, "wrong")
    assert test is not None
    assert failures(test)


def test_every_exported_name_is_loaded_from_its_declared_module() -> None:
    assert sorted(_PLACES) == sorted(elbo_room.__all__)
    assert all(getattr(elbo_room, name) is not None for name in elbo_room.__all__)


@pytest.mark.parametrize("page", ["README.md", ".github/CONTRIBUTING.md"])
def test_files_that_a_page_names_are_there(page):
    """`folder/{one,two}.py` names two; NAME is a contributor's to fill in."""
    named = re.findall(
        r"`((?:models|widgets|lab|tests|binder)/[\w./{},-]*)`", (ROOT / page).read_text(encoding="utf-8")
    )
    listed = [
        head + each + tail
        for head, several, tail in (re.fullmatch(r"([^{]*)(?:\{(.*)\})?(.*)", name).groups() for name in named)
        for each in (several or "").split(",")
        if "NAME" not in head + tail and "MODULE" not in head and "made" not in head
    ]
    assert listed
    assert [name for name in listed if not (ROOT / name).exists()] == []
