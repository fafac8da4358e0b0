"""What a person chose to see of the latent space: its colour, its plane, places that are pinned, data that are marked."""

from copy import copy
from itertools import combinations

import torch
from torch import Tensor

from elbo_room.models.diagnostics import Plane, active, axes_plane, principal_plane
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Explore
from elbo_room.widgets.worker.pace import Pace
from elbo_room.widgets.worker.pictures.colours import Colours
from elbo_room.widgets.worker.pictures.walks import Walks


class Exploration:
    """The choices of one run; they change what its pictures show, not the run."""

    def __init__(self, run: Run, rows: Tensor, site: str) -> None:
        self.size, self.most = int(run.model.sites[site].shape[0]), len(rows)  # K, data on the map
        self.colours, self.walks = Colours(run, rows, site), Walks()
        self.plane, self.axes, self.share = "auto", (0, 1), 0.0  # its name; of the variance, what PCA's plane holds
        self.before: Plane | None = None  # PCA's last plane, whose orientation is kept
        self.marked = torch.zeros(0, dtype=torch.long)

    def follow(self, other: "Exploration") -> None:
        """Take over the choices made in another run of the same model and data."""
        self.colours.choose(other.colours.name)
        self.colours.pace = Pace.unlimited()  # each look is of another step
        self.plane, self.axes, self.share, self.before = other.plane, other.axes, other.share, other.before
        self.walks, self.marked = copy(other.walks), other.marked

    def planes(self) -> list[tuple[str, str]]:
        """The planes of more than two dimensions that can be shown: the list's text, and the name."""
        if self.size <= 2:
            return []
        pairs = [(f"z{i + 1}, z{j + 1}", f"{i} {j}") for i, j in combinations(range(self.size), 2)]
        return [("two live axes", "auto"), ("PCA plane", "pca"), *pairs]

    def choose(self, wanted: Explore) -> None:
        """Apply a choice made on the map.

        Raises:
            ValueError: there is no such thing here; the sentence lists what there is.
        """
        if any(not 0 <= row < self.most for row in [*(wanted.rows or ()), *(wanted.draw or ())[:1]]):
            raise ValueError(
                f"A row was named that is not on the map, which shows {self.most} data. Give numbers from 0 to {self.most - 1}."
            )
        if wanted.colour is not None:
            self.colours.choose(wanted.colour)
        if wanted.plane is not None:
            self._choose_plane(wanted.plane)
        if wanted.pins is not None:
            self.walks.pin(wanted.pins, self.most)
        if wanted.dimension is not None and 0 <= wanted.dimension < self.size:
            self.walks.along(wanted.dimension)
        if wanted.draw is not None:
            self.walks.draw(*wanted.draw)
        if wanted.rows is not None:
            self.marked = torch.tensor(list(wanted.rows), dtype=torch.long)

    def _choose_plane(self, name: str) -> None:
        allowed = [each for _, each in self.planes()]
        if name not in allowed:
            raise ValueError(
                f"The plane {name!r} was asked for; with K = {self.size} there are: {', '.join(allowed) or 'no others'}."
            )
        self.plane, self.before = name, None
        if name not in ("auto", "pca"):
            first, second = name.split()
            self.axes = int(first), int(second)

    def live_axes(self, divergence: Tensor) -> tuple[int, int]:
        """Two live dimensions: change only when one shown is collapsed and another is not."""
        alive = [int(k) for k in divergence.argsort(descending=True) if active(divergence[k])]
        kept = [axis for axis in self.axes if axis in alive]
        if len(kept) == min(2, len(alive)):
            return self.axes
        kept = (kept + [k for k in alive if k not in kept])[:2]
        first, second = sorted((kept + [k for k in range(max(2, len(divergence))) if k not in kept])[:2])
        return first, second

    def plane_now(self, mean: Tensor, divergence: Tensor) -> Plane:
        """The plane that is shown of (M, K); across it a single pinned data point's own values, instead of the average ones."""
        if self.plane == "pca":
            shown, self.share = principal_plane(mean, self.before)
            self.before = shown
        else:
            self.axes = self.live_axes(divergence) if self.plane == "auto" else self.axes
            shown, self.share = axes_plane(self.axes, mean.shape[1]), 0.0
        rows = [row for _, _, row in self.walks.pins if row >= 0]
        return shown.through(mean[rows[0]]) if len(rows) == len(self.walks.pins) == 1 else shown
