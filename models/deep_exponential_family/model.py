"""Deep exponential family: z_L → … → z_1 → x, each layer any exponential family with E[z_ℓ | z_{ℓ+1}] = g(θ_ℓ z_{ℓ+1} + α).

Sigmoid belief networks, deep latent Gaussian models, Poisson and sparse gamma DEFs are choices of layers (Ranganath, Tang, Charlin &
Blei 2015). Weights are a point mass or latent too. With `centred` off, a Gaussian layer's site is ε of z = g(u) + σ ε: every factor
below it then contains it, but no gradient grows as 1/σ².
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.estimators import ESTIMATORS, AnalyticKL, Estimator, LeaveOneOut, Reparameterization, Score, Vimco
from elbo_room.models.families import Family, Normal
from elbo_room.models.families.entries import Entries
from elbo_room.models.layers import (
    Connection,
    Layer,
    LayeredResponse,
    Scales,
    WeightKind,
    point_log_prob,
)
from elbo_room.models.variational import Posterior


@dataclass(frozen=True)
class Plan:
    """The structure of a model: layers from the data upwards, (kind, width), and what all of them share."""

    layers: Sequence[tuple[Layer, int]]
    response: LayeredResponse
    features: int
    weights: WeightKind
    positive_family: Family
    intercept: bool = True
    centred: bool = False
    sparse: bool = False  # most entries of x are 0


@dataclass(frozen=True)
class Seen:
    """What a layer passes down, and the sites that it depends on."""

    signal: Tensor  # (R, B, M, K·per_unit)
    on: frozenset[str]


class DeepExponentialFamily(nn.Module):
    """The log joint; its parameters are the weights if they are a point mass, the top's intercepts and the response's scale."""

    part_names: ClassVar[Mapping[str, str]] = {
        "connections": "the weights between layers", "top": "the top layer's prior", "raw_scale": "the response's scale",
    }  # fmt: skip

    def __init__(
        self, plan: Plan, scales: Scales, prior_scale: float, weight_shape: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.plan, self.scales, self.prior_scale, self.weight_shape = plan, scales, prior_scale, weight_shape
        self.second, self.weight_estimator = "automatic", "same"
        self.top_down = False  # whether each layer's q depends on the draw of the one above
        below = plan.features
        self.connections = nn.ModuleDict()
        for number, (kind, width) in enumerate(plan.layers, 1):
            self.connections[f"w{number}"] = Connection(
                f"w{number}", width * kind.per_unit, below, plan.weights, plan.positive_family,
                intercept=plan.intercept, generator=generator,
            )  # fmt: skip
            below = width * kind.per_unit
        top, width = plan.layers[-1]
        learned = top.learns_top and plan.intercept and not plan.weights.random
        self.top = nn.Parameter(top.top(width, scales)) if learned else None
        self.raw_scale = nn.Parameter(torch.zeros(1)) if plan.response.scaled else None
        self.sites = {f"z{n}": self._site(n) for n in range(len(plan.layers), 0, -1)}
        self.sites |= {each.name: each.site for each in self.joins() if each.site is not None}

    def _site(self, number: int) -> Site:
        kind, width = self.plan.layers[number - 1]
        return Site(f"z{number}", "local", (width,), kind.family(self.plan.positive_family))

    def joins(self) -> list[Connection]:
        """The connections, from the data upwards."""
        return list(self.connections.values())  # type: ignore[arg-type]

    def update(self, settings: Settings) -> None:
        """Apply the live knobs of the model."""
        self.prior_scale, self.weight_shape = settings.prior_scale, settings.weight_shape
        if self.top is not None and self.plan.layers[-1][0].shaped:
            with torch.no_grad():  # a learned a and b continue from the changed shape
                self.top.add_(math.log(settings.layer_shape / self.scales.shape))
        self.scales.scale, self.scales.shape = settings.layer_scale, settings.layer_shape
        self.second, self.weight_estimator = settings.second_estimator, settings.weight_estimator

    def default_estimators(self, chosen: Estimator, draws: int) -> dict[str, Estimator]:
        """The chosen estimator if it applies, for weights their own; else the second one if of the same bound; else one that applies."""
        second = [] if self.second == "automatic" else [ESTIMATORS[self.second]()]
        rest = [Vimco()] if chosen.bound == "iwae" else [Reparameterization()] if chosen.path else []
        parts = [chosen, *second, *rest, LeaveOneOut(), Score()]
        same = [part for part in parts if part.bound == chosen.bound]
        own = [] if self.weight_estimator == "same" else [ESTIMATORS[self.weight_estimator]()]
        wanted = {"local": same, "global": [*own, *same]}
        return {name: self._first_that_applies(wanted[site.plate], site, draws) for name, site in self.sites.items()}

    def _first_that_applies(self, parts: Sequence[Estimator], site: Site, draws: int) -> Estimator:
        def applies(part: Estimator) -> bool:
            declared = not isinstance(part, AnalyticKL) or self._prior_declared(site)
            leads = self.top_down and site.plate == "local" and site.name != "z1"
            fits = not (part.moves and leads) and not (part.factorised and self.top_down)
            return declared and fits and part.supports(site.family, draws) is None

        return next((part for part in parts if applies(part)), parts[-1])

    def _prior_declared(self, site: Site) -> bool:
        if site.plate == "global":
            return type(site.family) is type(self.plan.weights.density)
        number = int(site.name[1:])
        kind = self.plan.layers[number - 1][0]
        alone = number == len(self.plan.layers) or self._non_centred(number)
        return alone and type(kind.density) is type(site.family)

    def _non_centred(self, number: int) -> bool:
        below_top = number < len(self.plan.layers)
        return below_top and self.plan.layers[number - 1][0].scaled and not self.plan.centred

    @property
    def sparse(self) -> bool:
        """Whether the likelihood uses entries x > 0 only: its means are sums of products, and most of x is 0."""
        return self.plan.sparse and self.plan.response.factored and self.positive(0)

    def positive(self, number: int) -> bool:
        """Whether u into layer `number` (0: the response) cannot be negative."""
        return self.plan.weights.positive and self.plan.layers[number][0].positive

    def u(self, number: int, above: Seen, latents: Mapping[str, Tensor]) -> tuple[Tensor, frozenset[str]]:
        """The input of layer `number` (0: the response), and the sites that it depends on."""
        name = f"w{number + 1}"
        join = self.connections[name]
        return join(above.signal, latents), above.on | ({name} if name in self.sites else set())

    def parameters_of(
        self, number: int, above: Seen | None, latents: Mapping[str, Tensor]
    ) -> tuple[Tensor, frozenset[str]]:
        """ν₀ of layer `number` given the one above, and the sites it depends on."""
        kind, width = self.plan.layers[number - 1]
        if above is None:
            top = kind.top(width, self.scales) if self.top is None else self.top
            return top, frozenset()
        u, on = self.u(number, above, latents)
        return kind.parameters(u, self.positive(number), self.scales), on

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """log p(z_ℓ | z_{ℓ+1}) from the top down, (R, B, M), log p(x | z_1), and log p of the weights, (R, B)."""
        layers = len(self.plan.layers)
        factor, above = self._layer(layers, None, latents)
        found = [factor]
        for number in range(layers - 1, 0, -1):
            factor, above = self._layer(number, above, latents)
            found.append(factor)
        found.append(Factor("log p(x|z)", self._response(batch, above, latents), above.on | self._weight_site(1)))
        return found + self._weights(latents)

    def draw_data(self, q: Posterior, count: int, generator: torch.Generator) -> Tensor:
        """Draws of x, (count, D), from the top layer down, with weights at the centre of their q."""
        from elbo_room.models.deep_exponential_family.sampling import sample, weights_of

        none = Batch(torch.empty(0), torch.empty(0, dtype=torch.int64), 0)  # weights belong to no row
        return sample(self, count, generator, weights_of(self, q, none))["x"]

    def _response(self, batch: Batch, above: Seen, latents: Mapping[str, Tensor]) -> Tensor:
        response = self.plan.response
        if self.sparse:
            weight, _ = self.joins()[0].matrix(latents["w1"])
            entries = Entries.of(batch.x) if batch.entries is None else batch.entries
            return response.log_prob_factored(entries, above.signal, weight)
        u, _ = self.u(0, above, latents)
        return response.log_prob(response.observed(batch.x), u, self.positive(0), self.scales, self.raw_scale)

    def layer_log_prob(self, number: int, above: Seen | None, latents: Mapping[str, Tensor]) -> tuple[Tensor, Seen]:
        """log p of every unit of a layer given the one above (R, B, M, K), and what the layer passes down."""
        kind, _ = self.plan.layers[number - 1]
        value = latents[f"z{number}"]
        if above is not None and not self._non_centred(number):
            u, _ = self.u(number, above, latents)
            found = kind.log_prob(value, u, self.positive(number), self.scales)
            return found, Seen(kind.signal(value), frozenset({f"z{number}"}))
        nu, on = self.parameters_of(number, above, latents)
        if self._non_centred(number):
            mean, log_scale = nu.unbind(-2)
            own = Normal().log_prob(value, torch.zeros(2, 1, dtype=value.dtype))
            return own, Seen(mean + log_scale.exp() * value, on | {f"z{number}"})
        return kind.log_prob_top(value, nu, self.scales), Seen(kind.signal(value), frozenset({f"z{number}"}))

    def _layer(self, number: int, above: Seen | None, latents: Mapping[str, Tensor]) -> tuple[Factor, Seen]:
        name = f"z{number}"
        value, seen = self.layer_log_prob(number, above, latents)
        alone = above is None or self._non_centred(number)
        on = frozenset({name}) if alone or above is None else above.on | {name} | self._weight_site(number + 1)
        label = f"log p({name})" if alone else f"log p({name}|z{number + 1})"
        return Factor(label, value.sum(-1), on, prior=self._declared(number)), seen

    def _weight_site(self, number: int) -> frozenset[str]:
        return frozenset({f"w{number}"} & set(self.sites))

    def _declared(self, number: int) -> Tensor | None:
        """ν₀ of a layer that depends on no other, if q has the family of its density."""
        kind, width = self.plan.layers[number - 1]
        if not self._prior_declared(self.sites[f"z{number}"]):
            return None
        if self._non_centred(number):
            return torch.zeros(2, 1)
        return kind.top(width, self.scales) if self.top is None else self.top

    def _weights(self, latents: Mapping[str, Tensor]) -> list[Factor]:
        shape = next(iter(latents.values())).shape[:2]
        point = point_log_prob(self.joins(), self.prior_scale)
        if point is not None:
            return [Factor("log p(θ)", point.expand(shape), frozenset(), of_parameters=True)]
        made = (each.factor(latents, self.prior_scale, self.weight_shape) for each in self.joins())
        return [factor for factor in made if factor is not None]
