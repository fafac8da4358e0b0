"""Random small directed models for hypothesis: p(z_k | parents) of random families, p(x | some), plates, minibatches, a random q.

Every conditional's parameters are linear in bounded features of its parents, so that quadrature is exact to far below the errors that
are looked for. A recipe is plain numbers, which hypothesis shrinks to the smallest model that fails.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from torch import Tensor

from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.families import (
    Bernoulli,
    Beta,
    Categorical,
    Dirichlet,
    Family,
    FullRank,
    Gamma,
    LogNormal,
    Normal,
    Poisson,
)
from elbo_room.models.variational import Global, Posterior, TopDown
from tests.models.problems import F64, Rows, Terms, batch_of, log_normal, numbers

SIMPLE: dict[str, Family] = {"normal": Normal(), "bernoulli": Bernoulli(), "categorical": Categorical(3)}
OTHERS: dict[str, Family] = {
    "poisson": Poisson(), "gamma": Gamma(), "log_normal": LogNormal(), "beta": Beta(), "dirichlet": Dirichlet(),
    "full_rank": FullRank(2),
}  # fmt: skip
FEATURE_SCALE, X_SCALE = 0.6, 0.8


@dataclass(frozen=True)
class Node:
    """One latent variable of a recipe; parents are places of earlier nodes."""

    family: str
    size: int
    local: bool
    parents: tuple[int, ...]


@dataclass(frozen=True)
class Recipe:
    """A model as plain numbers."""

    nodes: tuple[Node, ...]
    seen: tuple[int, ...]  # the parents of x
    total: int  # N
    size: int  # M
    seed: int
    chained: bool = False  # each local site's ν moves with the draw of the local one before it

    def family(self, k: int) -> Family:
        """Of q, and of p(z_k | parents), which is a mean-field Normal where q has correlations."""
        return (SIMPLE | OTHERS)[self.nodes[k].family]


@st.composite
def recipes(draw: st.DrawFn, families: Sequence[str] = tuple(SIMPLE), most: int = 3, coordinates: int = 4) -> Recipe:
    """One to `most` sites with `coordinates` in all; a global site has global parents only."""
    nodes: list[Node] = []
    for k in range(draw(st.integers(1, most), label="sites")):
        left = coordinates - sum(node.size for node in nodes) - (most - 1 - k)
        family = draw(st.sampled_from(families), label=f"family of z{k}")
        fixed = 2 if family in ("full_rank", "dirichlet") else None
        size = fixed or draw(st.integers(1, max(1, min(2, left))), label=f"size of z{k}")
        local = draw(st.booleans(), label=f"z{k} is local")
        allowed = [j for j, node in enumerate(nodes) if local or not node.local]
        parents = tuple(j for j in allowed if draw(st.booleans(), label=f"z{j} → z{k}"))
        nodes.append(Node(family, size, local, parents))
    seen = tuple(k for k in range(len(nodes)) if draw(st.booleans(), label=f"z{k} → x"))
    total = draw(st.integers(1, 4), label="N")
    size = draw(st.integers(1, total), label="M")
    chained = draw(st.booleans(), label="q goes from site to site")
    return Recipe(
        tuple(nodes), seen or (len(nodes) - 1,), total, size, draw(st.integers(0, 999), label="seed"), chained
    )


@dataclass
class RandomModel:
    """What a recipe makes: the model, a q away from its optimum, and a minibatch."""

    model: Terms
    q: Posterior
    batch: Batch


def feature(family: Family, value: Tensor) -> Tensor:
    """A bounded, entire function of a value, linear for a binary one (a relaxation stays between): (…, K)."""
    return value if isinstance(family, Bernoulli) else (value + 0.3).sin()


def top_down_factor(base: torch.nn.Module, site: Site, above: Site, seed: int) -> TopDown:
    """A q that moves with the draw above, by a good part of its own spread."""
    made = TopDown(base, site, above, lambda value: feature(above.family, value), above.shape[0])
    made.slope = torch.nn.Parameter(numbers(*made.slope.shape, seed=seed, scale=FEATURE_SCALE))
    return made


def build(recipe: Recipe, forgotten: tuple[int, int] | None = None) -> RandomModel:
    """The model of a recipe; `forgotten` = (child, parent) leaves the parent out of the child's `on`, child −1 being x."""
    count, seed = len(recipe.nodes), recipe.seed
    names = [f"z{k}" for k in range(count)]
    sites = {
        name: Site(name, "local" if node.local else "global", (node.size,), recipe.family(k))
        for k, (name, node) in enumerate(zip(names, recipe.nodes, strict=True))
    }
    batch = batch_of(numbers(recipe.total, 1, seed=seed), sorted(torch.randperm(
        recipe.total, generator=torch.Generator().manual_seed(seed))[: recipe.size].tolist()))  # fmt: skip

    def signal(parents: Sequence[int], outputs: int, key: int, latents: Mapping[str, Tensor], local: bool) -> Tensor:
        """Σ_parents W feature(parent), (R, B, M or –, outputs); 0 where there are none."""
        whole = torch.zeros(outputs, dtype=F64)
        for j in parents:
            weight = numbers(recipe.nodes[j].size, outputs, seed=seed + 31 * key + 7 * j + 1, scale=FEATURE_SCALE)
            found = feature(recipe.family(j), latents[names[j]]) @ weight
            whole = whole + (found.unsqueeze(2) if local and not recipe.nodes[j].local else found)
        return whole

    def owned(child: int, parents: Sequence[int]) -> frozenset[str]:
        kept = [j for j in parents if forgotten != (child, j)]
        return frozenset({names[j] for j in kept} | ({names[child]} if child >= 0 else set()))

    def terms(batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        shape = next(iter(latents.values())).shape[:2]
        found = []
        for k, node in enumerate(recipe.nodes):
            family = recipe.family(k)
            density = Normal() if isinstance(family, FullRank) else family
            shift = signal(node.parents, density.n_params * node.size, k, latents, node.local)
            nu = 0.3 * numbers(density.n_params, node.size, seed=seed + k) + shift.unflatten(
                -1, (density.n_params, node.size)
            )
            value = density.log_prob(latents[names[k]], nu).sum(-1)
            plain = isinstance(family, Normal) and not node.parents and type(family) is Normal
            found.append(Factor(f"p{k}", value.expand(*shape, batch.size) if node.local else value.expand(shape),
                                owned(k, node.parents), prior=nu.detach() if plain else None))  # fmt: skip
        mean = signal(recipe.seen, 1, count, latents, local=True)
        value = log_normal(batch.x, mean, X_SCALE).sum(-1).expand(*shape, batch.size)
        return [*found, Factor("px", value, owned(-1, recipe.seen))]

    factors: dict[str, torch.nn.Module] = {}
    before: int | None = None
    for k, (name, site) in enumerate(sites.items()):
        width = site.family.n_params
        first = numbers(
            *([recipe.total] if site.plate == "local" else []), width, *site.shape, seed=seed + 100 + k, scale=0.4
        )
        factors[name] = Rows(first) if site.plate == "local" else Global(site, first)
        if recipe.chained and site.plate == "local" and before is not None:
            factors[name] = top_down_factor(factors[name], site, sites[names[before]], seed + k)
        before = k if site.plate == "local" else before
    return RandomModel(Terms(sites, terms), Posterior(factors), batch)
