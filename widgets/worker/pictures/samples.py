"""Draws from p(x), layer by layer from the top down: as pictures, or as the words that are more frequent than in the other draws."""

import time
from typing import ClassVar

import torch

from elbo_room.models.deep_exponential_family.sampling import sample, weights_of
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Datasets, Picture
from elbo_room.widgets.worker.pictures.exponential import ExponentialPictures
from elbo_room.widgets.worker.pictures.numbers import Numbers
from elbo_room.widgets.worker.pictures.places import LAYER_NAMES, tiles

DRAWS, TEXTS, WORDS = 8, 5, 6  # draws shown; of text, which needs room, and words of each
SLOW = 1.0  # seconds between two sets of draws


class Samples(Numbers[ExponentialPictures]):
    """Draws at a draw of the weights from q, always with the same noise, so that they move and do not jump."""

    always: ClassVar[bool] = True

    def __init__(self, chart: str, run: Run, pictures: ExponentialPictures) -> None:
        super().__init__(chart, run, pictures)
        self.next, self.slow = 0.0, SLOW

    def for_replay(self) -> None:
        """Draws of every step."""
        self.slow = 0.0

    def about(self) -> About:
        """The names of the layers, and the data's words."""
        return {"labels": {self.chart: self.pictures.labels}}

    def look(self) -> Picture:
        """New draws, when they are due."""
        if time.perf_counter() < self.next:
            return {}
        drawn = self._draws()
        self.next = time.perf_counter() + self.slow
        return {"replace": {self.chart: drawn}}

    def _draws(self) -> Datasets:
        it = self.pictures
        weights = weights_of(it.model, self.run.q, it.batch)
        drawn = sample(it.model, TEXTS if it.text else DRAWS, torch.Generator().manual_seed(0), weights)
        images = {number: drawn[f"z{number}"].abs().numpy() for number in range(it.layers, 0, -1)}
        if not it.text:
            images[0] = drawn["mean"].numpy()
            return tiles(images, self.run.data.shape, None)
        x = drawn["x"]
        score = x * (x / x.mean(0).clamp_min(1e-9)).clamp_min(1e-9).log()  # more often than in the other draws
        words = score.topk(min(WORDS, score.shape[1]), 1).indices + len(LAYER_NAMES)
        return tiles(images, (), words.tolist())
