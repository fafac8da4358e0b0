"""The build backend: setuptools, plus the charts, which are built before a wheel so that an installed lab needs no clone.

Named in pyproject.toml; `python -m build` and pip call these functions (PEP 517, PEP 660).
"""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools import build_meta

prepare_metadata_for_build_wheel = build_meta.prepare_metadata_for_build_wheel
get_requires_for_build_sdist = build_meta.get_requires_for_build_sdist
build_sdist = build_meta.build_sdist
get_requires_for_build_editable = build_meta.get_requires_for_build_editable
prepare_metadata_for_build_editable = build_meta.prepare_metadata_for_build_editable
build_editable = build_meta.build_editable

CHARTS_NEED = ["altair>=6.3", "vl-convert-python>=1.9"]


def get_requires_for_build_wheel(config_settings: dict[str, str] | None = None) -> list[str]:
    """What building a wheel needs besides setuptools: the chart specifications come from Altair, their browser bundle from vl-convert."""
    return [*build_meta.get_requires_for_build_wheel(config_settings), *CHARTS_NEED]


def build_wheel(
    wheel_directory: str, config_settings: dict[str, str] | None = None, metadata_directory: str | None = None
) -> str:
    """Build the charts if missing or out of date, then the wheel; returns its file name."""
    sys.path.insert(0, str(Path(__file__).resolve().parent / "package"))
    from elbo_room.widgets.prepare import prepare

    prepare()
    return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))
