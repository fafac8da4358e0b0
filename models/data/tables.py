"""Real tables with a response: inputs and real responses are standardised with the training part; a fixed fifth is held out.

Diabetes (Efron et al. 2004) and breast cancer (Wolberg et al. 1995) are scikit-learn's files; yacht hydrodynamics (Gerritsma et al.),
energy efficiency (Tsanas & Xifara 2012), concrete strength (Yeh 1998) and red wine quality (Cortez et al. 2009) are UCI's, CC BY 4.0, their
rows in UCI's order, so that published splits can be reproduced; doctor visits are the RAND health insurance experiment (Deb & Trivedi
2002), in the public domain, 3,000 of its 20,190 rows.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.digits import digits
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import Source

FILES = Path(__file__).parent / "files"
TEST_SHARE = 5  # one row of five is held out
Table = np.ndarray[Any, Any]


def standardized(train: Table, other: Table) -> tuple[Table, Table]:
    """Both by the mean and the standard deviation of the first; a constant column is only centred."""
    mean, scale = train.mean(0), train.std(0)
    scale = np.where(scale > 0, scale, 1.0)
    return (train - mean) / scale, (other - mean) / scale


def split(rows: int, seed: int = 0) -> tuple[Table, Table]:
    """Row numbers for training and held-out row numbers."""
    order = np.random.default_rng(seed).permutation(rows)
    held = rows // TEST_SHARE
    return np.sort(order[held:]), np.sort(order[:held])


def table(
    name: str,
    x: Table,
    y: Table,
    features: tuple[str, ...],
    *,
    real: bool = True,
    classes: tuple[str, ...] = ("all",),
    shape: tuple[int, ...] | None = None,
) -> Dataset:
    """A table as a data set with its held-out part; `real` standardises y, `classes` turns it into labels."""
    train, test = split(len(x))
    x_train, x_test = standardized(x[train], x[test])
    y_train, y_test = standardized(y[train], y[test]) if real else (y[train], y[test])

    def part(x: Table, y: Table, test: Dataset | None = None) -> Dataset:
        labels = torch.tensor(y.astype(np.int64) if len(classes) > 1 else np.zeros(len(y), np.int64))
        values = [torch.tensor(np.ascontiguousarray(each), dtype=torch.float32) for each in (x, y)]
        return Dataset(
            name=name,
            x=values[0],
            labels=labels,
            label_names=classes,
            shape=shape or (x.shape[1],),
            y=values[1],
            test=test,
            feature_names=features,
        )

    return part(x_train, y_train, part(x_test, y_test))


def shipped(name: str) -> tuple[Table, Table, tuple[str, ...]]:
    """(x, y, names of the columns) of a file shipped with the package."""
    with np.load(FILES / f"{name}.npz", allow_pickle=False) as file:
        return file["x"].astype(np.float64), file["y"].astype(np.float64), tuple(str(each) for each in file["names"])


def _of_sklearn(name: str) -> Path | None:
    """scikit-learn's file; importing scikit-learn would cost a worker a second."""
    package = find_spec("sklearn")
    file = Path(package.origin).parent / "datasets" / "data" / name if package and package.origin else None
    return file if file is not None and file.exists() else None


@remembered
def diabetes() -> Dataset:
    """x (442, 10): age, sex, body mass, blood pressure, six serum values; y: disease progression in a year."""
    names = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
    files = [_of_sklearn(f"diabetes_{part}.csv.gz") for part in ("data_raw", "target")]
    if files[0] and files[1]:
        x, y = (np.loadtxt(file) for file in files if file)
    else:
        from sklearn.datasets import load_diabetes

        x, y = load_diabetes(return_X_y=True, scaled=False)
    return table("diabetes", x, y, names)


@remembered
def breast_cancer() -> Dataset:
    """x (569, 30) of cell nuclei; y is 1 for a benign tumour."""
    file = _of_sklearn("breast_cancer.csv")
    if file:
        found = np.loadtxt(file, delimiter=",", skiprows=1)
        x, y = found[:, :-1], found[:, -1]
    else:
        from sklearn.datasets import load_breast_cancer

        x, y = load_breast_cancer(return_X_y=True)
    measures = (
        "radius",
        "texture",
        "perimeter",
        "area",
        "smoothness",
        "compactness",
        "concavity",
        "points",
        "symmetry",
        "fractal",
    )
    names = tuple(f"{kind} {each}" for kind in ("mean", "error", "worst") for each in measures)
    return table("breast_cancer", x, y, names, real=False, classes=("malignant", "benign"))


@remembered
def yacht() -> Dataset:
    """x (308, 6) of a hull and its speed; y: its resistance."""
    x, y, names = shipped("yacht")
    return table("yacht", x, y, names)


@remembered
def energy() -> Dataset:
    """x (768, 8) of a simulated building; y: its heating load."""
    x, y, names = shipped("energy")
    return table("energy", x, y, names)


@remembered
def concrete() -> Dataset:
    """x (1030, 8): seven ingredients in kg/m³ and the age in days; y: compressive strength."""
    x, y, names = shipped("concrete")
    return table("concrete", x, y, names)


@remembered
def wine_red() -> Dataset:
    """x (1599, 11) of the chemistry of red wines; y: their quality, 3 to 8."""
    x, y, names = shipped("wine_red")
    return table("wine_red", x, y, names)


@remembered
def visits() -> Dataset:
    """x (3000, 9) of a person and the insurance plan; y: visits to a doctor in a year."""
    x, y, names = shipped("visits")
    return table("visits", x, y, names, real=False)


@remembered
def digit_classes() -> Dataset:
    """x (1797, 64) pixels, centred; y: which digit."""
    data = digits()
    pixels = tuple(f"pixel {row},{column}" for row in range(8) for column in range(8))
    x = data.x.double().numpy()
    return table(
        "digit_classes", x, data.labels.numpy().astype(np.float64), pixels, real=False, classes=data.label_names, shape=data.shape,
    )  # fmt: skip


SOURCES = tuple(
    Source(load.__name__, label, words, load, symbol, models=("conditional",), kind=kind, axes=axes)
    for load, label, kind, symbol, words, axes in (
        (diabetes, "Diabetes", "real", "ℝ¹⁰ → ℝ", "442 patients, disease progression after a year (scikit-learn's copy).", 0),
        (yacht, "Yacht hydrodynamics", "real", "ℝ⁶ → ℝ", "308 towing-tank runs of a hull, its resistance (UCI, CC BY 4.0).", 0),
        (energy, "Energy of buildings", "real", "ℝ⁸ → ℝ", "768 simulated buildings, their heating load (UCI, CC BY 4.0).", 0),
        (concrete, "Concrete strength", "real", "ℝ⁸ → ℝ", "1,030 mixtures, their compressive strength (UCI, CC BY 4.0).", 0),
        (wine_red, "Red wine quality", "real", "ℝ¹¹ → ℝ", "1,599 wines, quality 3 to 8 (UCI, CC BY 4.0).", 0),
        (breast_cancer, "Breast cancer", "binary", "ℝ³⁰ → {0,1}", "569 tumours, benign or not (scikit-learn's copy).", 0),
        (visits, "Doctor visits", "count", "ℝ⁹ → ℕ", "3,000 person-years of the RAND health insurance experiment.", 0),
        (digit_classes, "Digits with classes", "classes", "ℝ⁶⁴ → {0…9}", "1,797 handwritten digits of 8 × 8 pixels.", 2),
    )
)  # fmt: skip
