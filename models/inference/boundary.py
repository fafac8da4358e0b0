"""Checks of what users pass to a run, an estimate or a probe: bad input is refused in one sentence before anything is computed."""

from collections.abc import Mapping
from numbers import Integral

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Site, described, kind_of, shown
from elbo_room.models.estimators import ESTIMATORS, Estimator
from elbo_room.models.families import Family
from elbo_room.models.inference.costs import RAO_BLACKWELL
from elbo_room.models.inference.noise import NOISES
from elbo_room.models.inference.objective import Objective
from elbo_room.models.variational import Posterior

MOST = 10**7  # draws or replicates that are attempted at all


def check_model(model: object) -> None:
    """Refuse anything that is not a model: it needs `sites`, a dict of Sites by name, and `factors`.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    if isinstance(model, type):
        raise ValueError(
            f"The model is the class {model.__name__}; it must be an object. Create one: {model.__name__}(…)."
        )
    if not hasattr(model, "sites") or not callable(getattr(model, "factors", None)):
        raise ValueError(
            f"The model is {described(model)}; it needs `sites`, and `factors(batch, latents)`. "
            "See `Model` in elbo_room.models.core."
        )
    if not isinstance(model.sites, Mapping) or not model.sites:
        came = described(model.sites) if not isinstance(model.sites, Mapping) else "empty"
        raise ValueError(
            f"The model's sites are {came}; they must be a dict with at least one latent variable. "
            "Write {'z': Site('z', 'local', (2,), Normal())}."
        )
    for name, site in model.sites.items():
        _check_site(name, site)


def _check_site(name: str, site: object) -> None:
    if not isinstance(site, Site):
        raise ValueError(
            f"Site {name!r} is {described(site)}; it must be a Site. Write Site({name!r}, 'local', (2,), Normal())."
        )
    if site.name != name:
        raise ValueError(
            f"The model lists the site {site.name!r} as {name!r}; a site has one name. Use the same in the dict and in the Site."
        )
    if site.plate not in ("local", "global"):
        raise ValueError(
            f"Site {name!r} is on the plate {site.plate!r}; choose 'local', one per data point, or 'global', one for all data."
        )
    if (
        not isinstance(site.shape, tuple)
        or len(site.shape) != 1
        or not isinstance(site.shape[0], int)
        or site.shape[0] < 1
    ):
        raise ValueError(
            f"Site {name!r} has the shape {site.shape!r}; it must be (K,), K coordinates. Flatten it, and reshape it in `factors`."
        )
    if not isinstance(site.family, Family):
        raise ValueError(
            f"Site {name!r} has {described(site.family)} as its family; it must be a family of q. Write Normal(), with parentheses."
        )


def check_posterior(model: object, q: object) -> None:
    """Refuse a q that does not cover exactly the model's sites.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    if not isinstance(q, Posterior):
        raise ValueError(
            f"q is {described(q)}; it must be a Posterior. Write Posterior({{'z': Global(site)}}), a factor for each site."
        )
    sites: Mapping[str, Site] = model.sites  # type: ignore[attr-defined]
    for name in sites:
        if name not in q.by_site:
            raise ValueError(f"q has no factor for site {name!r}; it covers {', '.join(q.by_site)}. Give it one.")
    if extra := [name for name in q.by_site if name not in sites]:
        raise ValueError(
            f"q has a factor for {extra[0]!r}, which is not a site; the model's sites are: {', '.join(sites)}. Remove it."
        )
    for name, factor in q.by_site.items():
        if not callable(getattr(factor, "nu", None)):
            raise ValueError(
                f"q's factor for site {name!r} is {described(factor)}, which has no `nu(batch)`. Use Global, Table or Amortized, or add it."
            )


