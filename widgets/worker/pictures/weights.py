"""What a conditional model's weights look like: against their prior, in the drawn network, as attention, filters and relevances."""

from collections.abc import Sized
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.conditional.model import Conditional
from elbo_room.models.conditional.weight_space import replaced
from elbo_room.models.diagnostics.predictive import predict, probabilities
from elbo_room.models.networks import Convolution, Network, TokenAttention
from elbo_room.models.priors.evidence import EvidencePrior
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Picture
from elbo_room.widgets.worker.pictures.attention import ShownText
from elbo_room.widgets.worker.pictures.network import of_conditional
from elbo_room.widgets.worker.pictures.positions import over_positions
from elbo_room.widgets.worker.pictures.relevance import relevances

BINS = 30  # of the weights


def columns(**values: Tensor) -> dict[str, np.ndarray[Any, Any]]:
    """Tensors as float32 columns."""
    return {name: value.detach().float().numpy() for name, value in values.items()}


def roomy(span: float, needed: float) -> float:
    """A range that grows in steps, so that axes move rarely."""
    while needed > span and span < 1e6:
        span *= 1.25
    return span


class WeightPictures:
    """Looks at q(w) of one run of a conditional model, at its mean E_q w."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.model = cast("Conditional", run.model)
        self.network = cast("Network", self.model.space.network)
        self.batch = run.data.batch(torch.arange(1))
        self.drawing = of_conditional(self.model)
        self.text, self.said = ShownText(run.data), ""  # whose attention map is shown, and what is said of it
        self.span, self.top = 0.5, 0.5

    @property
    def views(self) -> list[str]:
        """The charts of panel D: those that only some priors and networks can fill come first."""
        hidden = len(cast("Sized", self.network.hidden)) > 0
        applies = {
            "relevance": hasattr(self.model.prior, "log_relevances"),
            "filters": hidden and isinstance(self.network, Convolution),
        }
        return [*(name for name, can in applies.items() if can), "weights", "scores"]

    def about(self) -> About:
        """The drawing's nodes and edges."""
        return self.drawing.about()

    def mean(self) -> Tensor:
        """E_q w: (P,)."""
        mean: Tensor = self.model.posterior.mean(self.run.q.nu(self.model.sites["w"], self.batch).detach())
        return mean

    def scale(self) -> float | None:
        """λ̂ where one scale of all weights is learned: the parameter, or the median of its q."""
        site = self.model.sites.get("weight_scale")
        if site is not None:
            return float(self.run.q.nu(site, self.batch).detach()[0, 0].exp())
        prior = self.model.prior
        return float(prior.log_scale.detach().exp()) if isinstance(prior, EvidencePrior) else None

    def scale_words(self) -> str:
        """The learned scale beside the λ of the form: where it started, or the spread of its hyper-prior."""
        knob: Any = self.run.settings
        learned, role = ("λ̂", "from") if isinstance(self.model.prior, EvidencePrior) else ("σ̂", "under")
        return f"{learned} = {self.scale():.2f} {role} λ = {knob.prior_scale:.3g}"

    @property
    def attends(self) -> bool:
        """Whether there is an attention map."""
        return isinstance(self.network, TokenAttention) and len(self.network.hidden) > 0

    def choices(self) -> dict[str, list[tuple[str, str]]]:
        """Whose attention map can be shown."""
        return {"text": self.text.choices()} if self.attends else {}

    def choose(self, text: str) -> None:
        """Show the attention map of this text from now on.

        Raises:
            ValueError: there is no such text, or no attention.
        """
        if not self.attends:
            raise ValueError("Only token attention shows where a text's words look. Choose that network.")
        self.text.choose(text)
        self.said = ""

    def say(self, model: Conditional, weights: Tensor) -> None:
        """Find how probable the label of the shown text is, under weights (S, P) of this model."""
        if self.attends:
            self.said = self.text.said(probabilities(predict(model, self.text.x, weights))[0])

    def look(self, watched: frozenset[str]) -> list[Picture]:
        """The parts of a frame, of the charts that are in sight."""
        mean = self.mean()
        named = dict(self.model.space.named(mean))
        parts = [self._histogram(mean)] if "weights" in watched else []
        parts += [self.drawing.look(named)] if "network" in watched else []
        if {"attention_map", "filters"} & watched:
            with replaced(self.network, named):
                parts += over_positions(self.network, self.run.data, watched, self.text, self.said)
        if "relevance" in self.views:
            site = self.model.sites.get("relevance")
            nu = None if site is None else self.run.q.nu(site, self.batch).detach()
            parts.append(relevances(self.model.prior, nu, self.run.data.feature_names))
        return parts

    def _histogram(self, mean: Tensor) -> Picture:
        """Histogram of the weights' posterior means, and the prior's density."""
        self.span = roomy(self.span, 1.02 * float(mean.abs().max()))
        edges = torch.linspace(-self.span, self.span, BINS + 1)
        height = torch.histc(mean, BINS, -self.span, self.span) / len(mean) / (2 * self.span / BINS)
        at = torch.linspace(-self.span, self.span, 101)
        parts = zip(self.model.space.sizes, self.model.space.shapes, strict=True)
        each = [size * self.model.prior.density(at, name) for size, name in parts]
        density = torch.stack(each).sum(0) / len(mean)
        self.top = roomy(self.top, float(torch.cat([height, density]).max()))
        size = float(mean.square().mean().sqrt())
        bins, prior = columns(x=edges[:-1], x2=edges[1:], height=height), columns(x=at, density=density)
        return {
            "replace": {"weights": {"bins": bins, "prior": prior}},
            "params": {"weights": {"xLow": -self.span, "xHigh": self.span, "yLow": 0, "yHigh": self.top * 1.05}},
            "facts": {"summaries": {"weights": f"The {len(mean):,} weights have a root mean square of {size:.2g}."}},
        }
