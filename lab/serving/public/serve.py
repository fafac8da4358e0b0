"""The lab for a class on one server: `python -m elbo_room.lab.serving.public.serve` (started by `python lab serve --public`)."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import secrets
import signal
import socket
import ssl
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elbo_room.lab.serving.jupyter_settings import share_our_templates
from elbo_room.lab.serving.public import machine
from elbo_room.lab.serving.public.admission import Admission
from elbo_room.lab.serving.serve import HOST, NOTEBOOK, settings, spare_the_grammars, watch_the_launcher
from elbo_room.widgets.sessions.local_use import LOCAL

if TYPE_CHECKING:
    from traitlets.config import Config

    from elbo_room.lab.serving.public.visitors import Homes

SESSION = 400_000_000  # bytes of a lab that trains: kernel and worker
SPARE = 500_000_000  # bytes for the server, the waiting kernel and the system
EVERYWHERE = "0.0.0.0"  # noqa: S104 - every address of this computer: serving others is the job
PER_CORE = 4  # labs: people look longer than they train
SHORTEST = 8  # characters of a password
LARGEST_REQUEST = 65_536  # bytes; what pages upload comes by their websocket


def seats(wanted: int | None) -> int:
    """How many labs this machine can bear at once."""
    by_memory = (machine.memory_left() - SPARE) // SESSION
    return wanted or max(1, min(int(PER_CORE * machine.cores()), by_memory))


def bearable(opening: int) -> bool:
    """Whether there is memory for one more lab beside those that are about to take theirs."""
    return machine.memory_left() > (opening + 1) * SESSION


def read_password(file: Path | None) -> str:
    """The class's password; a new one that nobody can guess where there is no file.

    Raises:
        ValueError: it is too short, or the file cannot be read.
    """
    if file is None:
        return secrets.token_urlsafe(12)
    try:
        password = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"The password's file cannot be read ({error.strerror}). Name one that can.") from None
    if len(password) < SHORTEST:
        raise ValueError(
            f"The password has {len(password)} characters; it needs {SHORTEST} or more. Write a longer one into its file."
        )
    return password


def configuration(chosen: argparse.Namespace, homes: Homes, password: str) -> Config:
    """The settings of the local page, and what visitors make different."""
    c = settings(chosen.notebook.resolve(), chosen.port, chosen.idle_seconds, chosen.warm_up)
    secure = chosen.behind_proxy or chosen.certificate is not None
    here = "elbo_room.lab.serving.public"
    c.Voila.token = password
    c.Voila.cookie_secret = homes.secret()
    c.Voila.identity_provider_class = f"{here}.visitors.ClassIdentityProvider"
    c.Voila.authorizer_class = f"{here}.visitors.OwnKernelsOnly"
    c.VoilaConfiguration.multi_kernel_manager_class = f"{here}.kernels.VisitorKernelManager"
    c.VoilaConfiguration.file_allowlist = []
    c.VisitorKernelManager.homes = homes
    if secure:
        c.IdentityProvider.secure_cookie = True
    c.Voila.tornado_settings["xsrf_cookie_kwargs"] = {"samesite": "Strict", "secure": secure}
    c.Voila.tornado_settings["allow_remote_access"] = True
    c.Voila.tornado_settings["headers"]["X-Content-Type-Options"] = "nosniff"
    c.Voila.tornado_settings["headers"]["Cross-Origin-Resource-Policy"] = "same-origin"
    return c


def make_room(chosen: argparse.Namespace, homes: Homes, password: str) -> Any:
    """Voilà for visitors, with a kernel started in advance."""
    from tornado.ioloop import IOLoop, PeriodicCallback
    from tornado.web import HTTPError
    from voila.app import Voila

    from elbo_room.lab.serving.public.fair_share import SECONDS, FairShare
    from elbo_room.lab.serving.public.handlers import for_visitors

    share, most = FairShare(), seats(chosen.most)

    class PublicRoom(Voila):
        def init_settings(self) -> dict[str, Any]:
            made = super().init_settings()
            kernels = self.kernel_manager
            kernels.admission = Admission(
                most, max(2, int(machine.cores())), kernels.sessions, kernels.opening, bearable
            )
            return {**made, "admission": kernels.admission, "log_function": lambda _: None}

        def init_handlers(self) -> list[Any]:
            return for_visitors(super().init_handlers())

        def listen(self) -> None:
            self.app.listen(
                self.port,
                chosen.host,
                xheaders=chosen.behind_proxy,
                ssl_options=encryption(chosen.certificate, chosen.key),
                max_body_size=LARGEST_REQUEST,
                idle_connection_timeout=120,
            )
            print(greeting(chosen, password, most), flush=True)
            loop = asyncio.get_event_loop()
            loop.call_soon(lambda: self.kernel_manager.prepare(path="", kernel_name="python3"))
            loop.call_later(1.0, watch_the_launcher, os.getppid(), self)
            dealing = PeriodicCallback(
                lambda: loop.run_in_executor(None, share.deal, self.kernel_manager.processes()), 1000 * SECONDS
            )
            dealing.start()
            try:
                self.ioloop.start()
            except KeyboardInterrupt:
                pass
            finally:
                dealing.stop()
                with suppress(HTTPError):  # a kernel that was just starting is ended twice
                    self.stop()

    room = PublicRoom.instance(config=configuration(chosen, homes, password))
    room.ioloop = IOLoop.current()
    return room


def encryption(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """TLS with the server's own certificate, if it has one."""
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def greeting(chosen: argparse.Namespace, password: str, most: int) -> str:
    """The address for the class, how many it may be, and what is missing for a network that others can read."""
    scheme = "https" if chosen.certificate else "http"
    name = {HOST: "localhost", EVERYWHERE: socket.gethostname()}.get(chosen.host, chosen.host)
    word = "the one in its file" if chosen.password_file else password
    lines = [
        f"ELBO Room is open to visitors at {scheme}://{name}:{chosen.port}/ (Ctrl-C closes it).",
        f"Password: {word}. Labs at once: {most}; further visitors wait in a queue. Homes: {chosen.homes}.",
    ]
    if not chosen.behind_proxy and chosen.certificate is None and chosen.host != HOST:
        lines.append(
            "Password and data travel unencrypted: in a network that is not your own, put it behind nginx or Caddy "
            "(--behind-proxy) or pass --certificate and --key; lab/docs/serving.md has both."
        )
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    """The options of `python lab serve --public`."""
    from platformdirs import user_data_path

    made = argparse.ArgumentParser(prog="python lab serve", description="The lab for a class on one server.")
    made.add_argument("--public", action="store_true", help="serve others; without it use `python lab`")
    made.add_argument("--port", type=int, default=8866)
    made.add_argument(
        "--host", help="the address to listen on: all by default, with --behind-proxy only this computer's own"
    )
    made.add_argument(
        "--password-file", type=Path, help="a file with the class's password; without it one is made up and printed"
    )
    made.add_argument("--most", type=int, help="labs at once; by default as many as processors and memory allow")
    made.add_argument(
        "--homes", type=Path, default=user_data_path("elbo-room") / "visitors", help="the folder of the visitors' homes"
    )
    made.add_argument(
        "--behind-proxy", action="store_true", help="nginx or Caddy on this computer encrypts: trust its headers"
    )
    made.add_argument("--certificate", type=Path, help="a certificate for TLS without a proxy (PEM)")
    made.add_argument("--key", type=Path, help="the certificate's key (PEM)")
    made.add_argument("--idle-seconds", type=int, default=120, help="how long a lab without a page is kept")
    made.add_argument("--no-browser", action="store_true", help=argparse.SUPPRESS)  # none is opened here anyway
    made.add_argument("--notebook", type=Path, default=NOTEBOOK, help=argparse.SUPPRESS)
    made.add_argument("--warm-up", default=None, help=argparse.SUPPRESS)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C; 1 with a message if that is impossible."""
    chosen = parser().parse_args(arguments)
    chosen.host = chosen.host or (HOST if chosen.behind_proxy else EVERYWHERE)
    chosen.homes = chosen.homes.resolve()
    if hasattr(signal, "SIGBREAK"):
        signal.signal(signal.SIGBREAK, signal.default_int_handler)
    os.environ.pop(LOCAL, None)  # no kernel of this server may think that its page is local
    os.umask(0o077)  # whatever it writes, its kernels and workers too, is for this user alone
    spare_the_grammars()
    share_our_templates()
    logging.getLogger("tornado.general").setLevel(logging.ERROR)
    try:
        from elbo_room.lab.serving.public.visitors import Homes

        password = read_password(chosen.password_file)
        room = make_room(chosen, Homes(chosen.homes), password)
        room.initialize([])
        room.start()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"The server could not start: {error.strerror}. Choose another --port, --host or --homes.", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
