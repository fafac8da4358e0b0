"""Modules joined into one script a widget."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from elbo_room.lab.serving.votes import FILES
from elbo_room.widgets import built_assets, scripts

MODULES = {
    "base": """// What both need.

const HIDDEN = 1;

/** Its name. */
export const NAME = `a // b`;

export const more = () => HIDDEN;
""",
    "left": """import { NAME } from "./base.js";

const HIDDEN = 2;

export function left() {
  return NAME + HIDDEN;
}
""",
    "widget": """import { more, NAME } from "./base.js";
import {
  left,
} from "./left.js";

export default {
  render: () => [NAME, left(), more()],
};
""",
}
JOINED = """const $base = (() => {
const HIDDEN = 1;

const NAME = `a // b`;

const more = () => HIDDEN;
return { NAME, more };
})();
const $left = (() => {
const { NAME } = $base;
const HIDDEN = 2;

function left() {
  return NAME + HIDDEN;
}
return { left };
})();
const { more, NAME } = $base;
const { left } = $left;
export default {
  render: () => [NAME, left(), more()],
};
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in MODULES.items():
        (tmp_path / f"{name}.js").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_module_stands_behind_everything_that_it_imports_with_names_of_its_own(folder):
    assert scripts.entries(folder) == ["widget"]
    assert scripts.join(folder, "widget") == JOINED


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("base", 'import { left } from "./left.js";\n', r"circle: widget → base → left → base\. Move"),
        ("left", "export const other = 1;\n", r"widget\.js imports left from left\.js, which exports other\."),
        (
            "left",
            "export const first = 1, left = 2;\n",
            r"widget\.js imports left from left\.js, which exports first\.",
        ),
        ("left", 'export * from "./base.js";\n', r"left\.js has `export \* from .*Allowed are `import \{ a, b \}"),
        ("left", 'import * as base from "./base.js";\n', r"left\.js has `import \* as base"),
        ("left", 'import { gone } from "./gone.js";\n', r"left imports gone\.js, which does not exist"),
    ],
)
def test_what_cannot_be_joined_is_refused(folder, name, text, sentence):
    (folder / f"{name}.js").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        scripts.join(folder, "widget")


def test_every_module_is_a_widget_or_part_of_one(tmp_path):
    copy = shutil.copytree(built_assets.STATIC, tmp_path / "static", ignore=shutil.ignore_patterns("made"))
    joined = "".join(scripts.join(copy, entry) for entry in scripts.entries(copy))
    served = {Path(name).stem for name, _ in FILES.values()}  # of the page for votes, which is no notebook
    parts = {path.stem for path in copy.glob("*.js")} - set(scripts.entries(copy)) - served
    assert {name for name in parts if f"const ${name} = " not in joined} == set()


def test_a_script_that_is_missing_is_named_with_what_makes_it(monkeypatch, tmp_path):
    monkeypatch.setattr(built_assets, "MADE", tmp_path)
    with pytest.raises(
        built_assets.NotPreparedError, match=r"page\.js is missing.*python -m elbo_room\.widgets\.prepare"
    ):
        built_assets.script("page")
