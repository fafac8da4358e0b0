"""A run: ν ← ν + ρ_t ĝ_t, by plain ascent, Adam or another optimiser, as a generator.

The caller may pause, stop, or change λ, B, estimator and step size. The same settings and seed give the same run, bit for bit, on the
same machine; observing it (probes, charts) uses nothing of its random stream.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, overload

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch, Model, described
from elbo_room.models.data import Dataset, as_dataset
from elbo_room.models.estimators import Estimator, NotApplicableError
from elbo_room.models.inference.boundary import check_model, check_posterior
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.make_estimator import BySite, make_estimator, own_estimators
from elbo_room.models.inference.objective import Objective
from elbo_room.models.inference.size import Plan, too_large
from elbo_room.models.inference.surrogate_context import estimators_by_site, refusal
from elbo_room.models.inference.tempered import refused
from elbo_room.models.probing.minibatch import deterministic
from elbo_room.models.replay.replay_cache import Found, ReplayCache
from elbo_room.models.settings import Knob, SettingError, Values, validate
from elbo_room.models.training.changes import Change, changes_from
from elbo_room.models.training.guard import DivergenceError, complaint, divergence, named_parameters
from elbo_room.models.training.knobs import inference_from, inference_knobs
from elbo_room.models.training.optimizers import OPTIMIZERS, FreeNu, Optimizer
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.models.training.step_log import StepLog
from elbo_room.models.variational import Posterior


@dataclass(frozen=True)
class Step:
    """One optimiser step, in nats per data point and before the update.

    The ELBO bounds log p(x | θ) from below, or log p(x) where all weights are random; with a point mass for all weights it is the log
    likelihood. The objective is what the step maximises: the ELBO plus log p(θ)/N of a point estimate, with its KL weighted where β ≠ 1.

    >>> import elbo_room as er
    >>> step = next(er.run_from({"data": "pinwheel"}))
    >>> step.number, abs(sum(step.terms.values()) - step.elbo) < 1e-4
    (1, True)
    """

    number: int
    elbo: float
    terms: dict[str, float]  # they sum to the ELBO
    objective: float
    log_prior: float  # log p(θ)/N; 0 where no parameter is a point estimate with a prior


@dataclass(frozen=True)
class Parts:
    """The parts of a run, all checked."""

    settings: Any  # InferenceSettings, or a family's
    knobs: list[Knob]  # of these settings
    data: Dataset
    model: Model
    q: Posterior
    generator: torch.Generator
    ready_made: bool = True  # whether the model came from the user, whose models may have any size


class Run(Iterator[Step]):
    """Training as an iterator of steps, from a model, its q and data, or from a family's settings.

    `Run(model, q, data)` trains any model; `inference` is `InferenceSettings` or a dict of some of its knobs.
    `Run(settings)` or `Run(settings, data)` is `run_from(settings, data)`: the settings of a family build the model.

    >>> import elbo_room as er
    >>> class Mean:  # w ~ N(0, 1), x_i ~ N(w, 1)
    ...     sites = {"w": er.Site("w", "global", (1,), er.Normal())}
    ...     def factors(self, batch, latents):
    ...         w = latents["w"]  # (R, B, 1)
    ...         return [
    ...             er.Factor("log p(w)", -w.square().sum(-1) / 2, {"w"}),
    ...             er.Factor("log p(x | w)", -(batch.x[:, 0] - w).square() / 2, {"w"}),
    ...         ]
    >>> q = er.Posterior({"w": er.Global(Mean.sites["w"])})
    >>> run = er.Run(Mean(), q, [[1.0], [2.0], [3.0]], {"estimator": "path_only", "step_size": 0.1, "stop_at": 300})
    >>> steps = list(run)
    >>> round(q.by_site["w"].table[0, 0].item(), 1)  # 6/4, the exact posterior's mean
    1.5
    """

    @overload
    def __init__(
        self,
        settings: InferenceSettings | None = None,
        data: Dataset | str | Path | object | None = None,
        /,
        *,
        estimators: BySite | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        settings: InferenceSettings | None = None,
        /,
        *,
        data: Dataset | str | Path | object,
        estimators: BySite | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        model: Model,
        q: Posterior,
        data: Dataset | str | Path | object,
        inference: InferenceSettings | Mapping[str, Any] | None = None,
        *,
        estimators: BySite | None = None,
    ) -> None: ...

    def __init__(
        self,
        model: Any = None,
        q: Any = None,
        data: Any = None,
        inference: Any = None,
        *,
        estimators: BySite | None = None,
    ) -> None:
        """Take a model, its q and data, or build them from settings.

        `data` is a data set, an array or a file's path. `estimators` overrides the estimator of sites, {"z1": "leave_one_out", "w1":
        PathOnly()}; the others use the one in the settings.

        Raises:
            ValueError: the model, q, the data or the estimators are invalid (`boundary`).
            NotApplicableError: an estimator does not apply to its site.
            SettingError: a setting is not allowed, or conflicts with another.
        """
        if model is None or isinstance(model, InferenceSettings):
            table, extra = (data, None) if q is None else (q, data)  # data may be passed by name
            parts = _parts_of_settings(model, table, extra, inference)
        else:
            parts = _parts_of_model(model, q, data, inference)
        self._begin(parts, estimators)

    @classmethod
    def of(cls, parts: Parts, estimators: BySite | None = None) -> Self:
        """A run from parts that are ready and checked."""
        run = cls.__new__(cls)
        run._begin(parts, estimators)
        return run

    def _begin(self, parts: Parts, estimators: BySite | None) -> None:
        self.settings, self.knobs, self.generator = parts.settings, parts.knobs, parts.generator
        self.data, self.model, self.q, self.ready_made = parts.data, parts.model, parts.q, parts.ready_made
        self.parameters = named_parameters((self.model, self.q))
        self.optimizer = self._optimizer()
        self.number = 0
        self.initial_settings = parts.settings  # at step 0: `changes` made the present ones of them
        self.changes: list[Change] = []  # live changes so far
        self.planned: list[Change] = []  # live changes still to come
        self.diverged = False  # the last attempt at a step was taken back
        self.log = StepLog()
        self.memory: dict[str, dict[str, Tensor]] = {}  # state of adaptive estimators, by estimator and site
        self.order = torch.empty(0, dtype=torch.int64)
        self.own = own_estimators(self.model, {} if estimators is None else estimators, self.settings)
        if reason := refusal(self.model, self.estimators, self.draws, self.noise, self.q):
            raise NotApplicableError(reason) if self.ready_made or self.own else SettingError("estimator", reason)
        if reason := refused(self.model, self.estimators, self.settings.objective(0)):
            raise SettingError("estimator", reason)
        if reason := self._too_large(self.settings, self.estimators):
            raise SettingError("draws", reason)
        self.replay_cache = ReplayCache(self._estimate, self.parameters, self.generator)
        self._good = [parameter.detach().clone() for parameter in self.parameters.values()]

    def __iter__(self) -> Self:
        """The run is its own iterator."""
        return self

    def _optimizer(self) -> Optimizer:
        """The chosen optimiser, without any state."""
        return OPTIMIZERS[self.settings.optimizer](
            self.parameters, self.settings.step_size, free_nu(self.model, self.q)
        )

    @property
    def estimators(self) -> dict[str, Estimator]:
        """The estimator of every site: its own, the chosen one, or the model's fallback where that does not apply."""
        chosen = make_estimator(self.settings.estimator, self.settings)
        return estimators_by_site(self.model, chosen, self.settings.draws) | self.own

    @property
    def draws(self) -> int:
        """B; one where q is a point mass, whose draws are all equal."""
        return 1 if deterministic(self.model) else self.settings.draws

    @property
    def noise(self) -> str:
        """How the draws of a step depend on each other; independent where q is a point mass, which has no noise to pair or to spread."""
        return "iid" if deterministic(self.model) else self.settings.noise

    @property
    def objective(self) -> Objective:
        """The objective of the next step: its weights depend on the step's number only, so a resumed run continues exactly."""
        return self.settings.objective(self.number)

    def change(self, **values: Any) -> None:
        """Set live knobs; they act from the next step on, and `changes` has them with the number of steps made so far.

        Raises:
            SettingError: a knob needs a restart, or a value is not allowed.
        """
        before = self.settings
        self._set(values)
        differ = {name: now for name in values if (now := getattr(self.settings, name)) != getattr(before, name)}
        if differ:
            self._note_divergence()
            self.changes = [*self.changes, Change(self.number, differ)]

    def with_changes(self, changes: Iterable[Any]) -> Self:
        """This run with live changes planned, [(step, {knob: value}), …]: each acts after so many steps, as `change` would then.

        With `initial_settings` and `changes` of an earlier run it is the same run, bit for bit.

        >>> import elbo_room as er
        >>> run = er.run_from({"data": "pinwheel", "stop_at": 4}).with_changes([(2, {"step_size": 0.001})])
        >>> [run.settings.step_size for step in run]
        [0.005, 0.005, 0.001, 0.001]
        >>> run.changes
        [Change(step=2, values={'step_size': 0.001})]

        Raises:
            SettingError: a change sets what cannot change during a run, has a value that is not allowed, or is out of order.
        """
        self.planned = changes_from(self.knobs, changes, self.number)
        return self

    def _follow_plan(self) -> Step | None:
        """Carry out the planned changes that are due; a step, if an attempt that diverged before is one now."""
        while self.planned and self.planned[0].step <= self.number:
            due, *self.planned = self.planned
            if due.values:
                self.change(**due.values)
                continue
            try:  # the attempt that diverged: what it used of the random stream is used again
                return self._attempt()
            except DivergenceError:
                continue
        return None

    @property
    def ended(self) -> bool:
        """Whether the last step is made, and no planned change moves it."""
        due = bool(self.planned) and self.planned[0].step <= self.number
        return self.number >= self.settings.stop_at and not due

    def drop_planned(self, names: Iterable[str]) -> None:
        """Plan no change of these knobs any more: they are in the user's hand."""
        gone = {*names}
        kept = [
            (each, {name: value for name, value in each.values.items() if name not in gone}) for each in self.planned
        ]
        self.planned = [Change(each.step, values) for each, values in kept if values or not each.values]

    def _note_divergence(self) -> None:
        """The run goes on after a step that diverged, so that step belongs to its record."""
        if self.diverged:
            self.changes, self.diverged = [*self.changes, Change(self.number, {})], False

    def _set(self, values: Values) -> None:
        """Replace settings by live ones."""
        live = {knob["name"] for knob in self.knobs if knob["live"]}
        for name in values:
            if name not in live:
                raise SettingError(
                    name,
                    f"{name} cannot change during a run; start a new one. Live settings are: {', '.join(sorted(live))}.",
                )
        whole: Values = validate(
            self.knobs, {knob["name"]: getattr(self.settings, knob["name"]) for knob in self.knobs} | values
        )
        same = (
            estimators_by_site(self.model, make_estimator(whole["estimator"], self.settings), whole["draws"]) | self.own
        )
        settings = replace(self.settings, **{name: whole[name] for name in values})
        noise = "iid" if deterministic(self.model) else whole["noise"]
        reason = refusal(self.model, same, whole["draws"], noise, self.q)
        if reason := reason or refused(self.model, same, settings.objective(self.number)):
            raise SettingError("estimator", reason)
        if reason := self._too_large(settings, same):
            raise SettingError(next(iter(values)), reason)
        other = settings.optimizer != self.settings.optimizer
        self.settings = settings
        if other:
            self.optimizer = self._optimizer()
        if (
            hasattr(self.model, "update") and type(settings) is not InferenceSettings
        ):  # a family's knobs belong to its model
            self.model.update(self.settings)

    def _too_large(self, settings: InferenceSettings, estimators: Mapping[str, Estimator]) -> str | None:
        """None, or why a step with these settings is refused; a ready-made model is not checked."""
        if self.ready_made:
            return None
        plan = Plan(
            self.model, self.q, self.data, estimators, 1 if deterministic(self.model) else settings.draws,
            settings.rao_blackwell, "iid" if deterministic(self.model) else settings.noise,
            settings.objective(self.number),
        )  # fmt: skip
        return too_large(plan, min(settings.batch_size, self.data.size))

    def next_batch(self) -> Batch:
        """M rows without replacement from a shuffled pass over the data; a remainder smaller than M starts the next pass."""
        size = min(self.settings.batch_size, self.data.size)
        sparse = getattr(self.model, "sparse", False)
        if sparse and size == self.data.size:
            return self.data.whole()
        if len(self.order) < size:
            self.order = torch.randperm(self.data.size, generator=self.generator)
        rows, self.order = self.order[:size], self.order[size:]
        return self.data.batch(rows, entries=sparse)

    def _estimate(self, batch: Batch) -> Found:
        """ELBO, objective, log prior and the ELBO's terms at a batch; the gradients are left on the parameters."""
        settings = self.settings
        found = estimate(
            self.model,
            self.q,
            self.estimators,
            batch,
            self.draws,
            self.generator,
            rao_blackwell=settings.rao_blackwell,
            noise_kind=self.noise,
            memory=self.memory,
            objective=self.objective,
        )
        return tuple(found.terms), found.summary.whole

    def __next__(self) -> Step:
        """One step.

        Raises:
            StopIteration: at `stop_at`; raise that knob and call next again to continue.
            DivergenceError: a number is no longer finite; the parameters are back at the last good step.
        """
        if step := self._follow_plan():
            return step
        if self.number >= self.settings.stop_at:
            raise StopIteration
        return self._attempt()

    def _attempt(self) -> Step:
        """One step, unless it diverges."""
        self._note_divergence()
        for _ in range(self.objective.encoder_steps):
            self._ascend(q_alone=True)
        step = self._ascend()
        self.number = step.number
        self.log.push(step)
        return step

    def _ascend(self, *, q_alone: bool = False) -> Step:
        """One estimate and one step of the optimiser, of q's parameters alone or of the model's too."""
        self.optimizer.clear_gradients()
        settings = self.settings
        key = (settings, self.objective)  # a warm-up changes the objective from step to step
        try:
            names, values = self.replay_cache.step(self.next_batch(), key, (self.model, self.q), self.memory)
        except torch.linalg.LinAlgError:  # type: ignore[attr-defined]  # its module does not list it
            raise self._diverged("A covariance matrix is numerically singular") from None
        if q_alone and isinstance(self.model, nn.Module):
            self.model.zero_grad()
            for name, site in self.model.sites.items():  # weights with a q wait too
                if site.plate == "global":
                    self.q.by_site[name].zero_grad()
        gradients = {name: p.grad for name, p in self.parameters.items() if p.grad is not None}
        elbo, objective, log_prior, *numbers = values.tolist()
        terms = dict(zip(names, numbers, strict=True))
        if cause := complaint(elbo, objective, gradients, terms, self.model):
            raise self._diverged(cause)
        self._keep()
        self.optimizer.step_size = settings.step_size_at(self.number)
        self.optimizer.rows, self.optimizer.total = min(settings.batch_size, self.data.size), self.data.size
        self.optimizer.step()
        return Step(self.number + 1, elbo, terms, objective, log_prior)

    def _diverged(self, cause: str) -> DivergenceError:
        """What is raised in place of the next step; the parameters are back at the last good one."""
        untrained = not self.number and not self.optimizer.state
        trouble = divergence(
            cause, self.number + 1, self.settings.step_size, self.model, self.data.feature_names, untrained=untrained
        )
        self._restore()
        self.diverged = True
        return trouble

    @torch.no_grad()
    def _keep(self) -> None:
        torch._foreach_copy_(self._good, list(self.parameters.values()))

    @torch.no_grad()
    def _restore(self) -> None:
        torch._foreach_copy_(list(self.parameters.values()), self._good)
        self.optimizer.state.clear()
        self.memory.clear()

    def tensors(self) -> dict[str, Tensor]:
        """Everything that decides the next step, as named tensors: parameters, the optimiser's state, the generator, the data's order."""
        state = {f"parameter/{name}": parameter.detach() for name, parameter in self.parameters.items()}
        for name, moments in self.optimizer.state.items():
            state |= {f"{self.optimizer.name}/{key}/{name}": value for key, value in moments.items()}
        for part, kept in self.memory.items():
            state |= {f"memory/{part}/{key}": value for key, value in kept.items()}
        rows = torch.tensor(self.data.size)  # at the end of a pass the order does not show it
        return state | {"generator": self.generator.get_state(), "order": self.order, "rows": rows}

    @torch.no_grad()
    def load_tensors(self, state: dict[str, Tensor], number: int) -> None:
        """Restore the state of `tensors`; the next step is exactly the one that would have followed.

        Raises:
            ValueError: the state belongs to another model or to other data.
        """
        for name, parameter in self.parameters.items():
            if (kept := state[f"parameter/{name}"].shape) != parameter.shape:
                raise ValueError(f"{name} has shape {tuple(kept)} there, {tuple(parameter.shape)} here")
        least = int(state["order"].max()) + 1 if len(state["order"]) else 0  # for a file without the number of rows
        if int(state.get("rows", torch.tensor(least))) > self.data.size:
            raise ValueError(f"it was made with more than the {self.data.size} rows of these data")
        for name, parameter in self.parameters.items():
            parameter.copy_(state[f"parameter/{name}"])
            kind, keys = self.optimizer.name, self.optimizer.moments
            if keys and f"{kind}/{keys[0]}/{name}" in state:
                self.optimizer.state[name] = {key: state[f"{kind}/{key}/{name}"].clone() for key in keys}
        self.memory = {}
        for name, learned in state.items():
            if name.startswith("memory/"):
                part, key = name.removeprefix("memory/").rsplit("/", 1)
                self.memory.setdefault(part, {})[key] = learned.clone()
        self._keep()
        self.generator.set_state(state["generator"])
        self.order, self.number = state["order"].clone(), number

    # what the run has learned, to take along: `elbo_room.models.results`

    def history(self, measured: Iterable[tuple[int, Mapping[str, float]]] = ()) -> Any:
        """ELBO, its terms and its running mean at every step, nats per data point, as a data frame: `results.history`.

        >>> import elbo_room as er
        >>> run = er.run_from({"data": "pinwheel", "stop_at": 30})
        >>> _ = list(run)
        >>> [*run.history().columns]
        ['elbo', 'running mean', 'objective', 'log_prior', 'log p(z)', 'log p(x|z)', '−log q(z)']
        """
        from elbo_room.models.results.history import history

        return history(self, measured)

    def embedding(self, clusters: int | None = None) -> Any:
        """ẑ = E_q[z | x], the scales of q and a cluster of every row, as a data frame: `results.embedding`."""
        from elbo_room.models.results.embedding import embedding

        return embedding(self, clusters)

    def log_evidence(self, draws: int = 1000, seed: int = 0) -> Any:
        """log p(x_i) of every row, importance-weighted, with its standard error, in nats: `results.evidence`."""
        from elbo_room.models.results.evidence import log_evidence

        return log_evidence(self, draws, seed)

    def denoised(self) -> Any:
        """E[x | ẑ] of every row, counts normalised to 10,000 a row: `results.decoded`."""
        from elbo_room.models.results.decoded import denoised

        return denoised(self)

    def differential(self, first: Sequence[int], second: Sequence[int], **wanted: Any) -> Any:
        """Which features differ between two selections of rows, with the expected false discovery rate: `results.differential`."""
        from elbo_room.models.results.differential import differential

        return differential(self, first, second, **wanted)

    def predictions(self, x: object = None, **wanted: Any) -> Any:
        """A conditional model's predictions with intervals, in y's units: `results.predictions`."""
        from elbo_room.models.results.predictions import predictions

        return predictions(self, x, **wanted)

    def samples(self, count: int = 1000, seed: int = 0) -> Any:
        """Draws of p(x), in the data's units: `results.samples`."""
        from elbo_room.models.results.samples import samples

        return samples(self, count, seed)

    def to_anndata(self, adata: Any = None, *, layer: bool = True) -> Any:
        """A copy of an AnnData with the run's results in obsm, obs, layers and uns: `results.annotated`."""
        from elbo_room.models.results.annotated import to_anndata

        return to_anndata(self, adata, layer=layer)

    def save_weights(self, path: str | Path) -> Path:
        """The parameters as a safetensors file: `results.weights`."""
        from elbo_room.models.results.weights import save_weights

        return save_weights(self, path)


