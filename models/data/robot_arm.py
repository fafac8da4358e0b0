"""A robot arm, computed: 5 joint angles → the 3-D positions of 5 points, by the published kinematics of KUKA's youBot.

Joint i turns its frame by T_i = Rot_z(q_i + offset_i) Trans_z(d_i) Trans_x(a_i) Rot_x(α_i), and T_1 ⋯ T_i carries that frame to the
base (Denavit & Hartenberg 1955). The five frames' origins span only 4 dimensions, as the last joint rotates in place; so the points
are shoulder, elbow, wrist and the tips of two fingers, 5 cm to either side of the palm. q is uniform between the joints' limits, the
sensor adds N(0, 5 mm) to every coordinate, and x is in decimetres, so that numbers are of order 1. The shoulder's height is constant.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.data.remembered import remembered
from elbo_room.models.data.source import Source

Array = NDArray[np.float64]
LENGTHS = (0.033, 0.155, 0.135, 0.0, 0.0)  # a, metres
TWISTS = (math.pi / 2, 0.0, 0.0, math.pi / 2, 0.0)  # α
SHIFTS = (0.147, 0.0, 0.0, 0.0, 0.2175)  # d, metres
OFFSETS = (0.0, math.pi / 2, 0.0, math.pi / 2, 0.0)  # of the angles
LIMITS = ((-169, 169), (-65, 90), (-151, 146), (-102.5, 102.5), (-167.5, 167.5))  # degrees
FINGER, NOISE = 0.05, 0.005  # metres
UNIT = 0.1  # metres in one unit of x
POINTS = ("shoulder", "elbow", "wrist", "left finger", "right finger")
BONES = ((-1, 0), (0, 1), (1, 2), (2, 3), (2, 4), (3, 4))
POSES, MORE, HELD_OUT = 4000, 17_000, 1000  # the last 1,000 of the first 4,000 are held out
SIDES = ("ahead", "left", "behind", "right")


def poses(angles: Array) -> Array:
    """Joint angles in radians (N, 5) → the points in metres (N, 5, 3)."""
    frame = np.broadcast_to(np.eye(4), (len(angles), 4, 4))
    frames = []
    for angle, a, alpha, d in zip((angles + OFFSETS).T, LENGTHS, TWISTS, SHIFTS, strict=True):
        turn, lean = np.zeros((len(angles), 4, 4)), np.eye(4)
        turn[:, 0, 0] = turn[:, 1, 1] = np.cos(angle)
        turn[:, 1, 0] = np.sin(angle)
        turn[:, 0, 1] = -turn[:, 1, 0]
        turn[:, 2, 2] = turn[:, 3, 3] = 1
        lean[1:3, 1:3] = [[math.cos(alpha), -math.sin(alpha)], [math.sin(alpha), math.cos(alpha)]]
        lean[0, 3], lean[2, 3] = a, d
        frame = frame @ turn @ lean
        frames.append(frame)
    palm, sideways = frames[4][:, :3, 3], FINGER * frames[4][:, :3, 0]
    return np.stack([*(each[:, :3, 3] for each in frames[:3]), palm + sideways, palm - sideways], 1)


def _angles() -> Array:
    """Uniform between the limits: 3,000 for training, 17,000 more, 1,000 held out: (21000, 5)."""
    low, high = np.radians(LIMITS).T
    first, more = (np.random.default_rng(seed).uniform(low, high, (rows, 5)) for seed, rows in ((0, POSES), (2, MORE)))
    return np.concatenate([first[:-HELD_OUT], more, first[-HELD_OUT:]])


def _noise() -> Array:
    """In the order of `_angles`: (21000, 15)."""
    first, more = (np.random.default_rng(seed).normal(0, NOISE, (rows, 15)) for seed, rows in ((1, POSES), (3, MORE)))
    return np.concatenate([first[:-HELD_OUT], more, first[-HELD_OUT:]])


def _dataset(name: str, *, noisy: bool) -> Dataset:
    """x (20000, 15), 1,000 poses held out; the label is the side to which the base is turned."""
    angles = _angles()
    points = poses(angles).reshape(len(angles), 15) + (_noise() if noisy else 0.0)
    x = torch.tensor(points / UNIT, dtype=torch.float32)
    side = torch.tensor(np.floor((angles[:, 0] / (math.pi / 2)) + 0.5), dtype=torch.int64) % 4
    columns = tuple(f"{point} {axis}" for point in POINTS for axis in "xyz")

    def part(rows: slice, test: Dataset | None = None) -> Dataset:
        return Dataset(
            name=name,
            x=x[rows],
            labels=side[rows],
            label_names=SIDES,
            shape=(15,),
            test=test,
            feature_names=columns,
            bones=BONES,
        )

    return part(slice(0, -HELD_OUT), part(slice(-HELD_OUT, None)))


@remembered
def robot_arm() -> Dataset:
    """x (20000, 15) in decimetres with the sensor's noise of .05."""
    return _dataset("robot_arm", noisy=True)


@remembered
def robot_arm_exact() -> Dataset:
    """The same poses without noise: the shoulder's height is 1.47 in every row."""
    return _dataset("robot_arm_exact", noisy=False)


SOURCES = (
    Source(
        "robot_arm", "Robot arm",
        "20,000 poses of the youBot arm: 5 joint angles → 5 points in space, with 5 mm of noise; in dm, computed.", robot_arm,
    ),
    Source(
        "robot_arm_exact", "Robot arm, no noise",
        "The same poses without noise: the shoulder's height is constant, so its σ tends to 0.", robot_arm_exact,
    ),
)  # fmt: skip
