"""The lab's charts as still figures for a notebook: the same specifications, bus and drawing, filled once from a probe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw
import numpy as np

from elbo_room.models.probing.variance import OPEN
from elbo_room.widgets.messages import Explore
from elbo_room.widgets.painting.slope_guides import slope_guides
from elbo_room.widgets.screen.live_chart import LiveChart
from elbo_room.widgets.screen.network_diagram import NetworkDiagram
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.theme import COLLAPSE, MINIBATCH
from elbo_room.widgets.wire.bus import Bus

if TYPE_CHECKING:
    from elbo_room.models.probing.probe import Report


class Figure(ipw.VBox):
    """One chart, drawn as soon as a page shows it."""

    def __init__(
        self, name: str, height: str = "300px", width: str = "640px", kind: type[LiveChart] = LiveChart
    ) -> None:
        self.bus = Bus()
        self.chart = kind(name, self.bus, height="100%")
        super().__init__([self.bus, self.chart], layout=ipw.Layout(height=height, width=width))
        self.bus.on_msg(lambda *_: self.bus.flush())


def _rows(reports: Iterable[tuple[float, Report]]) -> dict[str, Any]:
    from elbo_room.widgets.worker.measuring import rows as evidence

    names = [*catalogue()["estimators"], MINIBATCH]
    table = [
        evidence.row(at, each.of_site.summary, names.index(each.estimator))
        for at, each in reports
        if each.estimator in names
    ]
    found = evidence.columns("at value low high series", table)
    return found | {"high": np.minimum(found["high"], OPEN)}


def variance_against_draws(ladder: Mapping[int, Mapping[str, Report]], steeper: float | None = None) -> Figure:
    """Variance against B on log-log axes with the slope −1 guide, from {B: probe(…)}; bands are the intervals of the variances.

    `steeper` draws another guide: 2 for scrambled Sobol noise.
    """
    figure = Figure("variance_against_draws")
    found = _rows((draws, report) for draws, reports in ladder.items() for report in reports.values())
    figure.bus.append(figure.chart, "lines", draws=found.pop("at"), **found)
    first = [report.variance for report in ladder[min(ladder)].values()]
    figure.bus.replace(figure.chart, "guide", **slope_guides(first, min(ladder), max(ladder), steeper))
    return figure


def elbo(steps: Iterable[Any]) -> Figure:
    """The ELBO of a list of `Step`s."""
    figure = Figure("elbo")
    table = np.asarray([(step.number, step.elbo) for step in steps], np.float32)
    figure.bus.append(
        figure.chart, "lines", step=table[:, 0], value=table[:, 1], series=np.zeros(len(table), np.float32)
    )
    return figure


def latent(mean: Any, labels: Any, names: Iterable[str]) -> Figure:
    """A scatter of the first two coordinates of an embedding (N, K ≥ 2), coloured by label (N,)."""
    figure = Figure("latent", height="340px", width="560px")
    points = np.asarray(mean, np.float32)
    span = float(np.abs(points[:, :2]).max() * 1.1)
    figure.chart.set(domain=[-span, span, -span, span])
    figure.chart.labels = [str(name) for name in names]
    figure.bus.static(figure.chart, "cloud", label=np.asarray(labels, np.float32))
    figure.bus.replace(figure.chart, "cloud", x=points[:, 0], y=points[:, 1])
    return figure


def kl(divergence: Any, theory: Any = None) -> Figure:
    """KL of every latent dimension (K,), and, if known in closed form, the theoretical value as a tick for each (K,), matched by size."""
    figure = Figure("kl", height="260px", width="480px")
    values = np.asarray(divergence, np.float32)
    bars = {"dimension": np.arange(len(values)), "value": values, "state": values >= COLLAPSE}
    figure.bus.replace(figure.chart, "bars", **{name: np.asarray(column, np.float32) for name, column in bars.items()})
    if theory is not None:
        marks = np.sort(np.asarray(theory, np.float32))[::-1]
        figure.chart.heading = "KL per dimension; ┃ theory"
        figure.bus.replace(figure.chart, "theory", dimension=np.argsort(-values).astype(np.float32), value=marks)
    return figure


def log_evidence(found: Any) -> Figure:
    """An `Evidence`: the importance-weighted curve, annealing, the exact value, and the two gaps below it."""
    from elbo_room.widgets.worker.pictures.evidence import CHART, picture

    figure = Figure(CHART, height="320px")
    _fill(figure, CHART, picture(found))
    return figure


def manifold(run: Any) -> Figure:
    """A run's decoded regular grid of z, shaded by its magnification √det JᵀJ."""
    from elbo_room.widgets.worker.pictures.latent import LatentPictures

    picture = LatentPictures(run)
    picture.watched = frozenset({"manifold"})
    figure = Figure("manifold", height="340px", width="560px")
    _fill(figure, "manifold", {"static": picture.about()["static"]})
    _fill(figure, "manifold", picture.look())
    return figure


