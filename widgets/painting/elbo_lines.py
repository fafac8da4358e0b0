"""Panel A's lines: the run's ELBO and its terms, earlier runs, the band of several seeds, and where a run failed."""

from __future__ import annotations

from typing import Any

import numpy as np

from elbo_room.models.settings import FIRST_MODEL, Knob, Values
from elbo_room.widgets.messages import Changed, Columns, Settings, Started, State
from elbo_room.widgets.screen.layout import Screen
from elbo_room.widgets.theme import MEAN, OBJECTIVE
from elbo_room.widgets.wire.history_file import ELBO_COLUMNS, MEAN_COLUMNS, Table, elbo_curve, table
from elbo_room.widgets.words.texts import MEASURE, differences
from elbo_room.widgets.words.yardsticks import label, yardstick_of

PRIOR, EARLIER = 3, 4  # indices in theme.ELBO
COMPARED = 7  # the first of those that are compared, after two that a closed form knows
YARDSTICK = 1  # the place of a scene's own among the words of levels, after that of coordinate ascent
LEVELS = 8  # labels of the chart that belong to its yardsticks; those of changes come after them
MOST_DIFFERENCES = 3  # settings: a run that differs in more is of another model
DRAG = 40  # steps within which changes of the same knob are one: a slider that was dragged


def change_word(values: Settings, knobs: list[Knob]) -> str:
    """What was changed, short enough for a label next to a line: “score”, “B 16”."""
    words = []
    for knob in knobs:
        if knob["name"] in values:
            value = values[knob["name"]]
            choice = next((each["label"] for each in knob["choices"] or () if each["name"] == value), None)
            words.append(choice or f"{knob['symbol'] or knob['label']} {value:.3g}")
    return ", ".join(words)


def earlier_words(differences: str) -> str:
    """Panel A's heading while an earlier run is drawn in grey: the first difference in full, the others counted, so that it fits."""
    first, *others = differences.split(", ")
    return f"ELBO · earlier: {first}" + (f" and {len(others)} more" if others else "")


def joined(tables: list[Table], columns: tuple[str, ...] = ELBO_COLUMNS) -> Table:
    """All rows, as one table."""
    return np.concatenate(tables) if tables else table([], columns)


