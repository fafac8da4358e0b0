"""One kernel is always started ahead, with the lab's modules imported, so that a page need not wait for it.

Unlike Voilà's own preheating nothing of the notebook has run in it: the request's environment (query string, address)
reaches it before the first cell, cookies are set as usual, and each page gets a kernel that nobody has used.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Float, Unicode


class ReadyKernelManager(AsyncMappingKernelManager):
    """Hands out the kernel that waits, else starts one as usual; either way the next one is started a little later."""

    warm_up = Unicode("import elbo_room.widgets.explorer", help="what the waiting kernel has run").tag(config=True)
    refill_seconds = Float(4.0, help="how long a new page has the machine to itself").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._waiting: str | None = None
        self._refill: asyncio.Task[None] | None = None
        self._on_its_way = False

    def prepare(self, delay: float = 0.0, **start: Any) -> None:
        """Start a kernel in the background, unless one waits or is on its way."""
        if self._waiting is None and (self._refill is None or self._refill.done()):
            self._refill = asyncio.ensure_future(self._start_ahead(delay, start))

    async def start_kernel(self, *, kernel_id: str | None = None, path: str | None = None, **kwargs: Any) -> str:
        """A kernel for one page: the waiting one where there is one."""
        environment = kwargs.get("env") or {}
        if self._refill is not None and self._on_its_way:
            await asyncio.wait(
                [self._refill]
            )  # the browser was faster than the kernel, which has a head start all the same
        ready, self._waiting = self._waiting, None
        started = ready if ready and await self._hand_over(ready, environment) else None
        if started is None:
            started = await super().start_kernel(kernel_id=kernel_id, path=path, **kwargs)
        self.prepare(self.refill_seconds, path=path, kernel_name=kwargs.get("kernel_name"))
        return started

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """The waiting kernel is idle by profession."""
        if kernel_id != self._waiting:
            await super().cull_kernel_if_idle(kernel_id)

    def notify_disconnect(self, kernel_id: str) -> None:
        """Being left alone counts from the moment the last tab went: a network that dropped may come back."""
        super().notify_disconnect(kernel_id)
        if kernel_id in self:
            self.get_kernel(kernel_id).last_activity = datetime.now(UTC)

    async def _start_ahead(self, delay: float, start: dict[str, Any]) -> None:
        await asyncio.sleep(delay)
        self._on_its_way = True
        try:
            kernel_id = await super().start_kernel(**start)
            if await self._run(kernel_id, self.warm_up, seconds=60):
                self._waiting = kernel_id
        except Exception as error:  # noqa: BLE001 - a page then starts its own kernel, and reports what is wrong
            self.log.error("No kernel could be started ahead: %s", error)
        finally:
            self._on_its_way = False

    async def _hand_over(self, kernel_id: str, environment: Mapping[str, str]) -> bool:
        """Give the waiting kernel the request's environment; False when it is no longer alive."""
        if kernel_id not in self or not await self.get_kernel(kernel_id).is_alive():
            return False
        news = {str(name): str(value) for name, value in environment.items() if os.environ.get(name) != value}
        if await self._run(kernel_id, f"__import__('os').environ.update({news!r})", seconds=5):
            return True
        self.log.error("The kernel started ahead did not take the request; another one is started.")
        return False

    async def _run(self, kernel_id: str, code: str, seconds: float) -> bool:
        """Run code unseen in a kernel; True once it has answered."""
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
