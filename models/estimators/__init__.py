"""Gradient estimators: one a file, named as in the notes. To add one: its file, and one entry in this tuple."""

from models.estimators.estimator import Context, Draw, Estimator
from models.estimators.leave_one_out import LeaveOneOut
from models.estimators.path_only import PathOnly
from models.estimators.reparameterization import Reparameterization
from models.estimators.score import Score
from models.estimators.score_xi import XI_SOURCES, ScoreXi

ESTIMATORS: dict[str, type[Estimator]] = {
    part.name: part for part in (Score, ScoreXi, LeaveOneOut, Reparameterization, PathOnly)
}

__all__ = [
    "ESTIMATORS",
    "XI_SOURCES",
    "Context",
    "Draw",
    "Estimator",
    "LeaveOneOut",
    "PathOnly",
    "Reparameterization",
    "Score",
    "ScoreXi",
]
