"""The channel from the kernel to the page: everything pending is sent as one binary message when the page has room.

Flow control: at most two frames are unacknowledged, nothing leaves while the page is hidden, and what is
newer replaces or joins what is older. So a slow browser gets fewer frames, never a queue. All methods may be called
from any thread.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets
from elbo_room.widgets.wire.flow_control import FlowControl
from elbo_room.widgets.wire.history import History
from elbo_room.widgets.wire.packing import Buffers, Columns, Part, numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from elbo_room.widgets.screen.live_chart import LiveChart

PENDING = 20_000  # rows that may wait; beyond that the page gets the (thinned) history instead
MESSAGES = 500  # messages that may wait (the page is hidden); older ones are of no use
# Messages whose newest copy belongs to the state that a reload restores.
REPEATED = frozenset({"grid", "images", "status", "selection"})

Key = tuple[str, str]  # chart, dataset
Held = tuple[dict[str, Any], list[bytes]]  # a message and its buffers


class Bus(anywidget.AnyWidget):
    """Carries once what draws charts: our scripts, their style sheet, Vega; afterwards the frames of every chart of a page."""

    _esm = built_assets.script("bus")
    _css = built_assets.style("lab.css")
    bundle = traitlets.Bytes().tag(sync=True)
    window = traitlets.List(traitlets.Float(), help="the steps that are enlarged, from and to; empty: all").tag(
        sync=True
    )

    def __init__(self, **traits: Any) -> None:
        """Load the bundle that `python -m elbo_room.widgets.prepare` made, and wait for a page."""
        traits.setdefault("bundle", built_assets.bundle())
        self._lock, self._sending = threading.RLock(), threading.Lock()
        self._history: dict[Key, History] = {}
        self._newest: dict[Key, Columns] = {}
        self._statics: dict[Key, Columns] = {}
        self._modes: dict[Key, dict[str, Any]] = {}
        self._kept: dict[tuple[Any, Any], Held] = {}
        self._messages: list[Held] = []
        self._flow, self._bytes = FlowControl(), 0
        self._forget_pending(full=True)
        super().__init__(**traits)
        self.on_msg(self._on_message)

    # what the session calls ------------------------------------------------------------------------------------------

    def append(self, chart: LiveChart, dataset: str, **columns: Any) -> None:
        """Add points to the end of lines. Rows that hold a number that is not finite are left out."""
        mode = chart.mode(dataset, "lines")
        rows = numbers(columns)  # (n, columns)
        if not len(rows):
            return
        key, names = (chart.name, dataset), tuple(columns)
        with self._lock:
            self._modes[key] = mode
            history = self._history.get(key)
            if history is None:
                history = self._history[key] = History(names, mode.get("by"), mode["x"], mode["y"])
            if history.names != names:
                raise ValueError(
                    f"{chart.name}.{dataset} came with the columns {', '.join(names)}, but began with "
                    f"{', '.join(history.names)}. Send the same columns in the same order, or clear() it first."
                )
            history.push(rows)
            self._rows_waiting += len(rows)
            if self._full:
                return
            if self._rows_waiting > PENDING:
                self._forget_pending(full=True)
            else:
                self._lines.setdefault(key, []).append(rows)

    def replace(self, chart: LiveChart, dataset: str, **columns: Any) -> None:
        """Show these points (a cloud or bars) instead of the ones before."""
        self._put(self._newest, self._clouds, chart, dataset, columns)

    def static(self, chart: LiveChart, dataset: str, **columns: Any) -> None:
        """Give columns that are joined to a cloud by row number: class labels, or `images` (uint8, one row a point)."""
        self._put(self._statics, self._fixed, chart, dataset, columns)

    def clear(self, chart: LiveChart, dataset: str | None = None) -> None:
        """Forget one dataset of a chart, or all of them."""
        names = chart.datasets if dataset is None else [dataset]
        with self._lock:
            for name in names:
                key = (chart.name, name)
                for store in (self._history, self._newest, self._statics, self._lines, self._clouds, self._fixed):
                    store.pop(key, None)
                self._cleared[key] = None
            if dataset is None:
                self._kept = {topic: held for topic, held in self._kept.items() if topic[1] != chart.name}

    def shown(self, chart: str) -> dict[str, dict[str, Any]]:
        """All columns that a chart has now, dataset by dataset."""
        with self._lock:
            found: dict[str, dict[str, Any]] = {}
            for (name, dataset), history in self._history.items():
                if name == chart:
                    found[dataset] = dict(zip(history.names, history.table().T, strict=True))
            for store in (self._newest, self._statics):
                for (name, dataset), columns in store.items():
                    if name == chart:
                        found[dataset] = found.get(dataset, {}) | columns.items
            return found

    def message(self, content: dict[str, Any], buffers: Iterable[bytes] = ()) -> None:
        """Send small JSON with the next frame, in order; a reloaded page gets the newest of each `REPEATED` kind."""
        held = (dict(content), [bytes(part) for part in buffers])
        with self._lock:
            if content.get("kind") in REPEATED:
                topic = (content["kind"], content.get("chart"))
                self._messages = [other for other in self._messages if other is not self._kept.get(topic)]
                self._kept[topic] = held
            self._messages.append(held)
            del self._messages[:-MESSAGES]

    def all_of(self, charts: Iterable[str]) -> Held:
        """Everything that these charts show, as a frame that is not sent, and its buffers."""
        names, buffers = set(charts), Buffers()
        with self._lock:
            parts = [part for part in self._everything() if part.chart in names]
            kept = [held for (_, chart), held in self._kept.items() if chart in names]
            content = {
                "kind": "frame",
                "frame": 0,
                "full": True,
                "parts": [part.describe(buffers) for part in parts],
                "messages": [[message, [buffers.raw(item) for item in extra]] for message, extra in kept],
            }
        return content, buffers.packed()

    def resync(self) -> None:
        """Let the next frame carry everything."""
        with self._lock:
            self._forget_pending(full=True, messages=False)

    def flush(self) -> bool:
        """Send everything pending as one message if the page has credit and is visible; return whether a frame left."""
        with self._sending:  # keeps the order of two callers
            with self._lock:
                if not self._flow.left or not self._something():
                    return False
                buffers = Buffers()
                content = self._frame(buffers)
            packed = buffers.packed()
            self._bytes += sum(len(part) for part in packed)
            self.send(content, packed)
            return True

    @property
    def stats(self) -> dict[str, Any]:
        """Return what has been sent: frames, acks, bytes, in_flight, hidden."""
        with self._lock:
            credit = self._flow
            return {
                "frames": credit.frames,
                "acks": credit.acks,
                "bytes": self._bytes,
                "in_flight": credit.in_flight,
                "hidden": credit.hidden,
            }

    # messages of the page ----------------------------------------------------------------------------------------------

    def _on_message(self, _: Any, content: Any, __: Any) -> None:
        if not isinstance(content, dict) or not isinstance(content.get("client"), str):
            return
        with self._lock:
            if self._flow.heard(content["client"][:64], content):
                self.resync()

    # one frame -------------------------------------------------------------------------------------------------------

    def _frame(self, buffers: Buffers) -> dict[str, Any]:
        full = self._full
        parts = self._everything() if full else self._pending()
        waiting = self._messages
        if full:
            waiting = [held for held in self._kept.values() if not any(held is one for one in waiting)] + waiting
        content = {
            "kind": "frame",
            "frame": self._flow.spend(),
            "full": full,
            "parts": [part.describe(buffers) for part in parts],
            "messages": [[message, [buffers.raw(item) for item in extra]] for message, extra in waiting],
        }
        self._forget_pending(full=False)
        return content

    def _pending(self) -> list[Part]:
        parts = [Part("clear", key) for key in self._cleared]
        parts += [
            Part.lines(key, self._history[key].names, rows, self._modes[key]) for key, rows in self._lines.items()
        ]
        parts += [Part("replace", key, columns) for key, columns in self._clouds.items()]
        return parts + [Part("static", key, columns) for key, columns in self._fixed.items()]

    def _everything(self) -> list[Part]:
        parts = [Part.lines(key, past.names, [past.table()], self._modes[key]) for key, past in self._history.items()]
        parts += [Part("replace", key, columns) for key, columns in self._newest.items()]
        return parts + [Part("static", key, columns) for key, columns in self._statics.items()]

    def _put(
        self,
        kept: dict[Key, Columns],
        waiting: dict[Key, Columns],
        chart: LiveChart,
        dataset: str,
        columns: dict[str, Any],
    ) -> None:
        mode = chart.mode(dataset, "cloud", "bars")
        packed = Columns(columns)
        key = (chart.name, dataset)
        with self._lock:
            self._modes[key] = mode
            kept[key] = packed
            if not self._full:
                waiting[key] = packed

    def _forget_pending(self, full: bool, messages: bool = True) -> None:
        self._full = full
        self._lines: dict[Key, list[Any]] = {}
        self._clouds: dict[Key, Columns] = {}
        self._fixed: dict[Key, Columns] = {}
        self._cleared: dict[Key, None] = {}
        self._rows_waiting = 0
        if messages:
            self._messages = []

    def _something(self) -> bool:
        return bool(self._full or self._lines or self._clouds or self._fixed or self._cleared or self._messages)