def check_nu(site: Site, nu: Tensor, size: int) -> None:
    """Refuse a ν of the wrong shape or type: (n_params, K) for a global site, (M, n_params, K) for a local one.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    own = (site.family.n_params, *site.shape)
    allowed = (size, *own) if site.plate == "local" else own
    if nu.shape[-len(allowed) :] != allowed or nu.ndim not in (len(allowed), 5):
        which = "(M, n_params, K)" if site.plate == "local" else "(n_params, K)"
        raise ValueError(
            f"q returns ν of shape {tuple(nu.shape)} for the {site.plate} site {site.name!r}; it must be {which} = {allowed}. "
            "Check the factor's table, and the site's family and shape."
        )
    if not nu.is_floating_point():
        raise ValueError(
            f"q returns ν of type {kind_of(nu)} for site {site.name!r}, not floating-point numbers. Convert it with .float()."
        )


def check_estimators(sites: Mapping[str, Site], estimators: object, *, all_sites: bool = True) -> None:
    """Refuse anything but a dict of estimators by site, {"z": "score"}: each a name, a class or an instance.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    example = f"{{{next(iter(sites))!r}: 'score'}}"
    if not isinstance(estimators, Mapping):
        raise ValueError(f"The estimators are {described(estimators)}; they must be a dict by site. Write {example}.")
    for site, part in estimators.items():
        if site not in sites:
            raise ValueError(f"There is no site {shown(site)} for an estimator; the model's are: {', '.join(sites)}.")
        if isinstance(part, str) and part not in ESTIMATORS:
            raise ValueError(f"No estimator is called {part[:40]!r}; choose one of: {', '.join(ESTIMATORS)}.")
        of_class = isinstance(part, type) and issubclass(part, Estimator) and hasattr(part, "name")
        if not isinstance(part, Estimator | str) and not of_class:
            raise ValueError(
                f"The estimator of site {site!r} is {described(part)}; it must be an estimator's name, class or instance. "
                f"Write {example}."
            )
    if all_sites and (missing := [name for name in sites if name not in estimators]):
        raise ValueError(
            f"Site {missing[0]!r} has no estimator; each site needs one. Add it: {{{missing[0]!r}: 'score'}}."
        )


def check_probed(sites: Mapping[str, Site], site: object, objective: object, chunk: object) -> None:
    """Refuse a probe of an unknown site, without a valid objective, or in chunks of fewer than one replicate.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    if site is not None and (not isinstance(site, str) or site not in sites):
        raise ValueError(f"There is no site {shown(site)} to report on; the model's are: {', '.join(sites)}.")
    check_objective(objective)
    if chunk is not None:
        check_count("The chunk of replicates", chunk)


def check_objective(objective: object) -> None:
    """Refuse anything that is not an objective.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    if not isinstance(objective, Objective):
        raise ValueError(
            f"The objective is {described(objective)}; it must be an Objective. Write Objective(beta=0.5)."
        )


def check_count(what: str, count: object) -> None:
    """Refuse anything that is not a positive integer.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise ValueError(f"{what} was {shown(count)}; it must be a whole number, 1 or more. 1 is the least.")
    if int(count) > MOST:
        raise ValueError(f"{what} was {shown(count)}; no machine can hold so many. Choose at most {MOST:,}.")


def check_call(batch: object, draws: object, replicates: object, level: object, noise_kind: object) -> None:
    """Refuse a batch without rows, fewer than one draw or replicate, and unknown names of choices.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    if not isinstance(batch, Batch):
        raise ValueError(
            f"The batch is {described(batch)}; it must be a Batch, a Dataset or an array. Take it from the data: data.batch(rows) or "
            "data.whole()."
        )
    if not len(batch.rows) or len(batch.x) != len(batch.rows) or batch.total < len(batch.rows):
        raise ValueError(
            f"The batch has {len(batch.x)} rows of x and {len(batch.rows)} row numbers, of {batch.total} data points in all; it needs at "
            "least one row, as many row numbers, and no more rows than data points. Take it from the data: data.batch(rows)."
        )
    check_count("B", draws)
    check_count("R", replicates)
    for what, name, known in (("Rao-Blackwellisation", level, RAO_BLACKWELL), ("noise", noise_kind, NOISES)):
        if not isinstance(name, str) or name not in known:
            raise ValueError(f"No kind of {what} is called {shown(name)}; choose one of: {', '.join(known)}.")


def check_generator(generator: object) -> None:
    """Refuse a seed where a generator is needed.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    if not isinstance(generator, torch.Generator):
        raise ValueError(
            f"The generator is {described(generator)}; it must be a torch.Generator. Write torch.Generator().manual_seed(0)."
        )
