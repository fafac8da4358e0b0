"""Owen scrambling and stratified pairs: each draw has its law, the mean stays, the variance falls; the points are spread as stated."""

import pytest
import torch
from torch import Tensor

from elbo_room.models.estimators import Reparameterization, Score
from elbo_room.models.families import Normal
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.noise import draw_noise, owen, stratified_pairs
from tests.models.problems import logistic, numbers, plates, sigmoid_belief, target
from tests.models.truth import LIMIT, distance, every, gradients


def points(make, draws: int, replicates: int) -> Tensor:
    """u of all coordinates of a model with binary sites, whose ε is u itself: (R, B, M, 4)."""
    problem = sigmoid_belief()
    shapes = {name: (problem.batch.size, *site.shape) for name, site in problem.model.sites.items()}
    found = make(problem.model.sites, shapes, replicates, draws, torch.Generator().manual_seed(6), torch.float64)
    return torch.cat(list(found.values()), -1)


@pytest.mark.parametrize("make", [owen, stratified_pairs], ids=lambda make: make.__name__)
@pytest.mark.parametrize("draws", [2, 3, 8])
def test_every_draw_is_uniform_by_itself(make, draws: int) -> None:
    u = points(make, draws, 4_000)
    assert bool(((u > 0) & (u < 1)).all())
    for power in (1, 2):
        assert float(distance(u**power, torch.full(u.shape[1:], 1 / (1 + power))).abs().max()) < 5


@pytest.mark.parametrize(
    ("make", "draws"), [(owen, 2), (owen, 16), (owen, 64), (stratified_pairs, 2), (stratified_pairs, 6)]
)
def test_one_draw_is_in_each_stratum_of_every_coordinate(make, draws: int) -> None:
    u = points(make, draws, 200)
    cells = (u * draws).long().sort(1).values
    assert torch.equal(cells, torch.arange(draws)[None, :, None, None].expand_as(cells))


def test_owen_scrambling_keeps_the_net() -> None:
    """The first two Sobol coordinates are a (0, m, 2)-net: 16 points, one in each box of area 1/16, of every shape."""
    u = points(owen, 16, 200)[..., :2]
    for wide in (1, 2, 4, 8, 16):
        box = (u[..., 0] * wide).long() * (16 // wide) + (u[..., 1] * (16 // wide)).long()
        assert torch.equal(box.sort(1).values, torch.arange(16)[None, :, None].expand_as(box))


def test_owen_flips_do_not_depend_on_each_other() -> None:
    """In a digital shift the second digits of both halves are flipped together; nested flips agree half of the time."""
    u = points(owen, 4, 4_000)[:, :, :, 0]  # (R, B, M)
    second = (u * 4).long().remainder(2)
    order = (u * 2).long().argsort(dim=1, stable=True)
    low, high = second.gather(1, order[:, :1]), second.gather(1, order[:, 2:3])
    assert abs(float((low == high).double().mean()) - 0.5) < 0.03


def test_stratified_draws_are_mirrored_pairs() -> None:
    problem = plates()
    noise = draw_noise(problem.model, problem.batch, 5, 6, torch.Generator(), torch.float64, "stratified")
    for each in noise.values():
        torch.testing.assert_close(each[:, :3], -each[:, 3:], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", ["owen", "stratified"])
@pytest.mark.parametrize("draws", [2, 3, 4])
def test_mean_is_the_exact_gradient(draws: int, kind: str) -> None:
    for problem, part in ((sigmoid_belief(), Score()), (logistic(), Reparameterization()), (plates(), Score())):
        found = gradients(problem, every(part, problem.model), draws, "plate", 3, 4_000, kind)
        assert all(float(distance(found[name], problem.exact[name]).abs().max()) < LIMIT for name in found)


@pytest.mark.parametrize(("kind", "draws", "most"), [("owen", 4, 0.4), ("owen", 16, 0.1), ("stratified", 4, 0.65)])
def test_variance_falls(kind: str, draws: int, most: float) -> None:
    """Measured on the logistic regression, relative to independent draws: .29 and .06 (Owen), .47 (stratified pairs, B = 4)."""
    problem = logistic()
    one, other = (
        gradients(problem, every(Reparameterization(), problem.model), draws, "plate", 4, 3_000, each)["w"].var(0).sum()
        for each in (kind, "iid")
    )
    assert float(one / other) < most


def test_owens_variance_falls_faster_than_one_over_b_squared() -> None:
    """From 4 to 64 draws of a smooth integrand in one dimension, Σ ε-even terms: a slope below −2, near −3."""
    model, q, batch = target(Normal(), numbers(2, 1, seed=1, scale=0.1), torch.sin)
    spread = []
    for draws in (4, 64):
        found = estimate(
            model,
            q,
            "reparameterization",
            batch,
            draws,
            torch.Generator().manual_seed(2),
            replicates=400,
            noise_kind="owen",
        )
        spread.append(float(found.draw_gradients(model.sites["z"]).mean(1).var(0).sum()))
    assert spread[1] / spread[0] < 16**-2.0
