"""One estimate's evaluations: the factors at the draws, f of each site, f elsewhere, pilot draws, importance weights."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from models.core import Batch, Factor, Model, Site
from models.estimators import Context, Draw, Estimator
from models.inference.costs import cost_of, factors_at


def draw_noise(
    model: Model, batch: Batch, replicates: int, draws: int, generator: torch.Generator, dtype: torch.dtype
) -> dict[str, Tensor]:
    """ε of every site, (R, B, M or 1, K), from the given generator."""
    sizes = {name: batch.size if site.plate == "local" else 1 for name, site in model.sites.items()}
    return {
        name: site.family.noise((replicates, draws, sizes[name], *site.shape), generator, dtype)
        for name, site in model.sites.items()
    }


def bound_of(estimators: Mapping[str, Estimator]) -> str:
    """The bound that all sites' estimators climb together.

    Raises:
        ValueError: they climb different ones.
    """
    bounds = {estimator.bound for estimator in estimators.values()}
    if len(bounds) > 1:
        names = ", ".join(f"{estimator.label} ({estimator.bound})" for estimator in estimators.values())
        raise ValueError(
            f"The sites' estimators climb different bounds: {names}. Choose estimators of one bound for all sites."
        )
    return bounds.pop()


@dataclass
class Work:
    """What `estimate` holds while it assembles the surrogate."""

    model: Model
    batch: Batch
    draws: Mapping[str, Draw]
    factors: list[Factor]
    level: str
    generator: torch.Generator

    def __post_init__(self) -> None:
        self.log_q = {name: draw.log_q().detach() for name, draw in self.draws.items()}

    def cost(self, site: Site) -> Tensor:
        """F of a site at its draws, detached."""
        detached = [Factor(factor.name, factor.value.detach(), factor.on) for factor in self.factors]
        return cost_of(site, self.level, self.model, self.batch, detached, self.log_q)

    def at(self, site: Site, values: Tensor, live: bool = False) -> Tensor:
        """F of a site at other values (R, B·m, M, K), m for each draw in turn, the other sites as drawn: (R, B·m, M or 1)."""
        times = values.shape[1] // self.draws[site.name].value.shape[1]
        with torch.set_grad_enabled(live):
            wide = {name: draw.value.detach().repeat_interleave(times, 1) for name, draw in self.draws.items()}
            wide[site.name] = values if live else values.detach()
            log_q = {name: value.repeat_interleave(times, 1) for name, value in self.log_q.items()}
            nu = self.draws[site.name].nu.detach().repeat_interleave(times, 1)
            log_q[site.name] = Draw(site.family, nu, wide[site.name]).log_q()
            return cost_of(site, self.level, self.model, self.batch, factors_at(self.model, self.batch, wide), log_q)

    @torch.no_grad()
    def pilot(self, site: Site, count: int) -> tuple[Draw, Tensor]:
        """Extra draws of all sites, and f of one: values (R, count, M, K) and (R, count, M)."""
        first = next(iter(self.draws.values())).nu
        noise = draw_noise(self.model, self.batch, first.shape[0], count, self.generator, first.dtype)
        held = {}
        for name, draw in self.draws.items():
            nu = draw.nu[:, :1].detach().expand(-1, count, *draw.nu.shape[2:])
            held[name] = Draw(draw.family, nu, draw.family.transform(noise[name], nu))
        factors = factors_at(self.model, self.batch, {name: draw.value for name, draw in held.items()})
        log_q = {name: draw.log_q() for name, draw in held.items()}
        return held[site.name], cost_of(site, self.level, self.model, self.batch, factors, log_q)

    def log_weights(self) -> Tensor:
        """Log w of each datum, all its sites together, detached: (R, B, M).

        Raises:
            ValueError: the model has no local site.
        """
        local = [site for site in self.model.sites.values() if site.plate == "local"]
        if not local or len(local) < len(self.model.sites):
            raise ValueError(
                "An importance-weighted bound weighs the draws of each datum; this model has global sites. Choose an ELBO estimator."
            )
        detached = [Factor(factor.name, factor.value.detach(), factor.on) for factor in self.factors]
        return cost_of(local[0], "plate", self.model, self.batch, detached, self.log_q)

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
            weights=weights,
            log_weights=None if weights is None else self.log_weights(),
            memory=memory,
            generator=self.generator,
            x=self.batch.x,
        )
