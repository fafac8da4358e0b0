"""The settings form: one ipywidgets control per knob, made from the catalogue. ⚡ takes effect in the running model, ⟳ starts a new run."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from elbo_room.models.settings import Knob, Values, idle, objection, unmet
from elbo_room.widgets.screen.fold import Fold
from elbo_room.widgets.screen.panels import box

OPEN = ("estimator", "draws", "prior_scale")  # always in sight; the others are in groups
SLIDERS = (*OPEN, "latent_scale", "layer_scale", "sigma", "beta")  # knobs on a log scale that are meant to be dragged
GROUPS = {
    "Data": "The family of models, the data, and how many of them are held out",
    "Model": "The response, the network and the latent space",
    "Prior": "The priors on weights and latents",
    "Inference": "The variational family, variance reduction and the optimiser",
}
BAR = ("seed", "stop_at")
LIVE, RESTARTS = "⚡", "⟳"
WORDS_WIDTH = "112px"
UNSAID = "elbo-unsaid"  # the line below a control that has nothing to say
STOPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)


def caption_of(knob: Knob) -> str:
    """The control's label, symbol, and whether it is live."""
    return f"{knob['label']} {knob['symbol']} {LIVE if knob['live'] else RESTARTS}".replace("  ", " ")


def stops(knob: Knob) -> list[tuple[str, float]]:
    """Round values of a slider over decades, ten in each: other rounding would change what a scene has set."""
    first, last = (round(math.log10(knob[end])) for end in ("low", "high"))
    values = [step * 10.0**power for power in range(first, last + 1) for step in STOPS]
    exact = {float(f"{value:.3g}") for value in values} | {knob["default"]}
    return [(f"{value:g}", value) for value in sorted(exact) if knob["low"] <= value <= knob["high"]]


class Looks:
    """Styles and a layout that controls share: each of their own would be one more widget for the page to make."""

    def __init__(self) -> None:
        self._styles: dict[tuple[type[ipw.Widget], str], ipw.Widget] = {}
        self.line = ipw.Layout(width="auto", height="auto")

    def style(self, kind: type[ipw.Widget], words: str = "") -> ipw.Widget:
        """The style of this kind of control whose descriptions have this width."""
        key = (kind.style.klass, words)
        if key not in self._styles:
            self._styles[key] = kind.style.klass(description_width=words)
        return self._styles[key]


class Field:
    """One control and its knob."""

    def __init__(self, knob: Knob, changed: Callable[[str, Any], None], looks: Looks) -> None:
        self.knob, self._changed, self._looks = knob, changed, looks
        self._setting = threading.local()
        self.pending: Any = None  # what a person chose last, until it has been carried out
        self.widget = self._make()
        self.widget.add_class(f"elbo-knob-{knob['name']}")  # lights with its terms of the formula
        self.widget.observe(self._observed, "value")
        self.why = ipw.Label("", layout=looks.line, style=looks.style(ipw.Label))
        self.why._dom_classes = ("elbo-why", UNSAID)

    def _make(self) -> ipw.Widget:
        knob, plain = self.knob, {"description": caption_of(self.knob), "tooltip": self.knob["help"]}
        words = "auto" if knob["name"] in BAR else WORDS_WIDTH
        plain["layout"] = ipw.Layout(width="auto", margin="1px 0")
        if knob["kind"] == "choice":
            style = self._looks.style(ipw.Dropdown, words)
            return ipw.Dropdown(options=self._options({}), value=knob["default"], style=style, **plain)
        if knob["kind"] == "bool":
            return ipw.Checkbox(value=knob["default"], indent=False, style=self._looks.style(ipw.Checkbox), **plain)
        steps = self._steps(knob)
        if steps is not None:
            style = self._looks.style(ipw.SelectionSlider, words)
            return ipw.SelectionSlider(options=steps, value=knob["default"], style=style, **plain)
        style = self._looks.style(ipw.Text, words)
        return ipw.Text(value=f"{knob['default']:g}", continuous_update=False, style=style, **plain)

    @staticmethod
    def _steps(knob: Knob) -> list[Any] | None:
        """What a slider can be set to; None for a field to type in."""
        if knob["kind"] == "int" and knob["log"] and knob["high"] <= 64:
            return [2**k for k in range(int(math.log2(knob["high"])) + 1)]
        return stops(knob) if knob["kind"] == "float" and knob["log"] and knob["name"] in SLIDERS else None

    @property
    def explained(self) -> bool:
        """Whether the line below the control says why it is grey."""
        return UNSAID not in self.why._dom_classes

    @property
    def parts(self) -> tuple[ipw.Widget, ipw.Widget]:
        """The control, and the line below it that explains why it is grey."""
        return self.widget, self.why

    def _options(self, values: Values) -> list[tuple[str, str]]:
        """Label and name of each choice, with the reason if it does not apply."""
        options = []
        for choice in self.knob["choices"]:
            reason = objection(choice, values) if values else None
            options.append((f"{choice['label']} (not now: {reason})" if reason else choice["label"], choice["name"]))
        return options

    def _stops(self) -> list[tuple[str, Any]]:
        """The slider's stops: label and value."""
        return [stop if isinstance(stop, tuple) else (f"{stop:g}", stop) for stop in self.widget.options]

    def _observed(self, change: dict[str, Any]) -> None:
        if not getattr(self._setting, "busy", False):
            self.pending = change["new"]
            self._changed(self.knob["name"], change["new"])

    def answered(self, value: Any) -> None:
        """The user's choice was carried out, or refused; a newer one may still be pending."""
        self.pending = None if value == self.pending else self.pending

    def show(self, value: Any, values: Values) -> None:
        """Show a value, and grey out what the other values do not allow; observers stay silent.

        While a newer choice of the user is pending the value stays: a slider must not jump back while it is dragged.
        """
        self._setting.busy = True
        try:
            if isinstance(self.widget, ipw.Dropdown):
                options = self._options(values)
                if list(self.widget.options) != options:
                    self.widget.options = options
            if isinstance(self.widget, ipw.SelectionSlider) and value not in [each for _, each in self._stops()]:
                self.widget.options = sorted([*self._stops(), (f"{value:.3g}", value)], key=lambda stop: stop[1])
            shown = f"{value:g}" if isinstance(self.widget, ipw.Text) else value
            if self.pending is None and self.widget.value != shown:
                self.widget.value = shown
            elif self.pending is None and isinstance(self.widget, ipw.Text):
                self.widget.send_state("value")  # the page may show something that was refused
            self._apply(idle(self.knob, values), hidden=(unmet(self.knob, values) or {}).get("hides", False))
        finally:
            self._setting.busy = False

    def _apply(self, reason: str | None, *, hidden: bool) -> None:
        """Grey with its reason below it, or hidden if it belongs to a part that is not chosen."""
        self.widget.disabled = reason is not None
        self.widget.layout.display = "none" if hidden else None
        self.widget.tooltip = f"{reason} {self.knob['help']}" if reason else self.knob["help"]
        self.why.value = reason or ""
        (self.why.remove_class if reason and not hidden else self.why.add_class)(UNSAID)


