"""A response and a family of q that nobody listed before: what their authors would write, one file and one line each.

Run as a program, so that every rule that is made of the registries at import has them.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elbo_room.models.families import FAMILIES, Family
from elbo_room.models.families.location_scale import LocationScale
from elbo_room.models.families.logarithm import Logarithm
from elbo_room.models.families.support import POSITIVE, Support
from elbo_room.models.responses import RESPONSES
from elbo_room.models.responses.response import Chain, Response


@dataclass(frozen=True)
class Laplace(LocationScale):
    """log p(y) = −|y − μ|/s − log 2s."""

    name: ClassVar[str] = "laplace"
    label: ClassVar[str] = "Laplace"
    symbol: ClassVar[str] = "Laplace(μ, s)"
    help: ClassVar[str] = "Real values with tails e^{−|y|}."
    reparameterizable: ClassVar[bool] = True
    parameter_names: ClassVar[tuple[str, ...]] = ("location", "log scale")

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ Uniform(0, 1)."""
        return torch.rand(shape, generator=generator, dtype=dtype).clamp_min(1e-12)

    def mirror(self, noise: Tensor) -> Tensor:
        """1 − ε."""
        return 1 - noise

    def from_uniform(self, uniform: Tensor) -> Tensor:
        """ε = u."""
        return uniform

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """μ − s sign(ε − ½) log(1 − 2|ε − ½|)."""
        off = noise - 0.5
        return nu[..., 0, :] - self.scale(nu[..., 1, :]) * off.sign() * torch.log1p(-2 * off.abs())

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """See above."""
        location, raw = nu.unbind(-2)
        return -(value - location).abs() / self.scale(raw) - self.log_scale(raw) - math.log(2)


@dataclass(frozen=True)
class LaplaceResponse(Response):
    """Real y with tails e^{−|y|}: Var y = 2 s²."""

    family: ClassVar[type[Family]] = Laplace
    name: ClassVar[str] = "laplace"
    label: ClassVar[str] = "Laplace"
    symbol: ClassVar[str] = "Laplace(m, s)"
    help: ClassVar[str] = "Real values with tails e^{−|y|}."
    usual: ClassVar[str] = "identity"
    dispersed: ClassVar[bool] = True
    linear: ClassVar[bool] = False

    def natural(self, m: Tensor) -> Tensor:
        """The location."""
        return m

    def variance(self, m: Tensor) -> Tensor:
        """2, whatever m."""
        return torch.full_like(m, 2.0)

    def parameters(self, chain: Chain) -> tuple[Tensor, ...]:
        """(m, log s)."""
        return chain.m, 0.5 * chain.phi.log()


@dataclass(frozen=True)
class Weibull(Logarithm, Family):
    """z = λ (−log u)^{1/k}, the value log z: log q = log k + k t − eᵏᵗ, t = log z − log λ."""

    name: ClassVar[str] = "weibull"
    label: ClassVar[str] = "Weibull, in log z"
    symbol: ClassVar[str] = "log Weibull(λ, k)"
    help: ClassVar[str] = "Positive latent variables; the value is log z."
    support: ClassVar[Support] = POSITIVE
    n_params: ClassVar[int] = 2
    discrete: ClassVar[bool] = False
    reparameterizable: ClassVar[bool] = True
    parameter_names: ClassVar[tuple[str, ...]] = ("log scale", "log shape")

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ Uniform(0, 1)."""
        return torch.rand(shape, generator=generator, dtype=dtype).clamp(1e-12, 1 - torch.finfo(dtype).eps)

    def mirror(self, noise: Tensor) -> Tensor:
        """1 − ε."""
        return 1 - noise

    def from_uniform(self, uniform: Tensor) -> Tensor:
        """ε = u."""
        return uniform

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """Log λ + log(−log ε)/k."""
        return nu[..., 0, :] + (-noise.log()).log() * (-nu[..., 1, :]).exp()

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """See above."""
        far = nu[..., 1, :].exp() * (value - nu[..., 0, :])
        return nu[..., 1, :] + far - far.exp()

    def mean(self, nu: Tensor) -> Tensor:
        """Log λ − γ/k."""
        return nu[..., 0, :] - 0.5772156649015329 * (-nu[..., 1, :]).exp()

    def expectation(self, nu: Tensor) -> Tensor:
        """λ Γ(1 + 1/k)."""
        return (nu[..., 0, :] + torch.lgamma(1 + (-nu[..., 1, :]).exp())).exp()


def main() -> None:
    """Their one line each; then every family of models trains with them, and the contract suites take them up."""
    FAMILIES[Weibull.name] = Weibull
    RESPONSES[LaplaceResponse.name] = LaplaceResponse
    from elbo_room.models.training.run_from import run_from
    from tests.models.contracts.test_families import TestFamily
    from tests.models.contracts.test_responses import LINKS, TestLayered, TestResponse

    tests = lambda suite: [getattr(suite(), name) for name in dir(suite) if name.startswith("test")]  # noqa: E731
    for test in tests(TestFamily):
        test(Weibull())
        test(Laplace().floored(0.05))
    for test in tests(TestResponse):
        test(LaplaceResponse, LINKS["usual"])
    from elbo_room.models.layers import LAYERED_RESPONSES

    for test in tests(TestLayered):
        test(LAYERED_RESPONSES["laplace"], False, False)
    few = {"stop_at": 200, "draws": 2, "batch_size": 50, "step_size": 0.02}
    for scene in (
        {"model": "conditional", "data": "outliers", "response": "laplace", "width": 5, "depth": 1},
        {"model": "deep_generative", "data": "iris", "response": "laplace", "scale_head": "fixed", "width": 5, "depth": 1},
        {"model": "deep_generative", "data": "iris", "response": "laplace", "width": 5, "depth": 1},
        {"model": "deep_exponential_family", "data": "pinwheel", "response": "laplace", "layer_1": "normal", "depth": 1, "width_1": 2},
        {"model": "deep_exponential_family", "data": "digits", "response": "bernoulli", "layer_1": "gamma", "depth": 1, "weights": "gamma",
         "positive_family": "weibull", "width_1": 4},
    ):  # fmt: skip
        bounds = [step.elbo for step in run_from(scene | few)]
        before, after = sum(bounds[:20]) / 20, sum(bounds[-20:]) / 20
        assert after > before + 0.1, (scene, before, after)
        print(scene["model"], f"{before:.2f} -> {after:.2f}")


if __name__ == "__main__":
    main()
