"""Each layer has its own scale: weights from the input ~ N(0, λ²), between hidden layers λ_h, to the output λ_o, intercepts λ_b."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from elbo_room.models.priors.prior import Prior, input_weights


class LayerPrior(Prior):
    """N(0, λ_ℓ²) with λ_ℓ by the layer's position; without hidden layers the only matrix is the output's."""

    name = "layers"
    label = "Gaussian, λ by layer"
    symbol = "N(0, λ_ℓ²)"
    help = "λ for weights from the input, λₕ between hidden layers, λₒ to the output, λₐ for intercepts."

    def __init__(self, scale: float = 1.0, hidden: float = 1.0, out: float = 1.0, bias: float = 1.0) -> None:
        super().__init__(scale)
        self.hidden, self.out, self.bias = hidden, out, bias

    def update(self, settings: Any) -> None:
        """λ, λ_h, λ_o, λ_b."""
        super().update(settings)
        self.hidden, self.out = settings.prior_scale_hidden, settings.prior_scale_out
        self.bias = settings.prior_scale_bias

    def scales(self, name: str, latents: Mapping[str, Tensor]) -> Tensor:
        """The scale for the parameter's position."""
        del latents
        if len(self.shapes[name]) < 2:
            return torch.tensor(self.bias, dtype=torch.float64)
        if name.startswith("out"):
            return torch.tensor(self.out, dtype=torch.float64)
        scale = self.scale if name in input_weights(self.shapes) else self.hidden
        return torch.tensor(scale, dtype=torch.float64)
