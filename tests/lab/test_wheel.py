"""The wheel: built from the tracked files alone, installed without a clone, next to a user's own `models/` and `widgets/`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.conftest import ROOT, free_port, wait_for_port

EXPLORER = """
import nbclient, nbformat
cells = [
    "import elbo_room as er, sys, time\\nfrom elbo_room.widgets.actions import Run",
    "lab = er.Explorer(dict(data='pinwheel', stop_at=20)); assert 'torch' not in sys.modules",
    "lab.act(Run())",
    "end = time.monotonic() + 100\\nwhile lab.state != 'finished' and time.monotonic() < end: time.sleep(.1)",
    "assert lab.state == 'finished', (lab.state, lab.current.notice); lab.close()",
]
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
nbclient.NotebookClient(book, timeout=240, startup_timeout=240).execute()
print("finished")
"""


def tracked() -> list[str]:
    """The files of the clone that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [name for name in listing.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clone, target = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("wheel")
    for name in tracked():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, clone / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", str(target), str(clone)], env=environment(target), check=True, timeout=300)
    return next(target.glob("elbo_room-*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel; the packages it depends on are borrowed, the clone is not."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, str(wheel)], env=environment(folder), check=True, timeout=300)
    paths = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", paths], capture_output=True, text=True, check=True)
    borrowed = Path(packages.stdout.strip()) / "borrowed.pth"
    borrowed.write_text(sysconfig.get_path("purelib") + "\n")  # a plain path: the clone's own .pth there is not read
    return python


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with packages of the person's own that have the names of our folders."""
    for name in ("models", "widgets", "lab"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('this is the person\\'s own package')\n")
    return tmp_path


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    return kept | {"ELBO_ROOM_HOME": str(home), "HOME": str(home), "OMP_NUM_THREADS": "1"}


def run(python: Path, code: str, cwd: Path) -> str:
    done = subprocess.run(
        [python, "-c", code], cwd=cwd, env=environment(cwd), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_python_package_is_listed():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    folders = {Path(name).parent for name in tracked() if name.endswith(".py") and not name.startswith("tests/")}
    expected = {
        "elbo_room." + ".".join(each.parts)
        for each in folders
        if each.parts[:2] not in (("lab", "package"), ("lab", "docs"))
    }
    assert set(listed) == {"elbo_room", *expected}


def test_the_wheel_brings_what_is_read_at_run_time(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    data = [name for name in tracked() if name.startswith(("models/data/files/", "widgets/static/", "lab/share/voila"))]
    assert {f"elbo_room/{name}" for name in data} <= names
    assert {"elbo_room/py.typed", "elbo_room/widgets/static/made/specs.json", "elbo_room/lab/app.ipynb"} <= names
    assert not [name for name in names if name.startswith(("lab/", "models/", "widgets/", "tests/"))]
    assert wheel.stat().st_size < 10_000_000


def test_the_readme_s_script_runs(python, elsewhere):
    script = (ROOT / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    assert len([line for line in script.splitlines() if line.strip()]) <= 10
    assert "leave_one_out" in run(python, script, elsewhere)


def test_it_is_the_installed_package(python, elsewhere):
    found = run(python, "import elbo_room, sys; print(elbo_room.__file__, 'torch' in sys.modules)", elsewhere)
    assert str(python.parent.parent) in found
    assert found.strip().endswith("False")


def test_the_explorer_trains_in_a_notebook(python, elsewhere):
    assert run(python, EXPLORER, elsewhere).strip().endswith("finished")


def test_the_command_serves_the_page(python, elsewhere):
    command, port = python.with_name("elbo-room"), free_port()
    log = elsewhere / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [command, "--no-browser", "--port", str(port)],
            cwd=elsewhere,
            env=environment(elsewhere),
            stdout=output,
            stderr=output,
            text=True,
        )
        try:
            wait_for_port(port, process, log)
            with urlopen(f"http://localhost:{port}/", timeout=120) as page:
                assert page.status == 200
        finally:
            process.terminate()
            process.wait(30)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_job_that_needs_a_clone_reports_it(python, elsewhere):
    command = [python.with_name("elbo-room"), "bench", "page"]
    done = subprocess.run(
        command, cwd=elsewhere, env=environment(elsewhere), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "`elbo-room bench` needs a clone of the repository" in done.stderr
