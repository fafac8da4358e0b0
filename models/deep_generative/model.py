"""Deep generative model: z_i ~ p(z; ψ), N(0, λ_z² I_K) by default, x_i ~ family(decoder(z_i; θ)), θ ~ N(0, λ²).

With depth 0 and one shared σ it is probabilistic PCA, x ~ N(β z + m, σ² I). Counts may be shares of an observed library size ℓ_i:
x_ig ~ NegBin(ℓ_i softmax(decoder(z_i) + γ c_i)_g, r_g) is scVI (Lopez et al. 2018), c_i a batch covariate. A free decoder absorbs λ_z:
with the first layer's weights divided by it, p(x | θ) is that of λ_z = 1, and only p(θ) differs. ψ, if the latent prior has parameters,
is a point estimate like θ, with a flat prior.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.data import Dataset
from elbo_room.models.deep_generative.decoders import DECODERS
from elbo_room.models.deep_generative.settings import LOCATED, Settings
from elbo_room.models.families import Family, Normal
from elbo_room.models.families.counts import LogCounts, library_size, no_counts_at_all
from elbo_room.models.latent_priors import LATENT_PRIORS, LatentPrior, StandardNormalPrior
from elbo_room.models.networks import Architecture
from elbo_room.models.networks.linear import EmptyLinear
from elbo_room.models.priors import Prior, make_prior
from elbo_room.models.responses import RESPONSES
from elbo_room.models.settings import SettingError, objection, rule
from elbo_room.models.variational import VARIATIONAL, Amortized, Posterior


@dataclass(frozen=True)
class ScaleHead:
    """The source of the response's standard deviation σ, or of the dispersion r of counts."""

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
        ScaleHead(
            "feature",
            "one per feature",
            "σ_j",
            "Each feature's own σ, as in factor analysis; each gene's own r in scVI.",
        ),
        ScaleHead(
            "fixed",
            "fixed",
            "σ",
            "σ is a knob: a dimension of a linear decoder is active if its eigenvalue exceeds σ².",
            (
                rule(
                    "response",
                    "This response has no σ to fix. Choose a Gaussian, or another scale.",
                    among=LOCATED,
                ),
            ),
        ),
    )
}


