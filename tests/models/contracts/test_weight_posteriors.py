"""Every listed q over weights, and the point mass: shapes, its own generator, what it declares about its score."""

import pytest
import torch

from elbo_room.models.core import Site
from elbo_room.models.data import Dataset
from elbo_room.models.data.own import FEATURES, OWN
from elbo_room.models.data.supervised import SUPERVISED
from elbo_room.models.families import PointMass
from elbo_room.models.variational.weights import WEIGHT_POSTERIORS
from tests.models.problems import numbers


@pytest.mark.parametrize("part", WEIGHT_POSTERIORS.values(), ids=WEIGHT_POSTERIORS)
def test_it_starts_narrow_at_the_initial_weights(part) -> None:
    family, weights = part.family(5), torch.arange(5.0)
    site = Site("w", "global", (5,), family)
    state = torch.get_rng_state()
    q = part.start(site, weights, torch.Generator().manual_seed(0))
    assert torch.equal(state, torch.get_rng_state())
    nu = q.table.detach()
    assert nu.shape == (family.n_params, 5)
    assert torch.equal(family.mean(nu), weights)
    noise = family.noise(family.noise_shape((2000, 5)), torch.Generator().manual_seed(1))
    draws = family.transform(noise, nu)
    assert float((draws.mean(0) - weights).abs().max()) < 0.01
    assert float(draws.std(0).max()) < 0.1


def test_a_point_mass_is_its_parameter_and_has_no_score() -> None:
    family, nu = PointMass(), numbers(2, 1, 3, seed=1).requires_grad_()
    noise = family.noise((2, 3), torch.Generator(), torch.float64)
    value = family.transform(noise, nu)
    assert torch.equal(value, nu[:, 0])
    assert torch.equal(family.log_prob(value, nu), torch.zeros(2, 3, dtype=torch.float64))
    assert torch.equal(family.score(value, nu), torch.zeros_like(nu))
    assert torch.equal(family.entropy(nu), torch.zeros(2, 3, dtype=torch.float64))
    (slope,) = torch.autograd.grad(value.sum(), nu)
    assert torch.equal(slope, torch.ones_like(nu))


@pytest.mark.parametrize(
    "source",
    [source for source in SUPERVISED.values() if source.name not in (FEATURES, OWN)],
    ids=lambda source: source.name,
)
def test_supervised_data_are_finite_with_a_response_and_a_held_out_part(source) -> None:
    state = torch.get_rng_state()
    data: Dataset = source.load()
    assert torch.equal(state, torch.get_rng_state())
    assert data.test is not None
    assert data.test.size >= data.size // 5
    for part in (data, data.test):
        assert part.name == source.name
        assert part.x.dtype == part.y.dtype == torch.float32
        assert part.x.isfinite().all()
        assert part.y.shape == (part.size,)
        assert part.x.is_contiguous()
        assert len(part.feature_names) == part.x.shape[1]
        assert set(part.labels.tolist()) == set(range(len(part.label_names)))


@pytest.mark.parametrize("name", ["diabetes", "yacht", "energy", "concrete", "wine_red", "breast_cancer", "visits"])
def test_tables_are_standardised_with_the_training_part_only(name: str) -> None:
    data = SUPERVISED[name].load()
    assert float(data.x.mean(0).abs().max()) < 1e-5
    assert float((data.x.std(0, correction=0) - 1).abs().max()) < 1e-4
    assert float(data.test.x.mean(0).abs().max()) > 1e-3
    if SUPERVISED[name].kind == "real":
        assert float(data.y.mean().abs()) < 1e-5


def test_the_tables_are_the_known_ones() -> None:
    """Rows, columns, and a number or two of each."""
    known = {"diabetes": (442, 10), "yacht": (308, 6), "energy": (768, 8), "concrete": (1030, 8), "wine_red": (1599, 11),
             "breast_cancer": (569, 30), "visits": (3000, 9), "digit_classes": (1797, 64)}  # fmt: skip
    found = {name: SUPERVISED[name].load() for name in known}
    assert {name: (data.size + data.test.size, data.x.shape[1]) for name, data in found.items()} == known
    cancer = SUPERVISED["breast_cancer"].load()
    assert int(cancer.y.sum() + cancer.test.y.sum()) == 357  # benign
