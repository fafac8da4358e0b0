"""Binder's files, as far as they can be tested without Binder."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from elbo_room.lab import binder
from elbo_room.lab.errors import Refusal

ROOT = Path(__file__).resolve().parent.parent.parent
BINDER = ROOT / "binder"
GIVEN_BY_CONDA = {"pytorch-cpu": "torch"}


@pytest.fixture(scope="module")
def environment() -> list[str]:
    return yaml.safe_load((BINDER / "environment.yml").read_text(encoding="utf-8"))["dependencies"]


def name_of(requirement: str) -> str:
    return re.split(r"[<>=!~ \[]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def test_the_conda_build_pack_is_chosen():
    assert not (ROOT / ".binder").exists(), "repo2docker refuses both binder/ and .binder/"
    assert not (BINDER / "Dockerfile").exists(), "it would come before environment.yml"
    assert (BINDER / "environment.yml").is_file()


def test_python_and_torch_are_the_right_ones(environment):
    assert "python=3.12" in environment
    assert any(name_of(entry) == "pytorch-cpu" for entry in environment)
    assert not [entry for entry in environment if re.search("cuda|nvidia|^pytorch$|^torch", str(entry))]


def test_everything_the_project_needs_is_in_the_image(environment):
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    given = {GIVEN_BY_CONDA.get(name_of(entry), name_of(entry)) for entry in environment}
    assert {name_of(entry) for entry in project["dependencies"]} <= given


def test_the_constraints_pin_exactly_and_everywhere_the_same():
    lines = [
        line for line in (BINDER / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+", line) for line in lines), (
        "no local versions, no addresses"
    )
    assert "torch==2.13.0" in lines
    assert not [line for line in lines if name_of(line) == "elbo-room"]


@pytest.mark.skipif(os.name != "posix", reason="executable bits of POSIX")
@pytest.mark.parametrize("script", ["binder/postBuild", "binder/start", ".ci/run"])
def test_the_scripts_run_and_stop_at_errors(script):
    path = ROOT / script
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", path], check=True)
    assert path.read_text().startswith("#!")


@pytest.mark.skipif(os.name != "posix", reason="a script of POSIX")
def test_start_hands_over_to_what_binder_runs():
    result = subprocess.run(
        [BINDER / "start", "printenv", "OMP_NUM_THREADS"], capture_output=True, text=True, check=True
    )
    assert result.stdout == "1\n"


def clone_of(remote: str, folder: Path, branch: str = "main") -> Path:
    """A repository without a commit but with a remote and a branch."""
    for words in (
        ["init", "-q", "-b", branch],
        ["remote", "add", "origin", remote],
        ["commit", "-q", "--allow-empty", "-m", "Begin"],
    ):
        subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b.c", *words], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize(
    ("remote", "branch", "place"),
    [
        ("https://github.com/lab/elbo-room.git", "main", "gh/lab/elbo-room/main"),
        ("git@github.com:lab/elbo-room.git", "new/panel", "gh/lab/elbo-room/new%2Fpanel"),
        ("ssh://git@github.com:22/lab/elbo-room", "main", "gh/lab/elbo-room/main"),
        ("https://token@gitlab.com/a/b/elbo-room.git", "main", "gl/a%2Fb%2Felbo-room/main"),
        (
            "https://git.example.edu/lab/elbo-room.git",
            "main",
            "git/https%3A%2F%2Fgit.example.edu%2Flab%2Felbo-room/main",
        ),
    ],
)
def test_binder_starts_the_page_of_the_clones_remote(remote, branch, place, tmp_path):
    found = binder.address(clone_of(remote, tmp_path, branch))
    assert found == f"https://mybinder.org/v2/{place}?urlpath=voila%2Frender%2Flab%2Fapp.ipynb"
    path = parse_qs(urlsplit(found).query)["urlpath"][0].removeprefix("voila/render/")
    assert (ROOT / path).is_file()


def test_binder_refuses_a_clone_that_it_cannot_reach(tmp_path):
    with pytest.raises(Refusal, match="this clone has no remote named origin"):
        binder.address(tmp_path)
    with pytest.raises(Refusal, match="origin is /srv/elbo-room"):
        binder.address(clone_of("/srv/elbo-room", tmp_path))
