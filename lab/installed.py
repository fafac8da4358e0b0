"""The lab installed from a wheel: nothing to set up, because the user's environment has everything and the charts are included."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from elbo_room.lab.environment import ROOT
from elbo_room.lab.errors import Refusal

NOTEBOOKS = Path("elbo_room_notebooks")  # below the folder in which `elbo-room notebooks` is started


def is_clone(root: Path = ROOT) -> bool:
    """Whether the code runs from a clone, with its own `.venv`, tests and benchmarks."""
    return (root / "pyproject.toml").is_file()


def need_clone(job: str) -> None:
    """Refuse a job whose files exist only in a clone."""
    if not is_clone():
        raise Refusal(
            f"`elbo-room {job}` needs a clone of the repository, and this is the installed package. "
            f"Clone it and run `python lab {job}` there."
        )


class Installed:
    """The current interpreter, in place of a clone's `.venv`."""

    python = Path(sys.executable)

    def set_up(self, extras: Iterable[str] = ()) -> None:
        """Point Jupyter at the servers' settings, in our own folder: the user's environment is not changed."""
        del extras
        from platformdirs import user_data_path

        from elbo_room.lab.install_settings import install

        prefix = user_data_path("elbo-room") / "jupyter"
        install(prefix)
        known = os.environ.get("JUPYTER_CONFIG_PATH", "").split(os.pathsep)
        places = [str(prefix / "etc" / "jupyter"), *filter(None, known)]
        os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(dict.fromkeys(places))


def copy_notebooks(target: Path = NOTEBOOKS) -> Path:
    """A copy of the notebooks that can be edited and saved; an existing copy is left unchanged."""
    target.mkdir(parents=True, exist_ok=True)
    for source in sorted((ROOT / "lab").glob("*.ipynb")):
        if source.name != "app.ipynb" and not (target / source.name).exists():
            shutil.copy(source, target / source.name)
    return target.resolve()
