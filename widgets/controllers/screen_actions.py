"""What a person's actions on the screen mean: pointer, keys, drawers, panels, links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from elbo_room.models.settings import Values, decode, encode, idle, objection
from elbo_room.widgets.controllers.feature_actions import FeatureActions
from elbo_room.widgets.controllers.latent_actions import LatentActions
from elbo_room.widgets.messages import Decode, DrawPrior, MeasureEstimators, SelectParameter, ShowView, Watch
from elbo_room.widgets.painting.views import views_of
from elbo_room.widgets.screen.drawer import Drawer
from elbo_room.widgets.screen.prediction_quiz import PANELS
from elbo_room.widgets.sessions.example import all_knobs
from elbo_room.widgets.sessions.several import Several
from elbo_room.widgets.words import texts

PRIOR_GROUPS = ("Data", "Model", "Prior")  # the knobs that functions drawn from the prior depend on
MOST_SHOWN = 8  # lines that panel B can hold


class ScreenActions(LatentActions, Several, FeatureActions):
    """Part of the explorer: actions that look at a run and do not change it."""

    in_voila: bool
    drawer: Drawer
    prior_asked: Values | None = None
    act: Callable[[str, dict[str, Any]], None]

    def _do_split(self, *, on: bool) -> None:
        self.screen.chart("elbo").set(split=on)

    def _do_look(self, panel: str, name: str) -> None:
        if name not in views_of(self.screen.model)[panel]:
            return
        self.screen.look(panel, name)
        self.session.send(Watch(self.screen.in_sight()))
        if panel == "b":
            self.painter.look(name)
            if self.run_values is not None:
                self.session.send(ShowView(name))

    def _ask_prior(self) -> None:
        """While panel C shows the prior: draw it anew when the form shows other data, another model or another prior."""
        wanted = {knob["name"]: self.values[knob["name"]] for knob in self.knobs if knob["group"] in PRIOR_GROUPS}
        if self.screen.shows("prior_predictive") and wanted != self.prior_asked:
            self.prior_asked = wanted
            self.session.send(DrawPrior(self.values))

    def _do_select(self, **wanted: Any) -> None:
        """Look at one parameter of q: by its place in the list, or by the name and unit that a drawing knows."""
        if self.run_values is not None and wanted.get("index") != self.painter.facts.get("parameter", 0):
            self.session.send(SelectParameter(**wanted))

    def _do_hold_xi(self, value: float) -> None:
        """A drag along the parabola: ξ is held there from now on."""
        knob = self.form.fields["xi_value"].knob
        self._do_set("xi_value", float(f"{min(max(value, knob['low']), knob['high']):.4g}"))
        self._do_set("xi_from", "fixed")

    def _do_pointer(self, chart: str, kind: str, content: dict[str, Any]) -> None:
        if kind in ("lasso", "pins", "draw") or (chart == "kl" and kind == "click"):
            self._explored(kind, content)
        elif self.run_values is None:
            return
        elif chart == "latent" and kind == "hover":
            number, x, y, row = (content.get(name) for name in ("id", "x", "y", "row"))
            if isinstance(number, int) and isinstance(x, int | float) and isinstance(y, int | float):
                row = row if isinstance(row, int) else -1
                self.session.send(Decode(number, float(x), float(y), row))
        elif kind == "drag" and isinstance(content.get("value"), int | float):
            self.act("hold_xi", {"value": content["value"]})
        elif kind == "select":
            self.act("select", {key: content[key] for key in ("name", "unit") if key in content})

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
        turned = {"e": "estimator", "[": "draws", "]": "draws"}.get(key)
        if turned and (reason := idle(self.form.fields[turned].knob, self.values)):
            raise ValueError(f"{self.form.fields[turned].knob['label']}: {reason}")
        if key == "e":
            fitting = [name for name, part in self._estimators().items() if objection(part, self.values) is None]
            names = fitting if self.values["estimator"] in fitting else [self.values["estimator"], *fitting]
            self._do_set("estimator", names[(names.index(self.values["estimator"]) + 1) % len(names)])
        elif key in "[]":
            low, high = (self.form.fields["draws"].knob[end] for end in ("low", "high"))
            self._do_set(
                "draws", min(high, max(low, self.values["draws"] * 2 if key == "]" else self.values["draws"] // 2))
            )
        elif key in "abcd":
            self._enlarge(key)
        elif key == "y":
            for name in ("elbo", "variance"):
                chart = self.screen.chart(name)
                chart.set(frozen=not chart.params.get("frozen", False))
        else:
            getattr(self, {"space": "_do_run", ".": "_do_step", "r": "_do_reset", "p": "_do_projector"}[key])()

    def _estimators(self) -> dict[str, dict[str, Any]]:
        """The estimators as this family of models offers them."""
        return {part["name"]: part for part in self.form.fields["estimator"].knob["choices"]}

    def _address(self, query: str) -> None:
        """The run or the settings that the page's address names."""
        wanted = texts.query(query)
        if wanted.get("predict") == "1":
            self.screen.root.add_class("elbo-predict")
            self.painter.facts["veiled"] = True
        for part in wanted.get("hide", "").split(","):
            if part in texts.HIDEABLE:
                self.screen.root.add_class(f"elbo-without-{part}")
        if "run" in wanted:
            self._do_open_run(wanted["run"])
            if "text" in wanted:
                self.screen.wished = {"c": "attention_map", "text": wanted["text"]}
        elif "settings" in wanted:
            self.values = decode(all_knobs(), wanted["settings"])
            self.dirty = True
            self._offer_estimators()
            self._name_scene()
            self.notice = "These settings came with the link. Press Run."

    def _do_projector(self) -> None:
        root, on = self.screen.root, "elbo-projector" in self.screen.root._dom_classes
        for name in ("elbo-projector", "elbo-large", *(f"elbo-large-{letter}" for letter in "abcd")):
            root.remove_class(name)
        if not on:
            root.add_class("elbo-projector")
            self.screen.tabs.value = "–"
            self.notice = texts.PROJECTOR

    def _enlarge(self, panel: str) -> None:
        """At a projector one panel can be large and the others small; the same key again: all alike."""
        root, wanted = self.screen.root, f"elbo-large-{panel}"
        on = wanted in root._dom_classes
        for name in ("elbo-large", *(f"elbo-large-{letter}" for letter in "abcd")):
            root.remove_class(name)
        if not on:
            root.add_class("elbo-large")
            root.add_class(wanted)

    def _do_reveal(self) -> None:
        """Predict mode: the room has voted."""
        self.screen.root.remove_class("elbo-predict")
        self.painter.facts["veiled"] = False

    def _do_share(self) -> None:
        encoded = encode(self.knobs, self.values)
        self.screen.page.copy(texts.link(encoded) if self.in_voila else f"Explorer('{encoded}')")

    def _do_drawer(self, name: str) -> None:
        self.drawer.open(name, self.values, self.knobs, self.painter.facts)

    def _do_guess(self) -> None:
        self.screen.quiz.make_guess()
        self.screen.quiz.follow(self.painter.facts)

    def _do_question(self) -> None:
        self.screen.quiz.turn()

    def _cover(self) -> bool:
        """While Try this has an open question: what would tell its answer is covered; whether that is another panel now."""
        root, facts = self.screen.root, self.painter.facts
        before, facts["asking"] = (
            facts.get("asking"),
            self.screen.quiz.covers() if self.drawer.name == "Try this" else None,
        )
        for panel in PANELS:
            change = root.add_class if panel == facts["asking"] else root.remove_class
            change(f"elbo-asking-{panel}")
        (root.add_class if facts["asking"] else root.remove_class)("elbo-asking")
        return bool(facts["asking"] != before)

    def _do_shown(self, names: list[str]) -> None:
        if not 1 <= len(names) <= MOST_SHOWN:
            raise ValueError(
                f"{len(names)} estimators were chosen; panel B shows 1 to {MOST_SHOWN} at a time. Choose fewer, or one."
            )
        self.painter.choose(names)
        self.session.send(MeasureEstimators(names))
