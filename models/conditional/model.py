"""Conditional model: y_i ~ family with mean f(net(x_i; w)), w ~ prior; one global site "w" has all P weights.

Neural regression, logistic, Poisson and Gamma regression, Bayesian neural networks and MAP are this model with another response or
another q. Without a hidden layer it is a generalised linear model; Gaussian and N(0, λ²), it is ridge regression.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from elbo_room.models.conditional.bayesian_layers import PerDatum, Perturb, once_a_datum
from elbo_room.models.conditional.settings import Settings
from elbo_room.models.conditional.weight_space import WeightSpace
from elbo_room.models.core import Batch, Factor, Model, Site
from elbo_room.models.data import Dataset
from elbo_room.models.estimators import Draw
from elbo_room.models.families import Family
from elbo_room.models.networks import build_network
from elbo_room.models.priors import NormalPrior, Prior, make_prior
from elbo_room.models.responses import LINKS, RESPONSES, Chain, Response
from elbo_room.models.settings import SettingError
from elbo_room.models.variational import Global, Posterior
from elbo_room.models.variational.weights import WEIGHT_POSTERIORS

FLOOR = 1e-3  # of a learned s: a network can interpolate every y, and the likelihood is unbounded as s → 0 there


@dataclass(frozen=True)
class SpreadSource:
    """Where the response's s comes from."""

    name: str
    label: str
    symbol: str
    help: str
    requires: tuple[dict[str, object], ...] = ()


SPREADS: dict[str, SpreadSource] = {
    each.name: each
    for each in (
        SpreadSource("learned", "one s, learned", "s", "A single s for all data, a point estimate."),
        SpreadSource("fixed", "fixed", "s fixed", "You set how noisy y is; the slider is live."),
        SpreadSource(
            "network", "a second head s(x)", "s(x; w)", "The network's second output is the s of each data point."
        ),
    )
}


class Conditional(nn.Module):
    """The log joint of y and w given x. Its only parameter is a learned s; the weights belong to q."""

    part_names: ClassVar[Mapping[str, str]] = {
        "log_spread": "the response's spread s", "prior": "the weights' prior", "space": "the network",
    }  # fmt: skip

    def __init__(
        self,
        space: WeightSpace,
        response: Response,
        prior: Prior,
        posterior: Family,
        spread_from: str = "fixed",
        spread: float = 1.0,
    ) -> None:
        super().__init__()
        self.space, self.response, self.posterior = space, response, posterior
        self.prior = prior.bind(space.network)
        self.spread, self.heads = spread, spread_from == "network" and response.dispersed
        learned = spread_from == "learned" and response.dispersed
        self.log_spread = nn.Parameter(torch.tensor(math.log(spread))) if learned else None

    @property
    def sites(self) -> Mapping[str, Site]:
        """One global site, w, and the prior's own scales if it has any."""
        return {"w": Site("w", "global", (self.space.size,), self.posterior), **self.prior.sites}

    def coordinate_names(self, site: str) -> list[str]:
        """The names of the weights, such as hidden.0.weight[2, 0]; empty for the prior's own scales."""
        if site != "w":
            return []
        return [
            f"{name}[{', '.join(map(str, at))}]"
            for name, shape in self.space.shapes.items()
            for at in product(*map(range, shape))
        ]

    def update(self, settings: Settings) -> None:
        """Apply the live knobs of the model: λ, and s; a learned s continues from the knob's new value."""
        self.prior.update(settings)
        if self.log_spread is not None and settings.spread != self.spread:
            with torch.no_grad():
                self.log_spread.fill_(math.log(settings.spread))
        self.spread = settings.spread

    def dispersion(self, out: Tensor) -> Tensor:
        """φ = s², broadcast to (…, M), from the network's outputs (…, M, H)."""
        if not self.response.dispersed:
            return torch.ones((), dtype=out.dtype)
        if self.heads:
            return (FLOOR + softplus(out[..., -1])).square()
        if self.log_spread is not None:
            return (FLOOR + self.log_spread.exp()).square()
        return torch.tensor(self.spread**2, dtype=out.dtype)

    def chain(self, x: Tensor, w: Tensor) -> Chain:
        """The values x → w → m → η at M data points under every weight draw: x (M, …), weights (…, P)."""
        return self.chain_of(self.space(x, w))

    def chain_of(self, out: Tensor) -> Chain:
        """The same from the network's outputs (…, M, H)."""
        mean = out[..., : self.response.outputs]
        scalar = self.response.outputs == 1 and self.response.classes == 1
        return self.response.chain(mean.squeeze(-1) if scalar else mean, self.dispersion(out))

    def log_prior(self, latents: Mapping[str, Tensor]) -> Tensor:
        """log p(w), including the prior's own scales, in nats for every draw: w (…, P) → (…)."""
        own = {name: latents[name] for name in self.prior.sites}
        return self.prior.log_prob({**self.space.named(latents["w"]), **own})

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """log p(y | x, w), (R, B, M), and log p(w), (R, B)."""
        return self.factors_of(batch, latents, self.space(batch.x, latents["w"]))

    def factors_of(self, batch: Batch, latents: Mapping[str, Tensor], out: Tensor) -> list[Factor]:
        """The same from the network's outputs (R, B, M, H), however they were computed."""
        w, y = latents["w"], batch.y  # (R, B, P)
        if y is None:
            raise ValueError(
                "A conditional model needs a response y for every x; these data have none. Pass Dataset(y=…)."
            )
        fit = self.response.log_prob(y, self.chain_of(out))  # (R, B, M)
        normal = self.posterior.gaussian and self.why_no_divergence() is None
        known = torch.tensor([[0.0], [math.log(self.prior.scale)]], dtype=w.dtype) if normal else None  # (2, 1)
        point = not self.posterior.scored
        name = "log p(θ)" if point else "log p(w)"
        return [
            Factor("log p(y|x,w)", fit, frozenset({"w"})),
            Factor(name, self.log_prior(latents), frozenset(self.sites), prior=known, of_parameters=point),
        ]

    def why_no_divergence(self) -> str | None:
        """None, or why KL(q(w) ‖ p(w)) has no closed form."""
        if type(self.prior) is NormalPrior:
            return None
        unknown = f"the KL to the prior on the weights ({self.prior.label}) has no closed form."
        return f"{unknown} Choose reparameterisation, or the prior {NormalPrior.label}."

    def why_not_per_datum(self) -> str | None:
        """None, or why the weights cannot be drawn for each data point."""
        if not self.posterior.gaussian:
            return f"q(w) is a {self.posterior.label}, but it needs independent Normals. Choose a mean-field q."
        if not once_a_datum(self.space.network):
            return "the network's layers act at many positions with the same weights. Choose a feed-forward one."
        return None

    def per_datum(self, site: str, draw: Draw, perturb: Perturb, generator: torch.Generator) -> Model:
        """The model in which each data point's likelihood has its own weights, and the prior the shared draw; other sites: no change."""
        return self if site != "w" else DrawnPerDatum(self, draw, perturb, generator)


