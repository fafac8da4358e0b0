"""`python lab`: each refusal is one sentence, and nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from elbo_room.lab import browsers, jobs, ports, processes
from elbo_room.lab.__main__ import python_is_too_old
from elbo_room.lab.errors import Refusal
from tests.conftest import server

ROOT = Path(__file__).resolve().parent.parent.parent
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


def launch(*arguments: str, module: bool = False) -> subprocess.CompletedProcess[str]:
    how = ["-m", "lab"] if module else ["lab"]
    command = [sys.executable, *how, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.parametrize("module", [False, True], ids=["python lab", "python -m lab"])
def test_a_wrong_job_is_one_sentence(module):
    result = launch("dance", module=module)
    sentence = "There is no job `dance`; there are: notebooks, serve, test, check, bench, docs, binder, or none to open the lab.\n"
    assert (result.returncode, result.stdout, result.stderr) == (1, "", sentence)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "tea"], "`tea` is not a port, a whole number from 1 to 65535"),
        (["--port", "70000"], "`70000` is not a port"),
        (["notebooks", "--colour"], "unrecognized arguments: --colour"),
        (["bench", "nonsense"], "`nonsense` is not a benchmark; there are:"),
    ],
)
def test_wrong_options_are_one_sentence(arguments, sentence, capsys):
    assert jobs.main(arguments) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_an_old_python_gets_a_sentence():
    assert python_is_too_old((3, 11)) is None
    assert python_is_too_old((3, 14, 1)) is None
    assert python_is_too_old((3, 8, 10)).startswith("The lab needs Python 3.11 or newer, but this is Python 3.8")


def test_the_first_file_can_be_read_by_an_old_python():
    import ast

    source = (ROOT / "lab" / "__main__.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    compiled = source.index("if complaint:"), source.index("from elbo_room.lab.jobs import")
    assert compiled[0] < compiled[1], "nothing of the lab may be imported before the version is known"


def test_the_launcher_needs_only_the_standard_library():
    code = "import sys; sys.path.insert(0, 'lab/package'); import elbo_room.lab.jobs; print(*{m.split('.')[0] for m in sys.modules})"
    command = [sys.executable, "-S", "-E", "-c", code]
    loaded = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if not name.startswith("_")} <= {*sys.stdlib_module_names, "elbo_room", "encodings"}


def test_a_busy_port_is_named(capsys):
    with socket.socket() as other:
        other.bind((ports.HOST, 0))
        other.listen(1)
        busy = other.getsockname()[1]
        assert jobs.main(["--port", str(busy)]) == 1
        assert f"Port {busy} is taken by another program" in capsys.readouterr().err
        assert ports.choose(None, first=busy) > busy
        assert f"Port {busy} is taken by another program; using" in capsys.readouterr().out


# Stopping

STUBBORN = """\
    import signal, subprocess, sys, time
    if {deaf}:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(2, 1); time.sleep(300)"])
    print(child.pid, flush=True)
    try:
        time.sleep(300)
    except KeyboardInterrupt:
        pass
    """


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _hears_ctrl_c() -> None:
    """A test run that was started in the background hands an ignored SIGINT down to its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@posix
@pytest.mark.parametrize("deaf", [False, True], ids=["polite", "deaf to Ctrl-C"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_stopping_leaves_no_children(number, deaf):
    stubborn = textwrap.dedent(STUBBORN).format(deaf=deaf)
    code = f"""\
        import sys
        from pathlib import Path
        from elbo_room.lab import errors, processes
        processes.PATIENCE = 0.5
        try:
            processes.run([sys.executable, "-c", {stubborn!r}], Path("."), own_group=True)
        except errors.Stopped:
            sys.exit(130)
        """
    launcher = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_hears_ctrl_c,  # noqa: PLW1509 - the tests have no threads of their own here
    )
    grandchild = int(launcher.stdout.readline())
    family = [grandchild, *[child.pid for child in psutil.Process(launcher.pid).children()]]
    launcher.send_signal(number)
    assert launcher.wait(120) == 130
    deadline = time.monotonic() + 60
    while any(is_alive(pid) for pid in family):
        assert time.monotonic() < deadline, "a child outlived the launcher"
        time.sleep(0.05)
    launcher.stdout.close()


def test_the_exit_code_of_a_child_is_the_jobs_own():
    assert processes.run([sys.executable, "-c", "raise SystemExit(5)"], ROOT) == 5


# Browsers


def test_a_missing_browser_is_a_failure_in_ci_only(monkeypatch, capsys):
    monkeypatch.setattr(browsers, "find", lambda: None)
    monkeypatch.setattr(browsers, "_try", lambda command: None)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Refusal, match="the browser tests must run in CI"):
        browsers.ensure(Path(sys.executable))
    monkeypatch.setenv("CI", "")
    assert browsers.ensure(Path(sys.executable)) is None
    assert "will be skipped" in capsys.readouterr().out


def test_the_browser_that_the_user_names_comes_first(monkeypatch, tmp_path):
    mine = tmp_path / "my-chromium"
    mine.touch()
    monkeypatch.setenv(browsers.VARIABLE, str(mine))
    assert browsers.find() == str(mine)


def test_the_notebooks_print_one_address_and_it_works(tmp_path):
    """After the server listens, with its token; the same page without it asks for one."""
    with server("elbo_room.lab.serving.notebooks", tmp_path) as plain:
        log = next(tmp_path.glob("*.log"))
        deadline = time.monotonic() + 60
        while "http" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.1)
        (address,) = re.findall(r"https?://\S+|file:\S+", log.read_text())
        assert address.startswith(f"{plain}/lab?token=")
        for found, where in ((address, "/lab"), (f"{plain}/lab", "/login")):
            with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(found) as answer:
                assert answer.url.startswith(plain + where)
