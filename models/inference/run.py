"""A run: ν ← ν + ρ_t ĝ_t with Adam's step, as a generator. Whoever pulls may pause, stop, or change λ, B, estimator and step size.

The same settings and seed give the same run, bit for bit, on the same machine; looking at it (probes, pictures) takes nothing from its
random stream.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self, cast

import torch
from torch import Tensor, nn

from elbo_room.models.catalogue import knobs, settings_from
from elbo_room.models.core import Batch, Model
from elbo_room.models.data import OWN, Dataset, as_dataset
from elbo_room.models.deep_generative_settings import Settings
from elbo_room.models.estimators import Estimator, NotApplicableError
from elbo_room.models.inference.adam import MOMENTS, Adam
from elbo_room.models.inference.boundary import check_model, check_posterior
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.inference.guard import complaint, divergence, named_parameters
from elbo_room.models.inference.make_estimator import make_estimator, own_estimators
from elbo_room.models.inference.minibatch import deterministic
from elbo_room.models.inference.objective import Objective
from elbo_room.models.inference.replay_cache import Found, ReplayCache
from elbo_room.models.inference.settings import InferenceSettings
from elbo_room.models.inference.size import Plan, too_large
from elbo_room.models.inference.surrogate_context import estimators_by_site, refusal
from elbo_room.models.inference.tempered import refused
from elbo_room.models.registry import family_of
from elbo_room.models.settings import SettingError, Values, validate
from elbo_room.models.variational import Posterior


@dataclass(frozen=True)
class Step:
    """One optimiser step, in nats per data point and before the update.

    The ELBO bounds log p(x | θ) from below, or log p(x) where all weights are random; of a point mass for all weights it is the log
    likelihood. The objective is what the step climbs: the ELBO plus log p(θ)/N of a point estimate, with its KL weighed where β ≠ 1.
    """

    number: int
    elbo: float
    terms: dict[str, float]  # they sum to the ELBO
    objective: float
    log_prior: float  # log p(θ)/N; 0 where no parameter is a point estimate with a prior


def _check_own(model: object, q: object, data: object) -> None:
    """Refuse a person's own model without q or data, and q without a model.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    if model is None and q is not None:
        raise ValueError(
            "q came without a model; settings build their own. Write Run(settings, data, model=model, q=q)."
        )
    if model is None:
        return
    missing = [name for name, part in (("q, its variational family", q), ("data", data)) if part is None]
    if missing:
        raise ValueError(
            f"A model came without {' and without '.join(missing)}. Write Run(settings, data, model=model, q=Posterior({{...}}))."
        )
    check_model(model)
    check_posterior(model, q)


