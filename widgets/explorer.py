"""The lab on one screen: `Explorer()` in a notebook or in the app. It decides what each action means; the session carries it out."""

from __future__ import annotations

import atexit
import weakref
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw

from models.settings import SettingError, Values, check, decode, encode, validate
from widgets import texts
from widgets.caption import caption, status
from widgets.example import catalogue, example
from widgets.layout import Screen
from widgets.link import ProcessLink, ThreadLink
from widgets.painter import Painter
from widgets.runs import RunFolder, new_run, open_run, saved_runs
from widgets.session import Session
from widgets.settings_form import BAR, SettingsForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from widgets.link import Link

_open: dict[str, weakref.ref[Explorer]] = {}
BUTTON = {"running": "Pause", "paused": "Continue", "starting": "Starting …"}


def _cell() -> str:
    """What names the running cell, so that running it again closes what it made before."""
    try:
        from IPython import get_ipython

        parent = get_ipython().get_parent()
        return str(parent.get("metadata", {}).get("cellId", ""))
    except (ImportError, AttributeError):
        return ""


class Explorer(ipw.VBox):
    """Train a model live and see the variance of its gradient and the shape of its latent space.

    Args:
        settings: a dictionary, a `Settings`, or the text that Share copies; what is left out takes its default.
        model: a model of your own (`models.core.Model`), with `q` and `data`; it then trains in a thread of this kernel.
        q: its `Posterior`.
        data: its `Dataset`, or a table (N, D).

    Raises:
        SettingError: a setting is not allowed; the sentence says what is.
    """

    def __init__(self, settings: Any = None, *, model: Any = None, q: Any = None, data: Any = None) -> None:
        self.knobs = catalogue()["knobs"]
        self.values: Values = self._read(settings)
        self.folder: RunFolder | None = None
        self.run_values: Values | None = None
        self.state, self.dirty, self.ready, self.own_model = "example", False, False, model is not None
        self.notice, self.in_voila = "", False
        self._build()
        self.session = Session(self, self._link(model, q, data))
        super().__init__([self.screen.root])
        self.add_class("elbo-host")
        self._replace_earlier()
        self._first_paint(settings is not None or self.own_model)
        self.session.start()

    # building

    def _read(self, settings: Any) -> Values:
        if isinstance(settings, str):
            return decode(self.knobs, settings)
        given = asdict(settings) if is_dataclass(settings) and not isinstance(settings, type) else dict(settings or {})
        return validate(self.knobs, given)

    def _link(self, model: Any, q: Any, data: Any) -> Callable[[], Link]:
        if not self.own_model:
            return ProcessLink
        from widgets.worker.own_model import factory

        make = factory(model, q, data)
        return lambda: ThreadLink(make)

    def _build(self) -> None:
        post = self.post
        self.form = SettingsForm(self.knobs, lambda name, value: post("set", name=name, value=value))
        presets = [(preset["label"], name) for name, preset in catalogue()["presets"].items()]
        bar = [self.form.fields[name].widget for name in BAR]
        self.screen = Screen(post, self.form.widget, bar, presets)
        for name, chart in self.screen.charts.items():
            chart.on_event(self._pointer(name))
        self.screen.page.on_message(lambda content: post("page", content=content))
        self.painter = Painter(self.screen, catalogue())

    def _pointer(self, chart: str) -> Callable[[str, dict[str, Any]], None]:
        return lambda kind, content: self.post("pointer", chart=chart, kind=kind, content=content)

    def post(self, action: str, **values: Any) -> None:
        """Take note of an action; the pump carries it out."""
        self.session.post(action, **values)

    def _replace_earlier(self) -> None:
        key = _cell()
        earlier = _open.get(key, lambda: None)()
        if earlier is not None:
            earlier.close()
        _open[key] = weakref.ref(self)
        atexit.register(_close_if_alive, weakref.ref(self))

    def _first_paint(self, own: bool) -> None:
        if not own:
            for message in example():
                self.painter.show(message)
        self.state = "paused" if own else "example"
        self.dirty = own
        first = next(iter(catalogue()["presets"].values()))
        self.screen.goal.value = "Your own settings: press Run and watch." if own else first["goal"]
        if own:
            self.notice = "Press Run to train with these settings."
        self._refresh()

    # what a person does

    def act(self, action: str, values: dict[str, Any]) -> None:
        """Carry out one action on the pump's thread; a refusal becomes the caption's sentence."""
        self.notice = "" if action not in ("pointer", "page") else self.notice
        try:
            getattr(self, f"_do_{action}")(**values)
        except (SettingError, ValueError) as refusal:
            self.notice = str(refusal)
        self._refresh()

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

    def _do_split(self, *, on: bool) -> None:
        self.screen.charts["elbo"].set(split=on)

    def _do_flip(self, *, on: bool) -> None:
        self.screen.charts["variance"].layout.display = "none" if on else None
        self.screen.charts["variance_against_draws"].layout.display = None if on else "none"
        self.screen.flip.description = "against step" if on else "against B"
        if self.run_values is not None:
            self.session.command("against", show=on)

    def _do_pointer(self, chart: str, kind: str, content: dict[str, Any]) -> None:
        if self.run_values is None:
            return
        if chart == "latent" and kind == "hover":
            number, x, y = content.get("id"), content.get("x"), content.get("y")
            if isinstance(number, int) and isinstance(x, int | float) and isinstance(y, int | float):
                self.session.command("decode", number=number, x=float(x), y=float(y))
        elif chart == "kl" and kind == "click" and isinstance(content.get("dimension"), int):
            self.session.command("traverse", dimension=content["dimension"])

    def _do_page(self, content: dict[str, Any]) -> None:
        if content["kind"] == "key":
            self._key(content["key"])
        elif content["kind"] == "ready":
            self.in_voila = bool(content.get("voila"))
            if self.state == "example":
                self._address(str(content.get("query", "")))
        elif content["kind"] == "shared":
            self.notice = (
                "Copied: whoever opens it sees these settings."
                if content.get("copied")
                else "Copy the text from the box."
            )

    def _key(self, key: str) -> None:
        if key == "e":
            names = list(catalogue()["estimators"])
            self._do_set("estimator", names[(names.index(self.values["estimator"]) + 1) % len(names)])
        elif key in "[]":
            low, high = (self.form.fields["draws"].knob[end] for end in ("low", "high"))
            self._do_set(
                "draws", min(high, max(low, self.values["draws"] * 2 if key == "]" else self.values["draws"] // 2))
            )
        else:
            getattr(self, {"space": "_do_run", ".": "_do_step", "r": "_do_reset", "p": "_do_projector"}[key])()

    def _address(self, query: str) -> None:
        """The run or the settings that the page's address names."""
        wanted = texts.query(query)
        if "run" in wanted:
            self._do_open_run(wanted["run"])
        elif "settings" in wanted:
            self.values = decode(self.knobs, wanted["settings"])
            self.dirty = True
            self.notice = "These settings came with the link. Press Run."

    def _do_open_run(self, identity: str | None) -> None:
        if not identity:
            raise ValueError("No run is chosen. Pick one in the list first.")
        if self.folder is not None and identity == self.folder.identity:
            raise ValueError("This run is the one on the screen.")
        folder = open_run(identity)
        self._release()
        self.folder, self.state, self.dirty = folder, "starting", False
        about = next((run for run in saved_runs() if run["identity"] == folder.identity), None)
        self.values = self._read(about["settings"] if about else None)
        self.run_values = dict(self.values)
        self.session.command(
            "start", settings={}, folder=str(folder.path), speed=self.screen.speed.value, resume=True, play=False
        )
        self.screen.page.run_id = folder.identity
        self.screen.tabs.value = "–"

    def _do_projector(self) -> None:
        root = self.screen.root
        (root.remove_class if "elbo-projector" in root._dom_classes else root.add_class)("elbo-projector")

    def _do_share(self) -> None:
        encoded = encode(self.knobs, self.values)
        self.screen.page.copy(texts.link(encoded) if self.in_voila else f"Explorer('{encoded}')")

    def _do_drawer(self, name: str) -> None:
        screen = self.screen
        screen.drawer.layout.display = "none" if name == "–" else None
        screen.shelf.layout.display = None if name == "Runs" else "none"
        screen.text.layout.display = "none" if name == "Runs" else None
        if name == "Runs":
            screen.runs.options = [(texts.run_line(run, catalogue()), run["identity"]) for run in saved_runs()]
        elif name != "–":
            screen.text.value = texts.drawer(name, self.values, self.knobs, catalogue())

    def _do_worker_lost(self, reason: str) -> None:
        self.lost(reason)

    # what the worker says

    def show(self, message: dict[str, Any]) -> None:
        """Show one message of the worker."""
        kind = message["kind"]
        if kind == "ready":
            self.ready = True
            self.screen.page.banner = ""
        elif kind == "state":
            self.state = message["state"]
            if self.state == "failed":
                self.notice = f"{message['cause']} {message['remedy']}"
                self.painter.facts["remedy"] = message.get("step_size")
        elif kind in ("refused", "unsaved"):
            self.notice = message["sentence"]
            if kind == "refused" and message["command"] in ("start", "play") and self.state == "starting":
                self.state, self.run_values = "failed", None
        self.painter.show(message)
        self._refresh()

    def lost(self, reason: str) -> None:
        """The worker is gone: say so, start another, and take up the saved run when there is one."""
        self.screen.page.banner = (
            f"The trainer stopped ({reason}). Your run is kept up to its last checkpoint; a new trainer is starting."
        )
        self.session.restart_worker()
        if self.folder is not None and (self.folder.path / "run.json").exists() and not self.own_model:
            self.state = "starting"
            self.session.command("start", settings={}, folder=str(self.folder.path), resume=True, play=False)
        else:
            self.state, self.run_values = "example" if self.run_values is None else "failed", None

    def fault(self, sentence: str) -> None:
        """Say that the lab itself failed at something."""
        self.notice = sentence

    def _refresh(self) -> None:
        """Bring every word on the screen up to date; unchanged traits cost nothing."""
        screen, facts = self.screen, self.painter.facts
        facts.update(state=self.state, estimator=self.values["estimator"], stop_at=self.values["stop_at"])
        facts["biased"] = self.values["estimator"] == "score_xi" and self.values["xi_from"] == "same_draws"
        self.form.show(self.values)
        screen.run.description = "Run" if self.dirty and self.state != "running" else BUTTON.get(self.state, "Run")
        screen.undo.layout.display = None if self.dirty and self.run_values is not None else "none"
        screen.remedy.layout.display = None if self.state == "failed" and facts.get("remedy") else "none"
        screen.status.value = status(facts)
        screen.caption.value = self.notice or caption(facts)
        screen.page.announce = screen.caption.value
        screen.charts["variance"].set(active=list(catalogue()["estimators"]).index(self.values["estimator"]))
        screen.charts["variance_against_draws"].set(
            active=list(catalogue()["estimators"]).index(self.values["estimator"])
        )

    def flush(self) -> None:
        """Send what is pending."""
        self.screen.bus.flush()

    def last_seen(self) -> float | None:
        """When the page was last heard of."""
        return self.screen.page.last_seen

    def _release(self) -> None:
        if self.folder is not None:
            self.folder.release()
            self.folder = None

    def close(self) -> None:
        """Stop the session, let the worker save, and take the widgets away."""
        if not hasattr(self, "session"):  # construction was refused
            return
        self.session.close()
        self._release()
        widgets: list[ipw.Widget] = [*self.screen.charts.values(), self.screen.page, self.screen.bus]
        for widget in widgets:
            widget.close()
        super().close()


def _close_if_alive(reference: weakref.ref[Explorer]) -> None:
    lab = reference()
    if lab is not None:
        lab.session.close()
