"""Set-up happens once, exclusively, and reports in one sentence why it failed. Small fakes replace the minutes of pip."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from elbo_room.lab.environment import Environment
from elbo_room.lab.errors import Refusal, Stopped

ROOT = Path(__file__).resolve().parent.parent.parent
posix = pytest.mark.skipif(os.name != "posix", reason="the fake Python is a script of POSIX")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """A clone whose `.venv` is a script that pretends to be Python and notes what it is asked to do."""
    (tmp_path / "binder").mkdir()
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "binder" / "constraints.txt").write_text("")
    environment = Environment(tmp_path)
    monkeypatch.setattr(Environment, "_make_folder", fake_python)
    return environment


def fake_python(environment: Environment) -> None:
    """`pip` does what the file `pip-says` tells."""
    environment.python.parent.mkdir(parents=True, exist_ok=True)
    script = f"""\
        #!{sys.executable}
        import pathlib, sys
        root = pathlib.Path({str(environment.root)!r})
        with (root / "asked").open("a") as asked:
            asked.write(" ".join(sys.argv[1:]) + chr(10))
        says = root / "pip-says"
        if "pip" in sys.argv and says.exists():
            sys.exit(print(says.read_text()) or 1)
        """
    environment.python.write_text(textwrap.dedent(script))
    environment.python.chmod(0o755)


def asked(environment: Environment) -> list[str]:
    path = environment.root / "asked"
    return path.read_text().splitlines() if path.exists() else []


@posix
def test_set_up_happens_once_and_again_when_a_describing_file_changes(clone):
    clone.set_up()
    clone.set_up()
    assert len(asked(clone)) == 2  # pip, then the servers' settings
    assert asked(clone)[0].endswith("-e . -c binder/constraints.txt")
    (clone.root / "pyproject.toml").write_text("[project]\n[tool.ruff]\nline-length = 120\n")
    assert clone.ready(), "nothing to install has changed"
    (clone.root / "binder" / "constraints.txt").write_text("numpy==2.4.6\n")
    assert not clone.ready()
    clone.set_up()
    assert len(asked(clone)) == 4


@posix
def test_extras_are_added_and_kept(clone):
    clone.set_up(["test"])
    assert clone.ready()
    clone.set_up(["check"])
    assert asked(clone)[2].endswith("-e .[check,test] -c binder/constraints.txt")
    assert clone.ready(["test"])


@posix
def test_a_moved_clone_is_set_up_again(clone, tmp_path_factory):
    clone.set_up()
    moved = tmp_path_factory.mktemp("moved") / "clone"
    clone.root.rename(moved)
    assert not Environment(moved).ready()


@posix
def test_an_interrupted_set_up_is_repeated(clone, monkeypatch):
    clone.set_up()
    (clone.root / "pyproject.toml").write_text("[project]\nname = 'x'\n")

    def interrupted(*_):
        raise Stopped

    monkeypatch.setattr(Environment, "_install", interrupted)
    with pytest.raises(Stopped):
        clone.set_up()
    (clone.root / "pyproject.toml").write_text("[project]\n")  # the same files as in the set-up that did finish
    assert not clone.ready()


@posix
@pytest.mark.parametrize(
    ("pip", "sentence"),
    [
        ("WARNING: NewConnectionError: Temporary failure in name resolution", "the network cannot be reached"),
        ("ERROR: No space left on device", "the disk is full"),
        ("The virtual environment was not created: ensurepip is not available.", "has no `venv`"),
        ("ERROR: No matching distribution found for torch==2.13.0", r"\(No matching distribution found for torch"),
    ],
)
def test_a_failing_pip_is_one_sentence_and_the_place_of_the_log(clone, pip, sentence):
    (clone.root / "pip-says").write_text(pip)
    with pytest.raises(Refusal, match=sentence) as refusal:
        clone.set_up()
    assert str(clone.log) in str(refusal.value)
    assert pip in clone.log.read_text()
    assert not clone.ready()


@posix
def test_two_set_ups_at_once_take_turns(clone):
    code = f"""\
        import pathlib, sys, time
        from elbo_room.lab.environment import Environment
        environment = Environment(pathlib.Path({str(clone.root)!r}))
        environment._make_folder = lambda: None
        def install(extras):
            trace = environment.root / "trace"
            trace.open("a").write("in ")
            deadline = time.monotonic() + 60
            while not any("Another" in said.read_text() for said in environment.root.glob("said-*")):
                assert time.monotonic() < deadline, "nobody else came"
                time.sleep(0.05)
            trace.open("a").write("out ")
        environment._install = install
        environment.set_up()
        """
    fake_python(clone)
    command = [sys.executable, "-u", "-c", textwrap.dedent(code)]
    told = [clone.root / f"said-{number}" for number in range(2)]
    with told[0].open("w") as first, told[1].open("w") as second:
        both = [subprocess.Popen(command, cwd=ROOT, stdout=output) for output in (first, second)]
        assert [process.wait(240) for process in both] == [0, 0]
    said = [file.read_text() for file in told]
    assert (clone.root / "trace").read_text().split() == ["in", "out"]  # the second one found everything done
    assert sum("Another `python lab` is setting up" in words for words in said) == 1