class Run(Iterator[Step]):
    """Training as an iterator of steps.

    >>> for step in Run(Settings(data="pinwheel", stop_at=100)): ...
    """

    def __init__(
        self,
        settings: InferenceSettings | None = None,
        data: Dataset | str | Path | None = None,
        model: Model | None = None,
        q: Posterior | None = None,
        estimators: Mapping[str, Estimator | str] | None = None,
    ) -> None:
        """Build from settings, or take a model and its q (then the settings' data and model groups are not read).

        `data`, a data set, an array or a file's path, is used instead of the one that the settings name; the settings say "own" then.
        `estimators` gives sites their own, {"z1": "leave_one_out", "w1": PathOnly()}; the others take the one that the settings name.

        Raises:
            ValueError: the model, q, the data or the estimators are not what they must be (`boundary`).
            NotApplicableError: an estimator does not go with its site.
            SettingError: a setting is not allowed, or does not go with another.
        """
        given: InferenceSettings = Settings() if settings is None else settings
        family = family_of(given)
        _check_own(model, q, data)
        own = {"data": OWN} if data is not None and model is None and OWN in family.data else {}
        whole: Any = settings_from(vars(given) | {"model": family.name} | own)  # each family has knobs of its own
        self.settings = whole
        self.generator = torch.Generator().manual_seed(whole.seed)
        self.data = family.data[whole.data].load() if data is None else as_dataset(data)
        if share := getattr(whole, "held_out", 0.0):
            self.data = self.data.split(share)
        if model is None:
            self.model, self.q = family.build(whole, self.data, self.generator)
        else:
            self.model, self.q = model, cast("Posterior", q)
        self.parameters = named_parameters((self.model, self.q))
        self.optimizer = Adam(self.parameters, self.settings.step_size)
        self.number = 0
        self.memory: dict[str, dict[str, Tensor]] = {}  # what adaptive estimators keep, by estimator and site
        self.order = torch.empty(0, dtype=torch.int64)
        self.own = own_estimators(self.model, estimators or {}, self.settings)
        if reason := refusal(self.model, self.estimators, self.draws, self.noise, self.q):
            raise NotApplicableError(reason) if model is not None or self.own else SettingError("estimator", reason)
        if reason := refused(self.model, self.estimators, whole.objective(0)):
            raise SettingError("estimator", reason)
        self.ready_made = model is not None
        if reason := self._too_large(self.settings, self.estimators):
            raise SettingError("draws", reason)
        self.replay_cache = ReplayCache(self._estimate, self.parameters, self.generator)
        self._good = [parameter.detach().clone() for parameter in self.parameters.values()]

    def __iter__(self) -> Self:
        """The run is its own iterator."""
        return self

    @property
    def estimators(self) -> dict[str, Estimator]:
        """The estimator of every site: its own, the chosen one, or what the model takes where that does not apply."""
        chosen = make_estimator(self.settings.estimator, self.settings)
        return estimators_by_site(self.model, chosen, self.settings.draws) | self.own

    @property
    def draws(self) -> int:
        """B; one where q is a point, whose draws are all alike."""
        return 1 if deterministic(self.model) else self.settings.draws

    @property
    def noise(self) -> str:
        """How the draws of a step depend on each other; independent where q is a point, which has no noise to pair or to spread."""
        return "iid" if deterministic(self.model) else self.settings.noise

    @property
    def objective(self) -> Objective:
        """What the next step climbs: the weights come from its number, so a run that is taken up goes on exactly."""
        return self.settings.objective(self.number)

    def change(self, **values: Any) -> None:
        """Set live knobs; they act at the next step. Raises `SettingError` for a knob that restarts or a value not allowed."""
        own = knobs(self.settings.model)
        live = {knob["name"] for knob in own if knob["live"]}
        for name in values:
            if name not in live:
                raise SettingError(
                    name,
                    f"{name} cannot change during a run; start a new one. Live settings are: {', '.join(sorted(live))}.",
                )
        whole: Values = validate(own, asdict(self.settings) | values)
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
        self.settings = settings
        if hasattr(self.model, "update"):
            self.model.update(self.settings)

    def _too_large(self, settings: InferenceSettings, estimators: Mapping[str, Estimator]) -> str | None:
        """None, or why a step with these settings is refused; a model that came ready is its maker's own business."""
        if self.ready_made:
            return None
        plan = Plan(
            self.model, self.q, self.data, estimators, 1 if deterministic(self.model) else settings.draws,
            settings.rao_blackwell, "iid" if deterministic(self.model) else settings.noise,
            settings.objective(self.number),
        )  # fmt: skip
        return too_large(plan, min(settings.batch_size, self.data.size))

    def next_batch(self) -> Batch:
        """M rows without replacement from a shuffled pass over the data; a rest smaller than M starts the next pass."""
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
            StopIteration: at `stop_at`; raise that knob and pull again to go on.
            DivergenceError: a number is no longer finite; the parameters are back at the last good step.
        """
        if self.number >= self.settings.stop_at:
            raise StopIteration
        for _ in range(self.objective.encoder_steps):
            self._ascend(q_alone=True)
        names, values = self._ascend()
        elbo, objective, log_prior, *terms = values.tolist()
        self.number += 1
        return Step(self.number, elbo, dict(zip(names, terms, strict=True)), objective, log_prior)

    def _ascend(self, *, q_alone: bool = False) -> Found:
        """One estimate and one step of Adam, of q's parameters alone or of the model's too."""
        self.optimizer.clear_gradients()
        settings = self.settings
        key = (settings, self.objective)  # a warm-up changes the objective from step to step
        names, values = self.replay_cache.step(self.next_batch(), key, (self.model, self.q), self.memory)
        if q_alone and isinstance(self.model, nn.Module):
            self.model.zero_grad()
        gradients = {name: p.grad for name, p in self.parameters.items() if p.grad is not None}
        elbo, objective, _, *terms = values.tolist()
        if cause := complaint(elbo, objective, gradients, dict(zip(names, terms, strict=True))):
            trouble = divergence(cause, self.number + 1, settings.step_size, self.model, self.data.feature_names)
            self._restore()
            raise trouble
        self._keep()
        self.optimizer.step_size = settings.step_size_at(self.number)
        self.optimizer.step()
        return names, values

    @torch.no_grad()
    def _keep(self) -> None:
        torch._foreach_copy_(self._good, list(self.parameters.values()))

    @torch.no_grad()
    def _restore(self) -> None:
        torch._foreach_copy_(list(self.parameters.values()), self._good)
        self.optimizer.state.clear()
        self.memory.clear()

    def tensors(self) -> dict[str, Tensor]:
        """Everything that decides the next step, as named tensors: parameters, Adam's moments, the generator, the data's order."""
        state = {f"parameter/{name}": parameter.detach() for name, parameter in self.parameters.items()}
        for name, moments in self.optimizer.state.items():
            state |= {f"adam/{key}/{name}": value for key, value in moments.items()}
        for part, kept in self.memory.items():
            state |= {f"memory/{part}/{key}": value for key, value in kept.items()}
        rows = torch.tensor(self.data.size)  # at the end of a pass the order does not tell
        return state | {"generator": self.generator.get_state(), "order": self.order, "rows": rows}

    @torch.no_grad()
    def load_tensors(self, state: dict[str, Tensor], number: int) -> None:
        """Take up the state of `tensors`; the next step is the very step that would have followed.

        Raises:
            ValueError: the state is of another model, or of other data.
        """
        for name, parameter in self.parameters.items():
            if (kept := state[f"parameter/{name}"].shape) != parameter.shape:
                raise ValueError(f"{name} is of shape {tuple(kept)} there, {tuple(parameter.shape)} here")
        least = (
            int(state["order"].max()) + 1 if len(state["order"]) else 0
        )  # of a file that does not hold the number of rows
        if int(state.get("rows", torch.tensor(least))) > self.data.size:
            raise ValueError(f"it was made with more than the {self.data.size} rows of these data")
        for name, parameter in self.parameters.items():
            parameter.copy_(state[f"parameter/{name}"])
            if f"adam/step/{name}" in state:
                self.optimizer.state[name] = {key: state[f"adam/{key}/{name}"].clone() for key in MOMENTS}
        self.memory = {}
        for name, learned in state.items():
            if name.startswith("memory/"):
                part, key = name.removeprefix("memory/").rsplit("/", 1)
                self.memory.setdefault(part, {})[key] = learned.clone()
        self._keep()
        self.generator.set_state(state["generator"])
        self.order, self.number = state["order"].clone(), number
