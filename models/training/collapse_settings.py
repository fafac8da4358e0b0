"""The knobs against (or for) posterior collapse: β and its warm-up, free bits, extra steps of the encoder."""

from dataclasses import dataclass

from elbo_room.models.inference.objective import Objective
from elbo_room.models.settings import setting


@dataclass(frozen=True)
class CollapseSettings:
    """How the KL is weighted and how far the encoder runs ahead; all live except the warm-up."""

    beta: float = setting(
        1.0, label="KL weight", symbol="β", group="Inference", low=0.01, high=100.0, log=True, live=True,
        help="Weight of the KL in the objective; a dimension that gains less than β times its nats collapses.",
    )  # fmt: skip
    warm_up: int = setting(
        0, label="Warm-up", group="Inference", low=0, high=20_000,
        help="Steps over which the weight of the KL rises linearly from 0 to β.",
    )  # fmt: skip
    free_bits: float = setting(
        0.0, label="Free bits", symbol="λ₀", group="Inference", low=0.0, high=5.0, live=True,
        help="Nats of KL that cost nothing, per dimension.",
    )  # fmt: skip
    encoder_steps: int = setting(
        0, label="Encoder first", group="Inference", low=0, high=20, live=True,
        help="Steps of q alone before each joint step: the aggressive encoder.",
    )  # fmt: skip

    def objective(self, number: int) -> Objective:
        """β_t = β min(1, (t + 1)/W) for the step after t steps."""
        risen = min(1.0, (number + 1) / self.warm_up) if self.warm_up else 1.0
        return Objective(self.beta * risen, self.free_bits, self.encoder_steps)
