"""Records the bundled example run and the catalogue from the real engine: `python -m elbo_room.widgets.record`."""

from __future__ import annotations

import json
import tempfile
import threading
from typing import Any

import numpy as np

from elbo_room.models.catalogue import catalogue
from elbo_room.widgets.painting.views import panel_b
from elbo_room.widgets.sessions.example import CATALOGUE, EXAMPLE, pack
from elbo_room.widgets.sessions.link import ThreadLink


def record(settings: dict[str, Any]) -> list[dict[str, Any]]:
    """One run to its end, as the few messages that draw the finished screen."""
    from elbo_room.models.training.run import Run

    link = ThreadLink(Run)
    link.start()
    pause = threading.Event()
    messages: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        link.send("watch", names=["latent", "network"])
        link.send("start", settings=settings, folder=folder)
        while not (
            messages and messages[-1]["kind"] == "variance" and any(m.get("state") == "finished" for m in messages)
        ):
            messages += link.receive()
            pause.wait(0.05)
        for view in panel_b()[1:]:
            link.send("view", view=view)
            while not any(message.get("evidence", {}).get("view") == view for message in messages):
                messages += link.receive()
                pause.wait(0.05)
        link.close()
    return condense(messages)


def condense(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Drop what a finished screen does not show: frames but the last, points beyond 600 of the curves."""
    by_kind = {message["kind"]: message for message in messages}
    started, last = by_kind["started"], by_kind["frame"]
    grid = next(message["grid"] for message in reversed(messages) if message.get("grid"))
    points = np.concatenate([message["points"] for message in messages if message["kind"] == "frame"])
    mean = np.concatenate([message["mean"] for message in messages if message["kind"] == "frame"])
    kept = points[np.unique(np.linspace(0, len(points) - 1, 600).round().astype(int))]
    ladders = [message for message in messages if message["kind"] == "against"]
    against = [
        {**each[-1], "rows": np.concatenate([message["rows"] for message in each])}
        for view in dict.fromkeys(message.get("view") for message in ladders)
        if (each := [message for message in ladders if message.get("view") == view])
    ]
    variance = np.concatenate([message["rows"] for message in messages if message["kind"] == "variance"])
    started = {
        **{key: value for key, value in started.items() if key != "choices"},  # a recording answers no questions
        "curves": {"elbo": kept, "mean": mean, "variance": variance},
        "number": last["number"],
    }
    cloud = {name: column.astype(np.float16) for name, column in last["replace"]["latent"]["cloud"].items()}
    replace = {**last["replace"], "latent": {**last["replace"]["latent"], "cloud": cloud}}
    last = {**last, "points": kept[:0], "mean": mean[:0], "replace": replace, "grid": grid}
    views = {message["evidence"]["view"]: message for message in messages if message["kind"] == "evidence"}
    return [started, last, *against, *views.values()]


def main() -> None:
    """Write both files."""
    CATALOGUE.write_text(json.dumps(catalogue(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    about, arrays = pack(record({}))
    np.savez_compressed(EXAMPLE, about=np.array(about), **arrays)  # type: ignore[arg-type]
    print(f"Recorded {EXAMPLE.name} ({EXAMPLE.stat().st_size / 1000:.0f} kB) and {CATALOGUE.name}.")


if __name__ == "__main__":
    main()
