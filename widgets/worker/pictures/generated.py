"""What a generative model draws, x ~ p(x), next to what it should look like, and what it makes of data that it has seen."""

import math
from typing import Any, Protocol

import torch
from torch import Tensor

from elbo_room.models.deep_exponential_family.sampling import reconstruction, sample, weights_of
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Datasets
from elbo_room.widgets.worker.pictures.decoding import Decoding
from elbo_room.widgets.worker.pictures.places import LAYER_NAMES, Row, dots, strips, tiles

SPREAD, MOST_DECODED = 16, 2_000_000  # draws of θ between which x̂ is compared, and numbers of all of them
DRAWS, TEXTS, WORDS = 8, 5, 5  # columns of pictures; of text, which needs room, and words of each
MOST_CELLS = 1024  # of a picture
POINTS, FEATURES = 300, 6  # draws in a plane, or of a table's features, and how many of those are shown


def _noise() -> torch.Generator:
    return torch.Generator().manual_seed(0)


class Generated(Protocol):
    """The chart's labels, a sentence for who does not see it, and the drawing of the current parameters."""

    labels: list[str]

    @property
    def sentence(self) -> str:
        """What is drawn."""
        ...

    def draw(self) -> Datasets:
        """The drawing."""
        ...


class Layered:
    """A deep exponential family: data, their reconstruction, and draws layer by layer from the top down."""

    sentence = "Data points, what the model makes of them, and draws from p(x), layer by layer."

    def __init__(self, run: Run, labels: list[str], layers: int) -> None:
        data = run.data
        self.run, self.layers, self.text = run, layers, len(data.feature_names) > 0
        self.labels = [*labels, "data", "x̂"]
        self.batch = data.batch(torch.linspace(0, data.size - 1, TEXTS if self.text else DRAWS).long())

    def draw(self) -> Datasets:
        """At the centre of the weights' q."""
        model: Any = self.run.model
        weights = weights_of(model, self.run.q, self.batch)
        drawn = sample(model, self.batch.size, _noise(), weights)
        again = reconstruction(model, self.run.q, self.batch, _noise(), weights)
        named = len(self.labels)
        above = [Row(number, drawn[f"z{number}"].abs().numpy()) for number in range(self.layers, 0, -1)]
        if self.text:
            seen = Row(named - 2, words=self._words(self.batch.x)), Row(named - 1, words=self._words(again))
            return tiles([*seen, *above, Row(0, words=self._words(drawn["x"]))])
        x, shape = self.batch.x, self.run.data.shape if len(self.run.data.shape) == 2 else ()
        span = float(x.min()), float(x.max())
        pictured = [
            Row(label, values.numpy(), shape, span)
            for label, values in ((named - 2, x), (named - 1, again), (0, drawn["mean"]))
        ]
        return tiles([*pictured[:2], *above, pictured[2]])

    @staticmethod
    def _words(x: Tensor) -> list[list[int]]:
        """Of each text, the words that are more frequent in it than in the others."""
        score = x * (x / x.mean(0).clamp_min(1e-9)).clamp_min(1e-9).log()
        found: list[list[int]] = (score.topk(min(WORDS, score.shape[1]), 1).indices + len(LAYER_NAMES)).tolist()
        return found


class Decoded:
    """A deep generative model: pictures in rows, points in a plane, or a table feature by feature."""

    def __init__(self, run: Run, decoding: Decoding, rows: Tensor) -> None:
        data = run.data
        self.run, self.decoding, self.pictures = run, decoding, len(data.shape) == 2
        some = torch.linspace(0, len(rows) - 1, min(len(rows), DRAWS if self.pictures else POINTS)).long()
        self.batch = data.batch(rows[some])
        self.flat = data.shape == (2,)
        self.random = decoding.weights(1) is not None  # θ has a posterior
        pictured = ["data", "x̂", "p(x)", "mean", *(["θ ~ q", "sd of x̂"] if self.random else [])]
        self.labels = pictured if self.pictures else ["x₁", "x₂"] if self.flat else []
        self.drawn = (
            "Pictures of data points, what the model makes of them, and draws from p(x) with their means."
            if self.pictures
            else "Draws from p(x), dark, against the data, pale."
        )
        self.moved: float | None = None  # by how much draws of θ move x̂, as a share of the data's spread

    @property
    def sentence(self) -> str:
        """What is drawn, and how sure the model is of its decoder."""
        if self.moved is None:
            return self.drawn
        return f"{self.drawn} Between draws of θ ~ q(θ) x̂ has a standard deviation of {self.moved:.1%} of the data's."

    @torch.no_grad()
    def draw(self) -> Datasets:
        """With a typical data point's library size and covariates, if any."""
        model: Any = self.run.model
        x = self.batch.x
        site = model.sites["z"]
        mean = site.family.mean(self.run.q.nu(site, self.batch))
        weights = self.decoding.weights(max(2, min(SPREAD, MOST_DECODED // x.numel())))
        under = None if weights is None else self.decoding.under_each(mean, weights)  # (S, M, D)
        self.moved = None if under is None else float(under.std(0).square().mean().sqrt() / x.std().clamp_min(1e-9))
        if not self.pictures:
            drawn = model.sample(len(x), _noise())
            if self.flat or self.decoding.features is None:
                return dots(x.numpy(), drawn.numpy())
            shown = self.decoding.features.shown[:FEATURES]
            there, here = (self._scaled(each)[:, shown].numpy() for each in (x, drawn))
            self.labels = [self.decoding.features.names[place] for place in shown.tolist()]
            return strips(there, here, range(len(shown)))
        again = model.decode(mean)
        means = model.decode(model.latent_prior.sample(DRAWS, _noise()))
        rows = (x, again, model.sample(DRAWS, _noise()), means)  # the same z twice: a draw, and its mean
        span = float(x.min()), float(x.max())
        drawn_rows = [Row(k, each.numpy(), self.run.data.shape, span) for k, each in enumerate(rows)]
        if under is None:
            return tiles(drawn_rows)
        spread = under.std(0)
        own = Row(4, under[0].numpy(), self.run.data.shape, span)
        return tiles(
            [
                *drawn_rows[:2],
                own,
                Row(5, spread.numpy(), self.run.data.shape, (0.0, float(spread.max()))),
                *drawn_rows[2:],
            ]
        )

    def _scaled(self, x: Tensor) -> Tensor:
        """Counts on the scale of their square root."""
        features = self.decoding.features
        return x.clamp_min(0).sqrt() if features is not None and features.counts else x


def decoded_of(run: Run, decoding: Decoding, rows: Tensor) -> Decoded | None:
    """What this run's model draws, if it can draw at all and has no drawing of its own: that of an arm."""
    drawable = decoding.able and hasattr(run.model, "sample") and not run.data.bones and "z" in run.model.sites
    shown = len(run.data.shape) < 2 or math.prod(run.data.shape) <= MOST_CELLS
    return Decoded(run, decoding, rows) if drawable and shown and run.data.x.shape[1] > 1 else None
