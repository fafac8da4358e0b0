"""What panel B draws from the probe's reports: rows of curves, histograms of ĝ, the parabola of ξ, variance × cost; numbers, no words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from elbo_room.models.inference.parameters import Parameter
from elbo_room.models.probing.parabola import Parabola
from elbo_room.models.probing.probe import Reference, Report
from elbo_room.models.probing.variance import LEAST, OPEN, Band, Variance
from elbo_room.widgets.messages import (
    Against,
    Array,
    Columns,
    Costs,
    Datasets,
    Evidence,
    Expected,
    OfStep,
    ParabolaOfXi,
    Params,
    Picture,
    Replicates,
    Slopes,
)

BINS = 25  # of a histogram
Row = tuple[float, float, float, float, float]  # step, B or M; value, low, high, series
Kept = tuple[int, int, list[Variance]]  # step, series, variance of each choice


@dataclass(frozen=True, kw_only=True)
class Probed(OfStep):
    """What was measured at one step: every choice's variance, and rows of the curve of the chosen one and of all ν."""

    kept: Sequence[Kept]
    rows: Array  # (estimators, 5)
    whole: Array  # (estimators, 5)
    complete: bool  # this step's last ones


Measured = Probed | Against | Evidence | Expected


def columns(names: str, rows: Sequence[tuple[float, ...]]) -> Columns:
    """Rows as float32 columns of these names."""
    table = np.asarray(rows, np.float32).reshape(-1, len(names.split()))
    return dict(zip(names.split(), table.T, strict=True))


def row(at: float, variance: Variance, series: int) -> Row:
    """A point with its band, `math.inf` where it is open upwards; on a log axis both ends must stay above zero."""
    value = max(variance.value, LEAST)
    return (at, value, max(variance.low, value / 20), max(variance.high, value), series)


def variance_of(report: Report, parameter: Parameter) -> Variance:
    """The variance summed over all ν of a site and averaged over the data, or that of one parameter's data-averaged ĝ."""
    return variances(report, [parameter])[0]


def variances(report: Report, parameters: Sequence[Parameter]) -> list[Variance]:
    """`variance_of` every parameter at once."""
    found: dict[int, Variance] = {}
    for name, site in report.sites.items():
        single = {place: one.coordinate for place, one in enumerate(parameters) if one.site == name and one.coordinate}
        found |= dict.fromkeys((place for place, one in enumerate(parameters) if one.site == name), site.summary)
        if single:
            found |= zip(single, site.of_parameters(list(single.values())), strict=True)
    return [found[place] for place in range(len(parameters))]


def filled(chart: str, datasets: Datasets, params: Params) -> Picture:
    """What fills one chart."""
    return {"replace": {chart: datasets}, "params": {chart: params}}


def slopes(table: list[Row], names: list[str], view: str) -> Slopes:
    """The power of B, or of M, at which each variance falls, by weighted least squares on log axes, ± its standard error.

    Points without an upper end are left out because their error is unknown; `open` names the estimators with too few others.
    """
    found, unbounded = {}, []
    for series in sorted({int(each[4]) for each in table}):
        draws, value, low, high = np.asarray([each[:4] for each in table if int(each[4]) == series]).T
        if len(draws) < 3 or value.min() < 1e-20:
            continue
        if np.isfinite(high).sum() < 3:
            unbounded.append(names[series])
            continue
        draws, value, low = (each[np.isfinite(high)] for each in (draws, value, low))
        weight = (2 / np.maximum(np.log(value / low), 2e-3)) ** 2  # of log value
        x, y = np.log(draws), np.log(value)
        x = x - np.average(x, weights=weight)
        bottom = float((weight * x**2).sum())
        found[names[series]] = (float((weight * x * y).sum()) / bottom, bottom**-0.5)
    return {"view": view, "slopes": found, "open": unbounded}