def free_nu(model: Model, q: Posterior) -> dict[str, FreeNu]:
    """The parameters that are a ν themselves rather than a network's weights, by their names in `named_parameters`."""
    found: dict[str, FreeNu] = {}
    for name, parameter in named_parameters((model, q)).items():
        for site, factor in q.by_site.items():
            if site in model.sites and getattr(factor, "free_nu", None) is parameter:
                found[name] = FreeNu(model.sites[site].family, model.sites[site].plate == "local")
    return found


def _parts_of_settings(settings: Any, data: Any, extra: Any, inference: Any) -> Parts:
    """The parts that `run_from` makes; imported here because it is above this module."""
    if extra is not None or inference is not None:
        raise ValueError(
            f"Settings came first, followed by {described(data)} and {described(extra)}; settings build their own model. "
            "Write Run(settings, data), or Run(model, q, data, settings) for a model of your own."
        )
    from elbo_room.models.training.run_from import parts_from

    if isinstance(data, Posterior):
        return parts_from(settings, q=data)
    return parts_from(settings, data)


def _parts_of_model(model: Any, q: Any, data: Any, inference: Any) -> Parts:
    """The parts that a user passes, checked.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    if isinstance(model, Mapping):
        raise ValueError(
            "The model is a dict; it must be an object with `sites` and `factors`. If these are settings, write run_from(settings)."
        )
    check_model(model)
    missing = [name for name, part in (("q, its variational family", q), ("data", data)) if part is None]
    if missing:
        raise ValueError(
            f"A model came without {' and without '.join(missing)}. Write Run(model, Posterior({{...}}), data)."
        )
    check_posterior(model, q)
    settings = inference_from(inference)
    table = as_dataset(data)
    return Parts(settings, inference_knobs(), table, model, q, torch.Generator().manual_seed(settings.seed))
