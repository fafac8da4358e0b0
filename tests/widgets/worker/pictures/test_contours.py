"""The dashed ellipses are the prior's: 86 % of a component's draws are within two standard deviations in the plane, whatever the plane."""

import math

import numpy as np
import pytest
import torch

from elbo_room.models.diagnostics import Plane, axes_plane
from elbo_room.models.latent_priors import AutoregressivePrior, MixturePrior, StandardNormalPrior
from elbo_room.widgets.worker.pictures.contours import CORNERS, MOST, Outline, contours

NONE = torch.zeros(0)


def test_a_standard_normal_is_a_circle_of_radius_two_in_any_plane() -> None:
    prior = StandardNormalPrior(4, NONE, None, torch.Generator())
    plane = torch.linalg.qr(torch.randn(4, 2, generator=torch.Generator().manual_seed(0))).Q
    found = contours(prior, Plane(torch.zeros(4), plane.T))
    np.testing.assert_allclose(np.hypot(found["x"], found["y"]), 2.0, atol=1e-5)


def test_an_ellipse_holds_the_share_of_draws_that_two_standard_deviations_hold() -> None:
    """1 − exp(−2) = .865 in two dimensions, within four standard errors of 20,000 draws."""
    prior = MixturePrior(3, NONE, None, torch.Generator().manual_seed(1), 1)
    with torch.no_grad():
        prior.table.copy_(torch.tensor([[[1.0, -2.0, 0.5], [0.3, -0.7, 0.1]]]))
    plane = torch.linalg.qr(torch.randn(3, 2, generator=torch.Generator().manual_seed(2))).Q
    z = prior.sample(20_000, torch.Generator().manual_seed(3)) @ plane
    found = contours(prior, Plane(torch.zeros(3), plane.T))
    edge = torch.tensor(np.stack([found["x"], found["y"]], 1))[:-1]
    center = edge.mean(0)
    root = torch.linalg.cholesky(
        (edge - center).T @ (edge - center) * 2 / len(edge)
    )  # the ellipse as a linear map of a circle
    within = (torch.linalg.solve_triangular(root, (z - center).T, upper=False).norm(dim=0) < 1).float().mean()
    expected = 1 - math.exp(-2)
    assert float(within) == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / 20_000))


def test_of_many_components_the_heaviest_are_drawn() -> None:
    prior = MixturePrior(2, NONE, None, torch.Generator().manual_seed(4), 50)
    with torch.no_grad():
        prior.logits[7] = 3.0
    found = contours(prior, Plane(torch.zeros(2), torch.eye(2)))
    assert len(found["x"]) == MOST * CORNERS
    np.testing.assert_allclose(found["x"][:CORNERS].mean(), prior.table[7, 0, 0].item(), atol=0.1)


def test_a_prior_without_components_is_shown_by_its_draws() -> None:
    """150 octagons around draws of p(z); the top of the highest is the point that the chart names."""
    prior = AutoregressivePrior(3, torch.zeros(1, 1), None, torch.Generator().manual_seed(0))
    found = contours(prior, axes_plane((0, 2), 3))
    drawn = prior.sample(150, torch.Generator().manual_seed(0))[:, [0, 2]]
    x, y = (torch.tensor(found[name]).reshape(150, 9)[:, :-1].mean(1) for name in "xy")
    order = y.argsort()
    torch.testing.assert_close(torch.stack([x, y], 1)[order], drawn[drawn[:, 1].argsort()], atol=1e-5, rtol=0)
    named = (found["component"] == 0) & (found["order"] == 10)
    assert found["y"][named].tolist() == [found["y"].max()]


def test_an_outline_is_made_anew_when_the_prior_or_the_plane_changes_and_only_then() -> None:
    plain, one, other = (
        StandardNormalPrior(3, NONE, None, torch.Generator()),
        axes_plane((0, 1), 3),
        axes_plane((2, 1), 3),
    )
    outline = Outline(plain)
    first = outline.look(one)
    assert outline.look(axes_plane((0, 1), 3)) is first
    moved = outline.look(Plane(torch.ones(3), one.along))
    assert moved["x"].mean() == pytest.approx(first["x"].mean() - 1, abs=1e-6)
    assert outline.look(other) is not moved
    learns = MixturePrior(3, NONE, None, torch.Generator().manual_seed(1), 2)
    outline = Outline(learns)
    before = outline.look(one)["x"].copy()
    with torch.no_grad():
        learns.table += 1.0
    assert np.abs(outline.look(one)["x"] - before).max() > 0.1
