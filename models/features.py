"""Feature learner → response model: a trained model's ẑ_i = E_q[z_i | x_i] as the x of a conditional model (the lecture notes' diagram).

The learner needs no labels, so it may use all rows; the response model then needs few labels (M1 of Kingma et al. 2014).
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
    """Features concatenated over the local sites: (N, Σ K)."""
    sites = [name for name, site in run.model.sites.items() if site.plate == "local"]
    if not sites:
        raise ValueError(
            "This run has no latent variable per data point, so no features. Use a run of a deep generative model."
        )
    if data is not run.data and any(isinstance(run.q.by_site[name], Table) for name in sites):
        raise ValueError("q is a table, which has no ν for new rows. Train with an amortised q to get their features.")
    batch = data.whole()
    return torch.cat([embedding(run.model, run.q, batch, name)[0] for name in sites], -1)


def labelled(data: Dataset) -> Dataset:
    """The data with every row's label as its response y, unless it has one: the target of a response model."""
    test = None if data.test is None else labelled(data.test)
    return replace(data, y=data.labels.float() if data.y is None else data.y, test=test)


def embedded(run: Run, data: Dataset | None = None) -> Dataset:
    """The data (the run's own unless others are passed) with E_q[z_i] as x_i; y is kept, or else is the label.

    Raises:
        ValueError: the run has no local latent variable, or q is a table and the rows are new.
    """
    source = run.data if data is None else data
    x = _features(run, source)
    test = None if source.test is None else embedded(run, source.test)
    names = tuple(f"ẑ{k + 1}" for k in range(x.shape[1]))
    return replace(
        labelled(source),
        name=f"features of {source.name}",
        x=x,
        shape=(x.shape[1],),
        test=test,
        feature_names=names,
        bones=(),
    )


HELD_OUT = 0.2  # of the rows of a run that held out none: its labels are still new to the response model
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
    """ẑ of the run's training rows, standardised, and of its held-out rows (a fifth of all if it held out none).

    Raises:
        ValueError: the reason from `why_not`.
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
            "Features are saved with a label for every row and a held-out part. Make them with for_response."
        )
    return {f"{kind}_x": data.x.numpy(), f"{kind}_y": data.y.numpy(), f"{kind}_labels": data.labels.numpy()}


def write_features(data: Dataset, path: Path, title: str) -> None:
    """Save the result of `for_response` to a file; `title` identifies the run."""
    parts = _arrays("train", data) | _arrays("test", data.test)
    words = {"names": data.feature_names, "kinds": data.label_names, "name": data.name, "title": title}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez(file, **parts, **{key: np.array(value) for key, value in words.items()})  # type: ignore[arg-type]


def read_features(path: Path | str) -> tuple[Dataset, str]:
    """The data saved by `write_features`, and their title.

    Raises:
        ValueError: the file does not exist, or is not such a file.
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
    except Exception as error:  # zipfile, zlib and numpy each raise different errors for a damaged file
        raise ValueError(
            f"The features in {path} cannot be read ({type(error).__name__}). Make them again from their run."
        ) from error


def few(data: Dataset, count: int, seed: int = 0) -> Dataset:
    """`count` rows of the data, balanced over the classes as far as possible; the held-out part stays.

    Raises:
        ValueError: there are not enough rows.
    """
    if not len(data.label_names) <= count <= data.size:
        raise ValueError(
            f"{count} rows were requested; {data.name} has {data.size} rows of {len(data.label_names)} classes. "
            f"Request {len(data.label_names)} to {data.size}."
        )
    generator = torch.Generator().manual_seed(seed)
    shuffled = torch.randperm(data.size, generator=generator)
    place = torch.zeros(data.size, dtype=torch.int64)  # rank of each row within its class
    for label in range(len(data.label_names)):
        rows = shuffled[data.labels[shuffled] == label]
        place[rows] = torch.arange(len(rows))
    turns = place[shuffled] * len(data.label_names) + data.labels[shuffled]  # one row of every class, then a second, …
    return replace(data.kept(shuffled[turns.argsort()[:count]].sort().values), test=data.test)
