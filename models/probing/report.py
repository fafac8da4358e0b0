"""An estimator's figures from R replicates: tr Var(ĝ) in [low, high], mean ± se, signal-to-noise, bias, variance × cost.

Var is the mean of R squared distances d_r = ‖ĝ_r − ḡ‖² R/(R−1), and its standard error sd(d)/√R = Var √((κ−1)/R), with κ the kurtosis. Its
95 % confidence interval comes from `interval`: on a log axis, skewed upwards, and open where the tail is heavy.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from elbo_room.models.core import Site
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.mathml import latex_of, mathml
from elbo_room.models.probing.interval import interval, variance_of
from elbo_room.models.probing.table import html_table, text_table
from elbo_room.models.probing.variance import Variance

MOST_KEPT = 2**22  # numbers of single draws' gradients that a report keeps: 16 MB
AT_A_TIME = 2**18  # numbers of single draws' gradients whose distances are taken at a time: 1 MB


@dataclass(frozen=True)
class Reference:
    """A gradient to measure bias against, by site (M, n_params, K): `exact` (quadrature, enumeration) or `long`, a long run ± its error."""

    kind: str
    mean: Mapping[str, Tensor]
    error: Mapping[str, Tensor]  # 0 where exact

    def average(self, site: str) -> tuple[Tensor, Tensor]:
        """(mean, error) of the gradient averaged over the data: (n_params, K) each."""
        error = self.error[site]
        return self.mean[site].mean(0), error.square().sum(0).sqrt() / len(error)


@dataclass(frozen=True)
class Moments:
    """A probe's measurements at one site. Variances are in nats² per unit of ν², averaged over the data."""

    signal_to_noise: float  # ‖mean ĝ‖ / √variance, both averaged over the data
    mean: Tensor  # (M, n_params, K), the mean of ĝ over replicates
    mean_error: Tensor  # (M, n_params, K), its standard error
    parameter_variance: Tensor  # (n_params, K)
    parameter_error: Tensor  # (n_params, K), its standard error
    average: Tensor  # (R, n_params, K), ĝ averaged over the data, replicate by replicate
    distance: Tensor  # (R,), squared distances from the mean; their mean is `variance`
    single_distance: Tensor  # (R, B), those of the single draws, which show how heavy the tail is
    single: Tensor | None  # (R, B, n_params, K), G_b averaged over the data; None if it would be too large to keep

    @cached_property
    def summary(self) -> Variance:
        """tr Var(ĝ), summed over ν, with its standard error and its interval."""
        return variance_of(self.distance, self.single_distance.flatten())

    @property
    def variance(self) -> float:
        """tr Var(ĝ), summed over ν."""
        return self.summary.value

    @property
    def error(self) -> float:
        """Its standard error."""
        return self.summary.error

    @property
    def low(self) -> float:
        """V exp(−t e), the lower end of the 95 % confidence interval (see `interval`)."""
        return self.summary.low

    @property
    def high(self) -> float:
        """V exp((t + a) e), the upper end; `math.inf` if R replicates cannot bound the variance above."""
        return self.summary.high

    def of_parameters(self, coordinates: Sequence[tuple[int, int]]) -> list[Variance]:
        """Var of each of these parameters' ĝ, averaged over the data first; a coordinate is (which of ν's numbers, k)."""
        which, k = (list(part) for part in zip(*coordinates, strict=True))
        distance = squared_distance(self.average[:, which, k].double())  # (R, P)
        single = (
            None if self.single is None else squared_distance(self.single.flatten(0, 1)[:, which, k].double())
        )  # (R·B, P)
        low, high = interval(distance, single)
        value, error = distance.mean(0), distance.std(0) / len(distance) ** 0.5
        return [Variance(*each) for each in torch.stack([value, error, low, high], -1).tolist()]


def squared_distance(samples: Tensor) -> Tensor:
    """(x_n − x̄)² n/(n − 1) of n samples (n, …), elementwise: their mean is the sample variance."""
    count = len(samples)
    return (samples - samples.mean(0)).square_().mul_(count).div_(count - 1)


