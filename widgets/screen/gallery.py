"""The scenes as a gallery: by chapter of the lecture notes, each with a picture of its finished run, its goal, minutes and difficulty."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import anywidget
import ipywidgets as ipw
import traitlets

from elbo_room.widgets import built_assets
from elbo_room.widgets.actions import Action, ChooseScene
from elbo_room.widgets.sessions.example import THUMBNAILS, catalogue


@cache
def groups() -> list[dict[str, Any]]:
    """The chapters in their order, each with its scenes as the page draws them."""
    plain, pictures = catalogue(), json.loads(THUMBNAILS.read_text(encoding="utf-8"))
    found = []
    for chapter, title in plain["chapters"].items():
        scenes = [
            {"name": name, "picture": pictures.get(name, "")}
            | {part: preset[part] for part in ("label", "goal", "minutes", "difficulty")}
            for name, preset in plain["presets"].items()
            if preset["chapter"] == chapter
        ]
        found.append({"title": title, "scenes": scenes})
    return found


class Gallery(anywidget.AnyWidget):
    """A button that opens all scenes in a panel over the page. Their pictures leave the kernel when it is opened first.

    Args:
        post: takes note of the scene that is chosen.
        chosen: the list of scenes, whose value is the scene on the screen.
    """

    _esm = built_assets.script("gallery")
    _css = built_assets.style("gallery.css")
    groups = traitlets.List(help="chapters with their scenes; empty until the gallery is opened").tag(sync=True)
    scene = traitlets.Unicode(help="the scene on the screen").tag(sync=True)

    def __init__(self, post: Callable[[Action], None], chosen: ipw.Dropdown) -> None:
        """Follow the list."""
        super().__init__(scene=chosen.value)
        self._post = post
        traitlets.dlink((chosen, "value"), (self, "scene"))
        self.on_msg(self._on_message)

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "open":
            self.groups = groups()
        elif kind == "choose" and content.get("scene") in catalogue()["presets"]:
            self._post(ChooseScene(content["scene"]))
