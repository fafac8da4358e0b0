"""The page of the server: `lab_page()` is what its notebook shows. A kernel that waits for a page makes the lab beforehand.

To make the lab's six hundred widgets takes half a second of the kernel, and as much of the server, which reads every message that a kernel
sends. Neither depends on who asks, so `make_ahead` does it in the kernel that waits; the worker starts when the page is requested.
"""

from __future__ import annotations

from elbo_room.widgets.explorer import Explorer

_waiting: list[LabMadeAhead] = []


class LabMadeAhead(Explorer):
    """The lab with its first settings, painted, and without a worker until `requested`."""

    def _begin(self) -> None:
        """Wait."""

    def requested(self) -> Explorer:
        """A page will show it: its worker starts."""
        self.screen.own.offer_path()  # the request says whose page it is
        super()._begin()
        return self


def make_ahead() -> None:
    """Make the lab for the next `lab_page`."""
    _waiting.append(LabMadeAhead())


def lab_page() -> Explorer:
    """The lab that was made ahead, or a new one: in a notebook, and when a cell runs again."""
    return _waiting.pop().requested() if _waiting else Explorer()
