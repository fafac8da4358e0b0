"""The chain x → w → m → η → y of one data point, with the identity of its gradient, as numbers that the charts write out."""

import torch
from torch import Tensor

from elbo_room.models.conditional.model import Conditional
from elbo_room.models.data import Dataset
from elbo_room.widgets.messages import Columns
from elbo_room.widgets.painting.views import IDENTITIES
from elbo_room.widgets.worker.pictures.numbers import columns


def chain_of(model: Conditional, data: Dataset, observed: Tensor, row: int, weights: Tensor) -> Columns:
    """The values of the chain at weights (P,), and ∂ log p/∂w; `observed` is y (N,)."""
    response, here = model.response, slice(row, row + 1)
    out = model.chain(data.x[here], weights, None if data.shift is None else data.shift[here])
    with torch.enable_grad():
        w = out.w.detach().requires_grad_()
        density = response.log_prob(observed[here], response.chain(w, out.phi)).sum()
        (slope,) = torch.autograd.grad(density, w)
    y = observed[row]
    values = [part.reshape(-1) for part in (out.w, out.m, out.eta, slope)]
    at = [part[min(int(y), len(part) - 1) if len(part) > 1 else 0] for part in values]
    links = {"row": torch.tensor(row + 1), "x": data.in_units(data.x[here])[0, 0], "y": y}
    links |= dict(zip(("w", "m", "eta", "slope"), at, strict=True))
    links["identity"] = torch.tensor(IDENTITIES.index(response.identity))
    return columns(**{name: value.reshape(1) for name, value in links.items()})
