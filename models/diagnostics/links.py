"""Does a sample of p(x) look like the arm? Its links have fixed lengths, so | ‖p_a − p_b‖ − ℓ | is an exact score in metres.

Sensor noise of s on every coordinate alone gives a link between two points an error of s √2 (7.1 mm at 5 mm), and the link to the palm,
the midpoint of the fingers, s √1.5 (6.1 mm): even a perfect sample can do no better.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.data.robot_arm import UNIT

LINKS = {"upper arm": 0.155, "forearm": 0.135, "hand": 0.2175, "fingers": 0.10}  # metres


def link_lengths(x: Tensor) -> Tensor:
    """The lengths of `LINKS` in metres: x (…, 15) in decimetres → (…, 4).

    Raises:
        ValueError: x does not have 15 columns.
    """
    if x.shape[-1] != 15:
        raise ValueError(f"An arm has 15 coordinates; these rows have {x.shape[-1]}. Choose the data “Robot arm”.")
    shoulder, elbow, wrist, left, right = (UNIT * x).unflatten(-1, (5, 3)).unbind(-2)
    palm = (left + right) / 2
    pairs = ((shoulder, elbow), (elbow, wrist), (wrist, palm), (left, right))
    return torch.stack([(a - b).norm(dim=-1) for a, b in pairs], -1)


@dataclass(frozen=True)
class LinkErrors:
    """Errors of link lengths in metres over a sample."""

    error: Tensor  # (N, 4), signed

    @property
    def root_mean_square(self) -> float:
        """Over samples and links: (mean of squares)^½."""
        return float(self.error.square().mean().sqrt())

    @property
    def by_link(self) -> dict[str, float]:
        """The same, link by link."""
        return dict(zip(LINKS, self.error.square().mean(0).sqrt().tolist(), strict=True))

    @property
    def median(self) -> float:
        """The median of |error|."""
        return float(self.error.abs().median())


def link_errors(x: Tensor) -> LinkErrors:
    """How far the links of x (N, 15), in decimetres, are from their true lengths."""
    return LinkErrors(link_lengths(x) - torch.tensor(list(LINKS.values()), dtype=x.dtype))
