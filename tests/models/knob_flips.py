"""What a knob does, found by changing it: the same run with one setting changed, compared bit for bit.

A knob is *idle* where no other allowed value changes the parameters after two steps, nor what panel B measures at the first
parameters. A knob that the form offers must not be idle, one that is grey must be, and a live one must act in the middle of a run.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any

import torch

from elbo_room.models.catalogue import knobs, settings_from
from elbo_room.models.data import Dataset
from elbo_room.models.inference.make_estimator import make_estimator
from elbo_room.models.probing.minibatch import deterministic
from elbo_room.models.probing.probe import probe
from elbo_room.models.registry import MODELS
from elbo_room.models.settings import Knob, SettingError, Values, idle, objection, validate
from elbo_room.models.training.guard import DivergenceError
from elbo_room.models.training.run import Run

TRAINED = ("parameter/", "adam/")  # of a run's tensors: not the generator, which moves when nothing else does
KEPT = 40  # rows of a data set
STEPS, ROWS, PROBED = 2, 8, 3
MEASURED = ("score", "score_xi")  # whose lines of panel B depend on knobs that the path estimators ignore
WIDEST = 5000  # features of a data point beyond which feature attention, a square of weights, is not built in a test
TRIED = 2  # other values of a grey knob


def small(values: Values) -> Values:
    """Settings of a run of a few steps on a few rows, in which the same knobs act."""
    return values | {"batch_size": min(values["batch_size"], ROWS), "stop_at": STEPS}


def alternatives(knob: Knob, values: Values) -> Iterator[Any]:
    """Other allowed values of a knob, near the present one first."""
    now = values[knob["name"]]
    if knob["kind"] == "bool":
        yield not now
    elif knob["kind"] == "choice":
        yield from (
            choice["name"]
            for choice in knob["choices"]
            if choice["name"] != now and objection(choice, values | {knob["name"]: choice["name"]}) is None
        )
    else:
        near = (
            (now + 1, now - 1, 1, now + 5)
            if knob["kind"] == "int"
            else (2 * now, now / 2, knob["low"], 1.0, knob["high"])
        )
        yield from dict.fromkeys(value for value in near if knob["low"] <= value <= knob["high"] and value != now)


def digest(run: Run, steps: list[float]) -> str:
    """Every bit that training has changed so far."""
    found = hashlib.sha256(repr(steps).encode())
    for name, tensor in sorted(run.tensors().items()):
        if name.startswith(TRAINED):
            found.update(name.encode() + tensor.detach().numpy().tobytes())
    return found.hexdigest()


def trained(values: Values, **change: Any) -> str:
    """Two steps of these settings; with a change, it is made after the first one."""
    run = Run(settings_from(values))
    steps = []
    try:
        steps.append(next(run).elbo)
        if change:
            run.change(**change)
        steps += [step.elbo for _, step in zip(range(STEPS - 1), run, strict=False)]
    except DivergenceError as trouble:
        return str(trouble)
    return digest(run, steps)


def measured(values: Values, **change: Any) -> str:
    """What panel B measures of score-type estimators before the first step; nothing where q is a point."""
    run = Run(settings_from(values))
    if change:
        run.change(**change)
    if deterministic(run.model):
        return ""
    settings = run.settings
    parts = {name: make_estimator(name, settings) for name in MEASURED}
    reports = probe(
        run.model, run.q, parts, run.data.batch(torch.arange(min(PROBED, run.data.size))), settings.draws, 2,
        torch.Generator().manual_seed(0), rao_blackwell=settings.rao_blackwell, noise_kind=settings.noise,
        objective=run.objective,
    )  # fmt: skip
    return repr(
        {name: {site: each.variance for site, each in report.sites.items()} for name, report in reports.items()}
    )


def few(data: Dataset) -> Dataset:
    """Rows from all over the data, so that every class is among them."""
    return data if data.size <= KEPT else data.kept(torch.linspace(0, data.size - 1, KEPT).long())


@contextmanager
def few_rows() -> Iterator[None]:
    """While this lasts every data set of the lab has few rows."""
    whole = [(family.data, dict(family.data)) for family in MODELS.values()]
    for data, sources in whole:
        data.update({name: replace(part, load=lambda load=part.load: few(load())) for name, part in sources.items()})
    try:
        yield
    finally:
        for data, sources in whole:
            data.update(sources)


class Scene:
    """One scene, or other settings, and what turning its knobs does."""

    def __init__(self, values: Values) -> None:
        model = values.get("model", "deep_generative")
        self.knobs = [knob for knob in knobs(model) if knob["name"] != "model"]
        self.values = small(validate(knobs(model), values))
        self.base = trained(self.values)
        self.wide = Run(settings_from(self.values)).data.x.shape[1] > WIDEST
        self._measured: str | None = None

    @property
    def measured(self) -> str:
        """Panel B before anything is turned."""
        if self._measured is None:
            self._measured = measured(self.values)
        return self._measured

    def reason(self, knob: Knob) -> str | None:
        """Why a knob is grey."""
        return idle(knob, self.values)

    def turned(self, knob: Knob, live: bool = False) -> Iterator[tuple[Any, str | bool]]:
        """Each alternative, and whether the run changed: True, False, or the sentence that refuses it."""
        for value in () if self.wide and knob["name"] == "attention" else alternatives(knob, self.values):
            try:
                yield value, self._changes(knob, value, live)
            except (SettingError, ValueError) as refusal:
                yield value, str(refusal)

    def _changes(self, knob: Knob, value: Any, live: bool) -> bool:
        change = {knob["name"]: value}
        if (trained(self.values, **change) if live else trained(self.values | change)) != self.base:
            return True
        return (measured(self.values, **change) if live else measured(self.values | change)) != self.measured

    def silent(self) -> list[str]:
        """Knobs that the form offers and that do nothing, in mid-run where they are live, and grey ones that do something."""
        found = []
        for knob in self.knobs:
            if grey := self.reason(knob):
                if acts(islice(self.turned(knob), TRIED)) is True:
                    found.append(f"{knob['name']} acts while grey ({grey})")
            elif acts(self.turned(knob, knob["live"])) is False:
                found.append(f"{knob['name']} does nothing{' in mid-run' if knob['live'] else ''}")
        return found


def acts(turned: Iterator[tuple[Any, str | bool]]) -> bool | None:
    """Whether one of the alternatives changed the run; None where there was none, or one was refused in a sentence."""
    found = []
    for _, changed in turned:
        if changed is True:
            return True
        found.append(changed)
    return None if any(isinstance(each, str) for each in found) or not found else False
