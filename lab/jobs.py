"""The jobs of `python lab`: their arguments and what they do."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from elbo_room.lab import binder, browsers, charts, documentation, ports, processes
from elbo_room.lab.environment import ROOT, Environment
from elbo_room.lab.errors import Refusal, Stopped
from elbo_room.lab.installed import Installed, copy_notebooks, is_clone, need_clone
from elbo_room.lab.package_links import link_packages

JAVASCRIPT = ["widgets/static", "tests/widgets/static"]
DENO = ["--config", ".deno.json"]
EVERYTHING = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"]
COVERAGE = ["--cov", "--cov-report="]  # the share of lines that tests run, held above `fail_under` of pyproject.toml


@dataclass(frozen=True)
class Job:
    """One subcommand of `python lab`."""

    help: str
    do: Callable[[list[str]], int]


def open_lab(arguments: list[str]) -> int:
    """The lab's page, in the browser."""
    chosen = _server_options("python lab", arguments)
    environment = _set_up(port=chosen.port)
    port = ports.choose(chosen.port, first=8866)
    command: processes.Command = [environment.python, "-m", "elbo_room.lab.serving.serve", "--port", str(port)]
    return processes.run([*command, *(["--no-browser"] if chosen.no_browser else [])], ROOT, own_group=True)


def open_notebooks(arguments: list[str]) -> int:
    """JupyterLab with the lab's notebooks."""
    chosen = _server_options("python lab notebooks", arguments)
    environment = _set_up(port=chosen.port)
    port = ports.choose(chosen.port, first=8888)
    folder = [] if is_clone() else ["--folder", str(copy_notebooks())]
    command: processes.Command = [
        environment.python,
        "-m",
        "elbo_room.lab.serving.notebooks",
        "--port",
        str(port),
        *folder,
    ]
    return processes.run([*command, *(["--no-browser"] if chosen.no_browser else [])], ROOT, own_group=True)


def serve(arguments: list[str]) -> int:
    """The page for a class, on a server that others reach."""
    if "--public" not in arguments and "--help" not in arguments:
        raise Refusal(
            "`python lab serve` needs --public, for it lets other computers in; `python lab` opens the lab here."
        )
    environment = _set_up()
    command: processes.Command = [environment.python, "-m", "elbo_room.lab.serving.public.serve", *arguments]
    return processes.run(command, ROOT, own_group=True)


def test(arguments: list[str]) -> int:
    """pytest, with the arguments passed on; the whole suite runs on all cores, each file on one of them."""
    need_clone("test")
    environment = _set_up("test")
    chromium = browsers.ensure(environment.python)
    found = {browsers.VARIABLE: chromium} if chromium else {}
    return processes.run([environment.python, "-m", "pytest", *(arguments or EVERYTHING)], ROOT, env=found)


def check(arguments: list[str]) -> int:
    """Format, lint and types, of Python and of JavaScript, then all tests with their coverage; all parts run, the first failure decides."""
    need_clone("check")
    environment = _set_up("check", "docs", "test")
    parts = {
        "format": ["ruff", "format", "--check", "."],
        "lint": ["ruff", "check", "."],
        "types": ["mypy"],
        "JavaScript format": ["deno", "fmt", "--check", *DENO],
        "JavaScript lint": ["deno", "lint", *DENO],
        "JavaScript types": ["deno", "check", *DENO, *JAVASCRIPT],
    }
    link_packages(ROOT)
    codes = {
        name: processes.run([environment.python, "-m", *command], ROOT, env={"DENO_NO_UPDATE_CHECK": "1"})
        for name, command in parts.items()
    }
    for name, code in codes.items():
        print(f"{name}: {'passed' if code == 0 else 'FAILED'}", flush=True)
    return next((code for code in [*codes.values(), test(arguments or [*EVERYTHING, *COVERAGE])] if code), 0)


