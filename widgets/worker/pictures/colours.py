"""What the map of the latent space may be coloured by: what is known about a data point, and what the model computes for it."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.data import Dataset
from elbo_room.models.diagnostics import average_q, elbo_of_each
from elbo_room.models.diagnostics.collapse import divergence_from_prior
from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.pace import Pace

MOST_FEATURES = 12  # of named features, those that vary most
EVALUATIONS = 500_000  # log likelihoods of single features that one evaluation of every data point's ELBO may cost
KERNELS = 500  # of the average q, evenly taken: all pairs of 2,000 data would stop training for a tenth of a second
RATE, SHARE = 2.0, 0.01  # of the costly ones: times a second, share of the worker's time
MODEL = {
    "kl": ("KL", "KL of the data point, nats"),
    "elbo": ("ELBO", "ELBO of the data point, nats"),
    "fit": ("log p(x|z)", "log p(x|z), nats"),
    "density": ("density", "log density of the average q"),
}  # what the model computes for a data point: its name in the list, and in the key


@dataclass(frozen=True)
class Colour:
    """One number per data point, and its legend: the classes' names, or the quantity's name and range."""

    values: Tensor  # (M,)
    names: tuple[str, ...]
    span: tuple[float, float] | None = None  # None: the values are classes


def classes(data: Dataset) -> dict[str, tuple[str, Tensor, tuple[str, ...]]]:
    """Every column of classes that the data have: what the list calls it, the classes (N,), their names."""
    found = {"label": ("label", data.labels, data.label_names)}
    known = data.covariates
    if (
        known is not None
        and known.shape[1] > 1
        and bool(((known == 0) | (known == 1)).all() and (known.sum(1) == 1).all())
    ):
        names = data.covariate_names or tuple(str(k + 1) for k in range(known.shape[1]))
        found["batch"] = ("batch", known.argmax(1), names)
    return found


def numbers(data: Dataset) -> dict[str, tuple[str, Tensor]]:
    """Every column of numbers: covariates that are not classes, and of named features those that vary most; counts as log(1 + x)."""
    found = {}
    if data.covariates is not None and "batch" not in classes(data):
        for k, column in enumerate(data.covariates.T):
            found[f"covariate {k}"] = (
                data.covariate_names[k] if data.covariate_names else f"covariate {k + 1}",
                column,
            )
    if len(data.shape) == 1 and (data.feature_names or data.x.shape[1] == 2):
        counts = bool((data.x >= 0).all() and (data.x == data.x.round()).all())
        x = data.x.log1p() if counts else data.raw()
        names = data.feature_names or ("x₁", "x₂")
        for j in sorted(
            (x if data.scale is None else data.x).var(0).topk(min(MOST_FEATURES, x.shape[1])).indices.tolist()
        ):
            found[f"feature {j}"] = (f"log(1 + {names[j]})" if counts else names[j], x[:, j])
    return found


class Colours:
    """The chosen colour of the drawn rows. Colours that need the decoder or all pairs of data are updated rarely."""

    def __init__(self, run: Run, rows: Tensor, site: str) -> None:
        self.run, self.rows, self.site, self.batch = run, rows, site, run.data.batch(rows)
        self.classes, self.numbers = classes(run.data), numbers(run.data)
        self.pace, self.kept = Pace(RATE, SHARE), dict[str, Tensor]()
        self.name = "label"

    @property
    def choices(self) -> list[tuple[str, str]]:
        """What the list shows, and the names that `choose` takes."""
        normal = self.run.model.sites[self.site].family.gaussian
        offered = {name: words for name, (words, _) in MODEL.items() if normal or name in ("elbo", "fit")}
        known = {name: each[0] for name, each in self.classes.items()} | {
            name: each[0] for name, each in self.numbers.items()
        }
        return [(f"by {words}", name) for name, words in [*known.items(), *offered.items()]]

    def choose(self, name: str) -> None:
        """Colour by this from now on.

        Raises:
            ValueError: there is no such colour; the sentence lists the available ones.
        """
        allowed = [each for _, each in self.choices]
        if name not in allowed:
            raise ValueError(
                f"The map was to be coloured by {name!r}; these data and this model have: {', '.join(allowed)}."
            )
        self.name, self.pace, self.kept = name, Pace(self.pace.rate, self.pace.share), {}

    def look(self, nu: Tensor, now: float) -> Colour:
        """The colour of every drawn data point; `nu` (M, n_params, K) is q's."""
        if self.name in self.classes:
            _, column, names = self.classes[self.name]
            return Colour(column[self.rows].float(), names)
        if self.name in self.numbers:
            words, column = self.numbers[self.name]
            return _ranged(column[self.rows], words)
        if not self.kept or self.pace.due(now):
            with self.pace.spending():
                self.kept = {self.name: self._ask(nu)}
        return _ranged(self.kept[self.name], MODEL[self.name][1])

    def _ask(self, nu: Tensor) -> Tensor:
        if self.name == "kl":
            return divergence_from_prior(self.run.model, nu[:, :2]).sum(-1)
        if self.name == "density":
            return average_q(nu[:, 0], nu[:: math.ceil(len(nu) / KERNELS), :2])
        draws = max(1, min(8, EVALUATIONS // self.batch.x.numel()))
        generator = torch.Generator().manual_seed(0)  # the same noise each time: only the model changes the picture
        bound, fit = elbo_of_each(self.run.model, self.run.q, self.batch, generator, draws, self.site)
        return bound if self.name == "elbo" else fit


def _ranged(values: Tensor, words: str) -> Colour:
    """From the 2nd to the 98th percentile, so that one outlier does not take all colours."""
    low, high = values.float().quantile(torch.tensor([0.02, 0.98])).tolist()
    return Colour(values.float(), (words,), (low, high if high > low else low + 1.0))
