"""ε of B draws, five ways: independent; in pairs (ε, −ε); B points of a net, scrambled by digital shifts or by Owen; in stratified pairs.

Each draw has the right distribution in all five, so the mean of an estimator that sums over single draws is unchanged. Antithetic and
Sobol draws depend on each other, which biases leave-one-out and its relatives; a variance can then be measured only across whole
replicates.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

from elbo_room.models.core import Batch, Model, Site
from elbo_room.models.settings import rule

BITS = 30  # of a Sobol number in torch


def sobol(
    sites: Mapping[str, Site],
    shapes: Mapping[str, tuple[int, ...]],
    replicates: int,
    draws: int,
    generator: torch.Generator,
    dtype: torch.dtype,
) -> dict[str, Tensor]:
    """One net over all coordinates of all sites, scrambled once; every replicate and data point shifts its digits by its own random bits.

    A digital shift (xor) keeps the net a net, makes every point uniform by itself, and costs B·K integers per data point, where a separate
    scramble would cost a new engine. Without it the first point is 0, and F⁻¹(0) = −∞.
    """
    widths = {name: math.prod(shape[1:]) for name, shape in shapes.items()}
    seed = int(torch.randint(2**31, (), generator=generator))
    net = SobolEngine(sum(widths.values()), scramble=True, seed=seed).draw(draws, dtype=torch.float64)  # (B, ΣK)
    whole = (net * 2**BITS).long()  # (B, ΣK)
    noise, start = {}, 0
    for name, width in widths.items():
        rows = shapes[name][0]
        shift = torch.randint(2**BITS, (replicates, 1, rows, width), generator=generator)  # (R, 1, M, K)
        digits = whole[None, :, None, start : start + width] ^ shift  # (R, B, M, K)
        below = torch.rand(digits.shape, generator=generator, dtype=torch.float64)  # the digits after the last bit
        noise[name] = _drawn(sites[name], (digits + below) / 2**BITS, shapes[name], dtype)
        start += width
    return noise


def owen(
    sites: Mapping[str, Site],
    shapes: Mapping[str, tuple[int, ...]],
    replicates: int,
    draws: int,
    generator: torch.Generator,
    dtype: torch.dtype,
) -> dict[str, Tensor]:
    """One net over all coordinates of all sites, whose digits are flipped at random, each by a bit that depends on the digits before it.

    Nested uniform scrambling (Owen 1995): independent for each replicate, data point and coordinate. B points share no more than
    m = ⌈log₂ B⌉ leading digits, so that all later ones are independent and are drawn as such.
    """
    widths = {name: math.prod(shape[1:]) for name, shape in shapes.items()}
    net = SobolEngine(sum(widths.values())).draw(draws, dtype=torch.float64)  # (B, ΣK), without scrambling
    deep = max(1, math.ceil(math.log2(draws)))
    digits = (net * 2**deep).long()  # the first m digits as a whole number
    noise, start = {}, 0
    for name, width in widths.items():
        own, rows = digits[:, start : start + width], shapes[name][0]  # (B, K)
        size = (replicates, rows, width, 2**deep - 1)
        flips = torch.randint(2, size, generator=generator)  # a bit for each node of the tree of digits
        scrambled = torch.zeros(replicates, draws, rows, width, dtype=torch.int64)
        for level in range(deep):
            node = (own >> (deep - level)) + 2**level - 1  # the digits before this one, (B, K)
            place = node.T[None, None].expand(replicates, rows, -1, -1)  # (R, M, K, B)
            bit = (own >> (deep - level - 1)).remainder(2)[None, :, None] ^ flips.gather(3, place).permute(0, 3, 1, 2)
            scrambled = 2 * scrambled + bit
        below = torch.rand(scrambled.shape, generator=generator, dtype=torch.float64)
        noise[name] = _drawn(sites[name], (scrambled + below) / 2**deep, shapes[name], dtype)
        start += width
    return noise


def stratified_pairs(
    sites: Mapping[str, Site],
    shapes: Mapping[str, tuple[int, ...]],
    replicates: int,
    draws: int,
    generator: torch.Generator,
    dtype: torch.dtype,
) -> dict[str, Tensor]:
    """A Latin hypercube of mirrored pairs: u in one of the lower B/2 strata or mirrored, 1 − u its partner's, in every coordinate.

    The strata of a coordinate are in random order and each is mirrored or not, independently of other coordinates: every draw is uniform by
    itself, and even B has one draw in each stratum. An odd B leaves out the last partner.
    """
    noise, half = {}, (draws + 1) // 2
    for name, shape in shapes.items():
        wide = (replicates, half, shape[0], math.prod(shape[1:]))
        stratum = torch.rand(wide, generator=generator, dtype=torch.float64).argsort(1)
        inside = torch.rand(wide, generator=generator, dtype=torch.float64)
        low = (stratum + inside) / (2 * half)  # in (0, ½)
        first = torch.where(torch.rand(wide, generator=generator) < 0.5, low, 1 - low)
        both = torch.cat([first, 1 - first], 1)[:, :draws]  # (R, B, M, K)
        noise[name] = _drawn(sites[name], both, shape, dtype)
    return noise


def _drawn(site: Site, uniform: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """ε = F⁻¹(u) inside the open interval: (R, B, M, …)."""
    inside = uniform.clamp(2.0**-52, 1 - 2.0**-52).reshape(*uniform.shape[:2], *shape)
    return site.family.from_uniform(inside).to(dtype)


@dataclass(frozen=True)
class NoiseKind:
    """How the B draws of one estimate depend on each other."""

    name: str
    label: str
    symbol: str
    help: str
    needs: str  # the method of `Family` that makes it possible
    requires: tuple[dict[str, object], ...] = ()
    steeper: float | None = None  # variance falls at least as B^−steeper where f is smooth; None: as 1/B
    points: Callable[..., dict[str, Tensor]] | None = None  # makes the draws of all sites from evenly spread points
    widest: int | None = None  # the most numbers a draw may have


PAIR = rule("draws", "A single draw has no partner: B is {draws}. Raise B to 2 or more, or draw independently.", low=2)
NOISES: dict[str, NoiseKind] = {
    each.name: each
    for each in (
        NoiseKind("iid", "independent", "ε₁ … ε_B", "Every draw on its own: variance falls as 1/B.", "noise"),
        NoiseKind(
            "antithetic",
            "antithetic pairs",
            "ε, −ε",
            "Draws in mirrored pairs: what is odd in ε cancels exactly (Hammersley & Morton 1956).",
            "mirror",
            (PAIR,),
        ),
        NoiseKind(
            "sobol",
            "scrambled Sobol",
            "F⁻¹(u)",
            "B evenly spread points, scrambled again at each step: variance falls faster than 1/B (Buchholz et al. 2018).",
            "from_uniform",
            (PAIR,),
            2.0,
            sobol,
            SobolEngine.MAXDIM,
        ),
        NoiseKind(
            "owen",
            "Owen-scrambled Sobol",
            "F⁻¹(u)",
            "B evenly spread points with nested random flips: where f is smooth, variance falls as 1/B³ up to logs (Owen 1997).",
            "from_uniform",
            (PAIR,),
            2.0,
            owen,
            SobolEngine.MAXDIM,
        ),
        NoiseKind(
            "stratified",
            "stratified pairs",
            "F⁻¹(u), F⁻¹(1 − u)",
            "Mirrored pairs, with one draw in each of B strata: sums of functions of one coordinate lose nearly all noise (McKay 1979).",
            "from_uniform",
            (PAIR,),
            None,
            stratified_pairs,
        ),
    )
}


def lacking(site: Site, kind: str) -> str | None:
    """None, or why a site's family cannot be drawn this way."""
    if site.family.states(NOISES[kind].needs):
        return None
    return (
        f"{NOISES[kind].label.capitalize()} draws need noise that is mirrored or made from uniforms; {site.family.label} allows neither. "
        "Draw independently."
    )