def bench(arguments: list[str]) -> int:
    """Benchmarks by name: the modules of tests/benchmarks."""
    need_clone("bench")
    folder = ROOT / "tests" / "benchmarks"
    names = sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))
    if not arguments or arguments[0] not in names:
        came = f"`{arguments[0]}` is not a benchmark" if arguments else "A benchmark must be named"
        raise Refusal(f"{came}; there are: {', '.join(names) or 'none yet'}.")
    environment = _set_up("test", "bench")
    return processes.run([environment.python, "-m", f"tests.benchmarks.{arguments[0]}", *arguments[1:]], ROOT)


def docs(arguments: list[str]) -> int:
    """The documentation as a static site in build/docs/site, with the notebooks executed."""
    parser = _Parser(prog="python lab docs", epilog=usage(), formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-run", action="store_true", help="show the notebooks without running them")
    chosen = parser.parse_args(arguments)
    need_clone("docs")
    environment = _set_up("docs", "test")
    source, site = ROOT / documentation.FOLDER / "source", ROOT / documentation.FOLDER / "site"
    documentation.lay_out(ROOT, source)
    run: processes.Command = [environment.python, "-m", "elbo_room.lab.documentation", str(source / "notebooks")]
    if not chosen.no_run and (code := processes.run(run, ROOT)) != 0:
        return code
    documentation.build(Path(environment.python), ROOT, site)
    print(f"The documentation is in {site / 'index.html'}.", flush=True)
    return 0


def print_binder(arguments: list[str]) -> int:
    """The address that starts this clone's page on Binder."""
    need_clone("binder")
    if arguments:
        raise Refusal(f"`python lab binder` takes nothing, and got {' '.join(arguments)}.")
    print(binder.address(ROOT))
    return 0


JOBS = {
    "": Job("open the lab in the browser", open_lab),
    "notebooks": Job("open the notebooks in JupyterLab", open_notebooks),
    "serve": Job("serve the lab to a class: python lab serve --public", serve),
    "test": Job("run the tests; further arguments go to pytest", test),
    "check": Job("format, lint, types and tests: what CI runs", check),
    "bench": Job("run a benchmark by name", bench),
    "docs": Job("build the documentation as a static site", docs),
    "binder": Job("print the address that starts the lab on Binder", print_binder),
}


def command() -> int:
    """The command `elbo-room`, installed by the wheel."""
    return main(sys.argv[1:])


def main(arguments: list[str]) -> int:
    """Run the job named in the arguments; 0 on success."""
    name, rest = (arguments[0], arguments[1:]) if arguments and not arguments[0].startswith("-") else ("", arguments)
    try:
        if name not in JOBS:
            raise Refusal(
                f"There is no job `{name}`; there are: {', '.join(filter(None, JOBS))}, or none to open the lab."
            )
        return JOBS[name].do(rest)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except (Stopped, KeyboardInterrupt):
        return 130
    except OSError as error:
        print(f"The system refused: {error}.", file=sys.stderr)
        return 1


def usage() -> str:
    """The jobs, one per line."""
    return "jobs:\n" + "\n".join(f"  python lab {name:<10} {job.help}" for name, job in JOBS.items())


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Refusal(f"{self.prog}: {message}. Try `{self.prog} --help`.")


def _server_options(prog: str, arguments: list[str]) -> argparse.Namespace:
    parser = _Parser(prog=prog, epilog=usage(), formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=ports.number, help="use this port; an error if it is taken")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    return parser.parse_args(arguments)


def _set_up(*extras: str, port: int | None = None) -> Environment | Installed:
    """The ready environment, with its charts built; a requested port is checked before minutes of set-up."""
    if port is not None:
        ports.choose(port, first=port)
    environment = Environment() if is_clone() else Installed()
    environment.set_up(extras)
    if isinstance(environment, Environment):
        charts.prepare(environment)
    os.environ["PYTHONUTF8"] = "1"
    return environment
