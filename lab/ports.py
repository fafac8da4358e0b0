"""Ports on this machine."""

from __future__ import annotations

import argparse
import socket

from elbo_room.lab.errors import Refusal

HOST = "127.0.0.1"
TRIES = 100


def number(text: str) -> int:
    """A port from the command line."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"`{text}` is not a port, a whole number from 1 to 65535")
    return int(text)


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(wanted: int | None, first: int) -> int:
    """The requested port; else the first free one from `first` on, with a message if `first` is taken."""
    if wanted is not None:
        if not is_free(wanted):
            raise Refusal(
                f"Port {wanted} is taken by another program; choose another with --port, or leave --port out."
            )
        return wanted
    port = next((port for port in range(first, first + TRIES) if is_free(port)), None)
    if port is None:
        raise Refusal(f"No port from {first} to {first + TRIES - 1} is free; free one or choose another with --port.")
    if port != first:
        print(f"Port {first} is taken by another program; using {port}.", flush=True)
    return port
