"""Gradient estimators: one per file, named as in the lecture notes.

To add one: write its file, then add its class to the imports, the tuple and `__all__`.

>>> import elbo_room as er
>>> er.ESTIMATORS["leave_one_out"].unbiased
True
"""

from elbo_room.models.estimators.analytic_entropy import AnalyticEntropy
from elbo_room.models.estimators.analytic_kl import AnalyticKL
from elbo_room.models.estimators.arm import Arm
from elbo_room.models.estimators.carms import Carms
from elbo_room.models.estimators.categorical_rebar import CategoricalRebar
from elbo_room.models.estimators.categorical_relax import CategoricalRelax
from elbo_room.models.estimators.disarm import DisArm
from elbo_room.models.estimators.double_control_variates import DoubleControlVariates
from elbo_room.models.estimators.dreg import Dreg
from elbo_room.models.estimators.estimator import Context, Draw, Estimator, NotApplicableError
from elbo_room.models.estimators.flipout import Flipout
from elbo_room.models.estimators.gumbel_rao import GumbelRao
from elbo_room.models.estimators.gumbel_softmax import GumbelSoftmax
from elbo_room.models.estimators.iwae import Iwae
from elbo_room.models.estimators.leave_one_out import LeaveOneOut
from elbo_room.models.estimators.local_expectation import LocalExpectation
from elbo_room.models.estimators.local_reparameterization import LocalReparameterization
from elbo_room.models.estimators.loorf import Loorf
from elbo_room.models.estimators.measure_valued import MeasureValued
from elbo_room.models.estimators.nvil import Nvil
from elbo_room.models.estimators.ovis import Ovis
from elbo_room.models.estimators.path_only import PathOnly
from elbo_room.models.estimators.quadratic_miller import QuadraticMiller
from elbo_room.models.estimators.quadratic_miller_full import QuadraticMillerFull
from elbo_room.models.estimators.quadratic_surrogate import QuadraticSurrogate
from elbo_room.models.estimators.rebar import Rebar
from elbo_room.models.estimators.reinmax import ReinMax
from elbo_room.models.estimators.relax import Relax
from elbo_room.models.estimators.reparameterization import Reparameterization
from elbo_room.models.estimators.rodeo import Rodeo
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
        QuadraticMillerFull,
        QuadraticSurrogate,
        Iwae,
        Dreg,
        Vimco,
        Ovis,
        ScoreXiEach,
        VarGrad,
        Nvil,
        MeasureValued,
        LocalExpectation,
        Arm,
        DisArm,
        Rebar,
        Relax,
        DoubleControlVariates,
        Rodeo,
        Loorf,
        Carms,
        CategoricalRebar,
        CategoricalRelax,
        GumbelSoftmax,
        StraightThrough,
        GumbelRao,
        ReinMax,
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
    "Carms",
    "CategoricalRebar",
    "CategoricalRelax",
    "Context",
    "DisArm",
    "DoubleControlVariates",
    "Draw",
    "Dreg",
    "Estimator",
    "Flipout",
    "GumbelRao",
    "GumbelSoftmax",
    "Iwae",
    "LeaveOneOut",
    "LocalExpectation",
    "LocalReparameterization",
    "Loorf",
    "MeasureValued",
    "NotApplicableError",
    "Nvil",
    "Ovis",
    "PathOnly",
    "QuadraticMiller",
    "QuadraticMillerFull",
    "QuadraticSurrogate",
    "Rebar",
    "ReinMax",
    "Relax",
    "Reparameterization",
    "Rodeo",
    "Score",
    "ScoreXi",
    "ScoreXiEach",
    "StraightThrough",
    "VarGrad",
    "Vimco",
]