class DeepGenerative(nn.Module):
    """The model's decoder and log joint; its parameters are θ, a point mass with prior N(0, λ²)."""

    part_names: ClassVar[Mapping[str, str]] = {
        "decoder": "the decoder", "latent_prior": "the prior of z", "prior": "the weights' prior", "raw_scale": "the response's scale",
    }  # fmt: skip

    def __init__(
        self,
        features: int,
        latent_size: int,
        response: Family,
        architecture: Architecture,
        prior: Prior,
        generator: torch.Generator,
        scale_head: str = "network",
        decoder: str = "network",
        data_scale: float = 1.0,
        shape: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        self.features, self.latent_size, self.response = features, latent_size, response
        # the scale may be a separate parameter rather than an output of the decoder
        own = response.scaled and scale_head != "network"
        outputs = (response.n_params - own) * features
        self.decoder = DECODERS[decoder].build(latent_size, outputs, architecture, generator, data_scale, shape)
        self.latent_prior: LatentPrior = StandardNormalPrior(latent_size, torch.zeros(0), None, generator)
        self.prior = prior.bind(self.decoder)
        self.fixed_scale = own and scale_head == "fixed"
        first = torch.zeros(features if scale_head == "feature" else 1) if own else None
        self.raw_scale: Tensor | None
        if self.fixed_scale:
            self.register_buffer("raw_scale", first)
        else:
            self.raw_scale = None if first is None else nn.Parameter(first)
        self._sites = {"z": Site("z", "local", (latent_size,), Normal())}  # made once: a step uses it a dozen times
        self.library: Tensor | None = None  # (1,) if the mean is a share of ℓ_i: the ℓ of a typical data point
        self.covariate: Tensor | None = None  # (C,) if the decoder sees c_i: the average one

    @property
    def sites(self) -> Mapping[str, Site]:
        """One local site, z."""
        return self._sites

    def update(self, settings: Settings) -> None:
        """Apply the live knobs of the model: λ and those of its prior, λ_z, a fixed σ or the floor of a learned one."""
        self.prior.update(settings)
        self.latent_prior.scaled(settings.latent_scale)
        if not self.fixed_scale:
            self.response = self.response.floored(settings.scale_floor)
        if self.raw_scale is not None and self.fixed_scale:
            self.raw_scale.fill_(math.log(settings.sigma))

    def adapt(self, data: Dataset, *, library: bool, covariate: bool) -> None:
        """Initialise from the data: their library sizes, covariates, and for counts the genes' mean profile.

        The profile is centred, to keep the prior's penalty on the last intercept small; a softmax is invariant to it.
        """
        if not self.response.counts:
            return
        bias = getattr(getattr(self.decoder, "out", None), "bias", None)
        if bias is not None:
            profile = (data.x.mean(0) + 1 / data.size).log()
            with torch.no_grad():
                bias[: self.features] = profile - profile.mean() if library else profile
        self.library = library_size(data.x).median().reshape(1) if library else None
        if not covariate:
            return
        if data.covariates is None:
            sentence = "These data have no batch covariate. Choose data that have one, or switch the covariate off."
            raise SettingError("batch_covariate", sentence)
        gamma = EmptyLinear(data.covariates.shape[1], self.features, bias=False)
        nn.init.zeros_(gamma.weight)
        self.decoder.add_module("gamma", gamma)  # one of the decoder's weights, so the prior applies to it too
        self.prior.bind(self.decoder)
        self.covariate = data.covariates.mean(0)

    def heads(self, z: Tensor, batch: Batch | None = None) -> tuple[Tensor, ...]:
        """The response's parameters at z (…, K), which broadcast to (…, D); without a batch, those of a typical data point."""
        first, *others = self.decoder(z).unflatten(-1, (-1, self.features)).unbind(-2)
        if self.covariate is not None:
            seen = self.covariate if batch is None else batch.covariates
            first = first + self.decoder.get_submodule("gamma")(seen)
        if self.library is not None:
            library = self.library if batch is None else library_size(batch.x)  # (M, 1)
            first = first.log_softmax(-1) + library.log()
        heads = (first, *others) if self.raw_scale is None else (first, self.raw_scale, *others)
        if not self.response.neutral:
            return heads
        return tuple(head + at if at else head for head, at in zip(heads, self.response.neutral, strict=True))

    def response_parameters(self, z: Tensor, batch: Batch | None = None) -> Tensor:
        """The same stacked, z (…, K) → (…, n_params, D)."""
        return torch.stack(torch.broadcast_tensors(*self.heads(z, batch)), -2)

    def decode(self, z: Tensor) -> Tensor:
        """E[x | z]: (…, K) → (…, D)."""
        return self.response.expectation(self.response_parameters(z))

    @torch.no_grad()
    def scales(self) -> Tensor | None:
        """Every feature's learned σ at z = 0: (D,); None if no σ is learned."""
        if not self.response.location_scale or self.fixed_scale:
            return None
        mean, raw = torch.broadcast_tensors(*self.heads(torch.zeros(self.latent_size)))
        return self.response.scale(raw).expand_as(mean)

    def least_scale(self) -> tuple[int, float, str] | None:
        """The feature with the smallest learned σ, that σ, and what it comes from."""
        scale = self.scales()
        if scale is None:
            return None
        return (
            int(scale.argmin()),
            float(scale.min()),
            "an output of the decoder" if self.raw_scale is None else "a parameter",
        )

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Draws of p(x) = ∫ p(x | z) p(z) dz, with a typical data point's library size and covariates, if any: (count, D)."""
        parameters = self.response_parameters(self.latent_prior.sample(count, generator))
        shape = self.response.noise_shape((count, self.features))
        return self.response.original(self.response.transform(self.response.noise(shape, generator), parameters))

    def draw_data(self, q: Posterior, count: int, generator: torch.Generator) -> Tensor:
        """The same; q plays no part."""
        del q
        return self.sample(count, generator)

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """log p(z) and log p(x | z, θ), (R, B, M), and log p(θ), (R, B)."""
        z = latents["z"]  # (R, B, M, K)
        nu = self.latent_prior.nu
        x = self.response.log_density_sum(self.response.observed(batch.x), self.heads(z, batch))  # (R, B, M)
        weights = self.prior.log_prob(dict(self.decoder.named_parameters())).expand(z.shape[:2])  # (R, B)
        return [
            Factor(
                "log p(z)",
                self.latent_prior.log_prob(z),
                frozenset({"z"}),
                None if nu is None else nu.to(z.dtype),
                in_kl=True,
            ),
            Factor("log p(x|z)", x, frozenset({"z"})),
            Factor("log p(θ)", weights, frozenset(), of_parameters=True),
        ]


def architecture(settings: Settings) -> Architecture:
    """The network elements that encoder and decoder share."""
    return Architecture.of(settings)


def response_of(settings: Settings, data: Dataset) -> Family:
    """The response configured for these data; raises `SettingError` if they cannot be its values."""
    part = RESPONSES[settings.response]
    family = part.family()
    reason = (part.decoded_data or family.support).refuses(data.x, part.label)
    if not reason and family.counts and settings.library_size:
        reason = no_counts_at_all(data.x)
    if reason:
        raise SettingError("response", reason)
    fitted = family.fitted(data.x)
    return fitted if settings.scale_head == "fixed" else fitted.floored(settings.scale_floor)


def sees_covariates(settings: Settings, model: DeepGenerative) -> bool:
    """Whether the encoder sees c_i: the knob is on, and all its requirements are met."""
    knob = next(each for each in fields(settings) if each.name == "encoder_covariate")
    return settings.encoder_covariate and model.covariate is not None and not objection(knob.metadata, vars(settings))


def build(settings: Settings, data: Dataset, generator: torch.Generator) -> tuple[DeepGenerative, Posterior]:
    """The model and its q, initialised from the run's generator."""
    response = response_of(settings, data)
    net, prior, features = architecture(settings), make_prior(settings, point_mass=True), data.x.shape[1]
    spread = float(data.x.std()) if response.n_params > 1 and not response.counts else 1.0
    model = DeepGenerative(
        features, settings.latent_size, response, net, prior, generator, settings.scale_head, settings.decoder, spread, data.shape,
    )  # fmt: skip
    model.adapt(data, library=settings.library_size, covariate=settings.batch_covariate)
    model.update(settings)
    z = model.sites["z"]
    known = 0 if data.covariates is None or not sees_covariates(settings, model) else data.covariates.shape[1]
    shape = (features + known,) if known else data.shape
    factor = VARIATIONAL[settings.variational](z, shape, data.size, net, generator)
    if isinstance(factor, Amortized):
        factor.sees_covariates = known > 0
        factor.encoder.padded = data.padded and not response.counts  # for standardised log counts, missing is not 0
        if response.counts:
            factor.see = LogCounts(data.x)
    latent_prior = LATENT_PRIORS[settings.latent_prior]
    model.latent_prior = latent_prior(settings.latent_size, data.x, factor, generator, settings.components)
    model.latent_prior.scaled(settings.latent_scale)
    return model, Posterior({"z": factor})