def average(samples: Tensor, axis: int) -> Tensor:
    """The mean over an axis; no copy where that has one entry."""
    return samples.mean(axis) if samples.shape[axis] > 1 else samples.select(axis, 0)


def moments(gradients: Tensor) -> Moments:
    """The moments of R replicates of ĝ = (1/B) Σ_b G_b, (R, B, M, n_params, K)."""
    replicates = average(gradients, 1)  # (R, M, n_params, K)
    count, mean = len(replicates), replicates.mean(0)
    squared = squared_distance(replicates)
    by_parameter, mean_error = (
        average(squared, 1),
        (squared.mean(0) / count).sqrt(),
    )  # (R, n_params, K), (M, n_params, K)
    distance = by_parameter.flatten(1).sum(-1)  # (R,)
    parameter_variance, parameter_error = by_parameter.mean(0), by_parameter.std(0) / count**0.5
    del squared, by_parameter  # as large as the gradients themselves
    variance = float(distance.mean())
    signal = float((mean.square().flatten(1).sum(-1).mean() - variance / count).clamp_min(0).sqrt())
    single = average(gradients, 2) if gradients[:, :, 0].numel() <= MOST_KEPT else None
    together = max(1, AT_A_TIME // gradients[0].numel())  # replicates whose distances are taken at a time
    return Moments(
        signal_to_noise=signal / max(variance, 1e-30) ** 0.5,
        mean=mean,
        mean_error=mean_error,
        parameter_variance=parameter_variance,
        parameter_error=parameter_error,
        average=average(replicates, 1),
        distance=distance,
        single_distance=torch.cat([_distances(each, mean) for each in gradients.split(together)]),
        single=single,
    )


def _distances(draws: Tensor, mean: Tensor) -> Tensor:
    """‖G_b − ḡ‖² of the draws of some replicates (r, B, M, n_params, K), averaged over the data: (r, B)."""
    return (draws - mean).square_().flatten(3).sum(-1).mean(-1)


@dataclass(frozen=True, repr=False)
class Report:
    """A probe's measurements of one estimator at one B: every site's moments, those of `site` also as attributes, and the cost of one ĝ.

    >>> import elbo_room as er
    >>> run = er.run_from({"data": "pinwheel"})
    >>> report = er.probe(run.model, run.q, "leave_one_out", run.data)["leave_one_out"]
    >>> report.low < report.variance < report.high, report.biased
    (True, False)
    """

    estimator: str
    draws: int  # B
    replicates: int  # R
    site: str  # the site that the attributes below describe
    sites: Mapping[str, Moments]
    weights: Mapping[str, float]  # N for a local site, 1 for a global one: how many such ν the whole model has
    evaluations: int  # of log p for one data point and one ĝ
    seconds: float  # of one ĝ among R drawn together
    reference: Reference | None = None
    biased: bool = False
    bound: str = "elbo"  # whose gradient is estimated

    def __repr__(self) -> str:
        """A table of one row."""
        return repr(Reports({self.estimator: self}))

    def _repr_html_(self) -> str:
        return Reports({self.estimator: self})._repr_html_()

    @property
    def of_site(self) -> Moments:
        """The moments of `site`."""
        return self.sites[self.site]

    @property
    def variance(self) -> float:
        """tr Var(ĝ) of the site, averaged over the data."""
        return self.of_site.variance

    @property
    def error(self) -> float:
        """Its standard error."""
        return self.of_site.error

    @property
    def low(self) -> float:
        """V exp(−t e), the lower end of the 95 % confidence interval."""
        return self.of_site.low

    @property
    def high(self) -> float:
        """V exp((t + a) e), its upper end; `math.inf` if R replicates cannot bound the variance above."""
        return self.of_site.high

    @property
    def signal_to_noise(self) -> float:
        """‖mean ĝ‖ / √variance of the site."""
        return self.of_site.signal_to_noise

    @property
    def mean(self) -> Tensor:
        """The mean of ĝ of the site, (M, n_params, K)."""
        return self.of_site.mean

    @property
    def mean_error(self) -> Tensor:
        """Its standard error."""
        return self.of_site.mean_error

    @property
    def parameter_variance(self) -> Tensor:
        """Var(ĝ) of every parameter of the site, (n_params, K)."""
        return self.of_site.parameter_variance

    @property
    def total(self) -> Variance:
        """tr Var of the whole ELBO's gradient in all ν of all sites."""
        sites = [(self.weights[name], each) for name, each in self.sites.items()]
        distance = torch.stack([weight * each.distance for weight, each in sites]).sum(0)
        single = torch.stack([weight * each.single_distance for weight, each in sites]).sum(0)
        return variance_of(distance, single.flatten())

    def bias(self, reference: Tensor | Reference | None = None) -> tuple[Tensor, Tensor]:
        """(mean − reference, its standard error), each (M, n_params, K); without one, against the probe's own reference.

        Raises:
            ValueError: there is no reference.
        """
        against = self.reference if reference is None else reference
        if against is None:
            raise ValueError("This probe has no reference. Use probe(…, reference='exact') or 'long', or pass one.")
        if isinstance(against, Tensor):
            return self.mean - against, self.mean_error
        error = (self.mean_error.square() + against.error[self.site].square()).sqrt()
        return self.mean - against.mean[self.site], error

    def work(self, unit: str = "evaluations") -> Variance:
        """Variance × cost of one ĝ: the effort for a fixed accuracy, in `evaluations` or `seconds`."""
        return self.of_site.summary.times({"evaluations": float(self.evaluations), "seconds": self.seconds}[unit])


class Reports(dict[str, Report]):
    """A probe's reports by name; `not_applicable` has the reason for every estimator that could not be measured. Prints as a table.

    >>> import elbo_room as er
    >>> run = er.run_from({"data": "pinwheel"})
    >>> found = er.probe(run.model, run.q, ["score", "path_only"], run.data)
    >>> print(repr(found).splitlines()[0])
    Variance of the gradient at site z, B = 4, R = 32
    >>> round(found["path_only"].variance, 2) < round(found["score"].variance, 2)
    True
    """

    def __init__(self, reports: Mapping[str, Report], not_applicable: Mapping[str, str] | None = None) -> None:
        super().__init__(reports)
        self.not_applicable = dict(not_applicable or {})

    def __repr__(self) -> str:
        """A table with a row for each estimator, and why others do not apply."""
        return "\n".join([self._title(), *text_table(HEADER, self._rows()), *self._reasons()])

    def _repr_html_(self) -> str:
        parts = [ESTIMATORS.get(report.estimator) for report in self.values()]
        formulas = [mathml(latex_of(part.symbol)) if part else "" for part in parts]
        return html_table(self._title(), HEADER, self._rows(), self._reasons(), formulas)

    def _title(self) -> str:
        first = next(iter(self.values()), None)
        if first is None:
            return "No reports."
        return f"Variance of the gradient at site {first.site}, B = {first.draws}, R = {first.replicates}"

    def _reasons(self) -> list[str]:
        return [f"{name} does not apply: {reason}" for name, reason in self.not_applicable.items()]

    def _rows(self) -> list[list[str]]:
        least = min((report.variance for report in self.values()), default=0.0)
        return [
            [
                name,
                _short(report.variance),
                f"{_short(report.low)}–{_short(report.high)}",
                _short(report.variance / least) if least > 0 else "–",
                ("yes" if report.biased else "no") + ("" if report.bound == "elbo" else f" ({report.bound} bound)"),
                f"{report.evaluations}",
                _short(report.seconds),
            ]
            for name, report in self.items()
        ]


HEADER = ("estimator", "variance", "95% interval", "× the best", "biased?", "evaluations", "seconds")


def _short(value: float) -> str:
    return "∞" if value == math.inf else f"{value:.3g}"


def weight_of(site: Site, total: int) -> float:
    """How many ν of this kind the model has: N of a local site, 1 of a global one."""
    return float(total) if site.plate == "local" else 1.0
