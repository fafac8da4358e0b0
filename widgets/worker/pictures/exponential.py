"""What the charts of a deep exponential family have in common: its layers with words, KL per unit, a yardstick."""

import math
import time
from typing import Any

import numpy as np
import torch

from elbo_room.models.deep_exponential_family.sampling import matrices, top_features, units
from elbo_room.models.diagnostics import active
from elbo_room.models.thresholds import ACTIVE
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import About, Datasets, Facts, Params, Picture
from elbo_room.widgets.worker.pictures.cells import merged
from elbo_room.widgets.worker.pictures.generated import Layered
from elbo_room.widgets.worker.pictures.one_step import OneStep, drawable
from elbo_room.widgets.worker.pictures.overflow import of_layers
from elbo_room.widgets.worker.pictures.places import FORMULA, LAYER_NAMES, edges, nodes, packed, word_rows
from elbo_room.widgets.worker.pictures.protocol import Pictures
from elbo_room.widgets.worker.pictures.yardstick import yardstick_of

Units = dict[str, tuple[torch.Tensor, torch.Tensor]]  # by layer: signal and KL of every unit
ROWS = 256  # data that the averages are over
MOST_NODES, TOPICS, WORDS = 32, 12, 5  # in a layer of the drawing; topics shown, and words of each
ORDER = 4.0  # seconds between two looks at who is whose parent
MOST_LAYERS = 3  # so many leave the line below the drawing no room to say what u is


def finite(values: torch.Tensor) -> torch.Tensor:
    """What can be drawn: 0 in place of what has overflowed."""
    return values.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)


def overflown(found: Units) -> list[int]:
    """The layers, from the data up, with a value that is not finite."""
    return sorted(
        int(name[1:]) for name, pair in found.items() if not all(bool(each.isfinite().all()) for each in pair)
    )


