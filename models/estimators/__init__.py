"""Gradient estimators: one a file, named as in the notes. To add one: its file, and one entry in this tuple."""

from models.estimators.analytic_entropy import AnalyticEntropy
from models.estimators.analytic_kl import AnalyticKL
from models.estimators.arm import Arm
from models.estimators.disarm import DisArm
from models.estimators.dreg import Dreg
from models.estimators.estimator import Context, Draw, Estimator, NotApplicableError
from models.estimators.flipout import Flipout
from models.estimators.gumbel_softmax import GumbelSoftmax
from models.estimators.iwae import Iwae
from models.estimators.leave_one_out import LeaveOneOut
from models.estimators.local_expectation import LocalExpectation
from models.estimators.local_reparameterization import LocalReparameterization
from models.estimators.measure_valued import MeasureValued
from models.estimators.nvil import Nvil
from models.estimators.path_only import PathOnly
from models.estimators.quadratic_miller import QuadraticMiller
from models.estimators.quadratic_surrogate import QuadraticSurrogate
from models.estimators.rebar import Rebar
from models.estimators.relax import Relax
from models.estimators.reparameterization import Reparameterization
from models.estimators.score import Score
from models.estimators.score_xi import XI_SOURCES, ScoreXi
from models.estimators.score_xi_each import ScoreXiEach
from models.estimators.straight_through import StraightThrough
from models.estimators.vargrad import VarGrad
from models.estimators.vimco import Vimco

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
