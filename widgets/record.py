"""Records the catalogue and the finished runs of the scenes, from the real engine: `python -m elbo_room.widgets.record [all | SCENE …]`.

Of each run there are two files: what its scene opens with, and what its panels showed at some of its steps, for the replay's slider.
Without a name it records the scenes whose file is missing or has other settings than the scene. The same engine writes the same file.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from elbo_room.models.catalogue import catalogue as engine_catalogue
from elbo_room.widgets.messages import Frame, Message, Replayed, Started, StatesKept
from elbo_room.widgets.painting.thumbnails import thumbnail
from elbo_room.widgets.sessions.example import (
    CATALOGUE,
    SCENES,
    THUMBNAILS,
    all_knobs,
    catalogue,
    estimators_of,
    example,
    file_of,
    series,
    settings_of,
    steps_file_of,
)
from elbo_room.widgets.wire.bundle import pack, rounded

MOST_OF_STEPS = 110_000  # bytes of a run's steps; where they would take more, there are fewer
FEWEST_STEPS, BITS_OF_STEPS = 6, 8  # of the mantissa: less than a pixel on a chart
MOST = 6_500  # bytes of a chart that is one click away; larger ones are left to the reader's own run
RECORD = "python -m elbo_room.widgets.record"


def outdated(scene: str) -> str:
    """Why a scene has to be recorded, and with what; empty if its file is that of the scene."""
    remedy = f"Record it: {RECORD} {scene}"
    if not file_of(scene).exists() or not steps_file_of(scene).exists():
        return f"The scene {scene!r} has no recorded run. {remedy}"
    started = next(message for message in example(scene) if type(message) is Started)
    wanted = settings_of(scene)
    other = [name for name, value in started.settings.items() if wanted.get(name) != value]
    if other:
        return f"The recorded run of the scene {scene!r} has another {', '.join(other)} than the scene. {remedy}"
    return ""


def lean(messages: list[Message], kept: set[str]) -> list[Message]:
    """Without the large columns of charts that are not among `kept`."""
    found: list[Message] = []
    for message in messages:
        fields = dict(vars(message))
        if type(message) is Started:
            fields["about"] = {**message.about, "static": _small(message.about.get("static", {}), kept)}
        if type(message) is Frame:
            charts = {
                key: _small(message.picture[key], kept) for key in ("replace", "append") if key in message.picture
            }
            fields["picture"] = {**message.picture, **charts}
        found.append(type(message)(**fields))
    return found


def _small(charts: dict[str, Any], kept: set[str]) -> dict[str, Any]:
    """The charts that are kept or small."""
    return {name: each for name, each in charts.items() if name in kept or len(pack([], datasets=each)) <= MOST}


def record(scene: str) -> tuple[bytes, bytes]:
    """The two files of a scene's finished run: what it opens with, and its steps."""
    from elbo_room.widgets.worker.recorder import opening
    from elbo_room.widgets.worker.recorder import record as run

    preset, settings = catalogue()["presets"][scene], settings_of(scene)
    messages = run(settings, estimators_of(scene), preset.get("views", {}))
    steps = [message for message in messages if type(message) is Replayed]
    opens = [message for message in messages if type(message) is not Replayed]
    started = next(message for message in opens if type(message) is Started)
    kept = opening(preset.get("views", {}), started.about["views"]) | {preset["picture"], "network"}
    opens = lean(opens, kept)
    finished = next(message for message in opens if type(message) is Frame)
    steps, content = few_enough([like(finished, step) for step in steps])
    offered = [
        replace(message, steps=[step.step for step in steps], bytes=len(content))
        if type(message) is StatesKept
        else message
        for message in opens
    ]
    return pack(offered, series=series()), content


def like(finished: Frame, shown: Replayed) -> Replayed:
    """A step with the charts that the finished run has, and of its decoded grid what differs."""
    picture, grid = shown.picture.copy(), shown.grid
    names = finished.picture.get("replace", {})
    picture["replace"] = {
        name: _rounded(datasets) for name, datasets in picture.get("replace", {}).items() if name in names
    }
    return replace(shown, picture=picture, grid=_difference(grid, finished.grid or {}) if grid else None)


def _rounded(datasets: Any) -> Any:
    return {
        dataset: {
            name: column if column.dtype == np.uint8 else rounded(column, BITS_OF_STEPS)
            for name, column in columns.items()
        }
        for dataset, columns in datasets.items()
    }


def _difference(grid: Mapping[str, Any], finished: Mapping[str, Any]) -> Any:
    """What differs; of a table's data nothing, so that a step which shows other features shows only their decoded values."""
    found = {
        name: value for name, value in grid.items() if name not in finished or not np.array_equal(value, finished[name])
    }
    if "observed" in found and "names" in found:
        return {**found, "observed": found["observed"][:0]}
    found.pop("observed", None)
    return found


def few_enough(steps: list[Replayed]) -> tuple[list[Replayed], bytes]:
    """As many of the steps, with both ends, as there is room for; and their file."""
    from elbo_room.widgets.worker.replay import spread

    content = pack(list(steps))
    while len(content) > MOST_OF_STEPS and len(steps) > FEWEST_STEPS:
        steps = spread(steps, max(FEWEST_STEPS, len(steps) - 2))
        content = pack(list(steps))
    return steps, content


def main(arguments: list[str]) -> None:
    """Write the catalogue, and the scenes that are asked for or out of date."""
    CATALOGUE.write_text(json.dumps(engine_catalogue(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    catalogue.cache_clear()
    all_knobs.cache_clear()
    print(f"Recorded {CATALOGUE.name}.")
    scenes = list(catalogue()["presets"])
    if unknown := set(arguments) - {*scenes, "all"}:
        sys.exit(f"There is no scene {', '.join(sorted(unknown))}. Choose among: all, {', '.join(scenes)}.")
    SCENES.mkdir(exist_ok=True)
    for scene in scenes:
        if "all" in arguments or scene in arguments or outdated(scene):
            begin = time.perf_counter()
            opens, steps = record(scene)
            file_of(scene).write_bytes(opens)
            steps_file_of(scene).write_bytes(steps)
            sizes, seconds = f"{len(opens) / 1000:.0f} kB and {len(steps) / 1000:.0f} kB", time.perf_counter() - begin
            print(f"Recorded {scene} ({sizes}, {seconds:.0f} s).", flush=True)
    drawn = {scene: thumbnail(catalogue()["presets"][scene]["picture"], example(scene)) for scene in scenes}
    THUMBNAILS.write_text(json.dumps(drawn, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
