"""ARM: G_b = (F(b') − F(b)) (ε − ½), with the antithetic pair b = 1[ε < p], b' = 1[1 − ε < p]; one draw is one pair."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.estimator import Context, Draw, Estimator
from elbo_room.models.families import Family


@dataclass(frozen=True)
class Arm(Estimator):
    """Augment, reinforce, merge: unbiased for Bernoulli logits, without a gradient of F (Yin & Zhou 2019).

    One ε of all K units makes both b and b'. A deep model needs a pair per layer: the other sites stay as drawn while this one flips.
    Traps: F contains −log q(b; ⌊ν⌋); per evaluation, leave-one-out was better in all our measurements.
    """

    name: ClassVar[str] = "arm"
    label: ClassVar[str] = "ARM"
    symbol: ClassVar[str] = r"G_b = (F(z'_b) − F(z_b))\,(ε_b − \tfrac12)"
    help: ClassVar[str] = "An antithetic pair of binary draws: the difference of their F times the noise."
    source: ClassVar[str] = "Yin & Zhou 2019"
    discrete: ClassVar[bool] = True
    moves: ClassVar[bool] = True

    def supports(self, family: Family, draws: int) -> str | None:
        """Needs a binary value of a logit."""
        if not family.states("latent") or family.n_states != 2:
            return f"{self.label} is for Bernoulli latents; these are {family.label}. Choose another estimator."
        return super().supports(family, draws)

    def evaluations(self, draws: int, size: int) -> int:
        """2B: both ends of every pair."""
        return 2 * draws

    def antithetic(self, draw: Draw, context: Context) -> tuple[Tensor, Tensor]:
        """The other of the pair, b' (R, B, M, K), and F(b') (R, B, M)."""
        other = draw.family.transform(draw.family.mirror(draw.own_noise()), draw.nu.detach())
        return other, context.at(other)

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊(F(b') − F(b)) (ε − ½)⌋ · ν."""
        _, cost = self.antithetic(draw, context)
        return draw.carry(((cost - context.cost).unsqueeze(-1) * (draw.own_noise() - 0.5)).unsqueeze(-2))