class ExponentialPictures(Pictures):
    """Looks at one run. Which units are drawn changes rarely, so that the eye can follow them."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.model: Any = run.model  # a deep exponential family
        data = run.data
        self.batch = data.batch(torch.linspace(0, data.size - 1, min(data.size, ROWS)).long())
        self.layers = sum(name.startswith("z") for name in run.model.sites)
        self.text = len(data.feature_names) > 0
        self.labels = [*LAYER_NAMES, *data.feature_names, self._formula()]
        self.shown: dict[int, list[int]] = {}  # layer → units that are drawn, from left to right
        self.high = 0.1
        self.parents: dict[int, list[int]] = {}  # layer → of every unit, the one above that weighs most
        self.next_order = 0.0
        self.yardstick = yardstick_of(run)
        top = f"z{self.layers}"  # whose q asks for no other layer's draw
        self.generated = Layered(run, self.labels, self.layers)
        self.steps = OneStep(run, top, LAYER_NAMES[self.layers]) if drawable(run, top) else None

    def follow(self, shown: Pictures) -> None:
        """The same units in the same places, and the same scale of the bars."""
        if isinstance(shown, ExponentialPictures):
            self.shown, self.parents, self.high = dict(shown.shown), dict(shown.parents), shown.high
            self.yardstick = shown.yardstick
            self.next_order = math.inf  # scrubbing moves no unit to another parent's group

    def about(self) -> About:
        """The names that charts write: layers and the data's words."""
        data = self.run.data
        shape = list(data.shape) if len(data.shape) == 2 else [1, data.x.shape[1]]
        labels = dict.fromkeys(("layers", "units"), self.labels) | {"elbo": ["coordinate ascent (exact)"]}
        own: About = {"labels": labels, "shape": shape}
        return merged(super().about(), own)

    def _formula(self) -> str:
        """What u decides, layer by layer from the top down: u = θ times the layer above."""
        plan, natural = self.model.plan, self.run.settings.link == "natural"
        says = lambda part: part.natural_symbol if natural and part.natural_symbol else part.symbol  # noqa: E731
        top = f"{LAYER_NAMES[self.layers]} {plan.layers[-1][0].label}"
        lower = [top, *(f"{LAYER_NAMES[n]} ~ {says(plan.layers[n - 1][0])}" for n in range(self.layers - 1, 0, -1))]
        suffix = ", u = θ·z above" if self.layers < MOST_LAYERS else ""
        return f"{'Natural parameters' if natural else 'Means'}: {', '.join([*lower, f'x ~ {says(plan.response)}'])}{suffix}"

    def _generator(self) -> torch.Generator:
        return torch.Generator().manual_seed(self.run.number)

    def _choose(self, activity: dict[int, torch.Tensor], weights: list[Any]) -> None:
        """The most active units of each layer; a unit leaves only when it is far from the most active ones.

        Next to words, units of one parent are grouped; parents are updated only occasionally, since lines that swap places are unreadable.
        """
        if self.text and time.perf_counter() >= self.next_order:
            shares = {
                n: abs(weights[n]) / abs(weights[n]).sum(0, keepdims=True).clip(1e-30) for n in range(1, self.layers)
            }
            self.parents = {n: each.argmax(1).tolist() for n, each in shares.items()}
            self.next_order = time.perf_counter() + ORDER
        for number, values in activity.items():
            most = TOPICS if self.text else MOST_NODES
            order = values.argsort(descending=True).tolist()
            kept = [unit for unit in self.shown.get(number, []) if unit in order[: 2 * most]]
            fresh = [unit for unit in order if unit not in kept]
            parent = self.parents.get(number, [0] * len(order))
            self.shown[number] = sorted((kept + fresh)[: min(most, len(order))], key=lambda unit: (parent[unit], unit))

    def look(self) -> Picture:
        """The drawing of the layers, KL of every unit, a yardstick."""
        run = self.run
        measured = units(self.model, run.q, self.batch, self._generator())
        found = {name: (finite(signal), finite(nats)) for name, (signal, nats) in measured.items()}
        activity = {number: found[f"z{number}"][0].abs() for number in range(1, self.layers + 1)}
        weights = [finite(each).numpy() for each in matrices(self.model, run.q, self.batch)]
        self._choose(activity, weights)
        replace = {"layers": self._drawing(activity, weights), "units": self._bars(found)}
        if self.yardstick is not None:
            level = np.array([self.yardstick.level], np.float32)
            replace["elbo"] = {"levels": {"value": level, "index": np.zeros(1, np.float32)}}
        params: dict[str, Params] = {"units": {"xLow": 0.0, "xHigh": 1.0, "yLow": 0.0, "yHigh": self.high}}
        seen: Picture = {"replace": replace, "params": params, "facts": self._facts(found, overflown(measured))}
        return merged(seen, *self.drawn())

    def _drawing(self, activity: dict[int, torch.Tensor], weights: list[Any]) -> Datasets:
        placed = nodes(activity, self.shown, self.text)
        drawing = {"nodes": placed.columns, "names": placed.names, "edges": edges(weights, self.shown, placed)}
        drawing["formula"] = packed([(*FORMULA, len(self.labels) - 1)], ("x", "y", "index"))
        drawing["words"] = word_rows([], [], [], placed)
        if self.text:
            index, score = top_features(torch.from_numpy(weights[0]), self.model.plan.weights.positive, WORDS)
            chosen = self.shown[1]
            drawing["words"] = word_rows(index[chosen].tolist(), score[chosen].tolist(), chosen, placed)
            self.topic = [
                self.labels[len(LAYER_NAMES) + place] for place in index[int(activity[1].argmax())][:4].tolist()
            ]
        return drawing

    def _bars(self, found: Units) -> Datasets:
        columns: dict[str, list[float]] = {
            name: [] for name in ("x", "value", "floor", "activity", "size", "layer", "unit")
        }
        names: dict[str, list[float]] = {"x": [], "index": []}
        total = sum(len(found[f"z{n}"][1]) + 2 for n in range(1, self.layers + 1))
        at = 1.0
        for number in range(1, self.layers + 1):
            signal, nats = found[f"z{number}"]
            active = signal.abs().reshape(len(nats), -1).max(1).values
            names["x"].append(at / total)
            names["index"].append(number)
            for unit, value in enumerate(nats.clamp_min(0).tolist()):
                row = (
                    at / total,
                    value,
                    0.0,
                    float(active[unit] / active.max().clamp_min(1e-12)),
                    min(14.0, 280 / total),
                    number,
                    unit + 1,
                )
                for name, one in zip(columns, row, strict=True):
                    columns[name].append(one)
                at += 1
            at += 2
        top = max(columns["value"])
        while top > 0.95 * self.high or (top < 0.3 * self.high and self.high > 0.1):
            self.high *= 1.25 if top > 0.95 * self.high else 0.8
        packed = lambda table: {name: np.asarray(column, np.float32) for name, column in table.items()}  # noqa: E731
        return {"bars": packed(columns), "names": packed(names)}

    def _facts(self, found: Units, lost: list[int]) -> Facts:
        live = {name: int(active(nats).sum()) for name, (_, nats) in found.items()}
        sizes = {name: len(nats) for name, (_, nats) in found.items()}
        words = ", ".join(f"{LAYER_NAMES[int(name[1:])]}: {live[name]} of {sizes[name]}" for name in sorted(live))
        sentence = f"Units that carry at least {ACTIVE:g} nats: {words}."
        if self.text:
            sentence = f"The most active topic speaks of {', '.join(self.topic)}. {sentence}"
        if self.yardstick is not None:
            exact = self.yardstick
            at = "ends" if exact.done else f"is, after {exact.sweeps} sweeps,"
            sentence = f"Exact coordinate ascent {at} at {exact.level:,.1f} nats per data point. {sentence}".replace(
                "-", "−"
            )
        if lost:
            sentence = f"{of_layers([LAYER_NAMES[number] for number in lost])} {sentence}"
        summaries = {"layers": sentence, "units": f"Units that carry at least {ACTIVE:g} nats: {words}."}
        return {"sentence": sentence, "summaries": summaries}
