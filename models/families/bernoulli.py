"""log p(x; η) = x η − log(1 + exp η): the exponential family of a binary value, mean logistic(η)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import softplus

from elbo_room.models.families.family import Family, WeakDerivative
from elbo_room.models.families.support import BINARY, Support


def compact(tensor: Tensor) -> Tensor:
    """One of each set of equal values in an expanded tensor: B draws of one ν are one ν."""
    return tensor[tuple(slice(0, 1) if step == 0 else slice(None) for step in tensor.stride())]


class LogMass(torch.autograd.Function):
    """x η − log(1 + exp η), with slope x − m in η, m = logistic(η); what B draws share for one η is computed once, differentiated B times.

    log(1 + exp η) = max(η, 0) − log(1 − min(m, 1 − m)): accurate at both ends, and one exponential serves value and slope.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(value: Tensor, eta: Tensor) -> tuple[Tensor, Tensor]:
        """The log mass, of the broadcast shape, and m."""
        one = compact(eta)
        mean = one.sigmoid()
        return value * eta - (one.clamp_min(0) - torch.log1p(-torch.minimum(mean, 1 - mean))), mean

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: tuple[Tensor, Tensor]) -> None:
        """Save what the slope needs; m itself is not differentiated."""
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(*inputs, output[1])

    @staticmethod
    def backward(ctx: Any, slope: Tensor, _: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """(η, x − logistic(η)) times the slope; differentiable again."""
        value, eta, mean = ctx.saved_tensors
        mean = eta.sigmoid() if torch.is_grad_enabled() else mean
        own, other = ctx.needs_input_grad
        return (
            (slope * eta).sum_to_size(value.shape) if own else None,
            (slope * (value - mean)).sum_to_size(eta.shape) if other else None,
        )


@dataclass(frozen=True)
class Bernoulli(Family):
    """Bernoulli with natural parameter η (the logit), so decoder output = η is the canonical link.

    >>> import elbo_room as er
    >>> import torch
    >>> er.Bernoulli().log_prob(torch.ones(1), torch.zeros(1, 1)).exp().item()
    0.5
    """

    name: ClassVar[str] = "bernoulli"
    label: ClassVar[str] = "Bernoulli"
    symbol: ClassVar[str] = "Bern(m)"
    help: ClassVar[str] = "Binary values; grey pixels between 0 and 1 are rounded at ½."
    support: ClassVar[Support] = BINARY
    n_params: ClassVar[int] = 1
    discrete: ClassVar[bool] = True
    reparameterizable: ClassVar[bool] = False
    parameter_names: ClassVar[tuple[str, ...]] = ("logit",)
    n_states: ClassVar[int] = 2

    def observed(self, x: Tensor) -> Tensor:
        """1[x > ½]."""
        return (x > 0.5).to(x.dtype)

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ Uniform[0, 1)."""
        return torch.rand(shape, generator=generator, dtype=dtype)

    def mirror(self, noise: Tensor) -> Tensor:
        """1 − ε."""
        return 1 - noise

    def from_uniform(self, uniform: Tensor) -> Tensor:
        """ε = u."""
        return uniform

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """z = 1[ε < logistic(η)]; a step function, so it carries no gradient."""
        return (noise < nu.squeeze(-2).sigmoid()).to(noise.dtype)

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """x η − log(1 + exp η), for every coordinate."""
        found: Tensor = LogMass.apply(value, nu.squeeze(-2))[0]
        return found

    def latent(self, noise: Tensor, nu: Tensor) -> Tensor:
        """Z = η + logit(1 − ε), logistic noise, with 1[Z > 0] = 1[ε < logistic(η)]: what a relaxation makes smooth."""
        about = torch.finfo(noise.dtype)
        inner = noise.clamp(about.tiny, 1 - about.eps / 2)
        return nu.squeeze(-2) + torch.log1p(-inner) - inner.log()

    def conditional(self, value: Tensor, uniform: Tensor, nu: Tensor) -> Tensor:
        """Z given b, live in ν: log(1 + o (1 + e^η)) if b = 1, −log(1 + o (1 + e^−η)) if b = 0, with the odds o = v/(1 − v)."""
        about = torch.finfo(uniform.dtype)
        v, eta = uniform.clamp(about.tiny, 1 - about.eps / 2), nu.squeeze(-2)
        odds = v.log() - torch.log1p(-v)
        sign = 2 * value - 1
        return sign * softplus(odds + softplus(sign * eta))

    def squash(self, latent: Tensor, temperature: float) -> Tensor:
        """logistic(Z/τ)."""
        return (latent / temperature).sigmoid()

    def natural(self, mean: Tensor) -> Tensor:
        """log m − log(1 − m)."""
        return mean.log() - torch.log1p(-mean)

    def weak_derivatives(
        self,
        value: Tensor,
        nu: Tensor,
        generator: torch.Generator | None,  # noqa: ARG002 - one signature for all
    ) -> list[WeakDerivative]:
        """d/dp E f = f(1) − f(0)."""
        one = torch.ones_like(value)
        return [WeakDerivative(self.mean(nu), one, one, 0 * one)]

    def entropy(self, nu: Tensor) -> Tensor:
        """−m log m − (1 − m) log(1 − m) = log(1 + exp η) − m η."""
        eta = nu.squeeze(-2)
        return softplus(eta) - eta.sigmoid() * eta

    def mean(self, nu: Tensor) -> Tensor:
        """logistic(η)."""
        return nu.squeeze(-2).sigmoid()

    def natural_step(self, nu: Tensor, gradient: Tensor, step_size: float) -> Tensor:
        """η ← η + ρ (∂L/∂η)/(m (1 − m)); the variance counts as at least 1e−3, below which the noise of ĝ would be all."""
        mean = nu.sigmoid()
        return nu + step_size * gradient / (mean * (1 - mean)).clamp_min(1e-3)
