"""Data that are not here yet: a user's own table, and the features of a trained run."""

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.source import ANY, Source

OWN = "own"
FEATURES = "features"  # the data whose x are a trained model's ẑ: `elbo_room.models.features`


def _no_table() -> Dataset:
    raise ValueError(
        "There is no table of yours here. Provide one: the drawer 'Your data' on the page, Explorer(data=…) in a notebook, "
        "or Run(settings, data=…)."
    )


def _no_features() -> Dataset:
    raise ValueError(
        "There are no features here. Train a deep generative model on labelled data, then press “Use this run's features” in the "
        "drawer 'Your data'; or Run(settings, elbo_room.models.features.for_response(run)) in a notebook."
    )


SOURCES = (
    Source(
        OWN,
        "your own table",
        "A file (.h5ad, .npz, .csv, .parquet): the drawer 'Your data', Explorer(data=…), Run(…, data=…).",
        _no_table,
        models=("deep_generative", "deep_exponential_family", "conditional"),
        kind=ANY,
        axes=2,  # they may be images; a network over positions reports an error if they are not
    ),
    Source(
        FEATURES,
        "Features of a run",
        "E[z|x] of a trained model with its data's labels: the drawer 'Your data'.",
        _no_features,
        "ℝᴷ → label",
        models=("conditional",),
        kind="classes",
    ),
)
