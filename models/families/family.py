"""The protocol of a family: noise → value with an explicit generator, log density, score; parameters stacked on the second-to-last axis."""

from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from elbo_room.models.families.entries import Entries
from elbo_room.models.families.support import COUNT, REAL, Support


@dataclass(frozen=True)
class WeakDerivative:
    """d/dθ E f(z) = E[c (f(z⁺) − f(z⁻))] for one parameter θ of each coordinate."""

    parameter: Tensor  # θ as a live function of ν: (…, K)
    constant: Tensor  # c: (…, K)
    plus: Tensor  # z⁺: (…, K)
    minus: Tensor  # z⁻: (…, K)


@dataclass(frozen=True)
class Family:
    """A distribution with parameters ν (…, n_params, K) and values (…, K), one independent coordinate each.

    The value z may be a function of the original variate y: a Gamma's is log y. `support` is y's.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    symbol: ClassVar[str] = ""
    help: ClassVar[str] = ""
    requires: ClassVar[tuple[dict[str, object], ...]] = ()
    support: ClassVar[Support] = REAL
    n_params: ClassVar[int]
    discrete: ClassVar[bool]
    reparameterizable: ClassVar[bool]
    parameter_names: ClassVar[tuple[str, ...]]
    gaussian: ClassVar[bool] = False  # whether its coordinates are independent Normals
    transformed: ClassVar[bool] = False  # whether its value is a function of y other than y itself
    scored: ClassVar[bool] = True  # whether log q depends on ν: a point mass's does not
    variational: ClassVar[bool] = True  # whether it may be a site's family, and so q's
    scaled: ClassVar[bool] = False  # whether its second parameter is a scale or dispersion, which need not be decoded
    location_scale: ClassVar[bool] = (
        False  # whether ν is a location and a scale, which may be fixed; a learned one needs a floor
    )
    start: ClassVar[tuple[float, ...]] = ()  # ν at which a layer's q starts, if not 0
    weight_spread: ClassVar[float] = 0.0  # ν's second row at which the q of a weight starts
    conjugate: ClassVar[str] = ""  # the family of a rate under which the posterior is of that family again
    neutral: ClassVar[tuple[float, ...]] = ()  # ν of a neutral decoder output, if not 0
    n_states: ClassVar[int] = 0  # how many values a coordinate can take, 0, 1, …; 0 if they cannot be enumerated

    @property
    def log_scaled(self) -> bool:
        """Whether ν is a location and the logarithm of a scale."""
        return False

    @property
    def counts(self) -> bool:
        """Whether its values are counts, whose mean may be a share of a library size."""
        return self.support is COUNT

    @property
    def parameter_symbols(self) -> tuple[str, ...]:
        """Short forms of `parameter_names`; a family with its own symbols overrides this."""
        return self.parameter_names

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ s(ε), of the value's shape, from the run's generator."""
        raise NotImplementedError

    def noise_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of ε for values of this shape (…, K); overridden only by a family that needs more numbers than coordinates."""
        return shape

    def mirror(self, noise: Tensor) -> Tensor:
        """The antithetic ε: with the same distribution, and as far as possible from this one."""
        raise NotImplementedError

    def from_uniform(self, uniform: Tensor) -> Tensor:
        """ε = F⁻¹(u) coordinate by coordinate, u in (0, 1)."""
        raise NotImplementedError

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """z = t(ε, ν); differentiable in ν where the family is reparameterisable."""
        raise NotImplementedError

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """Log density or mass of every coordinate, in nats: (…, K)."""
        raise NotImplementedError

    def log_prob_drawn(self, noise: Tensor, value: Tensor, nu: Tensor) -> Tensor:  # noqa: ARG002 - a location-scale family's wants ε
        """log q(t(ε, ν); ν) of all coordinates together, live in both places: (…, K) → (…)."""
        return self.log_prob(value, nu).sum(-1)

    def log_prob_of(self, value: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """The same for parameters that are not stacked but broadcast: one shared by all data is not expanded."""
        return self.log_prob(value, torch.stack(torch.broadcast_tensors(*parameters), -2))

    def log_prob_sum(self, value: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """Σ over the coordinates of `log_prob_of`, (…): a family with a faster way to the sum overrides this."""
        return self.log_prob_of(value, parameters).sum(-1)

    def log_density_sum(self, y: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """Σ log p of original variates y (M, D) rather than of their stored values: (…, M)."""
        found = self.log_prob_sum(self.value(y), parameters)
        return found + self.log_slope(y).sum(-1) if self.transformed else found

    def log_prob_factored(self, entries: Entries, left: Tensor, right: Tensor, floor: float) -> Tensor:
        """`log_prob_sum` of a mean Σ_k left_rk right_ck + `floor`, from the nonzero entries: (S, M, K), (S, D, K) → (S, M)."""
        raise NotImplementedError

    def fitted(self, x: Tensor) -> Self:  # noqa: ARG002 - most families are the same whatever the data
        """The family as the response of these data (N, D)."""
        return self

    def floored(self, floor: float) -> Self:  # noqa: ARG002 - most families' likelihoods are bounded
        """The family as a response whose scale is learned and at least `floor`."""
        return self

    def observed(self, x: Tensor) -> Tensor:
        """Data as values y of this family: unchanged, or rounded."""
        return x

    def scale(self, raw: Tensor) -> Tensor:
        """The scale of a location–scale family from ν's second row."""
        raise NotImplementedError

    def value(self, y: Tensor) -> Tensor:
        """z of the original variate y: y itself, or a function of y whose log slope is `log_slope`."""
        return y

    def original(self, value: Tensor) -> Tensor:
        """y of a value, the inverse of `value`."""
        return value

    def log_slope(self, y: Tensor) -> Tensor:
        """log |dz/dy|."""
        return torch.zeros_like(y)

    def mean(self, nu: Tensor) -> Tensor:
        """The mean map: E z, (…, K)."""
        raise NotImplementedError

    def expectation(self, nu: Tensor) -> Tensor:
        """E y, the mean of the original variate: (…, K)."""
        return self.mean(nu)

    def sample(self, nu: Tensor, generator: torch.Generator) -> Tensor:
        """y drawn directly from the generator, if no noise needs to be shared: (…, n_params, K) → (…, K)."""
        noise = self.noise(self.noise_shape(nu[..., 0, :].shape), generator, nu.dtype)
        return self.original(self.transform(noise, nu))

    def entropy(self, nu: Tensor) -> Tensor:
        """E[−log q(z; ν)] in closed form, in nats, for every coordinate."""
        raise NotImplementedError

    def divergence(self, nu: Tensor, prior: Tensor) -> Tensor:
        """KL(q(·; ν) ‖ q(·; ν₀)) in closed form, in nats, for every coordinate; ν₀ = `prior`."""
        raise NotImplementedError

    def latent(self, noise: Tensor, nu: Tensor) -> Tensor:
        """Z = logit + logistic noise, of a binary z = 1[Z > 0]: what a relaxation makes smooth."""
        raise NotImplementedError

    def conditional(self, value: Tensor, uniform: Tensor, nu: Tensor) -> Tensor:
        """Z given the discrete draw that it leads to, from uniforms of the noise's shape; live in ν."""
        raise NotImplementedError

    def squash(self, latent: Tensor, temperature: float) -> Tensor:
        """The relaxed value of Z: a smooth step whose limit τ → 0 is the draw itself."""
        raise NotImplementedError

    def natural(self, mean: Tensor) -> Tensor:
        """η of a mean, the inverse of the mean map."""
        raise NotImplementedError

    def weak_derivatives(self, value: Tensor, nu: Tensor, generator: torch.Generator | None) -> list[WeakDerivative]:
        """Each parameter's derivative as a difference of two draws; `value` is a draw that a pair may use."""
        raise NotImplementedError

    def natural_step(self, nu: Tensor, gradient: Tensor, step_size: float) -> Tensor:
        """ν after η ← η + ρ ∇_m L, in the natural and the mean parameters of an exponential family; `gradient` is ∇_ν L."""
        raise NotImplementedError

    def states(self, method: str) -> bool:
        """Whether this family has an optional method: mirror, from_uniform, entropy, divergence, latent, weak_derivatives or another."""
        return getattr(type(self), method) is not getattr(Family, method)

    def score(self, value: Tensor, nu: Tensor) -> Tensor:
        """s = ∇_ν log q(z; ν) at fixed z, of ν's shape."""
        with torch.enable_grad():
            nu = nu.detach().requires_grad_()
            return torch.autograd.grad(self.log_prob(value.detach(), nu).sum(), nu)[0]
