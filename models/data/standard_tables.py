"""Two classical tables, standardised: 150 irises (Fisher 1936) and 178 wines (Forina et al. 1991), from scikit-learn's files."""

import csv
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import Source

IRIS = ("sepal length", "sepal width", "petal length", "petal width")
WINE = (
    "alcohol", "malic acid", "ash", "alkalinity of ash", "magnesium", "phenols", "flavonoids", "other phenols", "proanthocyanins",
    "colour", "hue", "OD280/OD315", "proline",
)  # fmt: skip


def _table(file: str, name: str, features: tuple[str, ...]) -> Dataset:
    """A file whose first line is N, D and the names of the classes; importing scikit-learn would cost a worker a second."""
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise ValueError(
            f"The {name} table comes with scikit-learn, which is not installed. Run: pip install scikit-learn."
        )
    path = Path(package.origin).parent / "datasets" / "data" / file
    with path.open(encoding="utf-8") as lines:
        names = tuple(next(csv.reader(lines))[2:])
        table = np.loadtxt(lines, delimiter=",")
    measured = table[:, :-1]
    x = torch.tensor((measured - measured.mean(0)) / measured.std(0), dtype=torch.float32)
    return Dataset(
        name=name,
        x=x,
        labels=torch.tensor(table[:, -1].astype(np.int64)),
        label_names=names,
        shape=(x.shape[1],),
        feature_names=features,
    )


@remembered
def iris() -> Dataset:
    """x (150, 4), three species."""
    return _table("iris.csv", "iris", IRIS)


@remembered
def wine() -> Dataset:
    """x (178, 13), three growers."""
    return _table("wine_data.csv", "wine", WINE)


SOURCES = (
    Source("iris", "Iris", "150 irises, 4 measurements, standardised (Fisher 1936).", iris),
    Source("wine", "Wine", "178 wines from three growers, 13 measurements, standardised.", wine),
)
