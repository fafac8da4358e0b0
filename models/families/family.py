"""The protocol of a family: noise → value with our own generator, log density, score; parameters stacked on the last but one axis."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor


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

    def noise(self, shape: tuple[int, ...], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
        """ε ~ s(ε), of the value's shape, from the run's own generator."""
        raise NotImplementedError

    def transform(self, noise: Tensor, nu: Tensor) -> Tensor:
        """Z = t(ε, ν); differentiable in ν where the family is reparameterisable."""
        raise NotImplementedError

    def log_prob(self, value: Tensor, nu: Tensor) -> Tensor:
        """Log density or mass of every coordinate, in nats: (…, K)."""
        raise NotImplementedError

    def mean(self, nu: Tensor) -> Tensor:
        """The mean map: E z, (…, K)."""
        raise NotImplementedError

    def score(self, value: Tensor, nu: Tensor) -> Tensor:
        """S = ∇_ν log q(z; ν) at fixed z, of ν's shape."""
        with torch.enable_grad():
            nu = nu.detach().requires_grad_()
            return torch.autograd.grad(self.log_prob(value.detach(), nu).sum(), nu)[0]