def histogram(
    reports: list[Report], reference: Reference, parameter: Parameter, series: Mapping[str, int]
) -> tuple[Picture, Replicates]:
    """Replicates of ĝ about the reference, one row per estimator; x is asinh((ĝ − reference)/c), c the least spread."""
    which = parameter.coordinate or (0, 0)
    center, center_error = (float(each[which]) for each in reference.average(parameter.site))
    samples = {report.estimator: report.sites[parameter.site].average[:, which[0], which[1]] for report in reports}
    spreads = {name: float(each.std()) for name, each in samples.items()}
    unit = max(min((each for each in spreads.values() if each > 0), default=1.0), 1e-12)
    reach = max(float((each - center).abs().max()) for each in samples.values()) if samples else unit
    wide = float(np.arcsinh(1.05 * max(reach, unit) / unit))
    bins, marks = [], []
    place = lambda value: float(np.arcsinh(value / unit))  # noqa: E731
    facts = {}
    for line, (name, each) in enumerate(samples.items()):
        base = len(samples) - 1 - line
        # Bins of equal width in ĝ itself: equal ones on the bent axis would show two humps where there is one.
        counts, edges = np.histogram((each - center).double().numpy(), BINS)
        for left, right, count in zip(edges, edges[1:], counts / max(1, counts.max()), strict=False):
            bins += [(place(at), base, base + 0.86 * count, series[name]) for at in (left, right)]
        mean, error = float(each.mean()), float(each.std()) / len(each) ** 0.5
        low, high = mean - center - 2 * error, mean - center + 2 * error
        marks.append((place(mean - center), place(low), place(high), base + 0.12, base + 0.43, series[name]))
        facts[name] = (mean, error, spreads[name])
    powers = [10.0**k for k in range(-12, 13) if unit <= 10.0**k <= 1.05 * reach]
    ticks = [-power for power in powers[::-1]] + [0.0] + powers
    band = [(place(-2 * center_error), place(2 * center_error), 0.0)]
    chart = "gradient_histogram"
    drawn = filled(
        chart,
        {
            "bins": columns("x base top series", bins),
            "means": columns("x low high y name series", marks),
            "reference": columns("low high middle", band),
            "ticks": columns("x value", [(place(tick), tick) for tick in ticks]),
        },
        {"xLow": -wide, "xHigh": wide, "yLow": 0.0, "yHigh": float(max(1, len(samples)))},
    )
    missing = {report.estimator: missing_share(report, reference, parameter.site) for report in reports}
    return drawn, {
        "view": chart,
        "label": parameter.label,
        "reference": (center, center_error),
        "found": facts,
        "missing": missing,
    }


def missing_share(report: Report, reference: Reference, site: str) -> float:
    """1 − ⟨E ĝ, g⟩/‖g‖² over all rows and all of ν: 0 where ĝ is unbiased; the long run's own noise is taken off ‖g‖²."""
    gradient, error = reference.mean[site].double(), reference.error[site].double()
    square = float(gradient.square().sum() - error.square().sum())
    along = float((report.sites[site].mean.double() * gradient).sum())
    return 1 - along / square if square > 0 else float("nan")


def parabola(found: Parabola, xi: float, *, held: bool) -> tuple[Picture, ParabolaOfXi]:
    """Var(ĝ_ξ) with its band over ξ* ± a little more than the way to 0, so that 0, the plain score, is always there."""
    best, best_error = found.best
    reach = 1.25 * max(abs(best), 4 * best_error, 1e-6)
    low, high = best - reach, best + reach
    if held:
        low, high = min(low, xi), max(high, xi)
    grid = np.linspace(low, high, 81)
    curve = [(float(at), found.variance(float(at))) for at in grid]
    top = 1.04 * max(each.high if math.isfinite(each.high) else 1.5 * each.value for _, each in curve)
    rows = [(at, each.value, each.low, min(each.high, top)) for at, each in curve]
    chart = "xi_parabola"
    drawn = filled(
        chart,
        {
            "curve": columns("xi value low high", rows),
            "best": columns("xi low high", [(best, best - 2 * best_error, best + 2 * best_error)]),
            "floor": columns("value", [(found.floor,)]),
        },
        {"xLow": low, "xHigh": high, "yLow": 0.0, "yHigh": top, "xi": xi, "held": held},
    )
    return drawn, {
        "view": chart,
        "best": found.best,
        "rho_squared": found.rho_squared,
        "plain": found.variance(0.0).band,
        "least": found.variance(best).band,
        "xi": xi if held else None,
        "at_xi": found.variance(xi).band,
    }


def costs(
    reports: list[Report], seconds: Mapping[str, float], parameter: Parameter, series: Mapping[str, int]
) -> tuple[Picture, Costs]:
    """Variance × evaluations and variance × seconds, each as a multiple of the best, with the interval of the variance."""
    measured = {report.estimator: variance_of(report, parameter) for report in reports}
    spent = {report.estimator: (float(report.evaluations), seconds[report.estimator]) for report in reports}
    bars: list[tuple[float, ...]] = []
    facts: dict[str, list[Band]] = {}
    for unit in (0, 1):
        work = {name: max(each.value, LEAST) * spent[name][unit] for name, each in measured.items()}
        least = min(work.values(), default=1.0)
        for line, (name, each) in enumerate(measured.items()):
            _, ratio, low, high, _ = row(0, each.times(spent[name][unit] / least), 0)
            middle = len(measured) - line - 0.28 - 0.4 * unit
            bars.append((ratio, low, min(high, OPEN), middle, middle - 0.16, middle + 0.16, unit, series[name]))
            facts.setdefault(name, []).append((ratio, low, high))
    names = [(len(measured) - line - 0.48, series[name]) for line, name in enumerate(measured)]
    low = min((bar[1] for bar in bars), default=1.0)
    high = max((bar[2] if bar[2] < OPEN else 2 * bar[0] for bar in bars), default=10.0)
    chart = "variance_cost"
    drawn = filled(
        chart,
        {"bars": columns("value low high y bottom top unit series", bars), "names": columns("y series", names)},
        {
            "xLow": min(0.8, low / 1.1),
            "xHigh": max(10.0, high * 1.1),
            "yLow": 0.0,
            "yHigh": float(max(1, len(measured))),
        },
    )
    return drawn, {"view": chart, "found": facts, "cost": spent}
