"""What R replicates say of an estimator: tr Var(ĝ) ± se, mean ± se, signal-to-noise, bias, variance × cost.

Var is the mean of R squared distances d_r = ‖ĝ_r − ḡ‖² R/(R−1), and its standard error sd(d)/√R = Var √((κ−1)/R): heavy tails (the
kurtosis κ) widen the band by themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from elbo_room.models.core import Site


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
    """What a probe found of one site. Variances are in nats² per unit of ν², averaged over the data."""

    variance: float  # summed over ν
    error: float  # standard error of `variance`
    signal_to_noise: float  # ‖mean ĝ‖ / √variance, both averaged over the data
    mean: Tensor  # (M, n_params, K), the mean of ĝ over replicates
    mean_error: Tensor  # (M, n_params, K), its standard error
    parameter_variance: Tensor  # (n_params, K)
    parameter_error: Tensor  # (n_params, K), its standard error
    average: Tensor  # (R, n_params, K), ĝ averaged over the data, replicate by replicate
    distance: Tensor  # (R,), squared distances from the mean; their mean is `variance`

    @property
    def kurtosis(self) -> float:
        """κ as the band knows it: error² = variance² (κ − 1)/R."""
        return 1 + len(self.distance) * (self.error / max(self.variance, 1e-30)) ** 2


def spread(samples: Tensor) -> tuple[Tensor, Tensor]:
    """Variance of replicates (R, …) and its standard error, elementwise."""
    count = len(samples)
    squared = (samples - samples.mean(0)).square() * count / (count - 1)
    return squared.mean(0), squared.std(0) / count**0.5


def moments(gradients: Tensor) -> Moments:
    """The moments of R replicates of ĝ, (R, M, n_params, K)."""
    count, mean = len(gradients), gradients.mean(0)
    squared = (gradients - mean).square() * count / (count - 1)  # (R, M, n_params, K)
    by_parameter = squared.mean(1)  # (R, n_params, K)
    distance = by_parameter.flatten(1).sum(-1)  # (R,)
    variance = float(distance.mean())
    signal = float((mean.square().flatten(1).sum(-1).mean() - variance / count).clamp_min(0).sqrt())
    return Moments(
        variance=variance,
        error=float(distance.std()) / count**0.5,
        signal_to_noise=signal / max(variance, 1e-30) ** 0.5,
        mean=mean,
        mean_error=(squared.mean(0) / count).sqrt(),
        parameter_variance=by_parameter.mean(0),
        parameter_error=by_parameter.std(0) / count**0.5,
        average=gradients.mean(1),
        distance=distance,
    )


@dataclass(frozen=True)
class Report:
    """What a probe found of one estimator at one B: every site's moments, those of `site` also as attributes, and what one ĝ costs."""

    estimator: str
    draws: int  # B
    replicates: int  # R
    site: str  # the site that the attributes below speak of
    sites: Mapping[str, Moments]
    weights: Mapping[str, float]  # N for a local site, 1 for a global one: how many such ν the whole model has
    evaluations: int  # of log p for one datum and one ĝ
    seconds: float  # of one ĝ among R made together
    reference: Reference | None = None

    @property
    def of_site(self) -> Moments:
        """The moments of `site`."""
        return self.sites[self.site]

    @property
    def variance(self) -> float:
        """Tr Var(ĝ) of the site, averaged over the data."""
        return self.of_site.variance

    @property
    def error(self) -> float:
        """Its standard error."""
        return self.of_site.error

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
    def total(self) -> tuple[float, float]:
        """Tr Var of the whole ELBO's gradient in all ν of all sites, and its standard error."""
        distance = torch.stack([self.weights[name] * each.distance for name, each in self.sites.items()]).sum(0)
        return float(distance.mean()), float(distance.std()) / self.replicates**0.5

    def bias(self, reference: Tensor | Reference | None = None) -> tuple[Tensor, Tensor]:
        """(mean − reference, its standard error), each (M, n_params, K); without one, against the probe's own reference.

        Raises:
            ValueError: there is none.
        """
        against = self.reference if reference is None else reference
        if against is None:
            raise ValueError("This probe has no reference. Ask for probe(…, reference='exact') or 'long', or give one.")
        if isinstance(against, Tensor):
            return self.mean - against, self.mean_error
        error = (self.mean_error.square() + against.error[self.site].square()).sqrt()
        return self.mean - against.mean[self.site], error

    def work(self, unit: str = "evaluations") -> tuple[float, float]:
        """Variance × cost of one ĝ and its standard error: what a given accuracy takes, in `evaluations` or `seconds`."""
        cost = {"evaluations": float(self.evaluations), "seconds": self.seconds}[unit]
        return self.variance * cost, self.error * cost


def within_noise(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two estimates (value, standard error) differ by less than two standard errors of their difference."""
    return abs(one[0] - other[0]) < 2 * float(one[1] ** 2 + other[1] ** 2) ** 0.5


def weight_of(site: Site, total: int) -> float:
    """How many ν of this kind the model has: N of a local site, 1 of a global one."""
    return float(total) if site.plate == "local" else 1.0
