"""The documentation as a static site: `python lab docs`. Sphinx builds it from the docstrings, the notebooks and the benchmark tables."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from elbo_room.lab import processes
from elbo_room.lab.errors import Refusal
from elbo_room.lab.notebook_pictures import add_pictures

PAGES = {
    "tests/benchmarks/README.md": "benchmarks.md",
    "CHANGELOG.md": "changelog.md",
    ".github/CONTRIBUTING.md": "contributing.md",
}
FOLDER = Path("build") / "docs"  # ignored by git


def lay_out(root: Path, source: Path) -> None:
    """Copy the pages, notebooks and pictures of a clone to where Sphinx looks for them, replacing what was there."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(root / "lab" / "docs", source)
    for name, page in PAGES.items():
        shutil.copy(root / name, source / page)
    shutil.copytree(root / "lab" / "share" / "pictures", source / "pictures")
    (source / "notebooks").mkdir()
    for notebook in sorted((root / "lab").glob("[0-9]*.ipynb")):
        shutil.copy(notebook, source / "notebooks")


def execute(notebooks: Path) -> None:
    """Run every notebook; keep what it prints, and a picture of every widget in its place.

    Raises:
        Refusal: a cell raised an exception, or its widgets could not be photographed.
    """
    import nbclient
    import nbformat
    from nbclient.exceptions import CellExecutionError

    for path in sorted(notebooks.glob("*.ipynb")):
        print(f"Running {path.name} …", flush=True)
        notebook = nbformat.read(path, 4)
        try:
            nbclient.NotebookClient(notebook, timeout=900, startup_timeout=240).execute()
        except CellExecutionError as error:
            raise Refusal(f"A cell of {path.name} raised {error.ename}: {error.evalue}") from error
        add_pictures(notebook.cells, path)
        nbformat.write(notebook, path)


def build(python: Path, root: Path, site: Path, options: Sequence[str] = ()) -> None:
    """Build the site from what `lay_out` laid out next to it; warnings are errors.

    Raises:
        Refusal: Sphinx reported an error; its output is above.
    """
    command: processes.Command = [python, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", *options]
    if processes.run([*command, str(site.parent / "source"), str(site)], root) != 0:
        raise Refusal("The documentation could not be built; the error is above. Fix it and start again.")


if __name__ == "__main__":
    try:
        execute(Path(sys.argv[1]))
    except Refusal as refusal:
        sys.exit(str(refusal))
