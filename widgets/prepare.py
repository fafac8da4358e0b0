"""Make the charts once, at set-up: `python -m elbo_room.widgets.prepare`.

Altair writes the specifications and vl-convert the browser bundle into the git-ignored `static/made/`; beside the
specifications is what each chart declares of itself. Nothing is made again unless a source file or a version changed,
and every file appears at once or not at all.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from elbo_room.widgets import built_assets

# vegaEmbed brings Vega, Vega-Lite and the expression interpreter along; vl-convert 1.9 leaves its names for them empty.
SNIPPET = "globalThis.__elboVega = {embed: vegaEmbed};"
SOURCES = ("charts/*.py", "prepare.py", "theme.py", "painting/views.py", "static/catalogue.json")


def fingerprint() -> str:
    """Return a digest of everything that the made files depend on."""
    here = Path(__file__).parent
    digest = hashlib.sha256(SNIPPET.encode())
    for file in sorted(path for pattern in SOURCES for path in here.glob(pattern)):
        digest.update(file.name.encode() + file.read_bytes())
    for package in ("altair", "vl-convert-python"):
        digest.update(f"{package}=={version(package)}".encode())
    return digest.hexdigest()


def write(path: Path, data: bytes) -> None:
    """Write `data` so that a reader sees the old file or the new one, never half of it."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_bytes(data)
    partial.replace(path)


def is_current(mark: str) -> bool:
    """Say whether the made files belong to the sources as they are now."""
    try:
        return (
            built_assets.BUNDLE.exists()
            and json.loads(built_assets.SPECS.read_text(encoding="utf-8"))["made_from"] == mark
        )
    except (OSError, ValueError, KeyError):
        return False


def prepare() -> bool:
    """Make specifications and bundle if they are out of date; return whether anything was made."""
    mark = fingerprint()
    if is_current(mark):
        return False
    import vl_convert

    from elbo_room.widgets.charts import all_charts, specification

    built_assets.MADE.mkdir(parents=True, exist_ok=True)
    charts = all_charts()
    recorded = {
        "made_from": mark,
        "views": {name: asdict(chart.VIEW) for name, chart in charts.items()},
        "charts": {name: specification(name) for name in charts},
    }
    bundle = vl_convert.javascript_bundle(SNIPPET).encode()
    write(built_assets.BUNDLE, gzip.compress(bundle, 9, mtime=0))
    write(built_assets.SPECS, json.dumps(recorded, ensure_ascii=False).encode())  # last: it has the mark
    return True


if __name__ == "__main__":
    print("Charts made in widgets/static/made." if prepare() else "Charts are up to date.")
