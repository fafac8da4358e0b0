"""E_q log p(x | z) + β (E_q log p(z) − E_q log q(z)) − β Σ_k max(λ − KL_k, 0) + log p(θ)/N, in nats per data point: what a step maximises.

log p(θ) belongs to a point estimate θ. Without it, at β = 1 and without free bits, this is the ELBO, a bound on log p(x | θ).

β weights the KL (Higgins et al. 2017); a warm-up lets it rise from 0 (Bowman et al. 2016; Sønderby et al. 2016). KL_k is a dimension's
KL, averaged over the minibatch: below λ nats, its free bits, it costs nothing (Kingma et al. 2016). Extra steps of q alone are the
aggressive encoder (He et al. 2019).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Objective:
    """The weights of one step's objective; the defaults are the ELBO, with no extra steps of the encoder."""

    beta: float = 1.0
    free_bits: float = 0.0  # λ, nats per dimension
    encoder_steps: int = 0  # of q alone, before each joint step

    @property
    def plain(self) -> bool:
        """Whether this is the plain ELBO."""
        return self.beta == 1.0 and self.free_bits == 0.0


ELBO = Objective()  # unweighted
