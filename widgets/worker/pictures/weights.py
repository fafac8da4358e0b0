"""What a conditional model's weights look like: in the drawn network, as attention and filters."""

from collections.abc import Sized
from typing import Any, cast

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


class WeightPictures:
    """Looks at q(w) of one run of a conditional model, at its mean E_q w."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.model = cast("Conditional", run.model)
        self.network = cast("Network", self.model.space.network)
        self.batch = run.data.batch(torch.arange(1))
        self.drawing = of_conditional(self.model)
        self.text, self.heading = ShownText(run.data), ""  # whose attention map is shown, and its heading

    @property
    def filters(self) -> bool:
        """Whether there are filters to show."""
        return isinstance(self.network, Convolution) and len(cast("Sized", self.network.hidden)) > 0

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
        """The learned scale next to the λ of the form: where it started, or the spread of its hyper-prior."""
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
        self.heading = ""

    def say(self, model: Conditional, weights: Tensor) -> None:
        """Find how probable the label of the shown text is, under weights (S, P) of this model."""
        if self.attends:
            self.heading = self.text.heading(probabilities(predict(model, self.text.x, weights))[0])

    def look(self, watched: frozenset[str]) -> list[Picture]:
        """The parts of a frame for the visible charts."""
        named = dict(self.model.space.named(self.mean()))
        parts = [self.drawing.look(named)] if "network" in watched else []
        if {"attention_map", "filters"} & watched:
            with replaced(self.network, named):
                parts += over_positions(self.network, self.run.data, watched, self.text, self.heading)
        return parts
