"""The websocket to the kernel without Nagle's delay: a round trip of 20 ms instead of 50."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class NoDelayConnection(ZMQChannelsWebsocketConnection):
    """Sends each message at once; otherwise the kernel's `busy` status delays the next message until it is acknowledged."""

    def connect(self) -> Any:
        """Switch off the delay, then connect as usual."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
