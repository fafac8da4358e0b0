"""What a person's actions on a run mean: run, step, reset, undo, set a knob, scene, seed, open an earlier run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.settings import Knob, Values, check, validate
from widgets.example import catalogue
from widgets.runs import RunFolder, new_run, open_run, saved_runs

if TYPE_CHECKING:
    from widgets.layout import Screen
    from widgets.painter import Painter
    from widgets.session import Session
    from widgets.settings_form import SettingsForm


class RunActions:
    """Part of the explorer: every `_do_…` is one action, carried out on the pump's thread."""

    knobs: list[Knob]
    values: Values  # what the form shows
    run_values: Values | None  # what the run on the screen was started with, live changes included
    folder: RunFolder | None
    state: str
    dirty: bool  # the form shows settings that only a new run takes up
    notice: str
    screen: Screen
    form: SettingsForm
    painter: Painter
    session: Session

    def _do_run(self) -> None:
        if self.state == "running":
            self.session.command("pause")
        elif (self.state == "paused" and not self.dirty) or (
            self.state == "finished" and not self.dirty and self.values["stop_at"] > self.painter.facts["number"]
        ):
            self.session.command("play")
        elif self.state != "starting":
            if self.state == "finished" and not self.dirty and not self.screen.lock.value:
                self._set_seed(self.values["seed"] + 1)
            self._start()

    def _start(self, *, play: bool = True) -> None:
        self._release()
        self.folder = new_run()
        self.run_values, self.dirty = dict(self.values), False
        self.state = "starting"
        self.painter.facts["stop_at"] = self.values["stop_at"]
        self.session.command(
            "start", settings=self.values, folder=str(self.folder.path), speed=self.screen.speed.value, play=play
        )
        self.screen.page.run_id = self.folder.identity

    def _do_step(self) -> None:
        if self.run_values is None or self.dirty:
            self._start(play=False)
        elif self.state == "running":
            self.session.command("pause")
            return
        self.session.command("step")

    def _do_reset(self) -> None:
        if self.run_values is not None:
            self.values |= {name: self.run_values[name] for name in ("seed",)}
        self._start(play=False)

    def _do_undo(self) -> None:
        if self.run_values is not None:
            self.values, self.dirty = dict(self.run_values), False

    def _do_remedy(self) -> None:
        step_size = self.painter.facts.pop("remedy", None)
        if step_size:
            knob = self.form.fields["step_size"].knob
            self._do_set("step_size", max(step_size, knob["low"]))
            self.session.command("play")

    def _do_set(self, name: str, value: Any) -> None:
        knob = self.form.fields[name].knob
        whole = validate(self.knobs, {**self.values, name: check(knob, value)})
        if whole[name] == self.values[name]:
            return
        self.values = whole
        if knob["live"]:
            if self.run_values is not None:
                self.run_values[name] = whole[name]
                self.session.command("change", **{name: whole[name]})
            return
        self.dirty = self.run_values is None or any(whole[key] != self.run_values[key] for key in whole)
        if self.state == "running":
            self.session.command("pause")
        self.notice = f"{knob['label']} changed: Run starts a new run with it; this one is kept."

    def _do_scene(self, name: str) -> None:
        preset = catalogue()["presets"][name]
        self.values = validate(self.knobs, {"seed": self.values["seed"], **preset["settings"]})
        self.dirty = True
        self.screen.goal.value = preset["goal"]
        if self.state == "running":
            self.session.command("pause")
        self.notice = "Press Run to train this scene; the run before it is kept."

    def _do_speed(self, speed: str) -> None:
        self.session.command("speed", speed=speed)

    def _set_seed(self, seed: int) -> None:
        self._do_set("seed", seed if seed <= self.form.fields["seed"].knob["high"] else 0)

    def _do_next_seed(self) -> None:
        self._set_seed(self.values["seed"] + 1)

    def _do_open_run(self, identity: str | None) -> None:
        if not identity:
            raise ValueError("No run is chosen. Pick one in the list first.")
        if self.folder is not None and identity == self.folder.identity:
            raise ValueError("This run is the one on the screen.")
        folder = open_run(identity)
        self._release()
        self.folder, self.state, self.dirty = folder, "starting", False
        about = next((run for run in saved_runs() if run["identity"] == folder.identity), None)
        self.values = validate(self.knobs, about["settings"] if about else {})
        self.run_values = dict(self.values)
        self.session.command(
            "start", settings={}, folder=str(folder.path), speed=self.screen.speed.value, resume=True, play=False
        )
        self.screen.page.run_id = folder.identity
        self.screen.tabs.value = "–"

    def _release(self) -> None:
        if self.folder is not None:
            self.folder.release()
            self.folder = None
