"""Gradient estimators: one per file, named as in the lecture notes.

To add one: write its file, then add its class to the imports, the tuple and `__all__`.

>>> import elbo_room as er
>>> er.ESTIMATORS["leave_one_out"].unbiased
True
"""

from elbo_room.models.estimators.analytic_entropy import AnalyticEntropy
from elbo_room.models.estimators.analytic_kl import AnalyticKL
from elbo_room.models.estimators.arm import Arm
from elbo_room.models.estimators.disarm import DisArm
from elbo_room.models.estimators.dreg import Dreg
from elbo_room.models.estimators.estimator import Context, Draw, Estimator, NotApplicableError
from elbo_room.models.estimators.flipout import Flipout
from elbo_room.models.estimators.gumbel_softmax import GumbelSoftmax
from elbo_room.models.estimators.iwae import Iwae
from elbo_room.models.estimators.leave_one_out import LeaveOneOut
from elbo_room.models.estimators.local_expectation import LocalExpectation
from elbo_room.models.estimators.local_reparameterization import LocalReparameterization
from elbo_room.models.estimators.measure_valued import MeasureValued
from elbo_room.models.estimators.nvil import Nvil
from elbo_room.models.estimators.path_only import PathOnly
from elbo_room.models.estimators.quadratic_miller import QuadraticMiller
from elbo_room.models.estimators.quadratic_surrogate import QuadraticSurrogate
from elbo_room.models.estimators.rebar import Rebar
from elbo_room.models.estimators.relax import Relax
from elbo_room.models.estimators.reparameterization import Reparameterization
from elbo_room.models.estimators.score import Score
from elbo_room.models.estimators.score_xi import XI_SOURCES, ScoreXi
from elbo_room.models.estimators.score_xi_each import ScoreXiEach
from elbo_room.models.estimators.straight_through import StraightThrough
from elbo_room.models.estimators.vargrad import VarGrad
from elbo_room.models.estimators.vimco import Vimco

ESTIMATORS: dict[str, type[Estimator]] = {
    part.name: part
    for part in (
        Score,
        ScoreXi,
        LeaveOneOut,
        Reparameterization,
        PathOnly,
        AnalyticEntropy,
        AnalyticKL,
        QuadraticMiller,
        QuadraticSurrogate,
        Iwae,
        Dreg,
        Vimco,
        ScoreXiEach,
        VarGrad,
        Nvil,
        MeasureValued,
        LocalExpectation,
        Arm,
        DisArm,
        Rebar,
        Relax,
        GumbelSoftmax,
        StraightThrough,
        LocalReparameterization,
        Flipout,
    )
}

__all__ = [
    "ESTIMATORS",
    "XI_SOURCES",
    "AnalyticEntropy",
    "AnalyticKL",
    "Arm",
    "Context",
    "DisArm",
    "Draw",
    "Dreg",
    "Estimator",
    "Flipout",
    "GumbelSoftmax",
    "Iwae",
    "LeaveOneOut",
    "LocalExpectation",
    "LocalReparameterization",
    "MeasureValued",
    "NotApplicableError",
    "Nvil",
    "PathOnly",
    "QuadraticMiller",
    "QuadraticSurrogate",
    "Rebar",
    "Relax",
    "Reparameterization",
    "Score",
    "ScoreXi",
    "ScoreXiEach",
    "StraightThrough",
    "VarGrad",
    "Vimco",
]
