"""The robot arm: its links have fixed lengths whatever the angles, and its numbers match the reference."""

import math

import numpy as np
import pytest
import torch

from elbo_room.models.data.robot_arm import NOISE, UNIT, poses, robot_arm, robot_arm_exact
from elbo_room.models.diagnostics import LINKS, link_lengths
from elbo_room.models.exact.probabilistic_pca import fit


def test_the_arm_at_rest_is_upright() -> None:
    """All angles 0: shoulder at (a₁, 0, d₁), and above it a₂ + a₃ + d₅ of arm, the fingers 5 cm to either side."""
    points = poses(np.zeros((1, 5)))[0]
    height = np.array([0.147, 0.302, 0.437, 0.6545, 0.6545])
    np.testing.assert_allclose(points[:, 2], height, atol=1e-12)
    np.testing.assert_allclose(points[:3, 0], 0.033, atol=1e-12)
    np.testing.assert_allclose(np.abs(points[3] - points[4]), [0.1, 0, 0], atol=1e-12)


def test_the_base_turns_everything_about_the_vertical() -> None:
    angles = np.array([[0.0, 0.3, -0.7, 0.4, 1.1]])
    turn = np.array([[math.cos(0.9), -math.sin(0.9), 0], [math.sin(0.9), math.cos(0.9), 0], [0, 0, 1]])
    np.testing.assert_allclose(poses(angles + np.eye(5)[0] * 0.9), poses(angles) @ turn.T, atol=1e-12)


def test_links_are_rigid_and_the_shoulder_keeps_its_height() -> None:
    x = robot_arm_exact().x
    torch.testing.assert_close(link_lengths(x), torch.tensor([LINKS[name] for name in LINKS]).expand(len(x), -1))
    assert (x.amax(0) == x.amin(0)).nonzero().tolist() == [[2]]


def test_numbers_are_the_reference_s() -> None:
    """Rows 0 and 1 of `youbot_fk_4000.npz` (computed elsewhere from the same table), and the closed-form score of its first 3,000."""
    data, noisy = robot_arm_exact(), robot_arm()
    expected = [0.02280201, 0.02385515, 0.147, 0.06496423, 0.06796468, 0.28948403, 0.09376807, 0.09809886, 0.16108126,
                -0.02117196, -0.09206394, 0.14026903, -0.08826584, -0.02242836, 0.11478769]  # fmt: skip
    np.testing.assert_allclose(data.x[0].numpy() * UNIT, expected, atol=2e-8)
    np.testing.assert_allclose(noisy.x[1, :3].numpy() * UNIT, [-0.02210343, 0.02162541, 0.14553772], atol=2e-8)
    assert noisy.test is not None
    nats = fit(noisy.x[:3000], 5).log_likelihood(noisy.test.x).mean() - 15 * math.log(UNIT)  # per metre¹⁵
    assert float(nats) == pytest.approx(20.81, abs=0.005)


def test_the_sensor_s_noise_is_five_millimetres() -> None:
    noise = (robot_arm().x - robot_arm_exact().x) * UNIT
    assert float(noise.std()) == pytest.approx(NOISE, rel=4 / math.sqrt(2 * noise.numel()))
    assert float(noise.mean()) == pytest.approx(0, abs=4 * NOISE / math.sqrt(noise.numel()))
