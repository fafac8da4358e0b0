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
from elbo_room.models.families.support import REAL
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
        location: float = 0.0,
        unit: float = 1.0,
    ) -> None:
        super().__init__()
        self.location, self.unit = location, unit
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
        """φ = s², broadcast to (…, M), from the network's outputs (…, M, H); in the square of y's units."""
        if not self.response.dispersed:
            return torch.ones((), dtype=out.dtype)
        if self.heads:
            return (self.unit * (FLOOR + softplus(out[..., -1]))).square()
        if self.log_spread is not None:
            return (self.unit * (FLOOR + self.log_spread.exp())).square()
        return torch.tensor((self.unit * self.spread) ** 2, dtype=out.dtype)

    def chain(self, x: Tensor, w: Tensor, offset: Tensor | None = None) -> Chain:
        """The values x → w → m → η at M data points under every weight draw: x (M, …), weights (…, P), offset (M,)."""
        return self.chain_of(self.space(x, w), offset)

    def chain_of(self, out: Tensor, offset: Tensor | None = None) -> Chain:
        """The same from the network's outputs (…, M, H): w = ȳ + s_y f + offset, where ȳ = 0 and s_y = 1 unless y is standardised."""
        mean = out[..., : self.response.outputs]
        scalar = self.response.outputs == 1 and self.response.classes == 1
        w = mean.squeeze(-1) if scalar else mean
        if (self.location, self.unit) != (0.0, 1.0):
            w = self.location + self.unit * w
        return self.response.chain(w if offset is None else w + offset, self.dispersion(out))

    def log_likelihood(self, y: Tensor, out: Tensor, batch: Batch) -> Tensor:
        """w_i log p(y_i | x_i, θ) with the weight w_i of each row, 1 unless it has one: y (M,), outputs (…, M, H) → (…, M)."""
        fit = self.response.log_prob(y, self.chain_of(out, batch.offset))
        return fit if batch.weight is None else fit * batch.weight

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
        fit = self.log_likelihood(y, out, batch)  # (R, B, M)
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
    if y is None:
        raise ValueError(
            f"A conditional model needs a response y, one number per row; {name} has none. In the drawer 'Your data' use a column as "
            "response; in Python, load(path, y='column') or Dataset(x, y)."
        )
    if y.shape != (size,):
        came = f"one of shape {tuple(y.shape)}"
        raise ValueError(
            f"The data {name!r} need a response y of shape (N,) = ({size},); there is {came}. Pass one number per row, y.reshape(-1)."
        )
    return y


def units(response: Response, data: Dataset, y: Tensor) -> tuple[float, float]:
    """ȳ and s_y of the training rows, less their offset, where y is standardised: a family on the real line with the identity link."""
    if not data.standardise_y or response.family.support is not REAL or response.chosen.name != "identity":
        return 0.0, 1.0
    rest = y.double() if data.shift is None else y.double() - data.shift
    weight = torch.ones_like(rest) if data.weight is None else data.weight.double()
    mean = float((weight * rest).sum() / weight.sum())
    spread = float(((weight * (rest - mean).square()).sum() / weight.sum()).sqrt())
    return mean, spread if spread > 0 else 1.0


def why_not_shifted(response: Response, data: Dataset) -> str | None:
    """None, or why this response cannot use the data's offset or exposure."""
    if data.shift is not None and response.classes > 1:
        return (
            f"An offset shifts one linear predictor; a categorical response has one for each of its {response.classes} classes. "
            "Choose another response, or in the drawer 'Your data' leave the offset out."
        )
    if data.exposure is not None and response.chosen.name != "log":
        return (
            f"An exposure multiplies the mean, which needs the log link; here the link is {response.chosen.label}. Choose the response "
            "Poisson or negative binomial, or the link log; or in the drawer 'Your data' leave the exposure out."
        )
    return None


def build(settings: Settings, data: Dataset, generator: torch.Generator) -> tuple[Conditional, Posterior]:
    """The model and its q, which starts at the network's initial weights.

    Raises:
        SettingError: q would have too many parameters, or the response does not fit the data.
        ValueError: the data have no response of the right shape.
    """
    y = checked(data.y, data.size, data.name)
    part = RESPONSES[settings.response]
    response = part(LINKS[settings.link], int(y.max()) + 1 if part.multiclass() else 1)
    if reason := response.refuses(y) or why_not_shifted(response, data):
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
    location, unit = units(response, data, y)
    model = Conditional(space, response, prior, family, settings.spread_from, settings.spread, location, unit)
    scales = {name: Global(site) for name, site in model.prior.sites.items()}
    return model, Posterior({"w": q.start(model.sites["w"], space.first(), generator), **scales})
