"""Presets: named choices of settings, each with a goal in one sentence. Only what differs from the defaults is written.

A scene is an entry in one of this folder's files; the order here is the order of the list on the screen.
"""

from typing import Any

from models.presets.architecture import ARCHITECTURE
from models.presets.collapse import COLLAPSE
from models.presets.deep_exponential import DEEP_EXPONENTIAL
from models.presets.generative import GENERATIVE
from models.presets.robot_arm import ROBOT_ARM
from models.presets.single_cells import SINGLE_CELLS
from models.presets.supervised import SUPERVISED

KINDS = (GENERATIVE, SUPERVISED, ARCHITECTURE, SINGLE_CELLS, ROBOT_ARM, DEEP_EXPONENTIAL, COLLAPSE)
PRESETS: dict[str, dict[str, Any]] = {name: scene for kind in KINDS for name, scene in kind.items()}
