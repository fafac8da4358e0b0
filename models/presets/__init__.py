"""Presets: named settings, each with a goal in one sentence. Only values that differ from the defaults are listed.

A scene is an entry in one of this folder's files; the order here is the order of the drop-down list. It has a `chapter` of the lecture
notes, the `minutes` that a student needs (reading, the run, its questions), a `difficulty`, and the chart of its run that is its `picture`
in the gallery.

>>> import elbo_room as er
>>> run = er.run_from(er.PRESETS["scvi"]["settings"])
>>> run.settings.data
'pbmc'
"""

from typing import Any

from elbo_room.models.presets.architecture import ARCHITECTURE
from elbo_room.models.presets.collapse import COLLAPSE
from elbo_room.models.presets.deep_exponential import DEEP_EXPONENTIAL
from elbo_room.models.presets.estimators import ESTIMATORS
from elbo_room.models.presets.generative import GENERATIVE
from elbo_room.models.presets.robot_arm import ROBOT_ARM
from elbo_room.models.presets.single_cells import SINGLE_CELLS
from elbo_room.models.presets.sparsity import SPARSITY
from elbo_room.models.presets.supervised import SUPERVISED

KINDS = (
    GENERATIVE, ESTIMATORS, SUPERVISED, SPARSITY, ARCHITECTURE, SINGLE_CELLS, ROBOT_ARM, DEEP_EXPONENTIAL, COLLAPSE,
)  # fmt: skip
PRESETS: dict[str, dict[str, Any]] = {name: scene for kind in KINDS for name, scene in kind.items()}

CHAPTERS = {  # of the lecture notes, in their order; the numbers are the notebooks'
    "regression": "02 · Neural regression",
    "conditional_models": "03 · Generalised neural conditional models",
    "architecture": "04 · Architecture",
    "deep_generative": "05 · Deep generative models",
    "collapse": "06 · Evidence and posterior collapse",
    "single_cells": "06b · Single cells",
    "deep_exponential": "07 · Deep exponential families",
    "robot_arm": "07b · The robot arm",
    "priors": "08 · Priors",
    "gradient_variance": "10 · The variance of the gradient",
}
DIFFICULTIES = ("introductory", "intermediate", "advanced")
