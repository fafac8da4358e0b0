"""Write the servers' settings to where this environment's Jupyter looks for them: `python -m elbo_room.lab.install_settings`.

Set-up runs it in `.venv` and Binder in its image; `jupyter lab` started by hand is then as quiet and offline as
`python lab notebooks`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

MARK = "# ELBO Room"
SERVER = f"""{MARK}: written by `python -m elbo_room.lab.install_settings`; the settings themselves are in lab/serving/jupyter_settings.py
from elbo_room.lab.serving.jupyter_settings import configure_server

configure_server(c)  # noqa: F821
"""
DISABLED = {"@jupyterlab/apputils-extension:announcements": True, "@jupyterlab/extensionmanager-extension": True}


def install(prefix: Path) -> None:
    """Write the two files under `prefix`; an existing server configuration is kept and ours is appended."""
    server = prefix / "etc" / "jupyter" / "jupyter_server_config.py"
    server.parent.mkdir(parents=True, exist_ok=True)
    present = server.read_text(encoding="utf-8") if server.exists() else ""
    server.write_text(present.split(MARK)[0] + SERVER, encoding="utf-8")
    page = prefix / "etc" / "jupyter" / "labconfig" / "page_config.json"
    page.parent.mkdir(parents=True, exist_ok=True)
    settings = json.loads(page.read_text(encoding="utf-8")) if page.exists() else {}
    settings["disabledExtensions"] = {**settings.get("disabledExtensions", {}), **DISABLED}
    page.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    install(Path(sys.prefix))
