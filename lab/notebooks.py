"""JupyterLab with the lab's notebooks, on this machine only: `python -m elbo_room.lab.notebooks`, for `python lab notebooks`.

Its settings are those that set-up installed (lab/install_settings.py); only what differs by start stands here.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from elbo_room.lab.jupyter_settings import ROOT
from elbo_room.lab.serve import HOST, spare_the_grammars


def options(port: int, browser: bool, folder: Path | None = None) -> list[str]:
    """JupyterLab's own words for where and how."""
    return [
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.allow_root=True",  # containers have no other user, and nobody outside this machine gets in
        f"--ServerApp.open_browser={browser}",
        f"--ServerApp.root_dir={folder or ROOT}",
        f"--FileContentsManager.preferred_dir={folder or ROOT / 'lab'}",
        "--ServerApp.answer_yes=True",
        "--Application.log_level=WARN",
        "--ServerApp.log_level=WARN",
    ]


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m elbo_room.lab.notebooks")
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--folder", type=Path, help="where the notebooks are, if not in the clone")
    chosen, others = parser.parse_known_args(arguments)
    if hasattr(signal, "SIGBREAK"):
        signal.signal(signal.SIGBREAK, signal.default_int_handler)  # how a launcher on Windows says Ctrl-C
    spare_the_grammars()
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(argv=[*options(chosen.port, not chosen.no_browser, chosen.folder), *others])
    return 0


if __name__ == "__main__":
    sys.exit(main())
