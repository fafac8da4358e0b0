"""Words with numbers that run: nobody reads twelve a second, and each is a message and a layout of the page."""

import time

READ = 0.25  # seconds for which such words stand


class Seldom:
    """While a run is training its words change only now and then; at rest, and when that changes, at once."""

    def __init__(self, seconds: float = READ) -> None:
        self.seconds, self.state, self.said = seconds, "", -seconds

    def due(self, state: str) -> bool:
        """Whether to say it now, in this state of the run."""
        now = time.monotonic()
        if state == self.state == "running" and now - self.said < self.seconds:
            return False
        self.state, self.said = state, now
        return True
