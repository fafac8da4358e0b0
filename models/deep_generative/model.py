"""Deep generative model: z_i ~ p(z; ψ), N(0, λ_z² I_K) by default, x_i ~ family(decoder(z_i; θ)), θ ~ N(0, λ²).

With depth 0 and one shared σ it is probabilistic PCA, x ~ N(β z + m, σ² I). Counts may be shares of an observed library size ℓ_i:
x_ig ~ NegBin(ℓ_i softmax(decoder(z_i) + γ c_i)_g, r_g) is scVI (Lopez et al. 2018), c_i a batch covariate. A free decoder absorbs λ_z:
with the first layer's weights divided by it, p(x | θ) is that of λ_z = 1, and only p(θ) differs. ψ, if the latent prior has parameters,
is a point estimate like θ, with a flat prior.

p(θ | x) instead of a point estimate: θ, all weights of the decoder, is then a global site with a q of its own, and
ELBO = E_q[Σ_i log p(x_i | z_i, θ)] − Σ_i KL(q(z_i) ‖ p(z_i)) − KL(q(θ) ‖ p(θ)), the last one once per data set. A learned σ stays a point.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import product
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from elbo_room.models.conditional.weight_space import WeightSpace
from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.data import Dataset
from elbo_room.models.deep_generative.decoders import DECODERS
from elbo_room.models.deep_generative.settings import LOCATED, Settings
from elbo_room.models.estimators import Estimator, LeaveOneOut, Reparameterization
from elbo_room.models.families import Family, Normal
from elbo_room.models.families.counts import LogCounts, library_size, no_counts_at_all
from elbo_room.models.latent_priors import LATENT_PRIORS, LatentPrior, StandardNormalPrior
from elbo_room.models.networks import Architecture
from elbo_room.models.networks.linear import EmptyLinear
from elbo_room.models.priors import NormalPrior, Prior, make_prior
from elbo_room.models.responses import RESPONSES
from elbo_room.models.settings import SettingError, objection, rule
from elbo_room.models.variational import VARIATIONAL, Amortized, Global, Posterior
from elbo_room.models.variational.weights import DECODER_POSTERIORS, WeightPosterior

WEIGHTS = "θ"  # the site of the decoder's weights, where they have a q
MOST_DRAWN = 4_000_000  # numbers of all draws of θ for a sample of p(x): beyond, several x share one


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
        self.space: WeightSpace | None = None  # of θ, if it has a q
        self._weights: tuple[Global, ...] = ()  # that q; a tuple, because its parameters belong to q

    @property
    def sites(self) -> Mapping[str, Site]:
        """One local site, z, and a global one, θ, if the decoder's weights have a posterior."""
        return self._sites

    def give_weights_posterior(self, part: WeightPosterior, generator: torch.Generator) -> Global:
        """Make θ a site: its q, centred on the initial weights. From now on the decoder holds E_q θ: its parameters are views of q's mean.

        Raises:
            SettingError: q would have too many parameters.
        """
        space = WeightSpace(self.decoder)
        if space.size > part.most:
            raise SettingError(
                "decoder_posterior",
                f"A {part.label} over the decoder's {space.size:,} weights is too large; at most {part.most:,} are allowed. "
                "Make the network smaller, or choose independent Normals.",
            )
        site = Site(WEIGHTS, "global", (space.size,), part.family(space.size))
        q = part.start(site, space.first(), generator)
        del self._modules["decoder"]  # from the model's own parameters: these belong to q
        self.__dict__["decoder"] = space.network
        self.space, self._weights = space, (q,)
        self._sites = {**self._sites, WEIGHTS: site}
        self._hold_center()
        return q

    def _hold_center(self) -> None:
        """Make the decoder's parameters views of q's mean."""
        if self.space is not None:
            center = self.space.named(self._weights[0].table.data[0])
            for name, parameter in self.space.network.named_parameters():
                parameter.data = center[name]

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A copy has views of the copied q."""
        super().__setstate__(state)
        self._hold_center()

    def weight_draws(self, count: int, generator: torch.Generator) -> Tensor | None:
        """Draws of q(θ), (count, P), or None if θ is a point."""
        if self.space is None:
            return None
        nu, family = self._weights[0].table.detach(), self._sites[WEIGHTS].family
        noise = family.noise(family.noise_shape((count, self.space.size)), generator, nu.dtype)
        return family.transform(noise, nu.expand(count, *nu.shape))

    def default_estimators(self, chosen: Estimator, draws: int) -> dict[str, Estimator]:
        """The chosen estimator for z, and for θ where it applies: one that moves coordinates one by one does not."""
        if self.space is None:
            return {"z": chosen}
        family = self._sites[WEIGHTS].family
        declared = chosen.name != "analytic_kl" or (family.gaussian and type(self.prior) is NormalPrior)
        fits = declared and not chosen.moves and not chosen.expands and chosen.supports(family, draws) is None
        other = LeaveOneOut() if not chosen.path and draws > 1 else Reparameterization()
        return {"z": chosen, WEIGHTS: chosen if fits else other}

    def coordinate_names(self, site: str) -> list[str]:
        """The names of the decoder's weights, such as out.weight[2, 0]; empty for z."""
        if self.space is None or site != WEIGHTS:
            return []
        return [
            f"{name}[{', '.join(map(str, at))}]"
            for name, shape in self.space.shapes.items()
            for at in product(*map(range, shape))
        ]

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

    def _decoded(self, z: Tensor, weights: Tensor | None, seen: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """decoder(z; θ) (…, M, outputs), and γ c: at E_q θ or at the weights (…, P) of every draw of z (…, M, K)."""
        if weights is None or self.space is None:
            return self.decoder(z), None if seen is None else self.decoder.get_submodule("gamma")(seen)
        lead = torch.broadcast_shapes(z.shape[:-2], weights.shape[:-1])
        each = z.expand(*lead, *z.shape[-2:]).flatten(0, len(lead) - 1)  # (R·B, M, K)
        named = self.space.named(weights.expand(*lead, -1).flatten(0, len(lead) - 1))

        def one(own: Mapping[str, Tensor], at: Tensor) -> Tensor:
            out: Tensor = functional_call(self.decoder, dict(own), (at,))
            return out

        out = vmap(one)(named, each).unflatten(0, lead)
        shift = None if seen is None else (seen @ named["gamma.weight"].mT).unflatten(0, lead)
        return out, shift

    def heads(self, z: Tensor, batch: Batch | None = None, weights: Tensor | None = None) -> tuple[Tensor, ...]:
        """The response's parameters at z (…, K), which broadcast to (…, D); without a batch, those of a typical data point."""
        seen = None if self.covariate is None else self.covariate if batch is None else batch.covariates
        out, shift = self._decoded(z, weights, seen)
        first, *others = out.unflatten(-1, (-1, self.features)).unbind(-2)
        if shift is not None:
            first = first + shift
        if self.library is not None:
            library = self.library if batch is None else library_size(batch.x)  # (M, 1)
            first = first.log_softmax(-1) + library.log()
        heads = (first, *others) if self.raw_scale is None else (first, self.raw_scale, *others)
        if not self.response.neutral:
            return heads
        return tuple(head + at if at else head for head, at in zip(heads, self.response.neutral, strict=True))

    def response_parameters(self, z: Tensor, batch: Batch | None = None, weights: Tensor | None = None) -> Tensor:
        """The same stacked, z (…, K) → (…, n_params, D)."""
        return torch.stack(torch.broadcast_tensors(*self.heads(z, batch, weights)), -2)

    def decode(self, z: Tensor, weights: Tensor | None = None) -> Tensor:
        """E[x | z, θ] at E_q θ, (…, K) → (…, D), or at draws of θ (S, P): (M, K) → (S, M, D)."""
        return self.response.expectation(self.response_parameters(z, None, weights))

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
        """Draws of p(x) = ∫ p(x | z, θ) p(z) q(θ), with a typical data point's library size and covariates, if any: (count, D)."""
        z = self.latent_prior.sample(count, generator)
        several = count if self.space is None else max(1, min(count, MOST_DRAWN // self.space.size))
        drawn = self.weight_draws(several, generator)
        if drawn is None:
            parameters = self.response_parameters(z)
        else:
            each = -(-count // len(drawn))
            whole = torch.cat([z, z.new_zeros(each * len(drawn) - count, self.latent_size)])
            parameters = self.response_parameters(whole.unflatten(0, (len(drawn), each)), None, drawn).flatten(0, 1)[
                :count
            ]
        shape = self.response.noise_shape((count, self.features))
        return self.response.original(self.response.transform(self.response.noise(shape, generator), parameters))

    def draw_data(self, q: Posterior, count: int, generator: torch.Generator) -> Tensor:
        """The same: the model knows the q of its θ, if that has one."""
        del q
        return self.sample(count, generator)

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """log p(z) and log p(x | z, θ), (R, B, M), and log p(θ), (R, B); at E_q θ if `latents` has no θ."""
        z, w = latents["z"], latents.get(WEIGHTS)  # (R, B, M, K), (R, B, P)
        nu = self.latent_prior.nu
        x = self.response.log_density_sum(self.response.observed(batch.x), self.heads(z, batch, w))  # (R, B, M)
        own = dict(self.decoder.named_parameters()) if w is None or self.space is None else self.space.named(w)
        weights = self.prior.log_prob(own).expand(z.shape[:2])  # (R, B)
        random = frozenset({WEIGHTS} if self.space is not None else ())
        normal = self.space is not None and self._sites[WEIGHTS].family.gaussian and type(self.prior) is NormalPrior
        known = torch.tensor([[0.0], [math.log(self.prior.scale)]], dtype=z.dtype) if normal else None
        return [
            Factor(
                "log p(z)",
                self.latent_prior.log_prob(z),
                frozenset({"z"}),
                None if nu is None else nu.to(z.dtype),
                in_kl=True,
            ),
            Factor("log p(x|z)", x, frozenset({"z"}) | random),
            Factor("log p(θ)", weights, random, known, in_kl=bool(random), of_parameters=not random),
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
    net, features = architecture(settings), data.x.shape[1]
    prior = make_prior(settings, point_mass=True)
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
    part = DECODER_POSTERIORS[settings.decoder_posterior]
    if not part.drawn:
        return model, Posterior({"z": factor})
    return model, Posterior({"z": factor, WEIGHTS: model.give_weights_posterior(part, generator)})
