"""The engine's vocabulary: sites (latent variables), factors (terms of the log joint), batches, and the black-box criterion.

log p(x, z, θ) = Σ_factors value. Each factor lists the sites it contains, so Rao-Blackwellisation is arithmetic on `on`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from elbo_room.models.entries import Entries
from elbo_room.models.families.family import Family


@dataclass(frozen=True)
class Site:
    """A latent variable: one a datum (`local`) or one for all (`global`), of `shape`, with the family of its q."""

    name: str
    plate: Literal["local", "global"]
    shape: tuple[int, ...]
    family: Family


@dataclass(frozen=True)
class Factor:
    """One term of the log joint in nats, unscaled: value (R, B) of the whole model or (R, B, M), one a datum of the batch."""

    name: str
    value: Tensor  # (R, B) or (R, B, M)
    on: frozenset[str]
    prior: Tensor | None = None  # ν₀ (n_params, K or 1) of q's own family, where value = Σ_k log p(z_k; ν₀)
    in_kl: bool = False  # a latent prior's term: β weighs it, as it does log q
    of_parameters: bool = (
        False  # log p(θ) of a point estimate θ: part of the objective, not of the bound on log p(x | θ)
    )


@dataclass(frozen=True)
class Batch:
    """M rows of the data, and how many there are in all: the engine scales local terms by N/M."""

    x: Tensor  # (M, D)
    rows: Tensor  # (M,) int64
    total: int  # N
    y: Tensor | None = None  # (M, …) what a conditional model responds with
    covariates: Tensor | None = None  # (M, C) what is known of a datum besides x, such as its batch
    entries: Entries | None = None  # where x is not 0, of data that mostly are
    whole: bool = False  # all N rows in their own order

    @property
    def size(self) -> int:
        """M."""
        return len(self.rows)


class Model(Protocol):
    """What black box variational inference needs of a model: its sites, and its log joint as terms."""

    @property
    def sites(self) -> Mapping[str, Site]:
        """The latent variables that q covers, by name."""
        ...

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """The terms of the log joint at latents[name] (R, B, M, K) or (R, B, K)."""
        ...


def check_factors(factors: list[Factor], replicates: int, draws: int, size: int) -> None:
    """Refuse a factor of another shape: y (N, 1) against (N,) would broadcast to N × N and train to nonsense."""
    for factor in factors:
        allowed = ((replicates, draws), (replicates, draws, size))
        if tuple(factor.value.shape) not in allowed:
            raise ValueError(
                f"Factor {factor.name!r} has shape {tuple(factor.value.shape)}; it must be (R, B) = {allowed[0]} or (R, B, M) = "
                f"{allowed[1]}. Sum over the features, and check that no (M, 1) meets an (M,)."
            )
