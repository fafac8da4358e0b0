"""The No-U-Turn sampler: exact posterior draws of a small model, the truth beside q. C chains move in lockstep, as one batch.

A trajectory of leapfrog steps doubles, forwards or backwards at random, until its ends approach each other; the next draw is one of its
points, with weight exp(−energy) (Hoffman & Gelman 2014; Betancourt 2017). Warm-up as in Stan: the step size by dual averaging to an
acceptance of .8, a diagonal mass matrix in growing windows; here both are shared by the chains, which learn them together.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from elbo_room.models.core import Batch, Model, shown
from elbo_room.models.data.dataset import as_batch
from elbo_room.models.diagnostics.chains import bulk_size, quantile_error, r_hat, tail_size
from elbo_room.models.families.support import PROPORTIONS
from elbo_room.models.inference.boundary import check_count, check_model
from elbo_room.models.inference.costs import factors_at
from elbo_room.models.probing.probe import frozen
from elbo_room.models.probing.table import html_table, text_table

MOST_UNKNOWNS = 200
DEEPEST = 10  # doublings of a trajectory: at most 1,023 leapfrog steps
TARGET = 0.8  # acceptance that the step size aims at
DIVERGED = 1000.0  # nats of energy error
AROUND = 2.0  # chains start uniformly in ±2, as Stan's do
TRIES = 100
GOOD_R_HAT, GOOD_SIZE = 1.01, 400
HEADER = ("unknown", "mean", "sd", "5%", "50%", "95%", "R̂", "ESS bulk", "ESS tail")


class Target:
    """log p(x, z) of C values of all unknowns at once (C, D), and its gradient; the model's own parameters stay as they are."""

    def __init__(self, model: Model, batch: Batch) -> None:
        """Lay out the unknowns.

        Raises:
            ValueError: a site is discrete or on a simplex, or there are more than 200 unknowns.
        """
        self.model, self.batch = model, batch
        for site in model.sites.values():
            if site.family.discrete or site.family.support is PROPORTIONS:
                raise ValueError(
                    f"NUTS moves along gradients of the log joint, so every unknown must be a real number; site {site.name!r} is "
                    f"{site.family.label}. Sum a discrete site out, or compare with `annealed_evidence` and the exact models."
                )
        self.shapes = {
            name: (batch.size if site.plate == "local" else 1, *site.shape) for name, site in model.sites.items()
        }
        self.sizes = {name: math.prod(shape) for name, shape in self.shapes.items()}
        self.unknowns = sum(self.sizes.values())
        if self.unknowns > MOST_UNKNOWNS:
            raise ValueError(
                f"The model has {self.unknowns:,} unknowns for these {batch.size:,} data points; NUTS is for at most {MOST_UNKNOWNS}. "
                "Pass fewer data points, or choose a smaller model."
            )
        parameters = [p for module in (model,) for p in getattr(module, "parameters", list)()]
        self.dtype = next(
            (p.dtype for p in parameters), batch.x.dtype if batch.x.is_floating_point() else torch.float32
        )

    def by_site(self, z: Tensor) -> dict[str, Tensor]:
        """(C, D) → each site's values (1, C, M or 1, K)."""
        parts = z.split(list(self.sizes.values()), 1)
        return {
            name: part.reshape(1, len(z), *shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def log_joint(self, z: Tensor) -> Tensor:
        """log p(x, z): (C, D) → (C,)."""
        total = torch.zeros(len(z), dtype=z.dtype)
        for factor in factors_at(self.model, self.batch, self.by_site(z)):
            total = total + (factor.value.sum(-1) if factor.value.ndim == 3 else factor.value)[0]
        return total

    def __call__(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """log p(x, z) and its gradient, (C,) and (C, D); −∞ where it is not a number."""
        with torch.enable_grad():
            at = z.detach().requires_grad_()
            value = self.log_joint(at)
            (slope,) = torch.autograd.grad(value.sum(), at)
        return value.detach().nan_to_num(nan=-torch.inf), slope.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)


@dataclass
class State:
    """Positions of the chains, with what a leapfrog step needs."""

    z: Tensor  # (C, D)
    momentum: Tensor  # (C, D)
    value: Tensor  # (C,)
    slope: Tensor  # (C, D)

    def where(self, here: Tensor, other: "State") -> "State":
        """The other state where `here` (C,), this one elsewhere."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return State(*(torch.where(here if a.ndim == 1 else here[:, None], b, a) for a, b in pairs))


class DualAveraging:
    """log ε_t: a step size whose running mean has the target acceptance (Nesterov 2009; Hoffman & Gelman 2014)."""

    def __init__(self, step_size: float) -> None:
        self.restart(step_size)

    def restart(self, step_size: float) -> None:
        """Forget, and aim at ten times this step size."""
        self.centre, self.count = math.log(10 * step_size), 0
        self.error, self.log_size, self.log_mean = 0.0, math.log(step_size), 0.0

    def learn(self, acceptance: float) -> None:
        """x ← μ − √t/γ · mean error, with γ = .05, t₀ = 10, κ = .75."""
        self.count += 1
        share = 1 / (self.count + 10)
        self.error = (1 - share) * self.error + share * (TARGET - acceptance)
        self.log_size = self.centre - self.count**0.5 / 0.05 * self.error
        weight = self.count**-0.75
        self.log_mean = weight * self.log_size + (1 - weight) * self.log_mean

    @property
    def now(self) -> float:
        """ε of the next trajectory."""
        return math.exp(self.log_size)

    @property
    def mean(self) -> float:
        """ε after warm-up."""
        return math.exp(self.log_mean) if self.count else self.now


def windows(warm_up: int) -> list[int]:
    """The iterations after which the mass matrix is renewed: windows of 25, 50, 100, … between a start and an end, as in Stan."""
    start, end, size = (
        (75, 50, 25) if warm_up >= 150 else (int(0.15 * warm_up), int(0.1 * warm_up), int(0.75 * warm_up))
    )
    ends, at, last = [], start, warm_up - end
    while at < last:
        following = at + size
        if following + 2 * size > last:
            following = last
        ends.append(following)
        at, size = following, 2 * size
    return ends


class Nuts(Iterator[Tensor]):
    """The chains as an iterator of their positions (C, D): first the warm-up's, then the draws."""

    def __init__(
        self, target: Target, chains: int, warm_up: int, generator: torch.Generator, deepest: int = DEEPEST
    ) -> None:
        self.target, self.warm_up, self.generator, self.limit = target, warm_up, generator, deepest
        self.number = 0
        self.state = self._start(chains)
        self.variance = self._first_variance()  # the inverse mass
        self.step_size = self._first_step_size()
        self.averaging = DualAveraging(self.step_size)
        self.ends = windows(warm_up)
        self.first = self.ends[0] - self._first_window() if self.ends else warm_up
        self.seen: list[Tensor] = []
        self.divergences = 0  # of the draws, not of the warm-up
        self.deepest = 0  # draws whose trajectory was as long as allowed
        self.leaps = 0
        self.acceptance: list[float] = []

    def _first_variance(self) -> Tensor:
        """√(Var z/Var ∇ log p) over the chains' starting points, of each unknown: 1/λ of independent Gaussians with precisions λ."""
        across = (self.state.z.var(0) / self.state.slope.var(0).clamp_min(1e-12)).sqrt()
        return across.nan_to_num(nan=1.0).clamp(1e-8, 1e4)

    def _first_window(self) -> int:
        return 25 if self.warm_up >= 150 else int(0.75 * self.warm_up)

    def _start(self, chains: int) -> State:
        shape = (chains, self.target.unknowns)
        nothing = torch.zeros(shape, dtype=self.target.dtype)
        state = State(nothing, nothing, torch.full((chains,), -torch.inf, dtype=self.target.dtype), nothing)
        for _ in range(TRIES):
            z = AROUND * (2 * torch.rand(shape, generator=self.generator, dtype=self.target.dtype) - 1)
            value, slope = self.target(z)
            state = state.where(~state.value.isfinite(), State(z, nothing, value, slope))
            if bool(state.value.isfinite().all()):
                return state
        raise ValueError(
            f"The log joint is not finite at any of {TRIES} starting points between −{AROUND:g} and {AROUND:g}. "
            "Check the model's factors there."
        )

    def _normal(self) -> Tensor:
        noise = torch.randn(self.state.z.shape, generator=self.generator, dtype=self.target.dtype)
        return noise * self.variance.rsqrt()

    def _energy(self, state: State) -> Tensor:
        return state.value - 0.5 * (state.momentum.square() * self.variance).sum(-1)  # minus the energy, (C,)

    def _leap(self, state: State, step: Tensor) -> State:
        """One leapfrog step of ε or −ε, (C, 1)."""
        middle = state.momentum + 0.5 * step * state.slope
        z = state.z + step * self.variance * middle
        value, slope = self.target(z)
        return State(z, middle + 0.5 * step * slope, value, slope)

    def _first_step_size(self) -> float:
        """Doubled or halved until a single step's mean acceptance crosses .8."""
        size, direction = 1.0, 0
        for _ in range(60):
            here = State(self.state.z, self._normal(), self.state.value, self.state.slope)
            there = self._leap(here, torch.full((len(here.z), 1), size, dtype=self.target.dtype))
            gain = (self._energy(there) - self._energy(here)).nan_to_num(nan=-torch.inf).clamp_max(0).exp().mean()
            way = 1 if float(gain) > TARGET else -1
            if direction and way != direction:
                return size
            direction, size = way, size * 2.0**way
        return size

    def __next__(self) -> Tensor:
        """One trajectory of every chain."""
        adapting = self.number < self.warm_up
        self.step_size = self.averaging.now if adapting else self.averaging.mean
        acceptance, diverged, full = self._trajectory()
        if adapting:
            self.averaging.learn(acceptance)
            self._learn_mass()
        else:
            self.divergences += diverged
            self.deepest += full
            self.acceptance.append(acceptance)
        self.number += 1
        return self.state.z

    def _learn_mass(self) -> None:
        """Collect positions in a window; at its end their variance, shrunk towards 1e−3, is the inverse mass."""
        done = self.number + 1
        if self.ends and self.first < done <= self.ends[-1]:
            self.seen.append(self.state.z)
        if done in self.ends:
            rows = torch.stack(self.seen)  # (n, C, D)
            count = rows.shape[0] * rows.shape[1]
            own = rows.flatten(0, 1).var(0)
            self.variance = (count * own + 5e-3) / (count + 5)
            self.seen.clear()
            self.averaging.restart(self.averaging.mean)
            self.averaging.restart(self._first_step_size())

    def _turning(self, first: Tensor, last: Tensor, total: Tensor) -> Tensor:
        """Whether the ends of a stretch approach each other: ρ·p ≤ 0 at either end, ρ the sum of its momenta without half of either end."""
        middle = self.variance * (total - 0.5 * (first + last))
        return ((middle * first).sum(-1) <= 0) | ((middle * last).sum(-1) <= 0)

    def _trajectory(self) -> tuple[float, int, int]:
        """One draw of each chain; the mean acceptance, and how many chains diverged or reached the depth limit."""
        momentum = self._normal()
        left = right = State(self.state.z, momentum, self.state.value, self.state.slope)
        start = self._energy(left)  # (C,)
        chains = len(start)
        proposal, weight, total = left, torch.zeros_like(start), momentum
        active = torch.ones(chains, dtype=torch.bool)
        diverged, chances, steps = ~active, torch.zeros_like(start), torch.zeros_like(start)
        for depth in range(self.limit):
            forward = self._uniform(chains) < 0.5
            tree = self._subtree(left.where(forward, right), forward, depth, start, active)
            chances, steps = chances + tree.chances, steps + tree.steps
            diverged = diverged | tree.diverged
            grown = active & tree.whole
            right = right.where(grown & forward, tree.end)
            left = left.where(grown & ~forward, tree.end)
            taken = grown & (self._uniform(chains).log() < tree.weight - weight)
            proposal = proposal.where(taken, tree.proposal)
            weight = torch.where(grown, torch.logaddexp(weight, tree.weight), weight)
            total = torch.where(grown[:, None], total + tree.total, total)
            active = grown & ~self._turning(left.momentum, right.momentum, total)
            if not bool(active.any()):
                break
        self.state = State(proposal.z, momentum, proposal.value, proposal.slope)
        return float((chances / steps.clamp_min(1)).mean()), int(diverged.sum()), int(active.sum())

    def _uniform(self, count: int) -> Tensor:
        return torch.rand(count, generator=self.generator, dtype=self.target.dtype).clamp_min(1e-30)

    def _subtree(self, end: State, forward: Tensor, depth: int, start: Tensor, active: Tensor) -> "Subtree":
        """2^depth steps from an end of the trajectory; a chain stops where it diverges or where a stretch within turns back.

        A balanced stretch that ends at an odd step n begins at an even one; as many of them end there as n has trailing ones. So the first
        momenta of the stretches still open fit into one place for each bit (Phan, Pradhan & Jankowiak 2019).
        """
        step = torch.where(forward, self.step_size, -self.step_size).to(start.dtype)[:, None]
        found = Subtree.empty(end, active)
        firsts: dict[int, Tensor] = {}
        sums: dict[int, Tensor] = {}
        running = active
        for n in range(2**depth):
            self.leaps += 1
            found.end = found.end.where(running, self._leap(found.end, step))
            gain = (self._energy(found.end) - start).nan_to_num(nan=-torch.inf)  # log weight of the new point
            found.add(gain, running, self._uniform(len(start)))
            place = (n >> 1).bit_count()
            if n % 2 == 0:
                firsts[place], sums[place] = found.end.momentum, found.total
            else:
                trailing = (~n & (n + 1)).bit_length() - 1
                for each in range(place, place - trailing, -1):
                    stretch = found.total - sums[each] + firsts[each]
                    found.turned = found.turned | (running & self._turning(firsts[each], found.end.momentum, stretch))
            running = running & ~found.diverged & ~found.turned
            if not bool(running.any()):
                break
        found.whole = running
        return found


@dataclass
class Subtree:
    """What the new half of a trajectory adds."""

    end: State
    proposal: State
    weight: Tensor  # (C,), log Σ exp(gain)
    total: Tensor  # (C, D), the sum of momenta
    chances: Tensor  # (C,), the sum of acceptances
    steps: Tensor  # (C,)
    diverged: Tensor  # (C,) bool
    turned: Tensor  # (C,) bool
    whole: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.bool))

    @classmethod
    def empty(cls, end: State, active: Tensor) -> "Subtree":
        """Before its first step."""
        zero, no = torch.zeros_like(end.value), torch.zeros_like(active)
        return cls(end, end, zero - torch.inf, torch.zeros_like(end.z), zero, zero.clone(), no, no.clone())

    def add(self, gain: Tensor, running: Tensor, uniform: Tensor) -> None:
        """One more point, for the chains that are running: it becomes the proposal with the share of its weight."""
        weight = torch.logaddexp(self.weight, gain)
        self.proposal = self.proposal.where(running & (uniform.log() < gain - weight), self.end)
        self.weight = torch.where(running, weight, self.weight)
        self.total = torch.where(running[:, None], self.total + self.end.momentum, self.total)
        self.chances = self.chances + torch.where(running, gain.clamp_max(0).exp(), 0.0)
        self.steps = self.steps + running
        self.diverged = self.diverged | (running & (gain < -DIVERGED))


