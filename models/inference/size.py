"""Bytes and seconds of an estimate before it is made: live_t(M) = a_t + b_t M at every kernel t, from two estimates of a few rows.

An estimate is the same sequence of kernels for any number of rows or replicates, and what each kernel allocates is affine in that
number. So two small estimates determine the memory at each kernel, hence the peak; likewise the numbers written and the
multiplications, of which the time is a weighted sum. The run is not changed: the trace has its own generator and memory.
"""

import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from elbo_room.models.core import Model
from elbo_room.models.data import Dataset
from elbo_room.models.estimators import Estimator, Score
from elbo_room.models.estimators.one_at_a_time import MOST_NUMBERS
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.objective import Objective
from elbo_room.models.inference.surrogate_context import numbers_of_evaluation
from elbo_room.models.limits import COPIES, MOST_SECONDS, bytes_in_words, most_bytes, seconds_in_words, too_many_weights
from elbo_room.models.networks.activations import activations
from elbo_room.models.variational import Posterior

FEW, MORE = 2, 3  # rows, or replicates, of the two small estimates
PER_KERNEL, PER_BYTE, PER_PRODUCT = 5e-6, 0.5e-9, 0.05e-9  # seconds, on one core of an ordinary laptop
SMALL = 2**30  # bytes; if the rough count, an upper bound, is below this, nothing is measured
DEAR = 4  # times B evaluations
FORWARD = 0.5  # share of an estimate's time that is not spent on its gradient
CERTAIN = 0.1  # share of the seconds that a step may take; if the rough count is below it, nothing is measured
CONVOLUTION = 2  # products of a matrix multiplication in the time of one of a convolution
CURVED = 3  # evaluations without a gradient in the time of one with its share of a second derivative
RESULTS = 3  # numbers kept per altered evaluation and row
ROUGH = 30  # most numbers that an estimate holds per input and output of each linear map


@dataclass(frozen=True)
class Size:
    """Memory and time of one estimate, or of one step."""

    bytes: float
    seconds: float


