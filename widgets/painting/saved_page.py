"""The page as one HTML file: the visible panels of a run with a slider over its kept steps, which needs no kernel and no network.

The file holds what the bus would have sent, frame by frame, so that the page's own modules draw it.
"""

from __future__ import annotations

import base64
import gzip
import html
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from elbo_room.widgets import built_assets
from elbo_room.widgets.screen.replay_bar import STEPS_A_SECOND
from elbo_room.widgets.wire.packing import Buffers, Columns, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from elbo_room.widgets.messages import Picture, Replayed
    from elbo_room.widgets.painting.latent_painter import LatentPainter
    from elbo_room.widgets.screen.layout import Screen

BITS = 13  # of a number's 23 that are kept: a hundredth of a pixel, and half the size
Frame = tuple[dict[str, Any], list[bytes]]


def rounded(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Numbers to `BITS` binary digits, so that they compress; pictures in bytes as they are."""
    if values.dtype == np.uint8:
        return values
    whole = np.ascontiguousarray(values, np.float32)
    step = 1 << (23 - BITS)
    bits = (whole.view(np.uint32).astype(np.uint64) + step // 2) & (0xFFFFFFFF ^ (step - 1))
    return np.where(np.isfinite(whole), bits.astype(np.uint32).view(np.float32), whole)


@dataclass
class Numbers:
    """All bytes of a file, one part after the other, each at a multiple of four."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def put(self, frame: Frame) -> dict[str, Any]:
        """Keep a frame's buffers; returns the frame with their places."""
        content, buffers = frame
        places = [self._place(part) for part in buffers]
        return {"content": content, "at": places[0], "extra": places[1:]}

    def _place(self, part: bytes) -> tuple[int, int]:
        at, padding = self.size, -len(part) % 4
        self.parts.append(part + b"\0" * padding)
        self.size += len(part) + padding
        return at, len(part)


def frame_of(picture: Picture, names: Sequence[str], messages: list[tuple[dict[str, Any], list[bytes]]]) -> Frame:
    """What changes in the charts of these names, as the bus sends it."""
    buffers = Buffers()
    parts = [
        Part("replace", (chart, dataset), Columns({name: rounded(column) for name, column in columns.items()}))
        for chart, datasets in picture.get("replace", {}).items()
        if chart in names
        for dataset, columns in datasets.items()
    ]
    described = [part.describe(buffers) for part in parts]
    kept = [[message, [buffers.raw(item) for item in extra]] for message, extra in messages]
    return {"kind": "frame", "frame": 0, "full": False, "parts": described, "messages": kept}, buffers.packed()


@dataclass(frozen=True)
class Page:
    """What a saved page says beside its numbers."""

    title: str
    goal: str
    settings: str
    source: str
    changes: list[list[Any]]
    steps: list[tuple[Replayed, str]]  # with the caption of each


def saved_page(page: Page, screen: Screen, latent: LatentPainter) -> bytes:
    """The file."""
    names, numbers = screen.in_sight(), Numbers()
    charts = [
        {
            "name": name,
            "panel": screen.panel_of(name),
            "title": screen.charts[name].heading or built_assets.title(name),
            "spec": screen.charts[name].spec,
            "params": {**screen.charts[name].params, "cut": -1},
            "labels": screen.charts[name].labels,
            "heading": screen.charts[name].heading,
            "summary": screen.charts[name].summary,
        }
        for name in sorted(names, key=screen.panel_of)
    ]
    content = {
        "title": page.title, "goal": page.goal, "settings": page.settings, "source": page.source,
        "pace": STEPS_A_SECOND, "changes": page.changes, "charts": charts, "first": numbers.put(screen.bus.all_of(names)),
        "steps": [_step(shown, words, names, latent, numbers) for shown, words in page.steps],
    }  # fmt: skip
    text = json.dumps(content, ensure_ascii=False, default=float).encode()
    head = len(text).to_bytes(4, "little") + text
    data = head + b"\0" * (-len(head) % 4) + b"".join(numbers.parts)
    return _html(page.title, gzip.compress(data, 9, mtime=0)).encode()


def _step(shown: Replayed, words: str, names: list[str], latent: LatentPainter, numbers: Numbers) -> dict[str, Any]:
    picture = shown.picture
    charts = {
        name: {
            "params": dict(picture.get("params", {}).get(name, {})),
            "labels": picture.get("names", {}).get(name),
            "heading": picture.get("headings", {}).get(name),
        }
        for name in names
    }
    messages = latent.messages(shown.grid, shown.walk) if "latent" in names else []
    return {
        "step": shown.step,
        "words": words,
        "charts": charts,
        "frame": numbers.put(frame_of(picture, names, messages)),
    }


STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; }
.elbo-room { height: auto; max-width: 1400px; padding: 12px 16px; overflow: visible; }
.elbo-room h1 { margin: 0; font-size: var(--elbo-title); }
.elbo-room .goal { margin: 4px 0 8px; font-size: var(--elbo-text); }
.elbo-room .words { min-height: 38px; margin: 6px 0; font-size: var(--elbo-text); }
.elbo-room .elbo-replay { height: 32px; }
.elbo-room .panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 470px), 1fr)); gap: 8px; }
.elbo-room .panels .elbo-panel { height: 340px; }
.elbo-room .panels .elbo-panel > div { height: 100%; }
.elbo-room .panels .elbo-export { position: absolute; z-index: 2; top: 3px; right: 4px; width: 28px; height: 26px; min-height: 26px;
  padding: 0; border: 0; color: inherit; background: none; cursor: pointer; }
.elbo-room .foot { margin-top: 10px; font-size: var(--elbo-small); color: var(--quiet); }
@media (prefers-color-scheme: dark) {
  body, .elbo-room { background: #181818; }
  .elbo-room { --ink: #f0f0f0; --quiet: #c0c0c0; --line: #4a4a4a; --jp-layout-color1: #181818; }
}
"""


def _html(title: str, data: bytes) -> str:
    script = built_assets.script("replay_page").replace("export default {", "const page = {", 1)
    script = script.replace("</script", "<\\/script")
    bundle, numbers = (base64.b64encode(each).decode() for each in (built_assets.bundle(), data))
    style = built_assets.style("lab.css") + built_assets.style("screen.css") + STYLE
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>\n<body>\n'
        f'<script type="text/plain" id="bundle">{bundle}</script>\n<script type="text/plain" id="data">{numbers}</script>\n'
        f'<script type="module">\n{script}\npage.open();\n</script>\n</body></html>\n'
    )
