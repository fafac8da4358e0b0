"""The charts' specifications, browser bundle and scripts, built at set-up and rebuilt when their sources change."""

from __future__ import annotations

import hashlib

from elbo_room.lab import processes
from elbo_room.lab.environment import Environment
from elbo_room.lab.errors import Refusal

MAKERS = (
    "widgets/charts/**/*.py",
    "widgets/prepare.py",
    "widgets/scripts.py",
    "widgets/theme.py",
    "widgets/painting/views.py",
    "widgets/static/catalogue.json",
    "widgets/static/*.js",
)
STAMP = "widgets/static/made/.stamp"


def prepare(environment: Environment) -> None:
    """Run `python -m elbo_room.widgets.prepare` unless its output is up to date."""
    root = environment.root
    stamp, key = root / STAMP, _key(environment)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == key:
        return
    print("Setting up the lab: building the charts …", flush=True)
    if processes.run([environment.python, "-m", "elbo_room.widgets.prepare"], root, own_group=True) != 0:
        raise Refusal("The charts could not be built; the error is above. Fix it and start again.")
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key, encoding="utf-8")


def _key(environment: Environment) -> str:
    digest = hashlib.sha256(environment.key().encode())
    for pattern in MAKERS:
        for path in sorted(environment.root.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()
