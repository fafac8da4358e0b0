"""The parameters of q that the user can select: (site, which of ν's numbers, which coordinate), with their names."""

from collections.abc import Iterator
from dataclasses import dataclass

from elbo_room.models.core import Model

MOST_LISTED = 32  # per site; others are reached by name
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Parameter:
    """One parameter of q, or, without a coordinate, all of a site's."""

    site: str
    label: str
    coordinate: tuple[int, int] | None = None  # (which of ν's numbers, which coordinate of the site)


def own_names(model: Model, site: str) -> list[str]:
    """The model's own names for a site's coordinates, such as the network's weights; empty if it has none."""
    own = getattr(model, "coordinate_names", None)
    return list(own(site)) if own is not None else []


def named(model: Model, site: str, coordinate: tuple[int, int]) -> Parameter:
    """The parameter at a coordinate, with its name: μ₁, log s₂, or μ of out.weight[0, 3]."""
    which, k = coordinate
    symbol, names = model.sites[site].family.parameter_symbols[which], own_names(model, site)
    if names:
        return Parameter(site, f"{symbol} of {names[k]}", coordinate)
    label = f"{symbol}{str(k + 1).translate(SUBSCRIPTS)}"
    return Parameter(site, label if len(model.sites) == 1 else f"{label} of {site}", coordinate)


def listed(model: Model) -> list[Parameter]:
    """The choices of a drop-down list: all of a site's ν, then its parameters one by one, the first `MOST_LISTED` of each site."""
    return [parameter for site in _order(model) for parameter in _of(model, site)]


def _order(model: Model) -> list[str]:
    """Local sites first: the chart starts with all of the first one."""
    return sorted(model.sites, key=lambda name: model.sites[name].plate != "local")


def _of(model: Model, site: str) -> Iterator[Parameter]:
    yield Parameter(site, f"all of {site}" if len(model.sites) > 1 else "all of q")
    family, size = model.sites[site].family, model.sites[site].shape[-1]
    count = 0
    for k in range(size):
        for which in range(family.n_params):
            if count < MOST_LISTED:
                yield named(model, site, (which, k))
            count += 1


def find(model: Model, *, name: str | None = None, unit: int | None = None) -> Parameter:
    """The parameter that a click in a diagram refers to: unit k of the site `name`, or the coordinate that the model calls `name`.

    Raises:
        ValueError: nothing has this name.
    """
    for site in _order(model):
        names = own_names(model, site)
        if name == site and unit is None:
            return next(_of(model, site))
        if name in (site, None) and unit is not None and 0 <= unit < model.sites[site].shape[-1]:
            return named(model, site, (0, unit))
        matching = [k for k, each in enumerate(names) if name is not None and each.startswith(name)]
        if matching:
            return named(model, site, (0, matching[min(unit or 0, len(matching) - 1)]))
    raise ValueError(
        f"No parameter of q is called {name!r}; q covers {', '.join(model.sites)}. Choose one in the variance panel's list."
    )