@dataclass(frozen=True, repr=False)
class Samples:
    """Posterior draws by site, (C, S, M, K) or (C, S, K), with what says whether to trust them; prints as a table."""

    draws: Mapping[str, Tensor]
    flat: Tensor  # (C, S, D)
    names: tuple[str, ...]  # of the D unknowns
    divergences: int
    deepest: int  # trajectories that reached the depth limit
    step_size: float
    acceptance: float
    leaps: int
    limit: int = DEEPEST  # doublings of a trajectory

    @property
    def r_hat(self) -> list[float]:
        """Rank-normalised split R̂ of each unknown."""
        return [r_hat(each) for each in self.flat.unbind(-1)]

    @property
    def bulk(self) -> list[float]:
        """The bulk effective sample size of each unknown."""
        return [bulk_size(each) for each in self.flat.unbind(-1)]

    @property
    def tail(self) -> list[float]:
        """The tail effective sample size of each unknown."""
        return [tail_size(each) for each in self.flat.unbind(-1)]

    def quantile(self, level: float) -> tuple[Tensor, Tensor]:
        """A quantile of each unknown and its Monte Carlo standard error: (D,), (D,)."""
        found = self.flat.flatten(0, 1).double().quantile(level, 0)
        return found, torch.tensor([quantile_error(each, level) for each in self.flat.unbind(-1)], dtype=found.dtype)

    @property
    def warnings(self) -> list[str]:
        """What is wrong, each with what to do; empty if nothing is."""
        found = []
        if self.divergences:
            found.append(
                f"{self.divergences} trajectories diverged: the draws may miss a narrow part of the posterior. "
                "Rescale or reparameterise the model."
            )
        if self.deepest:
            found.append(f"{self.deepest} trajectories were cut at {2**self.limit - 1} steps. Rescale the model.")
        if not (worst := max(self.r_hat)) < GOOD_R_HAT:
            found.append(
                f"R̂ is up to {worst:.3f}, above {GOOD_R_HAT}: the chains disagree. Draw more, with a longer warm-up."
            )
        if not (least := min(self.bulk + self.tail)) >= GOOD_SIZE:
            found.append(f"The effective sample size is down to {least:.0f}, below {GOOD_SIZE}. Draw more.")
        return found

    def __repr__(self) -> str:
        return "\n".join([self._title(), *text_table(HEADER, self._rows()), *self.warnings])

    def _repr_html_(self) -> str:
        return html_table(self._title(), HEADER, self._rows(), self.warnings)

    def _title(self) -> str:
        chains, draws, _ = self.flat.shape
        return f"Posterior by NUTS: {chains} chains of {draws} draws, {self.divergences} divergences"

    def _rows(self) -> list[list[str]]:
        rows = []
        for name, each, size, tail, r in zip(
            self.names, self.flat.unbind(-1), self.bulk, self.tail, self.r_hat, strict=True
        ):
            flat = each.flatten().double()
            numbers = [flat.mean(), flat.std(), *flat.quantile(torch.tensor([0.05, 0.5, 0.95], dtype=torch.float64))]
            rows.append(
                [name, *(f"{float(number):.3g}" for number in numbers), f"{r:.3f}", f"{size:.0f}", f"{tail:.0f}"]
            )
        return rows


