"""Kernels with owners: each starts in the home of the visitor whose page asked for it."""

from __future__ import annotations

import time
from typing import Any

from jupyter_server import CallContext
from traitlets import Any as Anything

from elbo_room.lab.serving.ready_kernel import ReadyKernelManager

OPENING = 20.0  # seconds for which a page that has not connected yet counts as opening


class VisitorKernelManager(ReadyKernelManager):
    """Knows which visitor every kernel belongs to; one that belongs to nobody, such as the waiting one, is nobody's to use."""

    homes = Anything(help="the visitors' homes").tag(config=True)
    admission = Anything(help="the seats and the queue")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._owners: dict[str, str] = {}

    def owner(self, kernel_id: str) -> str | None:
        """The visitor whose kernel this is."""
        return self._owners.get(kernel_id) if kernel_id in self else None

    def sessions(self) -> list[str]:
        """The visitors of all open labs, one for each lab."""
        return [visitor for kernel_id, visitor in self._owners.items() if kernel_id in self]

    def opening(self) -> int:
        """Labs whose page has not connected yet; not for ever, since some never do."""
        now = time.monotonic()
        return sum(now - since < OPENING for since in self._unseen.values())

    def processes(self) -> list[int]:
        """The kernels' process ids."""
        running = (self.get_kernel(kernel_id).provisioner for kernel_id in self._owners if kernel_id in self)
        return [provisioner.pid for provisioner in running if provisioner is not None and provisioner.pid]

    async def start_kernel(self, *, kernel_id: str | None = None, path: str | None = None, **kwargs: Any) -> str:
        """A kernel for the visitor whose request is being answered."""
        handler = CallContext.get(CallContext.JUPYTER_HANDLER)
        visitor = handler.current_user.username
        environment = {**(kwargs.pop("env", None) or {}), **self.homes.environment(visitor)}
        started = await super().start_kernel(kernel_id=kernel_id, path=path, env=environment, **kwargs)
        self._owners[started] = visitor
        handler.seat.close()
        return started

    def remove_kernel(self, kernel_id: str) -> Any:
        """It has ended: its visitor may come back at once."""
        visitor = self._owners.pop(kernel_id, None)
        if visitor is not None and self.admission is not None:
            self.admission.left(visitor)
        return super().remove_kernel(kernel_id)
