"""Deep generative model: z_i ~ p(z; ψ), N(0, I_K) at first, x_i ~ family(decoder(z_i; θ)), θ ~ N(0, λ²).

With depth 0 and one shared σ it is probabilistic PCA, x ~ N(β z + m, σ² I). The prior scale of z is fixed at 1: with a free
decoder another scale would be absorbed by the first layer. ψ, where a latent prior has any, is a point estimate like θ, with a flat prior.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.core import Batch, Factor, Site
from models.data import Dataset
from models.decoders import DECODERS
from models.deep_generative_settings import Settings
from models.families import Bernoulli, Family, Normal
from models.latent_priors import LATENT_PRIORS, LatentPrior, StandardNormalPrior
from models.networks import Architecture
from models.priors import NormalPrior
from models.variational import VARIATIONAL, Posterior

SCALE_FLOOR = 0.05  # below the grey levels' step of 1/16; without a floor a constant pixel sends the likelihood to ∞


@dataclass(frozen=True)
class ScaleHead:
    """Where the response's standard deviation comes from."""

    name: str
    label: str
    symbol: str
    help: str
    requires: tuple[dict[str, object], ...] = ()


SCALE_HEADS: dict[str, ScaleHead] = {
    each.name: each
    for each in (
        ScaleHead(
            "network", "network σ(z)", "σ(z; θ)", "The decoder has a second head: every feature's σ depends on z."
        ),
        ScaleHead("shared", "one σ", "σ", "A single learned σ for all features, as in probabilistic PCA."),
    )
}


class DeepGenerative(nn.Module):
    """The model's decoder and log joint; its parameters are θ, a point mass with prior N(0, λ²)."""

    def __init__(
        self,
        features: int,
        latent_size: int,
        response: Family,
        architecture: Architecture,
        prior: NormalPrior,
        generator: torch.Generator,
        scale_head: str = "network",
        decoder: str = "network",
        data_scale: float = 1.0,
    ) -> None:
        super().__init__()
        self.features, self.latent_size, self.response, self.prior = features, latent_size, response, prior
        self.one_scale = scale_head == "shared" and response.n_params > 1
        heads = 1 if self.one_scale else response.n_params
        self.decoder = DECODERS[decoder].build(latent_size, heads * features, architecture, generator, data_scale)
        self.latent_prior: LatentPrior = StandardNormalPrior(latent_size, torch.zeros(0), None, generator)
        self.raw_scale = nn.Parameter(torch.zeros(1)) if self.one_scale else None

    @property
    def sites(self) -> Mapping[str, Site]:
        """One local site, z."""
        return {"z": Site("z", "local", (self.latent_size,), Normal())}

    def update(self, settings: Settings) -> None:
        """Take up the live knobs of the model: λ."""
        self.prior.scale = settings.prior_scale

    def response_parameters(self, z: Tensor) -> Tensor:
        """Decoder: z (…, K) → the response's parameters (…, n_params, D)."""
        out = self.decoder(z)
        if self.raw_scale is not None:
            return torch.stack([out, self.raw_scale.expand_as(out)], -2)
        return out.unflatten(-1, (-1, self.features))

    def decode(self, z: Tensor) -> Tensor:
        """E[x | z]: (…, K) → (…, D)."""
        return self.response.mean(self.response_parameters(z))

    def observed(self, x: Tensor) -> Tensor:
        """The data as the response sees them: binary responses round at ½."""
        return (x > 0.5).to(x.dtype) if self.response.discrete else x

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """Log p(z) and log p(x | z, θ), (R, B, M), and log p(θ), (R, B)."""
        z = latents["z"]  # (R, B, M, K)
        nu = self.latent_prior.nu
        x = self.response.log_prob(self.observed(batch.x), self.response_parameters(z)).sum(-1)  # (R, B, M)
        weights = self.prior.log_prob(self.decoder.parameters()).expand(z.shape[:2])  # (R, B)
        return [
            Factor(
                "log p(z)",
                self.latent_prior.log_prob(z),
                frozenset({"z"}),
                None if nu is None else nu.to(z.dtype),
                in_kl=True,
            ),
            Factor("log p(x|z)", x, frozenset({"z", "weights"})),
            Factor("log p(θ)", weights, frozenset({"weights"})),
        ]


def architecture(settings: Settings) -> Architecture:
    """The network elements that encoder and decoder share."""
    names = Architecture.__dataclass_fields__
    return Architecture(**{name: getattr(settings, name) for name in names})


def build(settings: Settings, data: Dataset, generator: torch.Generator) -> tuple[DeepGenerative, Posterior]:
    """The model and its q, initialised from the run's generator."""
    response: Family = (
        Bernoulli() if settings.response == "bernoulli" else Normal(scale_link="softplus", floor=SCALE_FLOOR)
    )
    net, prior, features = architecture(settings), NormalPrior(settings.prior_scale), data.x.shape[1]
    model = DeepGenerative(
        features, settings.latent_size, response, net, prior, generator, settings.scale_head, settings.decoder,
        float(data.x.std()) if response.n_params > 1 else 1.0,
    )  # fmt: skip
    z = model.sites["z"]
    factor = VARIATIONAL[settings.variational](z, features, data.size, net, generator)
    model.latent_prior = LATENT_PRIORS[settings.latent_prior](settings.latent_size, data.x, factor, generator)
    return model, Posterior({"z": factor})
