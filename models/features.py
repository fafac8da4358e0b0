"""Feature learner → response model: a trained model's ẑ_i = E_q[z_i | x_i] as the x of a conditional one (the notes' diagram).

The learner needs no labels, so it may see all rows; the response model then needs few (M1 of Kingma et al. 2014).
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.data import Dataset
from elbo_room.models.diagnostics.latent import embedding
from elbo_room.models.training.run import Run
from elbo_room.models.variational import Table


def _features(run: Run, data: Dataset) -> Tensor:
    """Concatenated over the local sites: (N, Σ K)."""
    sites = [name for name, site in run.model.sites.items() if site.plate == "local"]
    if not sites:
        raise ValueError(
            "This run has no latent variable of a data point, so no features. Use a deep generative model's run."
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


HELD_OUT = 0.2  # of the rows of a run that held out none: its labels are news to the response model all the same
NO_LABELS = (
    "These data have no labels that a response could predict. Choose labelled data, or a column under 'Colour by'."
)


def why_not(run: Run) -> str | None:
    """None, or why a response model cannot be trained on this run's features."""
    if run.data.y is None and len(run.data.labels.unique()) < 2:
        return NO_LABELS
    try:
        _features(run, run.data.kept(torch.arange(1)) if run.data.test else run.data)
    except ValueError as reason:
        return str(reason)
    return None


def for_response(run: Run) -> Dataset:
    """ẑ of the rows that trained the run, standardised, and of those that it held out (a fifth of all where it held out none).

    Raises:
        ValueError: `why_not` says the reason.
    """
    if reason := why_not(run):
        raise ValueError(reason)
    found = embedded(run)
    found = found if found.test else found.split(HELD_OUT)
    mean, scale = found.x.mean(0), found.x.std(0, correction=0).clamp_min(1e-6)
    test = None if found.test is None else replace(found.test, x=(found.test.x - mean) / scale)
    return replace(found, x=(found.x - mean) / scale, test=test)


def _arrays(kind: str, data: Dataset | None) -> dict[str, Any]:
    if data is None or data.y is None:
        raise ValueError(
            "Features are kept with a label of every row and a held-out part. Make them with for_response."
        )
    return {f"{kind}_x": data.x.numpy(), f"{kind}_y": data.y.numpy(), f"{kind}_labels": data.labels.numpy()}


def write_features(data: Dataset, path: Path, title: str) -> None:
    """Keep what `for_response` made as a file; `title` says which run it came from."""
    parts = _arrays("train", data) | _arrays("test", data.test)
    words = {"names": data.feature_names, "kinds": data.label_names, "name": data.name, "title": title}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez(file, **parts, **{key: np.array(value) for key, value in words.items()})  # type: ignore[arg-type]


def read_features(path: Path | str) -> tuple[Dataset, str]:
    """The data that `write_features` kept, and their title.

    Raises:
        ValueError: the file is not there, or is no such file.
    """
    try:
        with Path(path).open("rb") as stored, np.load(stored, allow_pickle=False) as file:
            kept = {name: file[name] for name in file.files}
        names, kinds = (tuple(str(each) for each in kept[key]) for key in ("names", "kinds"))

        def part(kind: str, test: Dataset | None = None) -> Dataset:
            x, y, labels = (torch.from_numpy(kept[f"{kind}_{key}"]) for key in ("x", "y", "labels"))
            return Dataset(
                name=str(kept["name"]),
                x=x,
                labels=labels,
                label_names=kinds,
                shape=(x.shape[1],),
                y=y,
                test=test,
                feature_names=names,
            )

        return part("train", part("test")), str(kept["title"])
    except Exception as error:  # zipfile, zlib and numpy each have errors of their own for a damaged file
        raise ValueError(
            f"The features in {path} cannot be read ({type(error).__name__}). Make them again from their run."
        ) from error


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
