"""Why a dimension has collapsed, in one sentence, computed so rarely that training is not slowed."""

import math
import time

import torch

from elbo_room.models.diagnostics import active, diagnose
from elbo_room.models.diagnostics.exact import NODES, numbers_of_a_place
from elbo_room.models.diagnostics.latent import unit_of
from elbo_room.models.training.run import Run

ROWS = 60
COMPARED = 2 * 10**7  # numbers of data held against the model along lines through q's means, in all
SHARE = 0.02  # of the time


class Causes:
    """The cause of the first collapsed dimension of one run; an answer is kept until there is a newer one."""

    def __init__(self, run: Run, site: str) -> None:
        self.run, self.site = run, site
        held = numbers_of_a_place(run.model, run.data.batch(torch.arange(1)), site)
        one = NODES * math.prod(run.model.sites[site].shape) * held  # of one row
        rows = min(run.data.size, ROWS, max(1, COMPARED // one))
        self.batch = run.data.batch(torch.linspace(0, run.data.size - 1, rows).long())
        self.found: dict[int, str] = {}
        self.number, self.next = -1, 0.0

    def sentence(self, divergence: torch.Tensor) -> str | None:
        """The cause of the first dimension below the threshold, or None where all are active."""
        dead = [int(k) for k in (~active(divergence)).nonzero()[:, 0]]
        if not dead:
            return None
        begin = time.perf_counter()
        if begin >= self.next and self.number != self.run.number:
            states = diagnose(self.run.model, self.run.q, self.batch, self.site)
            self.found = {each.dimension: each.sentence for each in states if each.kind != "active"}
            self.number, now = self.run.number, time.perf_counter()
            self.next = now + (now - begin) / SHARE
        return next((self.found[k] for k in dead if k in self.found), None)


def absorbed(run: Run) -> str | None:
    """What λ_z ≠ 1 changes where the decoder is free: nothing but the price of the weights, since λ_z β and β/λ_z cancel."""
    unit = unit_of(run.model)
    if unit == 1 or getattr(run.settings, "decoder", "") == "gradient_map":
        return None
    return (
        f"The decoder absorbs λ = {unit:.3g} of z: its first layer's weights, divided by {unit:.3g}, give the same p(x). "
        "Only their prior, p(θ), notices."
    )


def all_alive(run: Run, divergence: torch.Tensor) -> str | None:
    """Where a run weighs its KL or has a decoder that cannot collapse: that all its dimensions live, and what the KL weighs now."""
    kept = getattr(run.settings, "decoder", "") == "gradient_map" or getattr(run.settings, "warm_up", 0)
    if not bool(active(divergence).all()) or (run.objective.plain and not kept):
        return None
    weight = f"{run.objective.beta:.2g}"
    return f"All {len(divergence)} latent dimensions are active, the least with {float(divergence.min()):.2f} nats; the KL weighs {weight}."
