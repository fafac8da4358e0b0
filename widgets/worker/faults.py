"""How an exception in the worker is handled: a sentence on the page. A failing picture or measurement is suspended; training continues."""

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
    """What went wrong, on one short line, whatever the exception's text is: empty, several lines, a page, or itself an exception."""
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
    """The parts that watch a run. One that fails is reported once and suspended until `forget`; the run is not affected."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self.send = send
        self.resting: set[str] = set()

    def attempt(self, part: str, work: Callable[[], T]) -> T | None:
        """The result of `work`, or None if this part is suspended or fails now."""
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
        """Allow everything to be tried again: the user has chosen another view."""
        self.resting.clear()


def refusal(command: type[Command], error: Exception) -> str:
    """The sentence about a command that failed in an unforeseen way."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", command.__name__).lower()
    _log.exception("The command '%s' failed.", name)
    remedy = "Choose smaller settings or fewer data" if isinstance(error, MemoryError) else "Try other settings or data"
    return f"The worker could not carry out '{name}' ({reason(error)}). {remedy}; everything else is as it was."