def nuts(
    model: Model,
    data: Batch | object,
    *,
    draws: int = 500,
    warm_up: int = 500,
    chains: int = 4,
    generator: torch.Generator | None = None,
) -> Samples:
    """Draws from p(z | x) of all sites of a model with at most 200 unknowns; its own parameters stay as they are.

    >>> import elbo_room as er
    >>> class Mean:  # w ~ N(0, 1), x_i ~ N(w, 1)
    ...     sites = {"w": er.Site("w", "global", (1,), er.Normal())}
    ...     def factors(self, batch, latents):
    ...         w = latents["w"]  # (R, B, 1)
    ...         return [
    ...             er.Factor("log p(w)", -w.square().sum(-1) / 2, {"w"}),
    ...             er.Factor("log p(x | w)", -(batch.x[:, 0] - w).square() / 2, {"w"}),
    ...         ]
    >>> found = er.nuts(Mean(), [[1.0], [2.0], [3.0]], draws=200, warm_up=100)
    >>> round(found.draws["w"].mean().item(), 1)  # 6/4, the exact posterior's mean
    1.5

    Args:
        model: the log joint as factors; every site continuous.
        data: a batch, or all rows of a data set or an array: a local site has one unknown set for each row.
        draws: of each chain, after the warm-up.
        warm_up: trajectories that adapt step size and mass matrix, at least 20.
        chains: at least 2, or R̂ compares nothing.
        generator: the source of all randomness. None: one with seed 0.

    Raises:
        ValueError: a site is discrete, there are too many unknowns, the log joint is not finite, or an argument is invalid.
    """
    for found in nuts_parts(model, data, draws=draws, warm_up=warm_up, chains=chains, generator=generator):
        if isinstance(found, Samples):
            return found
    raise AssertionError("nuts_parts ends with the draws")


