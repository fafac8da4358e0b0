"""One estimate's evaluations: the factors at the draws, f of each site, f elsewhere, pilot draws, importance weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Factor, Model, Site
from elbo_room.models.estimators import Context, Draw, Estimator
from elbo_room.models.inference.costs import cost_of, factors_at
from elbo_room.models.inference.noise import draw_noise, lacking, too_wide
from elbo_room.models.networks.activations import activations
from elbo_room.models.variational import Posterior

HELD = 3  # copies of a draw's numbers at the peak of a gradient estimate: the draw, log p's terms, the gradient


def estimators_by_site(model: Model, chosen: Estimator, draws: int) -> dict[str, Estimator]:
    """The estimator of every site: the chosen one, or the one that the model prescribes where that does not apply."""
    choose = getattr(model, "default_estimators", None)
    return dict.fromkeys(model.sites, chosen) if choose is None else choose(chosen, draws)


def refusal(
    model: Model,
    estimators: Mapping[str, Estimator],
    draws: int,
    noise_kind: str = "iid",
    q: Posterior | None = None,
) -> str | None:
    """None, or why these estimators do not apply to this model, B, kind of noise and, if passed, q."""
    if reason := too_wide(model, noise_kind):
        return reason
    for name, site in model.sites.items():
        part = estimators[name]
        if reason := part.supports(site.family, draws) or part.refuses(model) or lacking(site, noise_kind):
            return reason
        if part.independent_draws and noise_kind != "iid":
            return f"{part.label} needs draws that are independent of each other. Draw independently, or choose another estimator."
        if q is not None and (reason := tied(part, name, q)):
            return reason
    if len({estimator.bound for estimator in estimators.values()}) > 1:
        names = ", ".join(f"{estimator.label} ({estimator.bound})" for estimator in estimators.values())
        return (
            f"The sites' estimators maximise different bounds: {names}. Choose estimators of one bound for all sites."
        )
    if weighted(estimators) and any(site.plate == "global" for site in model.sites.values()):
        return "An importance-weighted bound weights the draws of each data point; this model has global sites. Choose an ELBO estimator."
    return None


def tied(part: Estimator, site: str, q: Posterior) -> str | None:
    """None, or why an estimator does not apply to a q in which one site's ν depends on another's draw."""
    if part.moves and (below := q.below(site)):
        return (
            f"{part.label} moves {site} and leaves the others as drawn, but q draws {', '.join(sorted(below))} given {site}. "
            "Choose leave-one-out or reparameterisation, or a q with independent layers."
        )
    if part.factorised and q.above:
        return (
            f"{part.label} needs a q that is a product over sites; this one is top-down. Choose importance weighting."
        )
    return None


def weighted(estimators: Mapping[str, Estimator]) -> bool:
    """Whether the bound that all sites maximise together is the importance-weighted one."""
    return any(estimator.bound == "iwae" for estimator in estimators.values())


def numbers_of_draw(model: Model, features: Sequence[int], rows: int) -> int:
    """Numbers that one draw at M rows has: values and ν of all sites, and what the data and the prior are compared with."""
    own = [
        prod(site.shape) * (1 + site.family.n_params) * (rows if site.plate == "local" else 1)
        for site in model.sites.values()
    ]
    prior: int = getattr(getattr(model, "latent_prior", None), "compared", 0)
    return sum(own) + rows * (prod(features) + prior)


def numbers_of_evaluation(model: Model, features: Sequence[int], rows: int) -> int:
    """Those of one evaluation of f: in addition, what the layers of a network hold at every row.

    At the peak of a gradient estimate a draw's numbers are there `HELD` times, activations once: each number here takes 4 · `HELD` bytes.
    """
    networks = (
        model,
        getattr(getattr(model, "space", None), "network", None),
    )  # whose weights are a site, or parameters
    return numbers_of_draw(model, features, rows) + rows * sum(map(activations, networks)) // HELD


@dataclass
class SurrogateContext:
    """The state of `estimate` while it assembles the surrogate."""

    model: Model
    q: Posterior
    batch: Batch
    draws: Mapping[str, Draw]
    factors: list[Factor]
    level: str
    generator: torch.Generator
    beta: float = 1.0  # factor on the tempered model's objective

    def __post_init__(self) -> None:
        self.log_q = {name: draw.log_q_drawn().detach() for name, draw in self.draws.items()}

    def cost(self, site: Site) -> Tensor:
        """f of a site at its draws, detached."""
        detached = [Factor(factor.name, factor.value.detach(), factor.on) for factor in self.factors]
        return cost_of(site, self.level, self.model, self.batch, detached, self.log_q, **self._moving(site))

    def _moving(self, site: Site) -> dict[str, frozenset[str]]:
        below = self.q.below(site.name) if self.q.above else frozenset()
        return {"below": below} if below else {}

    def at(self, site: Site, values: Tensor, live: bool = False) -> Tensor:
        """f of a site at other values (R, B·m, M, K), m for each draw in turn, the other sites as drawn: (R, B·m, M or 1)."""
        times = values.shape[1] // self.count
        with torch.set_grad_enabled(live):
            others = [name for name in self.draws if name != site.name]
            wide = {name: self.draws[name].value.detach().repeat_interleave(times, 1) for name in others}
            wide[site.name] = values if live else values.detach()
            log_q = {name: self.log_q[name].repeat_interleave(times, 1) for name in others}
            nu = self.draws[site.name].nu.detach()
            whole = (
                times * self.count == values.shape[1]
            )  # else there is no other site, and ν is the same at every draw
            nu = nu.repeat_interleave(times, 1) if whole else nu[:, :1].expand(-1, values.shape[1], *nu.shape[2:])
            log_q[site.name] = Draw(site.family, nu, wide[site.name]).log_q()
            # Without Rao-Blackwellisation too: how another data point's f changes when its own value moves is not part of this site's f.
            level = "plate" if self.level == "none" and site.plate == "local" else self.level
            return cost_of(site, level, self.model, self.batch, factors_at(self.model, self.batch, wide), log_q)

    @torch.no_grad()
    def pilot(self, site: Site, count: int) -> tuple[Draw, Tensor]:
        """Extra draws of all sites, and f of one: values (R, count, M, K) and (R, count, M)."""
        held, factors, log_q = self._extra(count)
        return held[site.name], cost_of(site, self.level, self.model, self.batch, factors, log_q, **self._moving(site))

    @torch.no_grad()
    def auxiliary(self, count: int) -> Tensor:
        """log w of extra draws of each data point, all its sites together: (R, count, M)."""
        _, factors, log_q = self._extra(count)
        return cost_of(next(iter(self.model.sites.values())), "plate", self.model, self.batch, factors, log_q)

    def _extra(self, count: int) -> tuple[dict[str, Draw], list[Factor], dict[str, Tensor]]:
        """Extra draws of all sites, with the factors and log q at them."""
        first = next(iter(self.draws.values())).nu
        noise = draw_noise(self.model, self.batch, first.shape[0], count, self.generator, first.dtype)
        held: dict[str, Draw] = {}
        for name, draw in self.draws.items():
            if name in self.q.above:
                nu = self.q.nu(self.model.sites[name], self.batch, {other: each.value for other, each in held.items()})
            else:
                nu = draw.nu[:, :1].detach().expand(-1, count, *draw.nu.shape[2:])
            held[name] = Draw(draw.family, nu, draw.family.transform(noise[name], nu))
        factors = factors_at(self.model, self.batch, {name: draw.value for name, draw in held.items()})
        return held, factors, {name: draw.log_q() for name, draw in held.items()}

    def log_weights(self) -> Tensor:
        """log w of each data point, all its sites together, detached: (R, B, M)."""
        local = next(iter(self.model.sites.values()))
        detached = [Factor(factor.name, factor.value.detach(), factor.on) for factor in self.factors]
        return cost_of(local, "plate", self.model, self.batch, detached, self.log_q)

    def weights(self) -> Tensor:
        """B w̃_b, w̃ = softmax of log w over the draws, detached: (R, B, M), mean 1 over b."""
        log_w = self.log_weights()
        return log_w.softmax(1) * log_w.shape[1]

    def context(self, site: Site, estimator: Estimator, weights: Tensor | None, memory: dict[str, Tensor]) -> Context:
        """What the estimator of a site may use."""
        return Context(
            cost=self.log_q[site.name] if estimator.path else self.cost(site),
            at=lambda values, live=False: self.at(site, values, live),
            pilot=lambda count: self.pilot(site, count),
            auxiliary=self.auxiliary,
            weights=weights,
            log_weights=None if weights is None else self.log_weights(),
            memory=memory,
            generator=self.generator,
            x=self.batch.x,
            prior=next((f for f in self.factors if f.prior is not None and f.on == {site.name}), None),
            alone=len(self.draws) == 1,
            evaluation=numbers_of_evaluation(self.model, self.batch.x.shape[1:], self.batch.size),
            share=self.beta / (self.count * (self.batch.size if site.plate == "local" else self.batch.total)),
        )

    @property
    def count(self) -> int:
        """B."""
        return next(iter(self.draws.values())).value.shape[1]
