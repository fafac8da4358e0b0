"""Make the charts and the widgets' scripts once, at set-up: `python -m elbo_room.widgets.prepare`.

Altair writes the specifications and vl-convert the browser bundle into the git-ignored `static/made/`; beside the
specifications is what each chart declares of itself. Our own modules are joined, one script a widget. Nothing is made
again unless a source file or a version changed, and every file appears at once or not at all.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from elbo_room.widgets import built_assets, scripts

# vegaEmbed brings Vega, Vega-Lite and the expression interpreter along; vl-convert 1.9 leaves its names for them empty.
SNIPPET = "globalThis.__elboVega = {embed: vegaEmbed};"
SOURCES = ("charts/*.py", "prepare.py", "theme.py", "painting/views.py", "static/catalogue.json")


def fingerprint() -> str:
    """Return a digest of everything that specifications and bundle depend on."""
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
    """Say whether specifications and bundle belong to the sources as they are now."""
    try:
        return (
            built_assets.BUNDLE.exists()
            and json.loads(built_assets.SPECS.read_text(encoding="utf-8"))["made_from"] == mark
        )
    except (OSError, ValueError, KeyError):
        return False


def prepare() -> bool:
    """Make specifications, bundle and scripts if they are out of date; return whether anything was made."""
    built_assets.MADE.mkdir(parents=True, exist_ok=True)
    return any([_join_scripts(), _make_charts()])


def _join_scripts() -> bool:
    changed = False
    for name in scripts.entries(built_assets.STATIC):
        path, joined = built_assets.MADE / f"{name}.js", scripts.join(built_assets.STATIC, name).encode()
        if not path.exists() or path.read_bytes() != joined:
            write(path, joined)
            changed = True
    return changed


def _make_charts() -> bool:
    mark = fingerprint()
    if is_current(mark):
        return False
    import vl_convert

    from elbo_room.widgets.charts import all_charts, specification

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
    print("Charts and scripts made in widgets/static/made." if prepare() else "Charts and scripts are up to date.")
