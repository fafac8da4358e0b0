"""The licence of every package that set-up installs, from its own metadata: `python -m elbo_room.lab.licences` writes the list."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata

from elbo_room.lab.environment import CONSTRAINTS, ROOT

LIST = ROOT / "lab" / "docs" / "licences.md"
HEAD = """# Packages and their licences

The exact versions that set-up installs, and what each says of its licence. Written by `python -m elbo_room.lab.licences`.

| package | version | licence |
|---|---|---|
"""


def pinned() -> Iterator[tuple[str, str]]:
    """Name and exact version of every package."""
    for line in (ROOT / CONSTRAINTS).read_text(encoding="utf-8").splitlines():
        name, equal, version = line.partition("==")
        if equal and not name.startswith("#"):
            yield name.strip(), version.partition(";")[0].strip()


def licence(name: str) -> str:
    """What a package says: its expression, else its classifiers, else the first line of its text."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return "not installed here"
    classified = [
        each.rpartition(" :: ")[2] for each in about.get_all("Classifier") or [] if each.startswith("License ::")
    ]
    stated = (
        (about.get_all("License-Expression") or [""])[0]
        or ", ".join(classified)
        or (about.get_all("License") or [""])[0].strip()
    )
    return (stated.splitlines() or ["not stated"])[0][:80].replace("|", "/")


def table() -> str:
    """The whole list."""
    return HEAD + "".join(f"| {name} | {version} | {licence(name)} |\n" for name, version in pinned())


if __name__ == "__main__":
    LIST.write_text(table(), encoding="utf-8")
