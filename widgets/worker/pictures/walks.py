"""Walks through the latent space whose stops are decoded: along a dimension, from place to place, or draws from one datum's q."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from models.diagnostics import Plane

STOPS, ALONG = 8, 9  # of a path or of draws; of a walk along a dimension
FEATURES = 8  # of a vector, whose change along a walk is shown
Pin = tuple[float, float, int]  # a place of the shown plane, and the row of the datum that was meant, or −1


@dataclass(frozen=True)
class Space:
    """Where q puts the drawn data now, (M, K) each, and the plane that is shown."""

    mean: Tensor
    scale: Tensor
    plane: Plane

    def place(self, pin: Pin) -> Tensor:
        """The z (K,) of a pin: its datum's posterior mean, wherever training has moved it, or the place itself."""
        x, y, row = pin
        return self.mean[row] if row >= 0 else self.plane.lift(torch.tensor([x, y]))


class Walks:
    """The walk that is shown; it is decoded again as training goes on."""

    def __init__(self) -> None:
        self.kind: str | None = None
        self.dimension = self.row = self.seed = 0
        self.pins: tuple[Pin, ...] = ()

    def pin(self, pins: Sequence[Sequence[float]], most: int) -> None:
        """Hold these places: none, one, or two with a path between them.

        Raises:
            ValueError: more than two, or of a datum that is not drawn.
        """
        held = tuple((float(x), float(y), int(row)) for x, y, row in pins)
        if len(held) > 2 or any(row >= most for _, _, row in held):
            raise ValueError(
                f"{len(held)} places were pinned; a path has two, of rows below {most}. Pin two, or fewer."
            )
        self.pins, self.kind = held, "path" if len(held) == 2 else None

    def along(self, dimension: int) -> None:
        """Walk along a dimension."""
        self.kind, self.dimension, self.pins = "dimension", dimension, ()

    def draw(self, row: int, seed: int) -> None:
        """Draw from this datum's q; another seed gives other draws."""
        self.kind, self.row, self.seed = "draws", row, seed

    def stops(self, space: Space) -> Tensor | None:
        """The z of every stop, (count, K): −3 … 3 with the others at 0; the straight line; μ + sε with the same ε each time."""
        size = space.mean.shape[1]
        if self.kind == "dimension":
            points = space.plane.at.new_zeros(ALONG, size)
            points[:, self.dimension] = torch.linspace(-3, 3, ALONG)
            return points
        if self.kind == "path":
            first, last = (space.place(pin) for pin in self.pins)
            return torch.lerp(first, last, torch.linspace(0, 1, STOPS)[:, None])
        if self.kind == "draws":
            noise = torch.randn(STOPS, size, generator=torch.Generator().manual_seed(self.seed))
            return space.mean[self.row] + space.scale[self.row] * noise
        return None


def changing(decoded: Tensor, names: Sequence[str]) -> dict[str, Any]:
    """The features of (count, D) that change most along the way, each from its lowest, 0, to its highest, 255, and their names."""
    low, high = decoded.min(0).values, decoded.max(0).values
    most = _most((high - low) / (high + low) if _positive(decoded) else high - low, high)
    shade = (decoded - low) / (high - low).clamp_min(1e-12)
    return {
        "values": shade[:, most].mul(255).round().to(torch.uint8).numpy(),
        "names": _named(most, names),
    }


def raised(here: Tensor, middle: Tensor, names: Sequence[str]) -> dict[str, Any]:
    """The features of E[x|z] (D,) that are raised most against another: `levels`, the ratio of positive ones, else the difference."""
    positive = _positive(here) and _positive(middle)
    level = here / middle if positive else here - middle
    most = _most(level, here)
    return {"names": _named(most, names), "levels": level[most].tolist(), "ratio": positive}


def _positive(decoded: Tensor) -> bool:
    return bool((decoded > 0).all())


def _most(score: Tensor, size: Tensor) -> list[int]:
    """The highest scores among the features that are not small: a rare gene doubles without a word."""
    heard = score.where(size >= size.median(), torch.full_like(score, -torch.inf))
    found: list[int] = heard.topk(min(FEATURES, len(score))).indices.tolist()
    return found


def _named(features: Sequence[int], names: Sequence[str]) -> list[str]:
    return [names[j] if names else f"x{j + 1}" for j in features]
