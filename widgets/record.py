"""Records the catalogue, and on request the bundled example run, from the real engine: `python -m elbo_room.widgets.record [example]`.

The example run is recorded, too, where its estimators no longer have the places that it names them by.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from elbo_room.models.catalogue import catalogue
from elbo_room.widgets.messages import (
    Against,
    CurveTables,
    Evidence,
    Frame,
    Message,
    Picture,
    ShowView,
    Start,
    Started,
    State,
    Variance,
    Watch,
)
from elbo_room.widgets.painting.views import panel_b
from elbo_room.widgets.sessions.example import CATALOGUE, EXAMPLE, pack
from elbo_room.widgets.sessions.link import ThreadLink

T = TypeVar("T")


def record(settings: dict[str, Any]) -> list[Message]:
    """One run to its end, as the few messages that draw the finished screen."""
    from elbo_room.models.training.run import Run

    link = ThreadLink(Run)
    link.start()
    pause = threading.Event()
    messages: list[Message] = []

    def wait_for(truth: Callable[[], bool]) -> None:
        while not truth():
            messages.extend(link.receive())
            pause.wait(0.05)

    with tempfile.TemporaryDirectory() as folder:
        link.send(Watch(["latent", "network"]))
        link.send(Start(settings, folder))
        wait_for(lambda: State in map(type, messages) and _of(messages, State)[-1].state == "finished")
        wait_for(lambda: isinstance(messages[-1], Variance))
        for view in panel_b()[1:]:
            link.send(ShowView(view))
            wait_for(partial(_shown, messages, view))
        link.close()
    return condense(messages)


def _of(messages: list[Message], kind: type[T]) -> list[T]:
    return [message for message in messages if isinstance(message, kind)]


def _shown(messages: list[Message], view: str) -> bool:
    return any(each.found["view"] == view for each in _of(messages, Evidence) if each.found)


def condense(messages: list[Message]) -> list[Message]:
    """Drop what a finished screen does not show: frames but the last, points beyond 600 of the curves."""
    frames, ladders = _of(messages, Frame), _of(messages, Against)
    started, last = _of(messages, Started)[-1], frames[-1]
    grid = next(frame.grid for frame in reversed(frames) if frame.grid)
    points, mean = (
        np.concatenate(tables) for tables in zip(*((each.points, each.mean) for each in frames), strict=True)
    )
    kept = points[np.unique(np.linspace(0, len(points) - 1, 600).round().astype(int))]
    against = [
        replace(each[-1], rows=np.concatenate([message.rows for message in each]))
        for view in dict.fromkeys(message.view for message in ladders)
        if (each := [message for message in ladders if message.view == view])
    ]
    variance = np.concatenate([message.rows for message in _of(messages, Variance)])
    about = started.about.copy()
    about.pop("choices", None)  # a recording answers no questions
    curves: CurveTables = {"elbo": kept, "mean": mean, "variance": variance}
    started = replace(started, about=about, curves=curves, number=last.number, folder="")
    cloud = {name: column.astype(np.float16) for name, column in last.picture["replace"]["latent"]["cloud"].items()}
    charts = last.picture["replace"]
    picture: Picture = {**last.picture, "replace": {**charts, "latent": {**charts["latent"], "cloud": cloud}}}
    last = replace(last, points=kept[:0], mean=mean[:0], picture=picture, grid=grid)
    views = {each.found["view"]: each for each in _of(messages, Evidence) if each.found}
    return [started, last, *against, *views.values()]


def main(arguments: list[str]) -> None:
    """Write the catalogue, and the example run where it is asked for or out of date."""
    before, found = list(json.loads(CATALOGUE.read_text(encoding="utf-8"))["estimators"]), catalogue()
    CATALOGUE.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"Recorded {CATALOGUE.name}.")
    if "example" not in arguments and list(found["estimators"])[: len(before)] == before:
        return
    about, arrays = pack(record({}))
    np.savez_compressed(EXAMPLE, about=np.array(about), **arrays)  # type: ignore[arg-type]
    print(f"Recorded {EXAMPLE.name} ({EXAMPLE.stat().st_size / 1000:.0f} kB).")


if __name__ == "__main__":
    main(sys.argv[1:])
