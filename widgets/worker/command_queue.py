"""Which waiting command is carried out next: a pause before what changes numbers or pictures; of a knob's values only the last."""

from collections import deque

from elbo_room.widgets.messages import Change, Close, Command, Leave, MakeStep, Pause, Play, Start

ORDERED = (Start, Play, MakeStep, Leave, Close, Pause)  # what a pause never overtakes


class CommandQueue:
    """Commands that have arrived and are still to be carried out."""

    def __init__(self) -> None:
        self._waiting: deque[Command] = deque()

    def __bool__(self) -> bool:
        """Whether any waits."""
        return bool(self._waiting)

    def put(self, command: Command) -> None:
        """Add one; it replaces a change of the same knobs right before it."""
        if self._waiting and _replaces(command, self._waiting[-1]):
            self._waiting.pop()
        self._waiting.append(command)

    def take(self) -> Command:
        """The one that is next."""
        for place, command in enumerate(self._waiting):
            if isinstance(command, ORDERED):
                if place and isinstance(command, Pause):
                    del self._waiting[place]
                    return command
                break
        return self._waiting.popleft()


def _replaces(later: Command, earlier: Command) -> bool:
    return isinstance(later, Change) and isinstance(earlier, Change) and later.values.keys() == earlier.values.keys()
