"""Binder's files, as far as they can be judged without Binder."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

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


def test_the_readme_links_to_pages_that_exist():
    readme = ROOT / "README.md"
    links = (
        re.findall(r"https://mybinder\.org/v2/[^)\s\"]+", readme.read_text(encoding="utf-8")) if readme.exists() else []
    )
    for link in links:
        assert "urlpath=voila%2Frender%2F" in link or "labpath=" in link, "slashes in the path must be encoded"
        query = parse_qs(urlsplit(link).query)
        path = query.get("labpath", query.get("urlpath", [""]))[0].removeprefix("voila/render/")
        assert (ROOT / path).is_file(), f"{link} opens {path}"
