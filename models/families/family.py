"""The protocol of a family: noise → value with our own generator, log density, score; parameters stacked on the last but one axis."""

from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor


@dataclass(frozen=True)
class WeakDerivative:
    """d/dθ E f(z) = E[c (f(z⁺) − f(z⁻))] for one parameter θ of each coordinate."""

    parameter: Tensor  # θ as a live function of ν: (…, K)
    constant: Tensor  # c: (…, K)
    plus: Tensor  # z⁺: (…, K)
    minus: Tensor  # z⁻: (…, K)


@dataclass(frozen=True)
class Family:
    """A distribution with parameters ν (…, n_params, K) and values (…, K), one independent coordinate each."""

    name: ClassVar[str]
    label: ClassVar[str]
    symbol: ClassVar[str] = ""
    help: ClassVar[str] = ""
    requires: ClassVar[tuple[dict[str, object], ...]] = ()
    n_params: ClassVar[int]
    discrete: ClassVar[bool]
    reparameterizable: ClassVar[bool]
    parameter_names: ClassVar[tuple[str, ...]]
    scored: ClassVar[bool] = True  # whether log q depends on ν at all: a point mass's does not
    counts: ClassVar[bool] = False  # whether its values are counts, whose mean may be a share of a library size
    scaled: ClassVar[bool] = False  # whether its second parameter is a scale or dispersion, which need not be decoded
    n_states: ClassVar[int] = 0  # how many values a coordinate can take, 0, 1, …; 0 when they cannot be counted out

    @property
    def parameter_symbols(self) -> tuple[str, ...]:
        """What stands for `parameter_names` where room is short; a family with symbols of its own says so."""
        return self.parameter_names

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ s(ε), of the value's shape, from the run's own generator."""
        raise NotImplementedError

    def noise_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of ε for values of this shape (…, K); only a family that needs more numbers than coordinates says otherwise."""
        return shape

    def mirror(self, noise: Tensor) -> Tensor:
        """The antithetic ε: of the same law, and as far as can be from the given one."""
        raise NotImplementedError

    def from_uniform(self, uniform: Tensor) -> Tensor:
        """ε = F⁻¹(u) coordinate by coordinate, u in (0, 1)."""
        raise NotImplementedError

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """Z = t(ε, ν); differentiable in ν where the family is reparameterisable."""
        raise NotImplementedError

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """Log density or mass of every coordinate, in nats: (…, K)."""
        raise NotImplementedError

    def log_prob_drawn(self, noise: Tensor, value: Tensor, nu: Tensor) -> Tensor:  # noqa: ARG002 - a location-scale family's wants ε
        """Log q(t(ε, ν); ν) of all coordinates together, live in both places: (…, K) → (…)."""
        return self.log_prob(value, nu).sum(-1)

    def log_prob_of(self, value: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """The same for parameters that are not stacked but broadcast: one shared by all data is not spread out."""
        return self.log_prob(value, torch.stack(torch.broadcast_tensors(*parameters), -2))

    def log_prob_sum(self, value: Tensor, parameters: tuple[Tensor, ...]) -> Tensor:
        """Σ over the coordinates of `log_prob_of`, (…): a family that knows a shorter way to the sum says it."""
        return self.log_prob_of(value, parameters).sum(-1)

    def fitted(self, x: Tensor) -> Self:  # noqa: ARG002 - most families are the same whatever the data
        """The family as the response of these data (N, D)."""
        return self

    def unfit(self, x: Tensor) -> str | None:  # noqa: ARG002 - most families take any number
        """Why these data (N, D) cannot be values of this family, with the first that is none; None when they can."""
        return None

    def mean(self, nu: Tensor) -> Tensor:
        """The mean map: E z, (…, K)."""
        raise NotImplementedError

    def entropy(self, nu: Tensor) -> Tensor:
        """E[−log q(z; ν)] in closed form, in nats, for every coordinate."""
        raise NotImplementedError

    def divergence(self, nu: Tensor, prior: Tensor) -> Tensor:
        """KL(q(·; ν) ‖ q(·; ν₀)) in closed form, in nats, for every coordinate; ν₀ = `prior`."""
        raise NotImplementedError

    def latent(self, noise: Tensor, nu: Tensor) -> Tensor:
        """Z = logit + logistic noise, of a binary z = 1[Z > 0]: what a relaxation makes smooth."""
        raise NotImplementedError

    def weak_derivatives(self, value: Tensor, nu: Tensor, generator: torch.Generator | None) -> list[WeakDerivative]:
        """Each parameter's derivative as a difference of two draws; `value` is a draw that a pair may use."""
        raise NotImplementedError

    def states(self, method: str) -> bool:
        """Whether this family has an optional method: mirror, from_uniform, entropy, divergence, latent, weak_derivatives."""
        return getattr(type(self), method) is not getattr(Family, method)

    def score(self, value: Tensor, nu: Tensor) -> Tensor:
        """S = ∇_ν log q(z; ν) at fixed z, of ν's shape."""
        with torch.enable_grad():
            nu = nu.detach().requires_grad_()
            return torch.autograd.grad(self.log_prob(value.detach(), nu).sum(), nu)[0]
