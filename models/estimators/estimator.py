"""The protocol of an estimator: for one site, the surrogate whose gradient in ν, draw by draw, is its G_b.

Shapes: R replicates, B draws, M data (a global site has M = 1). f = log p(x, z) − log q(z; ν), s = ∇_ν log q(z; ν), ⌊·⌋ = stop gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from elbo_room.models.core import Factor
from elbo_room.models.families import Family

if TYPE_CHECKING:
    from elbo_room.models.core import Model


class NotApplicableError(ValueError):
    """An estimator does not apply to this model, family, number of draws or kind of noise; the message is shown to the user.

    >>> import elbo_room as er
    >>> run = er.run_from({"data": "pinwheel"})
    >>> try:
    ...     er.probe(run.model, run.q, "arm", run.data)
    ... except er.NotApplicableError as error:
    ...     print(str(error)[:30])
    No estimator applies here. arm
    """


@dataclass(frozen=True)
class Draw:
    """B draws of one site: ν expanded to every draw (the tap), the value, and log q of it."""

    family: Family
    nu: Tensor  # (R, B, M, n_params, K), the tap that keeps every draw's gradient
    value: Tensor  # (R, B, M, K); detached for score-type estimators
    noise: Tensor | None = None  # the ε behind this value, for estimators that use it twice
    still: Tensor | None = None  # ν with q's parameters stopped and the draw above live, if ν depends on such a draw

    def log_q(self, *, frozen_nu: bool = False, frozen_value: bool = False) -> Tensor:
        """log q(z; ν) in nats, summed over the site's coordinates: (R, B, M)."""
        frozen = self.nu.detach() if self.still is None else self.still
        nu = frozen if frozen_nu else self.nu
        value = self.value.detach() if frozen_value else self.value
        return self.family.log_prob(value, nu).sum(-1)

    def log_q_drawn(self) -> Tensor:
        """log q(t(ε, ν); ν), live in both places, summed over the coordinates: (R, B, M)."""
        if self.noise is None:
            return self.log_q()
        return self.family.log_prob_drawn(self.noise, self.value, self.nu)

    def linear(self, slope: Tensor) -> Tensor:
        """A term whose gradient in ν is ⌊slope⌋ (R, B, M, n_params, K), whatever its value: (R, B, M)."""
        return (slope.detach() * self.nu).flatten(3).sum(-1)

    def score_norm(self) -> Tensor:
        """‖s‖², summed over the site's parameters: (R, B, M)."""
        return self.family.score(self.value, self.nu).square().flatten(3).sum(-1)

    def own_noise(self) -> Tensor:
        """ε of these draws, for an estimator that uses it twice."""
        if self.noise is None:
            raise ValueError(
                "This estimator needs the noise of its draws; call it through `estimate`, which passes it."
            )
        return self.noise

    def carry(self, gradient: Tensor) -> Tensor:
        """A term (R, B, M) whose derivative in ν is this gradient (R, B, M, n_params, K): G_b worked out by hand."""
        return (gradient.detach() * self.nu).flatten(3).sum(-1)


def _no_evaluation(value: Tensor, live: bool = False) -> Tensor:
    raise ValueError("This estimator evaluates the model again; call it through `estimate`, which has the model.")


def _no_pilot(count: int) -> "tuple[Draw, Tensor]":
    raise ValueError(f"This estimator needs {count} pilot draws; call it through `estimate`, which can draw them.")


def _no_auxiliary(count: int) -> Tensor:
    raise ValueError(f"This estimator needs {count} auxiliary draws; call it through `estimate`, which can draw them.")


@dataclass(frozen=True)
class Context:
    """What an estimator may use in addition to its own draws."""

    cost: Tensor  # f, detached: (R, B, M), or (R, B, 1) without Rao-Blackwellisation
    at: Callable[..., Tensor] = (
        _no_evaluation  # at(values (R, B·m, M, K), live=False): f there, the other sites as drawn
    )
    pilot: "Callable[[int], tuple[Draw, Tensor]]" = (
        _no_pilot  # pilot(count): extra draws and their f, which never enter G
    )
    auxiliary: "Callable[[int], Tensor]" = (
        _no_auxiliary  # auxiliary(count): log w of extra draws of a data point, all sites together: (R, count, M)
    )
    weights: Tensor | None = None  # B·w̃_b of an importance-weighted bound, detached: (R, B, M)
    log_weights: Tensor | None = None  # log w_b of a data point, all sites together, detached: (R, B, M)
    memory: dict[str, Tensor] = field(default_factory=dict)  # state of an adaptive estimator from step to step
    generator: torch.Generator | None = None
    x: Tensor | None = None  # the batch's data (M, D)
    prior: Factor | None = None  # the live factor that contains this site alone and declares its ν₀
    alone: bool = False  # no other site: f elsewhere may be requested at any number of values
    share: float = 1.0  # the weight of one surrogate term in the loss that goes backward
    evaluation: int = 0  # numbers needed for one more value of the site: all sites' values, and the data


