"""What the code imports is what pyproject.toml declares, at the versions that set-up installs, under licences that are named."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from elbo_room.lab.licences import pinned
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
BROUGHT_BY = {
    "pyro": "pyro-ppl",
    "sklearn": "scikit-learn",
    "vl_convert": "vl-convert-python",
    "yaml": "pyyaml",
}  # modules that are not called like their package
OURS = {"elbo_room", "tests"}
# What runs only where an extra, or the tool that calls it, has brought the package.
ELSEWHERE = {
    "lab/wheel_backend.py": {"setuptools"},
    "lab/documentation.py": {"nbclient", "nbformat"},
    "lab/docs/conf.py": {"docutils"},
    "lab/notebook_pictures.py": {"playwright"},
    "tests/benchmarks/_scvi.py": {"scvi", "lightning"},
}


def names(requirements: list[str]) -> set[str]:
    """The distributions that a list of requirements names."""
    return {canonicalize_name(Requirement(each).name) for each in requirements}


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Line and top-level package of every import, those within functions too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.partition(".")[0]


def undeclared(folder: str, declared: set[str]) -> list[str]:
    """Imports of a folder that no declared distribution brings, as FILE:LINE name."""
    found = []
    for file in sorted((ROOT / folder).rglob("*.py")):
        place = file.relative_to(ROOT).as_posix()
        for line, name in imports(file):
            known = name in sys.stdlib_module_names or name in OURS or name in ELSEWHERE.get(place, ())
            if not known and canonicalize_name(BROUGHT_BY.get(name, name)) not in declared:
                found.append(f"{place}:{line} {name}")
    return found


@pytest.mark.parametrize("folder", ["lab", "models", "widgets"])
def test_every_import_of_the_lab_is_declared(folder):
    assert undeclared(folder, names(PROJECT["dependencies"])) == []


def test_every_import_of_the_tests_is_declared():
    declared = names([*PROJECT["dependencies"], *EXTRAS["test"], *EXTRAS["bench"], *EXTRAS["docs"], *EXTRAS["scvi"]])
    assert undeclared("tests", declared) == []


def test_an_undeclared_import_is_found():
    assert any(place.endswith(" torch") for place in undeclared("models", names(PROJECT["dependencies"]) - {"torch"}))


def test_every_declared_package_has_an_exact_version_within_its_floor():
    lines = (ROOT / "binder" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    exact = {canonicalize_name(name): version for name, version in pinned.items()}
    for text in [*PROJECT["dependencies"], *EXTRAS["test"], *EXTRAS["check"], *EXTRAS["docs"]]:
        wanted = Requirement(text)
        assert re.match(r"[0-9]", exact[canonicalize_name(wanted.name)]), wanted.name
        assert wanted.specifier.contains(exact[canonicalize_name(wanted.name)]), wanted.name


def test_the_list_of_licences_has_every_package_at_its_version():
    listed = (ROOT / "lab" / "docs" / "licences.md").read_text(encoding="utf-8")
    rows = {tuple(line.split(" | ")[:2]) for line in listed.splitlines() if line.startswith("| ")}
    assert {(f"| {name}", version) for name, version in pinned()} <= rows, "run python -m elbo_room.lab.licences"
