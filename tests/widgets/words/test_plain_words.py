"""What is written on the screen is plain English: no raw markup, no letter with two meanings, no jargon that nothing explains."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
SYMBOLS = {"symbol", "natural_symbol", "latex", "name", "settings", "source"}  # typeset, or not written at all
FOLDERS = (
    "",
    "words",
    "painting",
    "screen",
    "screen/drawers",
    "controllers",
    "charts",
    "notebook",
    "sessions",
    "worker/pictures",
)
LITERAL = re.compile(r"""(?<![\w\\])(?:"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`)""")
CODE = re.compile(
    r"datum[.\[]|elbo_room|import |=>|===|&&|\|\||^[#.]|[;{]\s*$|\$\{\w+\.\w+\(|px|Settings\(|\bself\b|^\W*$"
)
RULES = {
    "raw markup": r"(?<![\w\"'])[A-Za-zͰ-Ͽℓ]_[\wͰ-Ͽ{ℓ]|\^\{|\\[a-z]{2,}",
    "datum": r"\b[Dd]atum\b",
    "the notes'": r"\b[Tt]he notes\b",
    "B as a panel": r"\b[Pp]anel B\b|(?<![=<>≥ ] )\bB's\b",
    "u sets the": r"\bu sets the\b",
    "an abbreviation without its words": r"\bsil\.|\bDEF\b|\bMarkov blankets\b",
}


def is_code(text: str) -> bool:
    """Whether nobody reads it: expressions, settings, LaTeX that is typeset, the help of traits, refusals of a script's own text."""
    return bool(CODE.search(text)) or "\\lit{" in text or "\\text{" in text


def of_catalogue(value: Any, key: str = "") -> Iterator[str]:
    """Every string of the catalogue that is shown as it is."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            if name not in SYMBOLS:
                yield from of_catalogue(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from of_catalogue(each, key)


def of_python(path: Path) -> Iterator[str]:
    """Sentences of a module: its texts that are no docstrings and have a space."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    first = [node.body[0] for node in ast.walk(tree) if isinstance(node, documented) and node.body]
    docstrings = {id(each.value) for each in first if isinstance(each, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def of_script(path: Path) -> Iterator[str]:
    """Texts of a script, without its comments."""
    source = re.sub(
        r"/\*.*?\*/|^\s*//.*$|\s//\s.*$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    for found in LITERAL.finditer(source):
        yield re.sub(r"\$\{[^{}]*\}", "…", found[1] or found[2] or "")


def sentences() -> list[tuple[str, str]]:
    """Where, and what is written: texts with a space that are not code."""
    widgets = ROOT / "widgets"
    found = [("catalogue", each) for each in of_catalogue(json.loads((widgets / "static/catalogue.json").read_text()))]
    for folder in FOLDERS:
        found += [
            (str(path.relative_to(ROOT)), each)
            for path in sorted((widgets / folder).glob("*.py"))
            for each in of_python(path)
        ]
    for path in sorted((widgets / "static").glob("*.js")):
        found += [(path.name, each) for each in of_script(path)]
    return [(where, text) for where, text in found if " " in text.strip() and not is_code(text)]


ALL = sentences()


def test_no_symbol_of_a_knob_is_markup() -> None:
    """It is part of its control's name, as it is."""
    for model in json.loads((ROOT / "widgets/static/catalogue.json").read_text())["models"].values():
        assert not [knob["symbol"] for knob in model["knobs"] if re.search(r"[_^\\{}]", knob["symbol"])]


def test_there_is_something_to_read() -> None:
    assert len(ALL) > 1000


@pytest.mark.parametrize("rule", RULES)
def test_what_is_on_the_screen_is_plain(rule: str) -> None:
    broken = [f"{where}: {text[:140]}" for where, text in ALL if re.search(RULES[rule], text)]
    assert not broken, f"{rule}:\n" + "\n".join(broken)