class Trace(TorchDispatchMode):
    """Records how many bytes are alive after every kernel, how many were written, and how many products were summed."""

    def __init__(self) -> None:
        super().__init__()
        self.live, self.written, self.products = 0, 0.0, 0.0
        self.steps: list[int] = []  # bytes alive after each kernel
        self.known: dict[int, weakref.ref[Any]] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # otherwise torch imports its compiler, which takes a second, only to disable it here

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the kernel and record what it leaves allocated."""
        out = func(*args, **(kwargs or {}))
        self.products += products(func, args, out)
        for each in out if isinstance(out, list | tuple) else (out,):
            if isinstance(each, Tensor) and each.layout == torch.strided:
                self._note(each, in_place=func._schema.is_mutable)
        self.steps.append(self.live)
        return out

    def _note(self, tensor: Tensor, *, in_place: bool) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self.known:
            self.written += tensor.nbytes if in_place else 0
            return

        def freed(_: object) -> None:
            if self.known.pop(key, None) is not None:
                self.live -= size

        self.known[key] = weakref.ref(storage, freed)
        self.live += size
        self.written += size


def products(func: Any, args: Any, out: Any) -> float:
    """Multiplications in a matrix product, or those that take as long as a convolution; 0 for any other kernel."""
    name = func._schema.name.removeprefix("aten::")
    if name in ("mm", "bmm", "addmm", "baddbmm", "addmv", "mv"):
        first = args[1] if name in ("addmm", "baddbmm", "addmv") else args[0]
        return float(out.numel() * first.shape[-1])
    if name == "convolution":
        return float(CONVOLUTION * out.numel() * prod(args[1].shape[1:]))
    return float(2 * CONVOLUTION * args[0].numel() * prod(args[2].shape[1:])) if name == "convolution_backward" else 0.0


@dataclass(frozen=True)
class Plan:
    """An estimate about to be made: its model, data, estimators and settings."""

    model: Model
    q: Posterior
    data: Dataset
    estimators: Mapping[str, Estimator]
    draws: int  # B
    rao_blackwell: str
    noise: str
    objective: Objective

    def size(self, rows: int) -> Size:
        """What a step on this many rows needs, including q's own steps before it; the rough count where that is small."""
        rough, estimates = self.rough(rows), 1 + self.objective.encoder_steps
        small = rough.bytes < min(SMALL, most_bytes()) and estimates * rough.seconds < CERTAIN * MOST_SECONDS
        found = rough if small else self.measured(rows)
        return Size(found.bytes, estimates * found.seconds)

    def measured(self, rows: int) -> Size:
        """live_t(M) = a_t + b_t M at every kernel t, from two estimates of a few rows; and what `altered` adds."""
        few, more = self.trace(FEW), self.trace(MORE)
        step = (rows - FEW) / (MORE - FEW)
        same = len(few.steps) == len(more.steps)  # unless a kernel depends on the values; then from the two peaks alone
        pairs = zip(few.steps, more.steps, strict=True) if same else [(max(few.steps), max(more.steps))]
        written = few.written + step * (more.written - few.written)
        multiplied = few.products + step * (more.products - few.products)
        peak = max(first + step * (second - first) for first, second in pairs)
        seconds, scale = written * PER_BYTE + multiplied * PER_PRODUCT, self.draws / self.few_draws
        return self.altered(rows, scale * peak, scale * seconds, len(more.steps) * PER_KERNEL)

    def altered(self, rows: int, peak: float, seconds: float, calls: float) -> Size:
        """The size including the evaluations that alter one coordinate at a time, each like that of a draw without its gradient.

        `seconds` is the time for the numbers, `calls` that for the kernel calls, which recur for every part of the coordinates.
        """
        dear = [(name, count - self.draws) for name, count in self.evaluations() if name in self.dear]
        many, slow = (
            sum(count for _, count in dear),
            sum(count * self._evaluations_in_time(name) for name, count in dear),
        )
        together = min(many, MOST_NUMBERS / numbers_of_evaluation(self.model, self.data.x.shape[1:], rows))
        parts = many / max(together, 1.0)
        found = 4.0 * (RESULTS * rows * many + sum(self._kept(name, rows) for name, _ in dear))
        return Size(
            peak * (1 + together / self.draws) + found,
            seconds * (1 + FORWARD * slow / self.draws) + calls * (1 + FORWARD * parts),
        )

    def _evaluations_in_time(self, name: str) -> float:
        """How many plain evaluations take as long as one that a site's estimator makes of an altered coordinate."""
        return CURVED * self._expansions(name) if self.estimators[name].expands else 1.0

    def _expansions(self, name: str) -> int:
        """How many points log p is expanded around: q's mean, with the other sites as in each draw."""
        return self.draws if self.estimators[name].expands and len(self.model.sites) > 1 else 1

    def _kept(self, name: str, rows: int) -> float:
        """Numbers of a site that its estimator keeps of all rows and draws."""
        site = self.model.sites[name]
        many = self._expansions(name) * (rows if site.plate == "local" else 1)
        return float(many * self.estimators[name].numbers(prod(site.shape)))

    @property
    def dear(self) -> frozenset[str]:
        """Sites whose estimator alters their coordinates one by one: too many evaluations for a trial."""
        return frozenset(
            name for name, count in self.evaluations() if self.estimators[name].moves and count > DEAR * self.draws
        )

    @property
    def few_draws(self) -> int:
        """B of the small estimates: fewer where each draw has very many numbers; the size is then about proportional to B."""
        whole = sum(prod(site.shape) for site in self.model.sites.values() if site.plate == "global")
        least = max(part.least_draws for part in self.estimators.values())
        return self.draws if self.draws * whole < MOST_NUMBERS else max(least, -(-self.draws // 8))

    def trace(self, rows: int) -> Trace:
        """The trace of an estimate on a few rows, with the plain score at sites that are `dear`."""
        batch = self.data.batch(torch.arange(rows) % self.data.size, entries=getattr(self.model, "sparse", False))
        generator = torch.Generator().manual_seed(0)
        parts = {name: Score() if name in self.dear else part for name, part in self.estimators.items()}
        with untouched(self.model, self.q), Trace() as trace:
            estimate(
                self.model, self.q, parts, batch, self.few_draws, generator, rao_blackwell=self.rao_blackwell,
                noise_kind=self.noise, memory={}, objective=self.objective,
            )  # fmt: skip
        return trace

    def evaluations(self) -> Iterator[tuple[str, int]]:
        """Every site with the number of evaluations of log p that its estimator makes for one row."""
        for name, site in self.model.sites.items():
            yield name, self.estimators[name].evaluations(self.draws, prod(site.shape))

    def rough(self, rows: int) -> Size:
        """An upper bound from the counts of coordinates, features, and inputs and outputs of all linear maps."""
        units = self.data.x.shape[1] + sum(activations(module) for module in (self.model, self.q))
        units += activations(getattr(getattr(self.model, "space", None), "network", None))
        local = sum(prod(site.shape) for site in self.model.sites.values() if site.plate == "local")
        whole = sum(prod(site.shape) for site in self.model.sites.values() if site.plate == "global")
        prior = getattr(self.model, "latent_prior", None)  # every z is compared with each of a mixture's components
        local += sum(each.numel() for each in prior.parameters()) if isinstance(prior, nn.Module) else 0
        most = max(count for _, count in self.evaluations())
        numbers = most * (rows * (units + local) + whole)
        return Size(4.0 * ROUGH * numbers, 4.0 * ROUGH * numbers * PER_BYTE)


@contextmanager
def untouched(*modules: object) -> Iterator[None]:
    """Restore the parameters' gradients afterwards."""
    held = [(p, p.grad) for module in modules if isinstance(module, nn.Module) for p in module.parameters()]
    for parameter, _ in held:
        parameter.grad = None
    try:
        yield
    finally:
        for parameter, gradient in held:
            parameter.grad = gradient


# sentences ------------------------------------------------------------------------------------------------------------------------


def too_large(plan: Plan, rows: int) -> str | None:
    """None, or why a step of this plan is refused, with what it would need and what would fit."""
    modules = [each for each in (plan.model, plan.q) if isinstance(each, nn.Module)]
    count = sum(parameter.numel() for module in modules for parameter in module.parameters())
    if reason := too_many_weights(count, "This model's"):
        return f"{reason} Make the network smaller, or choose data with fewer features."
    limit, weights, size = most_bytes(), 4.0 * COPIES * count, plan.size(rows)
    if (need := size.bytes + weights) > limit:
        came = f"A step would need about {bytes_in_words(need)}; it may use {bytes_in_words(limit)} here."
        return f"{came} {_remedy(plan, rows, 0.95 * max(limit - weights, 0.0) / size.bytes)}"
    return _too_long(plan, rows, size.seconds) if size.seconds > MOST_SECONDS else None


def _too_long(plan: Plan, rows: int, seconds: float) -> str:
    came = f"A step would take about {seconds_in_words(seconds)}; it may take {MOST_SECONDS:.0f} s."
    return f"{came} {_remedy(plan, rows, 0.95 * MOST_SECONDS / seconds, too_slow=True)}"


def _remedy(plan: Plan, rows: int, share: float, *, too_slow: bool = False) -> str:
    """What to choose to cut the size to this share."""
    least = max(estimator.least_draws for estimator in plan.estimators.values())
    found = [f"B ≤ {int(plan.draws * share)}"] if least <= int(plan.draws * share) < plan.draws else []
    found += [f"a minibatch M ≤ {int(rows * share)}"] if 1 <= int(rows * share) < rows else []
    found += ["an estimator with fewer evaluations"] if plan.dear else []
    found += ["fewer encoder steps"] if too_slow and plan.objective.encoder_steps else []
    return f"Choose {', '.join(found)}{',' * (len(found) > 1)}{' or ' if found else ''}a smaller model."
