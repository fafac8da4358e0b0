"""Knobs of inference and of a run, shared by every model family; each family's settings add its data and parts.

A knob is declared once. The form, the checks, the run file, the link and the exported code are derived from it.
"""

from dataclasses import dataclass
from typing import Any

from elbo_room.models.estimators import ScoreXi
from elbo_room.models.inference.objective import ELBO, Objective
from elbo_room.models.settings import rule, setting
from elbo_room.models.training.schedules import SCHEDULES
from elbo_room.models.variational.weights import WEIGHT_POSTERIORS

DRAWN = [name for name, part in WEIGHT_POSTERIORS.items() if part.drawn]
HELD = rule("schedule", "The Robbins–Monro schedule falls from the first step on.", among=("held",), hides=True)
POWER = rule("schedule", "Only the Robbins–Monro schedule has it.", among=("robbins_monro",), hides=True)
DECAY = "Above 1, Σ ρₜ is finite and ν may stop short of the optimum; at ½ and below, Σ ρₜ² is infinite and the noise never averages out."
POINT = rule("posterior", "q is a point mass: nothing is drawn.", among=DRAWN)


def model_setting(name: str) -> Any:
    """The knob for the model family; each family's settings declare it first, with their own name."""
    return setting(name, label="Model", group="Data", choices="models", help="Each model family has its own knobs.")


@dataclass(frozen=True)
class InferenceSettings:
    """How a model is trained; live knobs take effect at the next step, the others start a new run. Families add `model` and `data`.

    >>> import elbo_room as er
    >>> er.InferenceSettings(estimator="leave_one_out", draws=8).step_size
    0.005
    """

    estimator: str = setting(
        "reparameterization",
        label="Estimator",
        group="Inference",
        live=True,
        choices="estimators",
        help="How the gradient is estimated.",
        requires=(POINT,),
    )
    xi_from: str = setting(
        "leave_one_out", label="ξ from", symbol="ξ", group="Inference", live=True, choices="xi_sources",
        help="The draws from which ξ* is estimated, for score with ξ*, in training and in the variance panel.",
        requires=(POINT, *ScoreXi.requires),
    )  # fmt: skip
    xi_value: float = setting(
        0.0, label="ξ fixed at", symbol="ξ", group="Inference", low=-1e6, high=1e6, live=True,
        help="The coefficient of the control variate when it is fixed by hand.",
        requires=(
            rule("xi_from", "ξ is estimated from draws; choose 'fixed by hand' to set it.", among=("fixed",), hides=True),
            POINT, *ScoreXi.requires,
        ),
    )  # fmt: skip
    draws: int = setting(
        4,
        label="Draws",
        symbol="B",
        group="Inference",
        low=1,
        high=64,
        log=True,
        live=True,
        help="Monte Carlo draws per data point and step.",
        requires=(POINT,),
    )
    noise: str = setting(
        "iid", label="Noise", symbol="ε", group="Inference", live=True, choices="noises",
        help="How the B draws of a step depend on each other.", requires=(POINT,),
    )  # fmt: skip
    rao_blackwell: str = setting(
        "plate",
        label="Rao-Blackwell",
        group="Inference",
        live=True,
        choices="rao_blackwell",
        help="Which terms the score of a data point multiplies; path gradients have none. See the score lines of the variance panel.",
        requires=(POINT,),
    )
    optimizer: str = setting(
        "adam",
        label="Optimiser",
        group="Inference",
        live=True,
        choices="optimizers",
        help="How a step is made of the gradient estimate; plain ascent is ν ← ν + ρₜ ĝ, as in the lecture notes.",
    )
    step_size: float = setting(
        0.005,
        label="Step size",
        symbol="ρ",
        group="Inference",
        low=1e-5,
        high=1.0,
        log=True,
        live=True,
        help="The optimiser's step size.",
    )
    schedule: str = setting(
        "held", label="Schedule", symbol="ρₜ", group="Inference", live=True, choices="schedules",
        help="How the step size falls from step to step.",
    )  # fmt: skip
    step_offset: int = setting(
        100, label="Offset", symbol="b", group="Inference", low=0, high=100_000, live=True, requires=(POWER,),
        help="ρₜ = a (b + t)^−κ: about b steps pass before ρ has fallen noticeably. a is such that the first step is ρ.",
    )  # fmt: skip
    step_decay: float = setting(
        0.75, label="Decay", symbol="κ", group="Inference", low=0.51, high=1.0, live=True, requires=(POWER,), why=DECAY,
        help="Above ½ and at most 1: then Σ ρₜ = ∞ and Σ ρₜ² < ∞, so ν arrives and the noise averages out.",
    )  # fmt: skip
    cooling: int = setting(
        0, label="Cools from", symbol="t₀", group="Inference", low=0, high=100_000, live=True, requires=(HELD,),
        help="From this step on ρ falls as 1/t (Robbins & Monro), so that noise averages out; 0: ρ stays constant.",
    )  # fmt: skip
    batch_size: int = setting(
        128,
        label="Minibatch",
        symbol="M",
        group="Inference",
        low=1,
        high=2000,
        log=True,
        live=True,
        help="Rows per step.",
    )
    seed: int = setting(
        7, label="Seed", group="Run", low=0, high=2**31 - 1, help="Same settings and seed: the same run, bit for bit."
    )
    stop_at: int = setting(
        2000, label="Stop at", group="Run", low=1, high=100_000, live=True, help="The step at which the run pauses."
    )

    def step_size_at(self, number: int) -> float:
        """ρ_t of the schedule, t = number + 1."""
        return SCHEDULES[self.schedule].size(self, number + 1)

    def objective(self, number: int) -> Objective:
        """The objective of the step after `number` steps; families with knobs for it override this."""
        del number
        return ELBO