def too_wide(model: Model, kind: str) -> str | None:
    """None, or why the draws of all sites have too many numbers to be points of a net."""
    numbers = sum(math.prod(site.family.noise_shape((1, *site.shape))) for site in model.sites.values())
    widest = NOISES[kind].widest
    if widest is None or numbers <= widest:
        return None
    return (
        f"A draw of this model has {numbers:,} numbers; a scrambled Sobol net has at most {widest:,} dimensions. "
        "Draw independently, or choose a smaller model."
    )


def draw_noise(
    model: Model,
    batch: Batch,
    replicates: int,
    draws: int,
    generator: torch.Generator,
    dtype: torch.dtype,
    kind: str = "iid",
) -> dict[str, Tensor]:
    """ε of every site, (R, B, M or 1, K), from this generator; the axes after M are the family's `noise_shape`."""
    shapes = {
        name: site.family.noise_shape((batch.size if site.plate == "local" else 1, *site.shape))
        for name, site in model.sites.items()
    }
    if (points := NOISES[kind].points) is not None:
        return points(model.sites, shapes, replicates, draws, generator, dtype)
    count = (draws + 1) // 2 if kind == "antithetic" else draws
    noise = {
        name: site.family.noise((replicates, count, *shapes[name]), generator, dtype)
        for name, site in model.sites.items()
    }
    if kind == "antithetic":
        for name, half in noise.items():
            noise[name] = torch.cat([half, model.sites[name].family.mirror(half)], 1)[:, :draws]
    return noise
