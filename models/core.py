"""The engine's vocabulary: sites (latent variables), factors (terms of the log joint), batches, and the black-box criterion.

log p(x, z, θ) = Σ_factors value. Each factor lists the sites it contains, so Rao-Blackwellisation is arithmetic on `on`.

There are two plates, the data points and the whole model. Offsets of G groups, one variable per group, are one global site of shape (G,),
read as `latents["b"][..., group]` with the group of each row of the batch, (M,): (R, B, M). That is enough for reparameterisation. A
score multiplies all of the site's factors, all groups' rows together; if that is too noisy, make each group a site, and its rows a factor
that is 0 elsewhere: then the Markov blanket of an offset contains its own rows only (`models.exact.toys.Groups` has both).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from elbo_room.models.families.entries import Entries
from elbo_room.models.families.family import Family


@dataclass(frozen=True)
class Site:
    """A latent variable: one per data point (`local`) or one for all (`global`), of `shape`, with the family of its q.

    >>> import elbo_room as er
    >>> er.Site("w", "global", (3,), er.Normal()).shape
    (3,)
    """

    name: str
    plate: Literal["local", "global"]
    shape: tuple[int, ...]
    family: Family


@dataclass(frozen=True)
class Factor:
    """One term of the log joint in nats, unscaled: value (R, B) for the whole model or (R, B, M), one per data point of the batch.

    >>> import elbo_room as er
    >>> import torch
    >>> w = torch.zeros(1, 4, 3)  # (R, B, K)
    >>> er.Factor("log p(w)", -w.square().sum(-1) / 2, {"w"}).value.shape
    torch.Size([1, 4])
    """

    name: str
    value: Tensor  # (R, B) or (R, B, M)
    on: frozenset[str]  # the sites whose values enter; none for a prior on the model's own parameters
    prior: Tensor | None = None  # ν₀ (n_params, K or 1) of q's family, if value = Σ_k log p(z_k; ν₀)
    in_kl: bool = False  # a latent prior's term: β weights it, as it does log q
    of_parameters: bool = (
        False  # log p(θ) of a point estimate θ: part of the objective, not of the bound on log p(x | θ)
    )


@dataclass(frozen=True)
class Batch:
    """M rows of the data, and the total N: the engine scales local terms by N/M.

    >>> import elbo_room as er
    >>> er.Dataset([[1.0], [2.0], [3.0]]).whole().size
    3
    """

    x: Tensor  # (M, D)
    rows: Tensor  # (M,) int64
    total: int  # N
    y: Tensor | None = None  # (M, …) the response of a conditional model
    covariates: Tensor | None = None  # (M, C) known properties of a data point besides x, such as its batch
    entries: Entries | None = None  # the nonzero entries of x, for sparse data
    whole: bool = False  # all N rows in their original order
    weight: Tensor | None = None  # (M,) how many rows a row counts as in the likelihood
    offset: Tensor | None = None  # (M,) known part of the linear predictor, such as the log of an exposure

    @property
    def size(self) -> int:
        """M."""
        return len(self.rows)


class Model(Protocol):
    """What black box variational inference needs from a model: its sites, and its log joint as terms.

    >>> import elbo_room as er
    >>> class Mean:  # w ~ N(0, 1), x_i ~ N(w, 1)
    ...     sites = {"w": er.Site("w", "global", (1,), er.Normal())}
    ...     def factors(self, batch, latents):
    ...         w = latents["w"]  # (R, B, 1)
    ...         return [
    ...             er.Factor("log p(w)", -w.square().sum(-1) / 2, {"w"}),
    ...             er.Factor("log p(x | w)", -(batch.x[:, 0] - w).square() / 2, {"w"}),
    ...         ]
    >>> model: er.Model = Mean()
    """

    @property
    def sites(self) -> Mapping[str, Site]:
        """The latent variables that q covers, by name."""
        ...

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """The terms of the log joint at latents[name] (R, B, M, K) or (R, B, K)."""
        ...


def check_factors(factors: object, sites: Mapping[str, Site], replicates: int, draws: int, size: int) -> None:
    """Refuse anything but a list of factors over these sites.

    A wrong shape would broadcast: y (N, 1) against (N,) gives N × N, and training converges to nonsense. A wrong `on` biases the gradient.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    if not isinstance(factors, list | tuple):
        raise ValueError(
            f"The model's factors(…) returned {described(factors)}; it must return a list of Factor. "
            "Write return [Factor('log joint', value, frozenset({'z'}))], with a term for each part of the log joint."
        )
    if not factors:
        raise ValueError(
            "The model's factors(…) returned no factors, so there is nothing to maximise. Return at least one."
        )
    for factor in factors:
        _check_factor(factor, sites, ((replicates, draws), (replicates, draws, size)))
    if len({factor.name for factor in factors}) < len(factors):
        names = [factor.name for factor in factors]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(
            f"Two factors are called {twice!r}; their terms of the ELBO would be merged. Give each its own name."
        )
    covered = frozenset[str]().union(*(factor.on for factor in factors))
    if missing := [name for name in sites if name not in covered]:
        raise ValueError(
            f"No factor contains the site {missing[0]!r}, so it has no prior and no data. Add its prior as a factor, "
            "and name the site in the `on` of every factor that it enters."
        )


