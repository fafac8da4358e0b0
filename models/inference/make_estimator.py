"""Estimators from the settings or from the user, for each site or for comparison: each a name, a class or an instance."""

from collections.abc import Mapping, Sequence
from typing import cast

from elbo_room.models.core import Model, described
from elbo_room.models.estimators import ESTIMATORS, Estimator, ScoreXi
from elbo_room.models.inference.boundary import check_estimators
from elbo_room.models.inference.surrogate_context import estimators_by_site
from elbo_room.models.training.settings import InferenceSettings

Chosen = str | type[Estimator] | Estimator  # an estimator as a user writes it
BySite = Mapping[str, Chosen]
EXAMPLE = "Write 'score', Score or Score()"


def make_estimator(name: str, settings: InferenceSettings) -> Estimator:
    """The estimator with this name, with the settings it reads."""
    part = ESTIMATORS[name]
    return part(settings.xi_from, settings.xi_value) if issubclass(part, ScoreXi) else part()


def as_estimator(chosen: object) -> Estimator:
    """An estimator from its name, its class or an instance.

    Raises:
        ValueError: it is none of these; what came, what is allowed, what to do.
    """
    if isinstance(chosen, Estimator):
        return chosen
    if isinstance(chosen, str):
        if chosen not in ESTIMATORS:
            raise ValueError(f"No estimator is called {chosen[:40]!r}; choose one of: {', '.join(ESTIMATORS)}.")
        return ESTIMATORS[chosen]()
    if isinstance(chosen, type) and issubclass(chosen, Estimator) and hasattr(chosen, "name"):
        return chosen()
    raise ValueError(
        f"The estimator is {described(chosen)}; it must be an estimator's name, class or instance. {EXAMPLE}."
    )


def own_estimators(model: Model, chosen: BySite, settings: InferenceSettings) -> dict[str, Estimator]:
    """The estimators that a user chose site by site; those chosen by name take the settings they read."""
    if not isinstance(chosen, Mapping) or chosen:
        check_estimators(model.sites, chosen, all_sites=False)
    return {
        site: make_estimator(part, settings) if isinstance(part, str) and part in ESTIMATORS else as_estimator(part)
        for site, part in chosen.items()
    }


def site_estimators(model: Model, chosen: Chosen | BySite, draws: int) -> Mapping[str, Estimator]:
    """One estimator per site, from one for all sites or from a dict by site.

    Raises:
        ValueError: a site has none, or what came is not an estimator.
    """
    if not isinstance(chosen, Mapping):
        return estimators_by_site(model, as_estimator(chosen), draws)
    check_estimators(model.sites, chosen)
    if all(isinstance(part, Estimator) for part in chosen.values()):
        return cast("Mapping[str, Estimator]", chosen)
    return {site: as_estimator(part) for site, part in chosen.items()}


def compared_estimators(
    model: Model, chosen: Chosen | Sequence[Chosen] | Mapping[str, Chosen | BySite]
) -> dict[str, Estimator | dict[str, Estimator]]:
    """The estimators a probe compares, by the name of their report: from one, a list, or a dict of estimators.

    Raises:
        ValueError: nothing came, or something that is not an estimator.
    """
    if isinstance(chosen, Mapping):
        named = dict(chosen)
    elif isinstance(chosen, list | tuple):
        named = _named([as_estimator(each) for each in chosen])
    else:
        named = _named([as_estimator(chosen)])
    if not named:
        raise ValueError("The estimators to probe are empty; at least one is needed. Write ['score', 'leave_one_out'].")
    found: dict[str, Estimator | dict[str, Estimator]] = {}
    for name, part in named.items():
        if not isinstance(name, str):
            raise ValueError(f"A report's name is {described(name)}; it must be text. Write {{'score': 'score'}}.")
        found[name] = dict(site_estimators(model, part, 1)) if isinstance(part, Mapping) else as_estimator(part)
    return found


def _named(estimators: Sequence[Estimator]) -> dict[str, Chosen | BySite]:
    """Each under its own name; repeated names are numbered."""
    names = [each.name for each in estimators]
    counts = [names[: index + 1].count(name) for index, name in enumerate(names)]
    return {
        name if count == 1 else f"{name} {count}": each
        for name, count, each in zip(names, counts, estimators, strict=True)
    }