def nuts_parts(
    model: Model,
    data: Batch | object,
    *,
    draws: int = 500,
    warm_up: int = 500,
    chains: int = 4,
    generator: torch.Generator | None = None,
    deepest: int = DEEPEST,
) -> Iterator[float | Samples]:
    """The same in parts, to show progress: after each trajectory the share that is done, and at last the draws.

    Raises:
        ValueError: as `nuts`.
    """
    check_model(model)
    batch = as_batch(data)
    for what, count, least in (
        ("The number of draws", draws, 4),
        ("The warm-up", warm_up, 20),
        ("The number of chains", chains, 2),
    ):
        check_count(what, count)
        if count < least:
            raise ValueError(f"{what} was {shown(count)}; NUTS needs at least {least}. 500, 500 and 4 are usual.")
    generator = torch.Generator().manual_seed(0) if generator is None else generator
    kept = []
    with frozen(model):
        target = Target(model, batch)
        sampler = Nuts(target, chains, warm_up, generator, deepest)
        for number in range(warm_up + draws):
            z = next(sampler)
            if number >= warm_up:
                kept.append(z)
            yield (number + 1) / (warm_up + draws)
    flat = torch.stack(kept, 1)  # (C, S, D)
    parts = flat.split(list(target.sizes.values()), -1)
    by_site = {
        name: part.unflatten(-1, target.shapes[name] if site.plate == "local" else target.shapes[name][1:])
        for (name, site), part in zip(model.sites.items(), parts, strict=True)
    }
    acceptance = sum(sampler.acceptance) / len(sampler.acceptance)
    yield Samples(
        by_site, flat, _names(model, target), sampler.divergences, sampler.deepest, sampler.averaging.mean,
        acceptance, sampler.leaps, deepest,
    )  # fmt: skip


def _names(model: Model, target: Target) -> tuple[str, ...]:
    """w[1], w[2], … of a global site; z[row, 1], … of a local one."""
    found = []
    for name, site in model.sites.items():
        rows, size = target.shapes[name][0], math.prod(site.shape)
        for row in range(rows):
            where = f"{row + 1}, " if site.plate == "local" else ""
            found += [f"{name}[{where}{k + 1}]" for k in range(size)]
    return tuple(found)
