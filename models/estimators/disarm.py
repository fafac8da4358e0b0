"""DisARM: G_b = ½ (F(b) − F(b')) 1[b ≠ b'] (−1)^{b'} σ(|a|), unit by unit: ARM with ε integrated out given the pair."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elbo_room.models.estimators.arm import Arm
from elbo_room.models.estimators.estimator import Context, Draw


@dataclass(frozen=True)
class DisArm(Arm):
    """Unbiased, and never with more variance than ARM, whose conditional expectation it is (Dong, Mnih & Tucker 2020; Yin et al. 2020).

    Traps: the sign (−1)^{b'} belongs to the second of the pair; units where b = b' contribute nothing; leave-one-out at the same number of
    evaluations was 13-30 % lower.
    """

    name: ClassVar[str] = "disarm"
    label: ClassVar[str] = "DisARM"
    symbol: ClassVar[str] = r"G_b = \tfrac12\,(F(z_b) − F(z'_b))\,(z_b − z'_b)\,σ(\lvert a\rvert)"
    help: ClassVar[str] = "ARM without its noise: the same antithetic pair, the uniform averaged out."
    source: ClassVar[str] = "Dong, Mnih & Tucker 2020; Yin, Ho, Yan, Qian & Zhou 2020"

    def surrogate(self, draw: Draw, context: Context) -> Tensor:
        """⌊½ (F(b) − F(b')) (b − b') σ(|a|)⌋ · ν: where b ≠ b', (−1)^{b'} is b − b'."""
        other, cost = self.antithetic(draw, context)
        slope = (draw.value - other).unsqueeze(-2) * draw.nu.abs().sigmoid()  # (R, B, M, 1, K)
        return draw.carry(0.5 * (context.cost - cost)[..., None, None] * slope)
