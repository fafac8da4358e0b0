"""The live changes of a run, each with its step: the same settings, seed and changes make the same run, bit for bit.

A change acts from the step after `step` steps on. Several of one step stay apart: a second optimiser begins without the state of the
first, and some learned scales continue from a knob's new value. One without values is an attempt at that step which diverged: the run
went on from the last good step, so a run made again attempts it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elbo_room.models.settings import Knob, SettingError, Values, check

MOST = 10_000  # changes of one run that a link or a file may hold
LAST = 10_000_000  # the last step at which one may stand
Written = tuple[int, dict[str, Any]]  # a change as plain data


@dataclass(frozen=True)
class Change:
    """Live settings that act after so many steps.

    >>> Change(500, {"step_size": 0.001}).written
    (500, {'step_size': 0.001})
    """

    step: int  # steps made before it
    values: Mapping[str, Any]  # empty: an attempt at the next step diverged

    @property
    def written(self) -> Written:
        """The same as plain data, for files, links and code."""
        return self.step, dict(self.values)


def changes_from(knobs: Sequence[Knob], written: Iterable[Any], start: int = 0) -> list[Change]:
    """Changes from plain data, [(500, {"step_size": 0.001}), …], each checked against its knob.

    Raises:
        SettingError: a change has another form, is out of order, or sets what cannot change during a run.
    """
    live = {knob["name"]: knob for knob in knobs if knob["live"]}
    found: list[Change] = []
    for each in [written] if isinstance(written, Mapping) else written:
        step, values = _pair(each)
        least = found[-1].step if found else start
        if not least <= step <= LAST:
            sentence = f"A change at step {step:,} came where {least:,} is the earliest; changes must rise in step, "
            raise SettingError("changes", sentence + f"from {start:,} to {LAST:,}. Sort them by step.")
        found.append(Change(step, {name: _checked(live, name, value) for name, value in values.items()}))
        if len(found) > MOST:
            raise SettingError("changes", f"More than {MOST:,} changes came; a run may have as many. Leave some out.")
    return found


def _pair(each: Any) -> tuple[int, Values]:
    try:
        step, values = each.written if hasattr(each, "written") else each
        if isinstance(step, bool) or int(step) != step:
            raise ValueError
        return int(step), {str(name): value for name, value in dict(values).items()}
    except (TypeError, ValueError, OverflowError):
        sentence = f"A change was {str(each)[:60]!r}; it must be a step and a dict of live settings. "
        raise SettingError("changes", sentence + 'Write (500, {"step_size": 0.001}).') from None


def _checked(live: Mapping[str, Knob], name: str, value: Any) -> Any:
    if name not in live:
        sentence = f"{name[:40]} cannot change during a run; start a new one. Live settings are: "
        raise SettingError(name, f"{sentence}{', '.join(sorted(live))}.")
    return check(live[name], value)
