"""What becomes of an exception in the worker: a sentence on the page. A failing picture or measurement rests; training goes on."""

import logging
import re
from collections.abc import Callable
from typing import TypeVar

from elbo_room.widgets.messages import Command, Fault, Message

MOST = 200  # characters of an exception's own text
_log = logging.getLogger(__name__)
T = TypeVar("T")


class HungUpError(BaseException):
    """The kernel's end of the connection is closed. Not an `Exception`: no handler but the loop's own may take it for a fault."""


def reason(error: BaseException) -> str:
    """What went wrong, on one short line, whatever the exception's own text is: none, several lines, a page, or an exception itself."""
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a class from a person's notebook may fail even at this
        text = ""
    text = "".join(each if each.isprintable() else "�" for each in " ".join(text.split()))
    text = text if len(text) <= MOST else f"{text[:MOST]} …"
    return f"{type(error).__name__}: {text.rstrip('.')}" if text else type(error).__name__


class Faults:
    """The parts that watch a run. One that fails is reported once and rests until `forget`; the run is not touched."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self.send = send
        self.resting: set[str] = set()

    def attempt(self, part: str, work: Callable[[], T]) -> T | None:
        """What `work` returns, or None where this part rests or fails now."""
        if part in self.resting:
            return None
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must say it
            _log.exception("The %s failed.", part)
            self.resting.add(part)
            self.send(Fault(part, self._sentence(part, error)))
            return None

    def _sentence(self, part: str, error: Exception) -> str:
        return f"The {part} of this run failed ({reason(error)}) and pauses; the run itself goes on. Choose another view to try again."

    def forget(self) -> None:
        """Let everything be tried again: a person has asked to see something else."""
        self.resting.clear()


def refusal(command: type[Command], error: Exception) -> str:
    """The sentence about a command that failed in a way that nobody foresaw."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", command.__name__).lower()
    _log.exception("The command '%s' failed.", name)
    remedy = "Choose smaller settings or fewer data" if isinstance(error, MemoryError) else "Try other settings or data"
    return f"The worker could not carry out '{name}' ({reason(error)}). {remedy}; everything else is as it was."
