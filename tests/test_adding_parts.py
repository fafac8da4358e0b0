"""CONTRIBUTING's table is complete: a part that is added as its row says, and nothing more, is offered, trains and is drawn.

`added_parts/PART` has the new files of one part of each row. They are laid into a copy of the clone; the lines that a row asks for in a
file that is there are in `LINES`. The row's commands then run in the copy.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = Path(__file__).resolve().parent / "added_parts"
TABLE = ROOT / ".github" / "CONTRIBUTING.md"
MADE = Path("widgets/static/made")
NAMES = {
    "estimator": "fixed_baseline",
    "response": "exponential",
    "prior on the weights": "logistic",
    "data set": "annulus",
    "chart": "residuals",
    "model family": "shared_mean",
    "model of your own": "",
}
# By file, the lines that are added, each with the line that it follows.
LINES: Mapping[str, Mapping[str, tuple[tuple[str, str], ...]]] = {
    "estimator": {
        "models/estimators/__init__.py": (
            (
                "from elbo_room.models.estimators.flipout import Flipout",
                "from elbo_room.models.estimators.fixed_baseline import FixedBaseline",
            ),
            ("        Flipout,", "        FixedBaseline,"),
        )
    },
    "response": {
        "models/responses/__init__.py": (
            (
                "from elbo_room.models.responses.categorical import CategoricalResponse",
                "from elbo_room.models.responses.exponential import ExponentialResponse",
            ),
            ("        StudentTResponse,", "        ExponentialResponse,"),
        )
    },
    "prior on the weights": {
        "models/priors/__init__.py": (
            (
                "from elbo_room.models.priors.layers import LayerPrior",
                "from elbo_room.models.priors.logistic import LogisticPrior",
            ),
            ("        LaplacePrior,", "        LogisticPrior,"),
        ),
        "tests/models/contracts/test_priors.py": (
            (
                '            "fan_in": lambda w=w, fan=fan: normal(0.0, 0.7 / fan**0.5).log_prob(w),',
                '            "logistic": lambda w=w: (w / 0.7).sigmoid().log() + (-w / 0.7).sigmoid().log() - math.log(0.7),',
            ),
        ),
    },
    "data set": {"models/data/__init__.py": (('    "methylation",\n)', '    "annulus",'),)},
    "model family": {
        "models/registry.py": (('    "conditional",', '    "shared_mean",'),),
        "pyproject.toml": (('    "elbo_room.models.responses",', '    "elbo_room.models.shared_mean",'),),
    },
}


@dataclass(frozen=True)
class Row:
    """One row of the table: the files, and the commands, of a part of this name."""

    part: str
    name: str
    files: frozenset[str]
    then: str
    tests: str

    @property
    def examples(self) -> Path:
        """Where its new files are."""
        return EXAMPLES / re.split(" o[fn] ", self.part)[0].replace(" ", "_")

    @property
    def new(self) -> frozenset[str]:
        """Its new files."""
        return frozenset(str(path.relative_to(self.examples)) for path in self.examples.rglob("*.py"))


def rows() -> dict[str, Row]:
    """The table, as a contributor reads it."""
    section = TABLE.read_text(encoding="utf-8").partition("## Adding a part\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    found = {}
    for part, files, then, tests in ([cell.strip() for cell in line.strip("|").split("|")] for line in lines):
        name = NAMES[part]
        paths = re.findall(r"`([\w/]+\.(?:py|toml))`", files)
        own = frozenset(path.replace("NAME", name) for path in paths)
        found[part] = Row(part, name, own, then.strip("`"), tests.strip("`").replace("NAME", name))
    return found


ROWS = rows()
ADDED = [part for part, row in ROWS.items() if row.files]


def environment(clone: Path) -> dict[str, str]:
    """As `python lab` sets it: the copy is what `elbo_room` imports."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(clone / "lab" / "package"), str(clone)])}


