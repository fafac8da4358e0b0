"""Feature learner → response model: a trained model's ẑ_i = E_q[z_i | x_i] as the x of a conditional one (the notes' diagram).

The learner needs no labels, so it may see all rows; the response model then needs few (M1 of Kingma et al. 2014).
"""

from dataclasses import replace

import torch
from torch import Tensor

from models.data import Dataset
from models.diagnostics.latent import embedding
from models.inference.run import Run
from models.variational import Table


def _features(run: Run, data: Dataset) -> Tensor:
    """Concatenated over the local sites: (N, Σ K)."""
    sites = [name for name, site in run.model.sites.items() if site.plate == "local"]
    if not sites:
        raise ValueError(
            "This run has no latent variable of a datum, so no features. Use a deep generative model's run."
        )
    if data is not run.data and any(isinstance(run.q.by_site[name], Table) for name in sites):
        raise ValueError("q is a table, which has no ν for new rows. Train with an amortised q to have their features.")
    batch = data.whole()
    return torch.cat([embedding(run.model, run.q, batch, name)[0] for name in sites], -1)


def labelled(data: Dataset) -> Dataset:
    """The data with the label of every row as its response y, unless it has one: what a response model is to predict."""
    test = None if data.test is None else labelled(data.test)
    return replace(data, y=data.labels.float() if data.y is None else data.y, test=test)


def embedded(run: Run, data: Dataset | None = None) -> Dataset:
    """The data (the run's own unless others are given) with E_q[z_i] for x_i; y is kept, or else it is the label.

    Raises:
        ValueError: the run has no local latent variable, or q is a table and the rows are new.
    """
    given = run.data if data is None else data
    x = _features(run, given)
    test = None if given.test is None else embedded(run, given.test)
    names = tuple(f"ẑ{k + 1}" for k in range(x.shape[1]))
    return replace(
        labelled(given),
        name=f"features of {given.name}",
        x=x,
        shape=(x.shape[1],),
        test=test,
        feature_names=names,
        bones=(),
    )


def few(data: Dataset, count: int, seed: int = 0) -> Dataset:
    """`count` rows of the data, as many of each class as there can be; the held-out part stays.

    Raises:
        ValueError: there are not so many rows.
    """
    if not len(data.label_names) <= count <= data.size:
        raise ValueError(
            f"{count} rows were asked for; {data.name} has {data.size} rows of {len(data.label_names)} classes. "
            f"Ask for {len(data.label_names)} to {data.size}."
        )
    generator = torch.Generator().manual_seed(seed)
    shuffled = torch.randperm(data.size, generator=generator)
    place = torch.zeros(data.size, dtype=torch.int64)  # of each row within its class
    for label in range(len(data.label_names)):
        rows = shuffled[data.labels[shuffled] == label]
        place[rows] = torch.arange(len(rows))
    turns = place[shuffled] * len(data.label_names) + data.labels[shuffled]  # one of every class, then a second, …
    return replace(data.kept(shuffled[turns.argsort()[:count]].sort().values), test=data.test)