@dataclass(frozen=True)
class Estimator:
    """One gradient estimator. A subclass is listed in `elbo_room.models.estimators.ESTIMATORS` and nowhere else.

    >>> import elbo_room as er
    >>> part = er.ESTIMATORS["leave_one_out"]()
    >>> isinstance(part, er.Estimator), part.unbiased, part.least_draws
    (True, True, 2)
    """

    name: ClassVar[str]
    label: ClassVar[str]
    symbol: ClassVar[str]
    help: ClassVar[str]
    source: ClassVar[str]
    path: ClassVar[bool] = False
    unbiased: ClassVar[bool] = True
    bound: ClassVar[str] = "elbo"  # or "iwae": log (1/B) Σ_b w_b, whose gradient it estimates
    least_draws: ClassVar[int] = 1
    independent_draws: ClassVar[bool] = False  # the proof needs independent draws: no antithetic, no Sobol
    warm_up: ClassVar[int] = 0  # estimates that a probe makes first, to fill an adaptive estimator's memory
    moves: ClassVar[bool] = False  # it evaluates f at other values of its site while the other sites stay as drawn
    expands: ClassVar[bool] = False  # it needs log p's second derivatives at q's mean, for each draw of the other sites
    factorised: ClassVar[bool] = False  # the proof needs a q that is a product over sites
    for_weights: ClassVar[bool] = False  # it is for the weights of a Bayesian network only
    discrete: ClassVar[bool] = False  # it is for latents with a finite list of states only
    requires: ClassVar[tuple[dict[str, object], ...]] = ()

    @classmethod
    def group(cls) -> str:
        """What it has in common with others: the heading under which a list shows it."""
        if cls.bound != "elbo":
            return "Importance-weighted bound"
        if cls.for_weights:
            return "Weights of a network"
        if cls.discrete:
            return "Discrete latents"
        return "Path through the draw" if cls.path else "Score of q"

    def supports(self, family: Family, draws: int) -> str | None:
        """None, or the reason why it does not apply to a site of this family with B = draws."""
        if self.path and not family.reparameterizable:
            return (
                f"{self.label} needs z = t(ε, ν) to be differentiable; {family.label} is not. "
                "Choose a score-type estimator."
            )
        if not self.path and not family.scored:
            return (
                f"{self.label} multiplies f by ∇ log q, and the {family.label} has none. "
                "Choose reparameterisation, or a q with a density."
            )
        if draws < self.least_draws:
            return (
                f"{self.label} needs at least {self.least_draws} draws; B is {draws}. "
                "Raise B, or choose another estimator."
            )
        return None

    def refuses(self, model: "Model") -> str | None:
        """None, or the reason why it does not apply to this model, whatever the family of its sites."""
        return None

    def wrap_model(self, model: "Model", site: str, draw: Draw, generator: torch.Generator) -> "Model":
        """The model whose factors this estimator evaluates at the draws of its site: unchanged, or with additional noise."""
        return model

    def evaluations(self, draws: int, size: int) -> int:
        """Evaluations of log p for one data point, one ĝ with B = draws, and a site of `size` coordinates."""
        return draws

    def numbers(self, size: int) -> int:
        """Numbers that it keeps for one data point besides the draws and their gradients, for a site of `size` coordinates."""
        return 0

    def value(self, family: Family, noise: Tensor, nu: Tensor) -> Tensor:
        """The draw that the model sees: live in ν for a path-type estimator, detached for a score-type one."""
        return family.transform(noise, nu) if self.path else family.transform(noise, nu.detach()).detach()

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """The term (R, B, M) added to the live factors, whose gradient in ν, draw by draw, completes G_b."""
        raise NotImplementedError
