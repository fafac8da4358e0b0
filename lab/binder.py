"""The address that starts the lab on Binder, from the remote of this clone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.parse import quote

from elbo_room.lab.errors import Refusal

SERVICE = "https://mybinder.org/v2"
PAGE = "urlpath=" + quote("voila/render/lab/app.ipynb", safe="")
FORGES = {"github.com": "gh", "gitlab.com": "gl"}  # hosts that Binder knows by a short name; any other is `git`
_ADDRESS = re.compile(r"(?:\w+://(?:[^@/]+@)?|[^@/]+@)(?P<host>[^/:]+)(?::\d+)?[/:](?P<path>.+?)(?:\.git)?/?")


def address(root: Path) -> str:
    """Where Binder starts the page: `SERVICE/gh/OWNER/REPOSITORY/BRANCH?urlpath=…` of the remote `origin`.

    Raises:
        Refusal: there is no such remote, or it is a folder, which Binder cannot reach.
    """
    remote, branch = (
        _git(root, "remote", "get-url", "origin"),
        _git(root, "rev-parse", "--abbrev-ref", "HEAD") or "main",
    )
    found = _ADDRESS.fullmatch(remote)
    if found is None:
        came = f"origin is {remote}" if remote else "this clone has no remote named origin"
        raise Refusal(f"Binder starts a public repository, and {came}. Push it to a forge, or add that remote.")
    host, path = found["host"], found["path"]
    if host not in FORGES:
        return f"{SERVICE}/git/{quote(f'https://{host}/{path}', safe='')}/{quote(branch, safe='')}?{PAGE}"
    name = path if host == "github.com" else quote(path, safe="")  # GitLab has groups inside groups
    return f"{SERVICE}/{FORGES[host]}/{name}/{quote(branch, safe='')}?{PAGE}"


def _git(root: Path, *words: str) -> str:
    try:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