def _check_factor(factor: object, sites: Mapping[str, Site], allowed: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    if not isinstance(factor, Factor):
        raise ValueError(
            f"The model's factors(…) returned {described(factor)} in its list; every entry must be a Factor. "
            "Write Factor(name, value, on)."
        )
    _check_value(factor, allowed)
    if not isinstance(factor.on, frozenset | set):
        raise ValueError(
            f"Factor {factor.name!r} has on = {factor.on!r}, {described(factor.on)}; it must be a set of sites' names. "
            "Write frozenset({'z'})."
        )
    if unknown := [name for name in factor.on if name not in sites]:
        raise ValueError(
            f"Factor {factor.name!r} lists {unknown[0]!r} in its `on`, which is not a site; the model's sites are: {', '.join(sites)}. "
            "List every site that the factor contains, and nothing else: the model's parameters are not sites."
        )
    if factor.value.ndim == 2 and (lost := [name for name in factor.on if sites[name].plate == "local"]):
        raise ValueError(
            f"Factor {factor.name!r} contains the local site {lost[0]!r} but is one number for all data, (R, B); a data point's "
            "score would miss it. Return one value per data point, (R, B, M)."
        )


def _check_value(factor: Factor, allowed: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    if not isinstance(factor.value, Tensor):
        raise ValueError(
            f"Factor {factor.name!r} has {described(factor.value)} as its value; it must be a tensor of log densities in nats."
            " Compute it with torch from the latents."
        )
    if not factor.value.is_floating_point():
        raise ValueError(
            f"Factor {factor.name!r} has values of type {kind_of(factor.value)}; log densities are floating-point numbers. "
            "Convert it with .float()."
        )
    if factor.value.shape not in allowed:
        raise ValueError(
            f"Factor {factor.name!r} has shape {tuple(factor.value.shape)}; it must be (R, B) = {allowed[0]} or (R, B, M) = "
            f"{allowed[1]}. Sum over the features, and check that no (M, 1) is combined with an (M,)."
        )


def kind_of(tensor: Tensor) -> str:
    """The type of a tensor's numbers, without torch's prefix."""
    return str(tensor.dtype).removeprefix("torch.")


def described(thing: object) -> str:
    """What was passed, in a few words: its kind, and the shape of a tensor."""
    if thing is None:
        return "nothing (None)"
    if isinstance(thing, Tensor):
        return f"a tensor of shape {tuple(thing.shape)}"
    if isinstance(thing, type):
        return f"the class {thing.__name__}"
    name = type(thing).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def shown(value: object) -> str:
    """A value as quoted in a message: text and numbers themselves, anything else described."""
    return repr(value)[:42] if isinstance(value, str | int | float) else described(value)
