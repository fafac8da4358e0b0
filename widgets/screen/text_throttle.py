"""Limits rapidly changing text: nobody reads twelve updates a second, and each costs a message and a page layout."""

import time

READ = 0.25  # least seconds between updates
ALONE = 1.0  # seconds to wait for a frame to join: a separate update makes the browser compose the page again


class TextThrottle:
    """During training text changes only occasionally; when paused, and when the state changes, at once."""

    def __init__(self, seconds: float = READ) -> None:
        self.seconds, self.state, self.last = seconds, "", -seconds

    def at_once(self) -> None:
        """The next text is due at once: the user has just acted."""
        self.state = ""

    def due(self, state: str, *, drawn: bool = False) -> bool:
        """Whether to show it now, in this state of the run; `drawn`: a frame is sent at the same moment."""
        now = time.monotonic()
        if state == self.state == "running" and now - self.last < (self.seconds if drawn else ALONE):
            return False
        self.state, self.last = state, now
        return True