class ElboLines:
    """What panel A shows; `facts` are the caption's."""

    def __init__(self, screen: Screen, catalogue: dict[str, Any], facts: dict[str, Any]) -> None:
        self.screen, self.catalogue, self.facts = screen, catalogue, facts
        self.changes: list[tuple[float, Settings]] = []  # step, and the knobs that were changed there
        self.drawn: list[Table] = []  # rows of `history_file.ELBO_COLUMNS`, as they came
        self.means: list[Table] = []  # rows of step and running mean
        self.known: list[dict[str, Table]] = []  # points of lines that a closed form knows
        self.ghost: Table = table([], MEAN_COLUMNS)
        self.settings: Values = {}  # of the run on the screen, including live changes
        self.measure: tuple[Any, ...] = ()  # what its nats are nats of
        self.leveled = False  # whether panel A has a level that is a scene's yardstick
        self.earlier = ""  # what the run before differs in, as the chart's heading
        self.band: tuple[Columns, int] | None = None  # over several seeds, and how many

    def add(self, points: Table) -> None:
        """Steps were made: the ELBO and its terms."""
        if not len(points):
            return
        self.drawn.append(points)
        elbo, prior, objective = points[:, 1], points[:, 4], points[:, 5]
        for series in range(3):  # ELBO, log likelihood, −KL
            self._line(points, series, series + 1)
        self._line(points[prior != 0], PRIOR, 4)  # of a point estimate θ
        self._line(points[objective != elbo], OBJECTIVE, 5)

    def add_means(self, points: Table) -> None:
        """The running mean; the single steps' values fade behind it."""
        self.screen.chart("elbo").set(faint=bool(self.means) or len(points) > 0)
        if len(points):
            self.means.append(points)
            self._line(points, MEAN)

    def _line(self, points: np.ndarray[Any, Any], series: int, column: int = 1) -> None:
        """Add to one line of panel A."""
        if len(points):
            place = np.full(len(points), series, np.float32)
            self.screen.bus.append(
                self.screen.chart("elbo"), "lines", step=points[:, 0], value=points[:, column], series=place
            )

    def remember(self, message: Started) -> None:
        """A run starts: the previous one stays in grey if its nats are comparable and little else differs."""
        settings, before, about = dict(message.settings), self.settings, message.about
        measure = (*(settings.get(name) for name in MEASURE), about.get("size"), tuple(about["shape"]))
        kept, words = elbo_curve(joined(self.means, MEAN_COLUMNS), joined(self.drawn)), ""
        if not len(kept) or measure != self.measure or before.keys() != settings.keys():
            kept = kept[:0]
        elif words := differences([before, settings])[0]:
            kept = kept if words.count(", ") < MOST_DIFFERENCES else kept[:0]
        self.ghost = kept
        self.earlier = earlier_words(words) if words and len(kept) else ""
        self.settings, self.measure = settings, measure

    def leave(self) -> None:
        """A scene's recorded run comes next: no run of one's own is drawn behind it."""
        self.drawn, self.means = [], []

    def draw_yardstick(self) -> None:
        """What the scene's goal is measured against, for the caption; a number of nats is a level of panel A too."""
        found = self.facts["yardstick"] = yardstick_of(self.settings, self.catalogue)
        level = found if found and found["of"] == "elbo" else None
        chart = self.screen.chart("elbo")
        if level is not None:
            words = [*chart.labels[:LEVELS], *[""] * LEVELS][:LEVELS]
            words[YARDSTICK] = label(level)
            chart.labels = words + list(chart.labels[LEVELS:])
            self.screen.bus.replace(chart, "levels", value=[level["value"]], index=[YARDSTICK])
            self.leveled = True
        elif self.leveled:
            self.screen.bus.clear(chart, "levels")
            self.leveled = False

    def draw_earlier(self) -> None:
        """What a new run begins with: its yardstick, the run before, the band of several seeds."""
        self.leveled = False
        self.draw_yardstick()
        self.draw_ghost()
        self.show_band(*(self.band or (None, 0)))

    def draw_ghost(self) -> None:
        """The run before, in grey."""
        self._line(self.ghost, EARLIER)

    def compare(self, tables: list[np.ndarray[Any, Any]]) -> None:
        """Draw other runs' curves on panel A, instead of those compared before."""
        self.screen.bus.clear(self.screen.chart("elbo"), "lines")
        self.draw_ghost()
        drawn, self.drawn = self.drawn, []
        for points in drawn:
            self.add(points)
        means, self.means = self.means, []
        for points in means:
            self.add_means(points)
        for columns in self.known:
            self.screen.bus.append(self.screen.chart("elbo"), "lines", **columns)
        for place, points in enumerate(tables):
            self._line(points, COMPARED + place)

    def show_band(self, found: Columns | None, count: int) -> None:
        """Mean ± sd of several seeds' ELBO, from the next start on, too."""
        self.band = (found, count) if found else None
        chart = self.screen.chart("elbo")
        chart.heading = f"ELBO · mean ± sd of {count} seeds" if found else self.earlier
        if found:
            self.screen.bus.replace(chart, "seeds", **found)

    def mark_failure(self, message: State) -> None:
        """Mark where a run failed."""
        chart = self.screen.chart("elbo")
        self.screen.bus.clear(chart, "failure")
        if message.state == "failed" and self.drawn:
            step, elbo = self.drawn[-1][-1, :2]
            self.screen.bus.replace(chart, "failure", step=[step], value=[elbo])

    def forget(self, message: Started) -> None:
        """Another run has no points and no changes yet; its yardsticks keep their words."""
        self.drawn, self.means, self.changes, self.known = [], [], [], []
        self.model = str(message.settings.get("model", FIRST_MODEL))
        self.screen.chart("elbo").labels = list(message.about["labels"].get("elbo", []))

    def mark_change(self, message: Changed) -> None:
        """A live change: a rule at its step with a word beside it."""
        number, values = float(message.number), message.values
        self.settings |= values
        self.draw_yardstick()
        if set(values) <= {"xi_value"}:  # a drag would leave a forest of marks
            return
        if self.changes and self.changes[-1][1].keys() == values.keys() and number - self.changes[-1][0] <= DRAG:
            self.changes.pop()
        self.changes.append((number, values))
        chart, knobs = self.screen.chart("elbo"), self.catalogue["models"][self.model]["knobs"]
        kept = [*chart.labels[:LEVELS], *[""] * LEVELS][:LEVELS]
        chart.labels = kept + [change_word(each, knobs) for _, each in self.changes]
        steps = np.asarray([at for at, _ in self.changes], np.float32)
        self.screen.bus.replace(chart, "changes", step=steps, index=LEVELS + np.arange(len(steps), dtype=np.float32))
