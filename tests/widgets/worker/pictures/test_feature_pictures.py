"""A table on the decode card: the few features that matter are sent, under their own names, on the same scale as the data."""

import numpy as np
import pytest
import torch

from elbo_room.models.data import DATA, from_array
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.pictures import LatentPictures
from elbo_room.widgets.worker.pictures.features import MOST

PLANTED = (3, 50, 97)


def cells() -> Run:
    """Two classes of 60 cells, 200 genes; three genes mark the second class, with a tenfold mean."""
    generator = torch.Generator().manual_seed(0)
    rate = torch.full((120, 200), 2.0)
    rate[60:, list(PLANTED)] = 20.0
    x = torch.poisson(rate, generator=generator)
    data = from_array(x, ["plain"] * 60 + ["rich"] * 60, words=[f"g{j}" for j in range(200)])
    values = {
        "response": "negative_binomial",
        "scale_head": "feature",
        "width": 16,
        "latent_size": 3,
        "step_size": 0.02,
    }
    run = Run(Settings(stop_at=150, draws=1, prior_scale=0.3, **values), data)  # type: ignore[arg-type]
    for _ in run:
        pass
    return run


@pytest.fixture(scope="module")
def run() -> Run:
    return cells()


def test_the_planted_genes_mark_their_class_and_travel(run: Run) -> None:
    grid = LatentPictures(run).grid()
    names = [f"g{j}" for j in PLANTED]
    assert set(dict(grid["markers"])[1]) == set(names)
    assert set(names) <= set(grid["names"])
    assert grid["values"].shape == (21 * 21, MOST)
    assert grid["observed"].shape == (120, MOST)


def test_a_datum_is_decoded_at_its_own_mean_not_in_the_shown_plane(run: Run) -> None:
    pictures = LatentPictures(run)
    grid = pictures.grid()
    shown = [int(name[1:]) for name in grid["names"]]
    nu = run.q.nu(run.model.sites["z"], run.data.batch(torch.tensor([70])))
    expected = run.model.decode(nu[:, 0])[0, shown]
    np.testing.assert_allclose(pictures.decode(0.0, 0.0, 70), expected.detach(), rtol=1e-5)
    assert not np.allclose(pictures.decode(0.0, 0.0), expected.detach(), rtol=1e-2)


def test_counts_are_compared_at_the_typical_depth() -> None:
    """A cell that is read three times as deeply looks the same on the card."""
    x = torch.tensor([[1.0, 2.0, 3.0], [3.0, 6.0, 9.0], [2.0, 2.0, 2.0]])
    run = Run(Settings(response="poisson", width=4, stop_at=1), from_array(x))
    observed = LatentPictures(run).grid()["observed"]
    np.testing.assert_allclose(observed, [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [2.0, 2.0, 2.0]], rtol=1e-6)


def test_small_tables_show_all_their_features_in_order() -> None:
    pictures = LatentPictures(Run(Settings(data="iris", width=4, stop_at=1)))
    grid = pictures.grid()
    data = DATA["iris"].load()
    assert grid["names"] == list(data.feature_names or ("x1", "x2", "x3", "x4"))
    np.testing.assert_allclose(grid["observed"], data.x.numpy(), rtol=1e-6)
    assert pictures.about()["shape"] == [1, 4]