class SettingsForm:
    """All controls of one model family; `changed(name, value)` is called for the user's actions, never for `show`.

    `shared` are controls that another form has made already: those of the run bar.
    """

    def __init__(
        self,
        knobs: list[Knob],
        changed: Callable[[str, Any], None],
        looks: Looks | None = None,
        shared: dict[str, Field] | None = None,
    ) -> None:
        looks, shared = looks or Looks(), shared or {}
        self.fields = {knob["name"]: shared.get(knob["name"]) or Field(knob, changed, looks) for knob in knobs}
        parts: dict[str, list[ipw.Widget]] = {}
        for name, field in self.fields.items():
            if name not in OPEN and name not in BAR:
                parts.setdefault(field.knob["group"], []).extend(field.parts)
        drawn = "network" in self.fields  # then the drawing of the network has the rest of the column
        self.groups = {
            name: Fold(name, GROUPS.get(name, name), widgets, "elbo-group", is_open=name == "Model" and not drawn)
            for name, widgets in parts.items()
        }
        opened = (part for name in OPEN if name in self.fields for part in self.fields[name].parts)
        folded = box(ipw.VBox, [group.widget for group in self.groups.values()], "elbo-folded")
        key = ipw.Label(f"{LIVE} takes effect at the next step   {RESTARTS} starts a new run")
        key.add_class("elbo-quiet")
        self.widget = box(ipw.VBox, [box(ipw.VBox, list(opened), "elbo-open"), folded, key], "elbo-controls")

    def answered(self, name: str, value: Any) -> None:
        """The user's choice here was carried out, or refused."""
        if name in self.fields:
            self.fields[name].answered(value)

    def show(self, values: Values) -> None:
        """Show these values everywhere."""
        for name, field in self.fields.items():
            if name in values:
                field.show(values[name], values)


class Forms:
    """The forms of all model families, each made when first needed; `widget` shows the one in use."""

    def __init__(self, models: dict[str, list[Knob]], changed: Callable[[str, Any], None], first: str) -> None:
        self._models, self._changed = models, changed
        self._made: dict[str, SettingsForm] = {}
        self._looks = Looks()
        self.bar = {knob["name"]: Field(knob, changed, self._looks) for knob in models[first] if knob["name"] in BAR}
        self.widget = ipw.VBox([])
        self.widget.add_class("elbo-form")
        self.use(first)

    def all(self) -> list[ipw.Widget]:
        """The forms that were made and the parts of all controls, in use or not."""
        forms = self._made.values()
        return [
            *(form.widget for form in forms),
            *(part for form in forms for field in form.fields.values() for part in field.parts),
        ]

    def answered(self, name: str, value: Any) -> None:
        """The user's choice in any of them was carried out, or refused."""
        for form in self._made.values():
            form.answered(name, value)

    def use(self, model: str) -> SettingsForm:
        """Show the form of this family and return it."""
        form = self._made.get(model)
        if form is None:
            form = self._made[model] = SettingsForm(self._models[model], self._changed, self._looks, self.bar)
        if self.widget.children != (form.widget,):
            self.widget.children = (form.widget,)
        return form
