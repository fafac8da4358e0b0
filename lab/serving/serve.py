"""The lab's page, served by Voilà on this machine only: `python -m elbo_room.lab.serving.serve` (started by `python lab`)."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elbo_room.lab.serving.jupyter_settings import (
    CONTENT_SECURITY_POLICY,
    LARGEST_MESSAGE,
    ROOT,
    configure_kernels,
    configure_voila,
    share_our_templates,
)
from elbo_room.widgets.sessions.local_use import LOCAL

if TYPE_CHECKING:
    from traitlets.config import Config

HOST = "127.0.0.1"
NOTEBOOK = ROOT / "lab" / "app.ipynb"
PATIENCE = 3  # multiple of the idle timeout that a page on a slow machine may take to connect


def spare_the_grammars() -> None:
    """Skip the 35 grammars that rfc3987_syntax compiles at import (2 s): jsonschema does without."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def settings(notebook: Path, port: int, idle_seconds: int, warm_up: str | None = None) -> Config:
    """All of Voilà's configuration for one notebook."""
    from traitlets.config import Config

    c = Config()
    configure_voila(c)
    configure_kernels(c, idle_seconds, cull=True)
    c.Application.log_level = "ERROR"  # for more detail, start Voilà by hand
    c.Voila.ip = HOST
    c.Voila.port = port
    c.Voila.open_browser = False
    c.Voila.notebook_path = str(notebook)
    c.Voila.root_dir = str(notebook.parent)
    c.Voila.config_file_paths = []  # the user's Voilà settings are for other pages
    c.Voila.kernel_websocket_connection_class = "elbo_room.lab.serving.no_delay.NoDelayConnection"
    c.Voila.tornado_settings = {
        "headers": {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Referrer-Policy": "no-referrer"},
        "allow_remote_access": False,
        "websocket_max_message_size": LARGEST_MESSAGE,
        "xsrf_cookie_kwargs": {"samesite": "Strict"},
    }
    c.VoilaConfiguration.multi_kernel_manager_class = "elbo_room.lab.serving.ready_kernel.ReadyKernelManager"
    if os.name == "posix":
        c.KernelManager.transport = "ipc"  # other users of this machine cannot listen in; Windows has TCP only
    c.AsyncKernelManager.client_factory = "elbo_room.lab.serving.fast_ready_client.FastReadyClient"
    c.ReadyKernelManager.first_connection_seconds = PATIENCE * idle_seconds
    if warm_up is not None:
        c.ReadyKernelManager.warm_up = warm_up
    return c


def make_application(
    notebook: Path, port: int, idle_seconds: int, browser: bool, warm_up: str | None, vote_host: str | None
) -> Any:
    """Voilà, listening on exactly one port, with a kernel started in advance."""
    from tornado.ioloop import IOLoop
    from voila.app import Voila

    from elbo_room.lab.serving.cross_site import refusing_other_sites
    from elbo_room.lab.serving.votes import VoteServer

    votes = VoteServer(vote_host)

    class Room(Voila):
        def init_handlers(self) -> list[Any]:
            *others, (address, page, options) = super().init_handlers()
            return [*others, (address, refusing_other_sites(page), options)]

        def listen(self) -> None:
            self.app.listen(self.port, HOST)
            url = f"http://localhost:{self.port}/"
            print(f"ELBO Room is open at {url} (Ctrl-C closes it).", flush=True)
            loop = asyncio.get_event_loop()
            loop.call_soon(lambda: self.kernel_manager.prepare(path="", kernel_name="python3"))
            loop.call_later(1.0, watch_the_launcher, os.getppid(), self)
            votes.start()
            if browser:
                threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
            self.run_until_stopped()

        def run_until_stopped(self) -> None:
            try:
                self.ioloop.start()
            except KeyboardInterrupt:
                pass
            finally:
                votes.stop()
                self.stop()

    room = Room.instance(config=settings(notebook, port, idle_seconds, warm_up))
    room.ioloop = IOLoop.current()  # Voilà's handler of SIGINT and SIGTERM stops it, also before it runs
    return room


def watch_the_launcher(parent: int, room: Any) -> None:
    """Shut down if `python lab` itself is killed, so that no server is left behind."""
    if os.getppid() != parent:
        print("The program that started this server has ended: closing.", flush=True)
        room.ioloop.stop()
    else:
        room.ioloop.call_later(1.0, watch_the_launcher, parent, room)


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C; 1 with a message if the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m elbo_room.lab.serving.serve")
    parser.add_argument("--port", type=int, default=8866)
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--notebook", type=Path, default=NOTEBOOK)
    parser.add_argument("--idle-seconds", type=int, default=120)
    parser.add_argument("--warm-up", default=None)
    parser.add_argument(
        "--vote-host", help="this computer's address for votes from phones, if not the one in its network"
    )
    chosen = parser.parse_args(arguments)
    if hasattr(signal, "SIGBREAK"):
        signal.signal(signal.SIGBREAK, signal.default_int_handler)  # a launcher's Ctrl-C on Windows
    os.environ[LOCAL] = "1"  # for the pages' kernels: the address is HOST
    spare_the_grammars()
    share_our_templates()
    logging.getLogger("tornado.general").setLevel(logging.ERROR)  # it warns about Jupyter's own ping settings
    room = make_application(
        chosen.notebook.resolve(),
        chosen.port,
        chosen.idle_seconds,
        not chosen.no_browser,
        chosen.warm_up,
        chosen.vote_host,
    )
    try:
        room.initialize([])
        room.start()
    except OSError as error:
        print(f"Port {chosen.port} could not be opened: {error.strerror}. Choose another with --port.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
