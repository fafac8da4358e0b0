"""The folders under their import name, for tools that read files instead of importing: links at `.mypy_cache/links/elbo_room`."""

from __future__ import annotations

from pathlib import Path

PLACE = Path(".mypy_cache") / "links" / "elbo_room"
PARTS = ("lab", "models", "widgets")


def link_packages(root: Path) -> None:
    """Make the links of a clone, where they are missing or lead to another one."""
    front = root / "lab" / "package" / "elbo_room"
    wanted = {part: root / part for part in PARTS} | {path.name: path for path in front.iterdir() if path.is_file()}
    (root / PLACE).mkdir(parents=True, exist_ok=True)
    for name, target in wanted.items():
        link = root / PLACE / name
        if link.resolve() != target.resolve():
            link.unlink(missing_ok=True)
            link.symlink_to(target, target_is_directory=target.is_dir())
