"""One kernel is always started in advance, with the lab made in it (`widgets/lab_page.py`), so that a page need not wait for either.

Unlike with Voilà's preheating, no notebook code has run in it: the request's environment (query string, address)
reaches it before the first cell, cookies are set as usual, and each page gets an unused kernel.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Float, Unicode

WARM_UP = (
    "from elbo_room.widgets import lab_page; lab_page.make_ahead()"  # and no name that the page's cells do not expect
)


class ReadyKernelManager(AsyncMappingKernelManager):
    """Assigns the waiting kernel, else starts one as usual; either way the next one is started a little later.

    Idle kernels are culled, except the waiting one and any whose page has been requested but has not connected yet.
    """

    warm_up = Unicode(WARM_UP, help="code that the waiting kernel has run").tag(config=True)
    refill_seconds = Float(4.0, help="how long a new page has the machine to itself").tag(config=True)
    first_connection_seconds = Float(
        360.0, help="how long a page may take from its request to its first connection"
    ).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._ahead: str | None = None  # the kernel started in advance, not yet assigned to a page
        self._refill: asyncio.Task[None] | None = None  # starts it or warms it up again
        self._on_its_way = False  # the task has started
        self._unseen: WeakKeyDictionary[Any, float] = (
            WeakKeyDictionary()
        )  # kernels without a connection so far, with their request times

    def prepare(self, delay: float = 0.0, **start: Any) -> None:
        """Start a kernel in the background, unless one is waiting or starting."""
        if self._ahead is None and (self._refill is None or self._refill.done()):
            self._refill = asyncio.ensure_future(self._start_ahead(delay, start))

    async def start_kernel(self, *, kernel_id: str | None = None, path: str | None = None, **kwargs: Any) -> str:
        """A kernel for one page: the waiting one if there is one."""
        environment = kwargs.get("env") or {}
        if self._refill is not None and self._on_its_way:
            await asyncio.wait([self._refill])  # the browser was faster than the kernel, which still has a head start
        ready, self._ahead = self._ahead, None
        started = ready if ready and await self._hand_over(ready, environment) else None
        if started is None:
            started = await super().start_kernel(kernel_id=kernel_id, path=path, **kwargs)
            self._unseen[self.get_kernel(started)] = time.monotonic()
        self.prepare(self.refill_seconds, path=path, kernel_name=kwargs.get("kernel_name"))
        return started

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """Spare the waiting kernel, which is idle by design, and kernels whose page has not connected yet."""
        since = self._unseen.get(self.get_kernel(kernel_id))
        expected = since is not None and time.monotonic() - since < self.first_connection_seconds
        if kernel_id != self._ahead and not expected:
            await super().cull_kernel_if_idle(kernel_id)

    def notify_connect(self, kernel_id: str) -> None:
        """The page has connected: from now on its connection keeps the kernel alive."""
        super().notify_connect(kernel_id)
        if kernel_id in self:
            self._unseen.pop(self.get_kernel(kernel_id), None)

    def notify_disconnect(self, kernel_id: str) -> None:
        """Idle time starts when the last tab disconnects: a dropped network may come back."""
        super().notify_disconnect(kernel_id)
        if kernel_id in self:
            self.get_kernel(kernel_id).last_activity = datetime.now(UTC)

    async def _start_ahead(self, delay: float, start: dict[str, Any]) -> None:
        await asyncio.sleep(delay)
        async with self._preparing():
            self._ahead = await super().start_kernel(**start)
            self.add_restart_callback(self._ahead, partial(self._died, self._ahead), "restart")
            await self._warm(self._ahead)

    @asynccontextmanager
    async def _preparing(self) -> AsyncIterator[None]:
        """Inside, pages wait for the kernel; one that cannot be prepared is ended."""
        self._on_its_way = True
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a page then starts its own kernel, and reports what is wrong
            self.log.error("No kernel could be started in advance: %s", error)
            failed, self._ahead = self._ahead, None
            await self._end(failed)
        finally:
            if asyncio.current_task() is self._refill:  # not superseded by another
                self._on_its_way = False

    async def _warm(self, kernel_id: str) -> None:
        if not await self._run(kernel_id, self.warm_up, seconds=60):
            raise RuntimeError("it could not run its imports")

    def _died(self, kernel_id: str) -> None:
        """Jupyter restarts a kernel that died; the waiting one must run its imports again."""
        if kernel_id == self._ahead:
            if self._refill is not None:
                self._refill.cancel()
            self._refill = asyncio.ensure_future(self._warm_again(kernel_id))

    async def _warm_again(self, kernel_id: str) -> None:
        async with self._preparing():
            while not await self.get_kernel(kernel_id).is_alive():
                await asyncio.sleep(0.1)
            await self._warm(kernel_id)

    async def _hand_over(self, kernel_id: str, environment: Mapping[str, str]) -> bool:
        """Pass the request's environment to the waiting kernel; False if it is no longer alive."""
        if kernel_id not in self:
            return False
        kernel = self.get_kernel(kernel_id)
        self._unseen[kernel] = time.monotonic()  # first: its last activity dates from before the wait
        news = {str(name): str(value) for name, value in environment.items() if os.environ.get(name) != value}
        update = f"__import__('os').environ.update({news!r})"
        if await kernel.is_alive() and await self._run(kernel_id, update, seconds=5):
            return True
        self.log.error("The kernel started in advance did not accept the request; another one is being started.")
        await self._end(kernel_id)
        return False

    async def _end(self, kernel_id: str | None) -> None:
        """Shut down a kernel that no page will get."""
        if kernel_id is not None and kernel_id in self:
            with suppress(Exception):  # its failure must not affect the next kernel
                await self.shutdown_kernel(kernel_id, now=True)

    async def _run(self, kernel_id: str, code: str, seconds: float) -> bool:
        """Run code silently in a kernel; True once it has answered."""
        client = self.get_kernel(kernel_id).client()
        client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)
        try:
            request = client.execute(code, silent=True, store_history=False)
            async with asyncio.timeout(seconds):
                while (reply := await client.get_shell_msg())["parent_header"].get("msg_id") != request:
                    pass
        except TimeoutError:
            return False
        finally:
            client.stop_channels()
        return bool(reply["content"]["status"] == "ok")
