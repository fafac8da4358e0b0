"""Scenes over seeds: how often a scene's questions have the answer of its own seed, and its yardstick holds.

`python -m tests.benchmarks.scenes [seeds] [SCENE …]`: for each scene and seed, its steps without a page, then what the screen would report.
A goal holds if every question has the answer that it has at the scene's own seed, and if what the goal compares with a yardstick ends on
the same side of it.
"""

import bisect
import sys
from dataclasses import dataclass
from typing import Any

import torch

from elbo_room.models.presets import PRESETS
from elbo_room.widgets.sessions.example import estimators_of, settings_of
from elbo_room.widgets.words.tasks import measure_of, step_of
from elbo_room.widgets.worker.recorder import Recorder

# of a yardstick: what seeds, and few held-out rows, make of it
SLACK = {
    "elbo": 0.05,
    "test_density": 0.05,
    "accuracy": 0.03,
    "link_error": 0.0,
}
VIEWS = {"variance_ratio": "variance", "power_of_draws": "variance_against_draws", "missing": "gradient_histogram"}
Answers = list[tuple[int, float]]  # the right choice of each question, and the number that decides it


class Headless(Recorder):
    """Trains like the recorder, and looks only where a question asks."""

    def facts(self, scene: str) -> Answers:
        """The answers to a scene's questions, each at the first step from which it counts; then the side of its yardstick."""
        preset = PRESETS[scene]
        tasks = sorted(enumerate(preset.get("tasks", ())), key=lambda pair: step_of(pair[1]))
        found: dict[int, tuple[int, float]] = {}
        with self.clock.replacing():
            self.pictures.resting = True
            for step in self.run:
                self.mean.push(step.number, step.elbo)
                while tasks and step.number >= step_of(tasks[0][1]):
                    place, task = tasks.pop(0)
                    found[place] = self._answer(task)
                if not tasks and "yardstick" not in preset:
                    break
            answers = [found[place] for place in sorted(found)]
            return answers + ([self._beside(preset["yardstick"])] if "yardstick" in preset else [])

    def seen(self) -> dict[str, Any]:
        """What the charts report now."""
        self.clock.age()
        facts: dict[str, Any] = dict(self.pictures.look().get("facts", {}))
        return facts | {"elbo": self.mean.value(*self._window)}

    def _answer(self, task: dict[str, Any]) -> tuple[int, float]:
        measure, arguments = measure_of(task)
        facts, name = self.seen(), task["measure"]["name"]
        if name in VIEWS:
            self._measure(VIEWS[name], fine=False)
            rows = {self._series(int(row[4])): (float(row[1]), 0.0) for part in self.variance for row in part}
            facts |= {"variance": rows, "evidence": {view: message.found for view, message in self.evidence.items()}}
        if name == "encoders_share":
            self._weigh()
            facts |= self.picture.get("facts", {})
        value = measure.read(facts, **arguments)
        if value is None:
            return -1, float("nan")
        return bisect.bisect_right(task["edges"], value), value

    def _beside(self, yardstick: dict[str, Any]) -> tuple[int, float]:
        """Whether a number is as high as its yardstick, less the slack."""
        value = float(self.seen()[yardstick["of"]])
        return int(value >= yardstick["value"] - SLACK[yardstick["of"]]), value

    @staticmethod
    def _series(place: int) -> str:
        from elbo_room.widgets.sessions.example import series

        return series()[place]


def answers(scene: str, seed: int | None = None) -> Answers:
    """Of one seed; without one, of the scene's own."""
    settings = settings_of(scene) | ({} if seed is None else {"seed": seed})
    return Headless(settings, estimators_of(scene), PRESETS[scene].get("views", {})).facts(scene)


@dataclass(frozen=True)
class Row:
    """What ten seeds make of a scene."""

    scene: str
    promised: Answers
    found: list[Answers]

    @property
    def kept(self) -> int:
        """How many seeds answer as the scene's own seed does."""
        wanted = [choice for choice, _ in self.promised]
        return sum([choice for choice, _ in each] == wanted for each in self.found)

    def __str__(self) -> str:
        """The counts, and the range of each number."""
        spans = [
            (min(values), max(values)) for values in zip(*[[v for _, v in each] for each in self.found], strict=True)
        ]
        numbers = ", ".join(
            f"{value:.3g} ({low:.3g} to {high:.3g})"
            for (_, value), (low, high) in zip(self.promised, spans, strict=True)
        )
        return f"{self.scene:20s} {self.kept:2d} of {len(self.found)}: {numbers}"


def main(arguments: list[str]) -> None:
    """A line per scene, and at the end those whose goal fails too often."""
    torch.set_num_threads(1)
    seeds = int(arguments.pop(0)) if arguments and arguments[0].isdigit() else 10
    failed = []
    for scene in arguments or PRESETS:
        row = Row(scene, answers(scene), [answers(scene, seed) for seed in range(1, seeds + 1)])
        print(row, flush=True)
        failed += [scene] if row.kept < 0.9 * seeds else []
    print(f"Below 9 of 10: {', '.join(failed) or 'none'}.")


if __name__ == "__main__":
    main(sys.argv[1:])