def functions(x: Any, values: Any, spread: Any = None) -> Figure:
    """Functions (S, G) at x (G,), over the band ±2 `spread` (G,) of a limit, if there is one."""
    figure = Figure("prior_predictive", height="320px", width="560px")
    ticks, lines = np.asarray(x, np.float32), np.asarray(values, np.float32)
    wide = 2 * np.asarray(spread if spread is not None else [], np.float32)
    high = 1.1 * float(max(np.abs(lines).max(), wide.max(initial=0)))
    figure.chart.set(xLow=float(ticks.min()), xHigh=float(ticks.max()), yLow=-high, yHigh=high)
    number = np.repeat(np.arange(len(lines)), len(ticks))
    figure.bus.replace(
        figure.chart, "draws", x=np.tile(ticks, len(lines)), y=lines.ravel(), draw=number, color=number % 5
    )
    figure.bus.replace(figure.chart, "band", x=ticks[: len(wide)], low=-wide, high=wide)
    return figure


def relevance(prior: Any, nu: Any = None, inputs: Sequence[str] = ()) -> Figure:
    """λ_j of every input, by its name, from an ARD prior and, if λ_j is latent, ν (2, P) of its q."""
    from elbo_room.widgets.worker.pictures.relevance import relevances

    figure = Figure("relevance", height="260px", width="480px")
    _fill(figure, "relevance", relevances(prior, nu, inputs))
    return figure


def conditional(run: Any, name: str, height: str = "300px", *, laplace: bool = False) -> Figure:
    """A chart of the screen for a run of a conditional model: function, surface, fit, calibration, weights, …; a point's by Laplace."""
    from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures

    pictures = ConditionalPictures(run)
    pictures.watched = frozenset({name})
    pictures.explore(Explore(bands="laplace" if laplace else "none"))
    figure = Figure(name, height, width="560px", kind=NetworkDiagram if name == "network" else LiveChart)
    for parts in (pictures.about(), pictures.look()):
        _fill(figure, name, parts)
    return figure


def network(net: Any, title: str = "") -> Figure:
    """A network diagram as in the lab: units, weights, skips, loops, heads."""
    from elbo_room.widgets.worker.pictures.network import NetworkPicture

    picture = NetworkPicture()
    picture.add(net, "", "x", title or "f(x)")
    figure = Figure("network", height="320px", kind=NetworkDiagram)
    _fill(figure, "network", picture.about())
    _fill(figure, "network", picture.look())
    return figure


def attention_map(net: Any, data: Any, row: int = 0, height: str = "280px") -> Figure:
    """The attention map of a held-out data point, the first one unless another `row` is chosen."""
    from elbo_room.widgets.worker.pictures.attention import ShownText, attention_part

    text = ShownText(data)
    text.row = row
    figure = Figure("attention_map", height)
    _fill(figure, "attention_map", attention_part(net, text))
    return figure


def filters(net: Any, data: Any) -> Figure:
    """A convolution's filters, next to the planted motifs if there are any."""
    from elbo_room.widgets.worker.pictures.positions import filters_part

    figure = Figure("filters", height="260px")
    _fill(figure, "filters", filters_part(net, data))
    return figure


def arm(x: Any, data: Any) -> Figure:
    """Poses x (S, 15) of the robot arm in front of those of the data, and the errors of their links."""
    from elbo_room.widgets.worker.pictures.arm import arm_part

    figure = Figure("arm", height="260px")
    _fill(figure, "arm", arm_part(x, data))
    return figure


def _fill(figure: Figure, name: str, parts: Mapping[str, Any]) -> None:
    """Show the parts that a picture of a running model would send."""
    for words in (parts.get("labels", {}), parts.get("names", {})):
        figure.chart.labels = list(words.get(name, figure.chart.labels))
    figure.chart.heading = parts.get("headings", {}).get(name) or figure.chart.heading
    figure.chart.set(**parts.get("params", {}).get(name, {}))
    for operation, draw in (("static", figure.bus.static), ("replace", figure.bus.replace)):
        for dataset, columns in parts.get(operation, {}).get(name, {}).items():
            draw(figure.chart, dataset, **columns)
