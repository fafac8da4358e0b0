"""Words with numbers that run: nobody reads twelve a second, and each is a message and a layout of the page."""

import time

READ = 0.25  # seconds for which such words stand
ALONE = 1.0  # seconds that they wait for a picture to go with: words of their own make the browser compose the page once more


class TextThrottle:
    """While a run is training its words change only now and then; at rest, and when that changes, at once."""

    def __init__(self, seconds: float = READ) -> None:
        self.seconds, self.state, self.said = seconds, "", -seconds

    def at_once(self) -> None:
        """The next words are due whatever was said before: a person has just done something."""
        self.state = ""

    def due(self, state: str, *, drawn: bool = False) -> bool:
        """Whether to say it now, in this state of the run; `drawn`: a picture leaves at this moment, too."""
        now = time.monotonic()
        if state == self.state == "running" and now - self.said < (self.seconds if drawn else ALONE):
            return False
        self.state, self.said = state, now
        return True
