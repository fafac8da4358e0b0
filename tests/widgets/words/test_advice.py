"""Advice about a user's own table names only controls that are on the page."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SENTENCES = (
    *(ROOT / "models" / "reading").glob("*.py"),
    ROOT / "models" / "data" / "table.py",
    ROOT / "models" / "data" / "suggestion.py",
    ROOT / "models" / "data" / "own.py",
    ROOT / "models" / "training" / "run_from.py",
    ROOT / "models" / "conditional" / "model.py",
    *(ROOT / "widgets" / "worker" / "own_data").glob("*.py"),
    ROOT / "widgets" / "worker" / "exporting.py",
    ROOT / "widgets" / "screen" / "own_table.py",
    ROOT / "widgets" / "screen" / "drawers" / "download.py",
)
NAMED = (  # how a sentence names a control
    r"drawer '([^']+)'", r"the drawer ([A-Z]\w+)", r"[Pp]ress ([A-Z][a-z]+)", r"\b[Tt]ick ([A-Z]\w+)", r"\b[Uu]ntick ([A-Z]\w+)",
    r"[Ss]ave ([A-Z]\w+ CSV)", r"[Pp]ress “([^”]+)”", r"[Cc]hoose another ([A-Z]\w+)", r"“[^”]+” under ([A-Z]\w+ \w+)",
    r" as ([A-Z]\w+); in Python",
)  # fmt: skip
ADVICE = re.compile(r"\b([Pp]ress|[Tt]ick|[Uu]ntick|drawer)\b")


def strings(path: Path) -> list[str]:
    """Every text of a module without its docstrings; what is filled in is …."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found = []
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(each) for each in node.values}
            found.append("".join(str(each.value) if isinstance(each, ast.Constant) else "…" for each in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside | docstrings:
            found.append(node.value)
    return found


@pytest.fixture(scope="module")
def controls() -> set[str]:
    """What the page writes on its controls: words of buttons and drawers, labels of settings, texts of the table of columns."""
    screen = [text for path in (ROOT / "widgets" / "screen").rglob("*.py") for text in strings(path)]
    scripts = [
        text
        for path in (ROOT / "widgets" / "static").glob("*.js")
        for text in re.findall(r'"([^"\n]+)"', path.read_text(encoding="utf-8"))
    ]
    labels = re.findall(
        r'"label": (".*?(?<!\\)")', (ROOT / "widgets/static/catalogue.json").read_text(encoding="utf-8")
    )
    made = {*screen, *scripts, *(json.loads(each) for each in labels)}
    return made | {each.partition(":")[0] for each in made} | {f"{each.split('… ')[0]}" for each in made}


def named(sentence: str) -> list[str]:
    """The controls that a sentence names."""
    return [name for pattern in NAMED for name in re.findall(pattern, sentence)]


@pytest.mark.parametrize("path", SENTENCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_control_that_advice_names_is_on_the_page(path: Path, controls: set[str]) -> None:
    missing = {name: text for text in strings(path) for name in named(text) if name not in controls}
    download = {name for name in missing if name.endswith(" CSV") and name.removesuffix(" CSV") in controls}
    assert not missing.keys() - download, missing


def test_advice_is_found_and_a_control_that_is_not_there_is_noticed(controls: set[str]) -> None:
    texts = [text for path in SENTENCES for text in strings(path)]
    found = {name for text in texts for name in named(text)}
    assert {"Your data", "Run", "Transpose", "Standardise", "Response", "Use as", "Code", "Model"} <= found
    assert "Magic" not in controls
    assert named("In the drawer 'Magic' press Wand.") == ["Magic", "Wand"]
    unnamed = [text for text in texts if ADVICE.search(text) and len(text) > 20 and not named(text)]
    assert not [text for text in unnamed if not re.search(r"press again|Press a button", text)]
