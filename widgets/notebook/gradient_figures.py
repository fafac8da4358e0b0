"""Panel B's charts as still figures for a notebook: histograms of ĝ, the parabola of ξ, variance × cost, from a probe's reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from elbo_room.widgets.notebook.figures import Figure
from elbo_room.widgets.sessions.example import catalogue

if TYPE_CHECKING:
    from elbo_room.models.core import Model
    from elbo_room.models.probing.parabola import Parabola
    from elbo_room.models.probing.probe import Reference, Report
    from elbo_room.widgets.messages import Picture


def _drawn(picture: Picture, height: str = "320px") -> Figure:
    """The one chart of a picture that the worker would send to panel B."""
    ((view, datasets),) = picture["replace"].items()
    figure = Figure(view, height=height)
    figure.chart.set(**picture["params"][view])
    for dataset, columns in datasets.items():
        figure.bus.replace(figure.chart, dataset, **columns)
    return figure


def _listed(reports: Mapping[str, Report]) -> tuple[list[Report], dict[str, int]]:
    """The reports named after an estimator, and every estimator's index in the catalogue, which is its colour.

    Raises:
        ValueError: none does.
    """
    series = {name: place for place, name in enumerate(catalogue()["estimators"])}
    found = [report for name, report in reports.items() if name in series]
    if not found:
        raise ValueError(
            f"The reports are named {', '.join(reports) or 'nothing'}; a figure needs estimators' names, such as 'score', as keys."
        )
    return found, series


def gradient_histogram(
    model: Model, reports: Mapping[str, Report], reference: Reference, coordinate: tuple[int, int] = (0, 0)
) -> Figure:
    """Replicates of one parameter's ĝ around a reference, one row per estimator; the dark bar is the mean ± 2 standard errors.

    `coordinate` is (which of ν's numbers, which coordinate of the site). The axis is asinh, so that low and high noise fit.
    """
    from elbo_room.models.inference.parameters import named
    from elbo_room.widgets.worker.measuring import rows as evidence

    found, series = _listed(reports)
    picture, _ = evidence.histogram(found, reference, named(model, found[0].site, coordinate), series)
    return _drawn(picture)


def xi_parabola(found: Parabola, xi: float | None = None) -> Figure:
    """Var(ĝ_ξ) over ξ, its minimum ξ* ± 2 standard errors and the floor (1 − ρ²) Var(ĝ₀); `xi` marks a fixed one."""
    from elbo_room.widgets.worker.measuring import rows as evidence

    picture, _ = evidence.parabola(found, xi or 0.0, held=xi is not None)
    return _drawn(picture, "280px")


def variance_cost(reports: Mapping[str, Report]) -> Figure:
    """Variance × cost as multiples of the best: filled bars count evaluations of log p, open ones seconds on this machine."""
    from elbo_room.models.inference.parameters import Parameter
    from elbo_room.widgets.worker.measuring import rows as evidence

    found, series = _listed(reports)
    seconds = {report.estimator: report.seconds for report in found}
    picture, _ = evidence.costs(found, seconds, Parameter(found[0].site, "all of q"), series)
    return _drawn(picture)
