"""The catalogue: everything a screen must know about settings, parts and presets, as plain data for a kernel without torch."""

import sys
from collections.abc import Iterable
from functools import cache
from typing import Any

from models.data import DATA
from models.deep_generative import SCALE_HEADS
from models.estimators import ESTIMATORS, XI_SOURCES, Estimator
from models.families import FAMILIES, Normal
from models.inference.costs import RAO_BLACKWELL
from models.inference.noise import NOISES
from models.inference.settings import Settings
from models.networks import ACTIVATIONS, ATTENTIONS
from models.presets import PRESETS
from models.settings import VERSION, Knob, describe
from models.variational import VARIATIONAL

MANY = 64  # draws: enough for any estimator
FOLDERS: dict[str, dict[str, Any]] = {
    "data": DATA,
    "families": FAMILIES,
    "scale_heads": SCALE_HEADS,
    "activations": ACTIVATIONS,
    "attentions": ATTENTIONS,
    "variational": VARIATIONAL,
    "estimators": ESTIMATORS,
    "xi_sources": XI_SOURCES,
    "noises": NOISES,
    "rao_blackwell": RAO_BLACKWELL,
}


def _plain(parts: Iterable[Any]) -> list[dict[str, Any]]:
    shown = ("name", "label", "symbol", "help")
    return [
        {key: getattr(part, key) for key in shown}
        | {"requires": list(part.requires), "unavailable": _unavailable(part)}
        for part in parts
    ]


def _unavailable(part: Any) -> str | None:
    """Why a part can never be chosen on the screen, whose models have Normal latents."""
    applies = isinstance(part, type) and issubclass(part, Estimator)
    return part().supports(Normal(), MANY) if applies else None


@cache
def knobs() -> list[Knob]:
    """Every knob of a run with its choices, as plain data."""
    return describe(Settings, {folder: _plain(parts.values()) for folder, parts in FOLDERS.items()})


def formula(part: type) -> str:
    """The formula of a part: the first paragraph of its file, which begins with it."""
    return " ".join((sys.modules[part.__module__].__doc__ or "").split("\n\n", 1)[0].split())


def catalogue() -> dict[str, Any]:
    """Knobs, presets, and what panel B calls the estimators."""
    estimators = {
        name: {
            "label": part.label,
            "symbol": part.symbol,
            "path": part.path,
            "least_draws": part.least_draws,
            "source": part.source,
            "unbiased": part.unbiased,
            "bound": part.bound,
            "formula": formula(part),
        }
        for name, part in ESTIMATORS.items()
    }
    return {"version": VERSION, "knobs": knobs(), "estimators": estimators, "presets": PRESETS}
