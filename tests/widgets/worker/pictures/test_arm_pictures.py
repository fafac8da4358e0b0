"""The arm on the screen is the arm: bones between the right points, squares that are not stretched, an error that is the links' own."""

import math

import numpy as np
import pytest
import torch

from elbo_room.models.data.robot_arm import robot_arm, robot_arm_exact
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics import link_errors
from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.pictures.arm import BAND, bones_of, segments
from elbo_room.widgets.worker.pictures.floor import constant_columns
from elbo_room.widgets.worker.pictures.latent import LatentPictures


def pictures(**settings) -> LatentPictures:
    found = LatentPictures(Run(Settings(**({"data": "robot_arm", "width": 8, "latent_size": 5} | settings))))
    found.watched = frozenset({"arm"})
    return found


def test_bones_join_points_at_the_arm_s_own_lengths() -> None:
    """The base, upper arm, forearm, palm to a finger (√(.2175² + .05²)), and the fingers' distance, in decimetres."""
    base, finger = math.hypot(0.33, 1.47), math.hypot(2.175, 0.5)
    bones = bones_of(robot_arm_exact())
    np.testing.assert_allclose(bones["length"], [base, 1.55, 1.35, finger, finger, 1.0], atol=1e-5)


def test_both_views_keep_one_scale() -> None:
    """A bone's drawn lengths (u, v from the side, u, w from above) give back its length in space, up to the one scale."""
    data = robot_arm_exact()
    drawn = segments(data.x[:5], data, 0, 1.0)
    across, up = drawn["x2"] - drawn["x"], drawn["y2"] - drawn["y"]
    side, above = (drawn["place"] == place for place in (0, 1))
    np.testing.assert_allclose(across[side], across[above], atol=1e-6)
    length = np.sqrt(across[side] ** 2 + up[side] ** 2 + up[above] ** 2).reshape(5, -1)
    ratio = length / bones_of(data)["length"]
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-4)
    assert ((drawn["x"] > 0) & (drawn["x"] < 1) & (drawn["y2"] > 0) & (drawn["y2"] < 1)).all()


def test_the_link_error_is_that_of_draws_from_p_x() -> None:
    seen = pictures().look()
    model = pictures().run.model
    expected = 1000 * link_errors(model.sample(200, torch.Generator().manual_seed(0))).root_mean_square
    assert seen["facts"]["link_error"] == pytest.approx(expected)
    dots = seen["replace"]["arm"]["errors"]["x"]
    first = link_errors(model.sample(200, torch.Generator().manual_seed(0))).error[:100]
    np.testing.assert_allclose(dots, (0.5 + first / 0.08).clamp(0, 1).flatten(), atol=1e-6)  # ±40 mm across


def test_the_band_is_what_the_sensor_s_noise_alone_does() -> None:
    """Noisy data against the four factors √2, √2, √1.5, √2 times 5 mm, within four standard errors."""
    spread = link_errors(robot_arm().x).error.std(0) / 0.005
    np.testing.assert_allclose(spread.numpy(), BAND, rtol=4 / math.sqrt(2 * 3000))


def test_data_without_bones_have_no_arm_to_show() -> None:
    assert "arm" in pictures().about()["views"]["d"]
    digits = pictures(data="digits")
    assert "arm" not in digits.about()["views"]["d"]
    assert "arm" not in digits.look()["replace"]


def test_a_constant_column_is_spoken_of_only_where_the_floor_is_low() -> None:
    assert constant_columns(robot_arm_exact()) == [2]
    assert constant_columns(robot_arm()) == []
    low, high = (pictures(data="robot_arm_exact", scale_floor=floor, scale_head="feature") for floor in (0.0, 0.05))
    with torch.no_grad():
        low.run.model.raw_scale[2] = -7.0
    assert "hold shoulder z constant, so its σ is 0.00091" in low.look()["facts"]["sentence"]
    assert "constant" not in high.look()["facts"]["sentence"]
