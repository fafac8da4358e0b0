"""JupyterLab with the lab's notebooks, on this machine only: `python -m elbo_room.lab.serving.notebooks`, for `python lab notebooks`.

Its settings were installed at set-up (lab/install_settings.py); this module has only those that vary per start.
"""

from __future__ import annotations

import argparse
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

from elbo_room.lab.serving.jupyter_settings import ROOT
from elbo_room.lab.serving.serve import HOST, spare_the_grammars


def options(port: int, browser: bool, folder: Path | None = None) -> list[str]:
    """JupyterLab's command-line options."""
    return [
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.allow_root=True",  # containers have no other user, and the server is local to this machine
        f"--ServerApp.open_browser={browser}",
        f"--ServerApp.root_dir={folder or ROOT}",
        f"--FileContentsManager.preferred_dir={folder or ROOT / 'lab'}",
        "--ServerApp.answer_yes=True",
        "--Application.log_level=WARN",
        "--ServerApp.log_level=WARN",
    ]


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m elbo_room.lab.serving.notebooks")
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--folder", type=Path, help="where the notebooks are, if not in the clone")
    chosen, others = parser.parse_known_args(arguments)
    if hasattr(signal, "SIGBREAK"):
        signal.signal(signal.SIGBREAK, signal.default_int_handler)  # a launcher's Ctrl-C on Windows
    spare_the_grammars()
    warnings.filterwarnings("ignore", "ServerApp.token config is deprecated")  # Jupyter reads its own deprecated option
    from jupyterlab.labapp import LabApp

    server = LabApp.initialize_server(argv=[*options(chosen.port, not chosen.no_browser, chosen.folder), *others])
    announce(server)
    server.start()
    return 0


def announce(server: Any) -> None:
    """Print the one address that works, with its token, as soon as the server listens; Jupyter itself would print three."""
    token = server.identity_provider.token  # generated on first access
    server.identity_provider.token_generated = False  # affects only Jupyter's own output
    address = f"http://localhost:{server.port}{server.base_url}lab" + (f"?token={token}" if token else "")
    server.io_loop.add_callback(lambda: print(f"JupyterLab is open at {address} (Ctrl-C closes it).", flush=True))


if __name__ == "__main__":
    sys.exit(main())
