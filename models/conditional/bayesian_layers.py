"""Linear layers whose Normal weights are drawn for each data point: h_i = W_i x_i, each h_i distributed as under one shared draw W ~ q.

For one data point only the distribution of its own sums matters, so E_q log p(y_i | x_i, W) is unchanged; what vanishes is the covariance
between data points that share a draw, which no minibatch averages out. Each layer must be used once per data point: a weight that acts at
many positions would correlate them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.functional import linear

from elbo_room.models.conditional.weight_space import WeightSpace

Named = Mapping[str, Tensor]


@dataclass(frozen=True)
class Layer:
    """q of one layer's weights under one draw: standard deviations, and the shared ε; intercepts are None if there are none."""

    scale: Tensor  # (O, I)
    noise: Tensor  # (O, I)
    bias_scale: Tensor | None = None  # (O,)
    bias_noise: Tensor | None = None


class Perturb(Protocol):
    """How a layer's sums for M data points deviate from those of the mean weights."""

    def draw(
        self, rows: tuple[int, ...], inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype
    ) -> Any:
        """The additional random numbers that a layer needs, (…, M, I or O) each, from the run's generator."""
        ...

    def shift(self, x: Tensor, layer: Layer, own: Any) -> Tensor:
        """The shift added to W̄ x + ᾱ: x (M, I) → (M, O)."""
        ...


def once_a_datum(network: nn.Module) -> bool:
    """Whether every linear layer of a network acts once per data point: no positions share it."""
    return getattr(network, "ordered", 1) == 0


class PerDatum:
    """net(x; W_i): a network's linear layers perturbed per data point; other weights (of a norm) keep the shared draw."""

    def __init__(self, space: WeightSpace, perturb: Perturb) -> None:
        self.space, self.perturb = space, perturb
        self.layers = {name: layer for name, layer in space.network.named_modules() if isinstance(layer, nn.Linear)}
        self.linear = {f"{name}.{part}" for name in self.layers for part in ("weight", "bias")}

    def __call__(self, x: Tensor, w: Tensor, nu: Tensor, noise: Tensor, generator: torch.Generator) -> Tensor:
        """The outputs for M data points under every draw: x (M, P), w and ε (…, P), ν (…, 2, P) → (…, M, outputs)."""
        flat = [each.flatten(0, -2) for each in (w, nu[..., 0, :], nu[..., 1, :].exp(), noise)]  # (R·B, P) each
        value, mean, scale, shared = (self.space.named(each) for each in flat)
        start = {name: mean[name] if name in self.linear else value[name] for name in value}
        own = {name: self.perturb.draw((len(flat[0]), len(x)), layer.in_features, layer.out_features, generator, w.dtype)
               for name, layer in self.layers.items()}  # fmt: skip
        with self._moved() as now:

            def one(start: Named, scale: Named, shared: Named, own: Mapping[str, Any]) -> Tensor:
                now.update({name: (self._layer(name, scale, shared), own[name]) for name in self.layers})
                out: Tensor = functional_call(self.space.network, dict(start), (x,))
                return out

            out = vmap(one)(start, scale, shared, own)  # (R·B, M, outputs)
        return out.unflatten(0, w.shape[:-1])

    @staticmethod
    def _layer(name: str, scale: Named, noise: Named) -> Layer:
        weight, bias = f"{name}.weight", f"{name}.bias"
        return Layer(scale[weight], noise[weight], scale.get(bias), noise.get(bias))

    @contextmanager
    def _moved(self) -> Iterator[dict[str, tuple[Layer, Any]]]:
        """Within this context every linear layer adds the shift of the draw in the dict."""
        now: dict[str, tuple[Layer, Any]] = {}

        def adder(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
            def add(_: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> Tensor:
                return out + self.perturb.shift(inputs[0], *now[name])

            return add

        hooks = [layer.register_forward_hook(adder(name)) for name, layer in self.layers.items()]
        try:
            yield now
        finally:
            for hook in hooks:
                hook.remove()


class LocalPerturbation:
    """Kingma, Salimans & Welling 2015: the sums themselves are drawn, h_io = W̄_o x_i + √(Σ_k s²_ok x²_ik) ε_io."""

    def draw(
        self, rows: tuple[int, ...], inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype
    ) -> Tensor:
        """ε, (…, M, O)."""
        del inputs
        return torch.randn(*rows, outputs, generator=generator, dtype=dtype)

    def shift(self, x: Tensor, layer: Layer, own: Tensor) -> Tensor:
        """√(s² x²) ε; if every x is 0 the sum is deterministic, and √ has no derivative there."""
        variance = linear(
            x.square(), layer.scale.square(), None if layer.bias_scale is None else layer.bias_scale.square()
        )
        certain = variance == 0
        return torch.where(certain, 0.0, variance.masked_fill(certain, 1.0).sqrt() * own)


class FlipoutPerturbation:
    """Wen, Vicol, Ba, Tran & Grosse 2018: W_i = W̄ + (s ∘ ε) ∘ r_i c_iᵀ with separate signs r, c for each data point and one shared ε."""

    def draw(
        self, rows: tuple[int, ...], inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype
    ) -> tuple[Tensor, Tensor]:
        """Signs of the inputs (…, M, I) and of the outputs (…, M, O)."""
        ins, outs = (torch.randint(2, (*rows, n), generator=generator).to(dtype) * 2 - 1 for n in (inputs, outputs))
        return ins, outs

    def shift(self, x: Tensor, layer: Layer, own: tuple[Tensor, Tensor]) -> Tensor:
        """((s ∘ ε)(x ∘ r) + s_α ε_α) ∘ c."""
        ins, outs = own
        bias = None if layer.bias_scale is None or layer.bias_noise is None else layer.bias_scale * layer.bias_noise
        return linear(x * ins, layer.scale * layer.noise, bias) * outs
