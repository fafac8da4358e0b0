"""Records the catalogue and the finished runs of the scenes, from the real engine: `python -m elbo_room.widgets.record [all | SCENE …]`.

Without a name it records the scenes whose file is missing or has other settings than the scene. The same engine writes the same file.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from elbo_room.models.catalogue import catalogue as engine_catalogue
from elbo_room.widgets.messages import Frame, Message, Started
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
)
from elbo_room.widgets.wire.bundle import pack

MOST = 6_500  # bytes of a chart that is one click away; larger ones are left to the reader's own run
RECORD = "python -m elbo_room.widgets.record"


def outdated(scene: str) -> str:
    """Why a scene has to be recorded, and with what; empty if its file is that of the scene."""
    remedy = f"Record it: {RECORD} {scene}"
    if not file_of(scene).exists():
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


def record(scene: str) -> bytes:
    """The file of a scene's finished run."""
    from elbo_room.widgets.worker.recorder import opening
    from elbo_room.widgets.worker.recorder import record as run

    preset, settings = catalogue()["presets"][scene], settings_of(scene)
    messages = run(settings, estimators_of(scene), preset.get("views", {}))
    started = next(message for message in messages if type(message) is Started)
    kept = opening(preset.get("views", {}), started.about["views"]) | {preset["picture"], "network"}
    return pack(lean(messages, kept), series=series())


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
            file_of(scene).write_bytes(record(scene))
            size, seconds = file_of(scene).stat().st_size / 1000, time.perf_counter() - begin
            print(f"Recorded {scene} ({size:.0f} kB, {seconds:.0f} s).", flush=True)
    drawn = {scene: thumbnail(catalogue()["presets"][scene]["picture"], example(scene)) for scene in scenes}
    THUMBNAILS.write_text(json.dumps(drawn, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
