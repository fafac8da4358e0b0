"""How much each input counts, as columns of the chart `relevance`: its λ_j, its attention, or how far its weights are selected."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from elbo_room.models.networks.feature_attention import FeatureAttention
from elbo_room.models.priors.prior import Prior, input_weights
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Picture
from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures
from elbo_room.widgets.worker.pictures.numbers import Numbers

RELEVANT = 0.1  # of the largest λ_j


@torch.no_grad()
def relevances(prior: Any, nu: Tensor | None = None, inputs: Sequence[str] = ()) -> Picture:
    """`replace` of the chart `relevance` and a sentence, from an ARD prior and, where λ_j is latent, ν (2, P) of its q.

    `inputs` are their names; without any they are x1, x2, ….

    Raises:
        ValueError: the prior has no relevances.
    """
    if not hasattr(prior, "log_relevances"):
        raise ValueError(f"{prior.label} has no relevances. Choose a prior with automatic relevance determination.")
    middle = prior.log_relevances({}) if nu is None else nu[0]
    wide = torch.zeros_like(middle) if nu is None else 1.96 * nu[1].exp()
    value = middle.exp()  # the median of λ_j
    chosen = value >= RELEVANT * value.max()
    return _bars(
        value,
        chosen,
        "their λ is at least a tenth of the largest",
        inputs,
        (middle - wide).exp(),
        (middle + wide).exp(),
    )


def _bars(
    value: Tensor,
    chosen: Tensor,
    rule: str,
    inputs: Sequence[str],
    low: Tensor | None = None,
    high: Tensor | None = None,
) -> Picture:
    """One bar per input, those that are chosen in colour; (P,) each."""
    bars = {
        "dimension": torch.arange(len(value)),
        "value": value,
        "low": value if low is None else low,
        "high": value if high is None else high,
        "state": chosen.float(),
    }
    columns = {name: column.detach().numpy().astype(np.float32) for name, column in bars.items()}
    names = list(inputs) or [f"x{j + 1}" for j in range(len(value))]
    words = f"{int(chosen.sum())} of {len(value)} inputs are relevant: {rule}."
    return {
        "replace": {"relevance": {"bars": columns}},
        "names": {"relevance": names},
        "facts": {"summaries": {"relevance": words}, "relevant": int(chosen.sum())},
    }


@torch.no_grad()
def attended(attention: Tensor, inputs: Sequence[str] = ()) -> Picture:
    """Mean and central 95 % over the data of the attention A(x)_j, (N, P); an input is relevant if its mean is above that of all."""
    value, (low, high) = attention.mean(0), attention.quantile(torch.tensor([0.025, 0.975]), 0)
    return _bars(value, value > value.mean(), "they get more attention than the average", inputs, low, high)


@torch.no_grad()
def selected(
    prior: Prior, weights: Mapping[str, Tensor], latents: Mapping[str, Tensor], inputs: Sequence[str] = ()
) -> Picture:
    """The largest selection, averaged over draws w (S, …), of an input's weights; relevant if it is above that before any data."""
    each = [prior.selection(name, weights[name], latents) for name in input_weights(prior.shapes)]  # (…, H, P)
    value = torch.stack([one.reshape(-1, *one.shape[-2:]).mean(0).amax(0) for one in each]).amax(0)
    return _bars(value, value > 1, f"{prior.selects}, is above 1", inputs)


class _Weights(nn.Module):
    """A(x) alone, so that it can be called with the weights of q."""

    def __init__(self, of: FeatureAttention) -> None:
        super().__init__()
        self.of = of

    def forward(self, x: Tensor) -> Tensor:
        """(N, P)."""
        return self.of.weights(x)


class Relevance(Numbers[ConditionalPictures]):
    """For a prior with automatic relevance determination or one that selects weights, and for feature attention."""

    always = True  # the number of relevant inputs is a fact

    @classmethod
    def applies(cls, run: Run, pictures: ConditionalPictures) -> bool:
        """Whether inputs, each with its own weights, are weighed."""
        model = pictures.model
        apart = len(run.data.shape) == 1
        return hasattr(model.prior, "log_relevances") or (
            apart and (bool(model.prior.selects) or _attention(model) is not None)
        )

    def look(self) -> Picture:
        """λ_j of every input, else its attention, else the selection of its weights."""
        model, weights, names = self.pictures.model, self.pictures.weights, self.run.data.feature_names
        if hasattr(model.prior, "log_relevances"):
            site = model.sites.get("relevance")
            nu = None if site is None else self.run.q.nu(site, weights.batch).detach()
            return relevances(model.prior, nu, names)
        if (attention := _attention(model)) is not None:
            own = model.space.named(weights.mean())
            parameters = {f"of.{name}": own[f"attention.{name}"] for name, _ in attention.named_parameters()}
            return attended(functional_call(_Weights(attention), parameters, (self.pictures.train.x,)), names)
        if not self.pictures.ready:
            return {}
        latents = {name: self.run.q.nu(site, weights.batch).detach()[0] for name, site in model.prior.sites.items()}
        return selected(model.prior, model.space.named(self.pictures.drawn_weights), latents, names)


def _attention(model: Any) -> FeatureAttention | None:
    """The network's feature attention."""
    found = getattr(model.space.network, "attention", None)
    return found if type(found) is FeatureAttention else None