class DrawnPerDatum:
    """A conditional model at the draws of one estimate, with layers perturbed per data point."""

    def __init__(self, model: Conditional, draw: Draw, perturb: Perturb, generator: torch.Generator) -> None:
        self.model, self.draw, self.generator = model, draw, generator
        self.layers = PerDatum(model.space, perturb)

    @property
    def sites(self) -> Mapping[str, Site]:
        """The sites of the model."""
        return self.model.sites

    def per_datum(self, site: str, draw: Draw, perturb: Perturb, generator: torch.Generator) -> Model:
        """Itself: other sites change nothing."""
        del site, draw, perturb, generator
        return self

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """The model's factors, log p(y | x, ·) with newly perturbed layers around ν."""
        nu, noise = self.draw.nu.squeeze(2), self.draw.own_noise().squeeze(2)  # (R, B, 2, P), (R, B, P)
        return self.model.factors_of(batch, latents, self.layers(batch.x, latents["w"], nu, noise, self.generator))


def checked(y: Tensor | None, size: int, name: str) -> Tensor:
    """The response, one number per data point: y (N, 1) against (N,) would broadcast to N × N and training converge to nonsense."""
    if y is None or y.shape != (size,):
        came = "none" if y is None else f"one of shape {tuple(y.shape)}"
        raise ValueError(
            f"The data {name!r} need a response y of shape (N,) = ({size},); there is {came}. Pass one number per row, y.reshape(-1)."
        )
    return y


def build(settings: Settings, data: Dataset, generator: torch.Generator) -> tuple[Conditional, Posterior]:
    """The model and its q, which starts at the network's initial weights.

    Raises:
        SettingError: q would have too many parameters, or the response does not fit the data.
        ValueError: the data have no response of the right shape.
    """
    y = checked(data.y, data.size, data.name)
    part = RESPONSES[settings.response]
    response = part(LINKS[settings.link], int(y.max()) + 1 if part.multiclass() else 1)
    if reason := response.refuses(y):
        raise SettingError("response", reason)
    heads = settings.spread_from == "network" and response.dispersed
    network = build_network(settings, data.shape, response.outputs + heads, generator, padded=data.padded)
    space = WeightSpace(network)
    q = WEIGHT_POSTERIORS[settings.posterior]
    if space.size > q.most:
        raise SettingError(
            "posterior",
            f"A {q.label} over {space.size:,} weights is too large; at most {q.most:,} are allowed. "
            "Make the network smaller, or choose a mean-field q.",
        )
    family = q.family(space.size)
    prior = make_prior(settings, point_mass=not family.scored)
    model = Conditional(space, response, prior, family, settings.spread_from, settings.spread)
    scales = {name: Global(site) for name, site in model.prior.sites.items()}
    return model, Posterior({"w": q.start(model.sites["w"], space.first(), generator), **scales})