def run(clone: Path, *command: str) -> str:
    """What a command says in the copy; it must succeed."""
    done = subprocess.run(
        [sys.executable, *command], cwd=clone, env=environment(clone), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def add(row: Row, clone: Path) -> None:
    """Lay a row's files into the copy, and add its lines."""
    for name in row.new:
        target = clone / name
        assert not target.exists()
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(row.examples / name, target)
    for name, lines in LINES.get(row.part, {}).items():
        text = (clone / name).read_text(encoding="utf-8")
        for before, line in lines:
            assert text.count(f"{before}\n") == 1, f"{before!r} of {name}"
            head, brace, tail = before.partition("\n)")
            text = text.replace(f"{before}\n", f"{head}\n{line}{brace}{tail}\n")
        (clone / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the clone with a part of each row, after the commands that the rows name."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    copy = tmp_path_factory.mktemp("clone")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    if (ROOT / MADE).is_dir():
        shutil.copytree(ROOT / MADE, copy / MADE)
    for part in ADDED:
        add(ROWS[part], copy)
    for module in sorted({ROWS[part].then for part in ADDED}, reverse=True):
        run(copy, "-m", f"elbo_room.widgets.{module}")
    return copy


@pytest.mark.parametrize("part", ADDED)
def test_the_table_lists_the_files_of_a_part_and_no_others(part: str) -> None:
    row = ROWS[part]
    assert row.files == row.new | LINES.get(part, {}).keys()


@pytest.mark.parametrize("part", ADDED)
def test_a_part_that_is_added_as_its_row_says_passes_its_own_tests(part: str, clone: Path) -> None:
    """`python lab test` sets up an environment and calls pytest, which is here already; without a test to select, pytest fails."""
    job, words = ROWS[part].tests.split(maxsplit=3)[:3], ROWS[part].tests.split()[3:]
    assert job == ["python", "lab", "test"]
    assert " passed" in run(clone, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words)


def test_the_form_offers_the_parts(clone: Path) -> None:
    catalogue = json.loads((clone / "widgets/static/catalogue.json").read_text(encoding="utf-8"))
    choices = {
        model: {knob["name"]: {each["name"] for each in knob["choices"] or ()} for knob in told["knobs"]}
        for model, told in catalogue["models"].items()
    }
    assert "fixed_baseline" in choices["deep_generative"]["estimator"]
    assert "logistic" in choices["conditional"]["prior"]
    assert "exponential" in choices["conditional"]["response"]
    assert "annulus" in choices["deep_generative"]["data"]
    assert "shared_mean" in choices["shared_mean"]["model"]


TOGETHER = """
import elbo_room as er
from elbo_room.widgets.painting.views import views_of
from elbo_room.widgets.worker.pictures import pictures_of

for values in (
    {"data": "annulus", "estimator": "fixed_baseline", "width": 4},
    {"model": "conditional", "prior": "logistic", "posterior": "point", "width": 4},
    {"model": "conditional", "data": "durations", "response": "exponential", "width": 4},
    {"model": "shared_mean", "data": "annulus"},
):
    run = er.run_from(values | {"stop_at": 3})
    pictures = pictures_of(run)
    about = pictures.about()
    pictures.watched = frozenset({"residuals"})
    steps, seen = list(run), pictures.look()
    print(len(steps), "residuals" in seen["replace"], about["views"] == views_of(run.settings.model, pictures.absent))
"""


def test_the_parts_train_and_are_drawn_together(clone: Path) -> None:
    assert run(clone, "-c", TOGETHER).splitlines() == ["3 False True", "3 True True", "3 True True", "3 False True"]


def test_the_readme_has_a_model_of_ones_own_that_needs_no_clone(tmp_path: Path) -> None:
    """The row of a model of one's own lists no file; its script runs as it is."""
    assert not ROWS["model of your own"].files
    script = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    assert script
    done = subprocess.run(
        [sys.executable, "-c", script[1]],
        cwd=tmp_path,
        env=environment(ROOT),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "leave_one_out" in done.stdout
