"""What visitors can ask the server for: Voilà's and Jupyter's handlers, guarded, and the pages before them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError, RequestHandler, authenticated
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler

from elbo_room.lab.serving.cross_site import RefusesOtherSites, is_foreign
from elbo_room.lab.serving.public import pages
from elbo_room.lab.serving.votes import Allowance

WRONG_PASSWORDS = (0.5, 60)  # per second and at once, of one address: a class may be behind one
MOST_ADDRESSES = 4096


def show(handler: Any, made: tuple[str, str], status: int = 200) -> None:
    """Answer with one of the small pages."""
    html, policy = made
    handler.set_status(status)
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    handler.set_header("Content-Security-Policy", policy)
    handler.set_header("Cache-Control", "no-store")
    handler.finish(html)


class Guarded(RefusesOtherSites):
    """What every answer has in common: nothing for other sites' pages, and errors without the server's inside."""

    def write_error(self, status_code: int, **_: Any) -> None:
        """A sentence; the reason is in the server's log."""
        show(self, pages.error(status_code), status_code)


def guarded(handler: type) -> type:
    """A handler of Voilà's or Jupyter's, guarded."""
    return type(handler.__name__, (Guarded, handler), {})


class LabPage(Guarded, TornadoVoilaHandler):
    """The lab: for a visitor who is known and for whom there is a seat."""

    seat: ExitStack

    async def prepare(self) -> None:
        """Another site's link leads to the entrance: the visitor decides there, since such a link does not carry the cookie."""
        if not is_foreign(self.request):
            await super().prepare()
            return
        await RefusesOtherSites.prepare(self)
        if not self._finished:
            show(self, pages.door(self.request.uri))

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """The page with a kernel of its own, or the queue."""
        if path:
            raise HTTPError(404)
        if "token" in self.request.query_arguments:  # it has done its work: the address is shown, sent and photographed
            kept = [(name, value) for name, value in parse_qsl(self.request.query) if name != "token"]
            self.redirect(f"{self.base_url}?{urlencode(kept)}" if kept else self.base_url)
            return
        visitor, admission = self.current_user.username, self.settings["admission"]
        answer = admission.ask(visitor)
        if not answer.enter:
            self.set_header("Retry-After", "5")
            show(self, pages.queue(answer.sentence), 503)
            return
        with ExitStack() as self.seat:
            self.seat.enter_context(admission.let_in(visitor))
            await super().get(path)


class QueueState(Guarded, JupyterHandler):
    """What the page of the queue asks."""

    @authenticated
    async def get(self) -> None:
        """Whether there is room now, or the sentence to show."""
        answer = self.settings["admission"].ask(self.current_user.username)
        self.set_header("Cache-Control", "no-store")
        self.finish({"open": answer.enter, "sentence": answer.sentence})


class Entrance(Guarded, LoginFormHandler):
    """Jupyter's form for the password, with our page and a limit on guesses."""

    wrong: dict[str, Allowance] = {}  # noqa: RUF012 - one for all requests

    def _render(self, message: dict[str, str] | None = None) -> None:
        complaint = pages.ERRORS[401] if message else ""
        show(self, pages.entrance(self.request.uri, self.xsrf_form_html(), complaint), self.get_status())

    @allow_unauthenticated
    def post(self) -> None:
        """A password."""
        if len(self.wrong) >= MOST_ADDRESSES:
            self.wrong.clear()
        allowance = self.wrong.setdefault(self.request.remote_ip or "", Allowance(*WRONG_PASSWORDS))
        if allowance.left < 1 and not allowance.take():
            raise HTTPError(429)
        super().post()
        if self.get_status() == 401:
            allowance.take()


class EndOwnKernel(Guarded, VoilaShutdownKernelHandler):
    """Closing a tab ends its kernel, and no other."""

    auth_resource = "kernels"

    @authenticated
    @authorized
    async def post(self, kernel_id: str) -> None:
        """As Voilà's, for the owner."""
        await super().post(kernel_id)


REPLACED: dict[type, type] = {TornadoVoilaHandler: LabPage, VoilaShutdownKernelHandler: EndOwnKernel}


def for_visitors(handlers: list[Any]) -> list[Any]:
    """Voilà's routes with guarded handlers, and ours before its last one, which takes any address."""
    safe = [(route[0], _guard(route[1]), *route[2:]) for route in handlers]
    return [*safe[:-1], (r"/queue", QueueState), safe[-1]]


def _guard(handler: type[RequestHandler]) -> type:
    """Ours where we have one; a handler that is guarded already stays."""
    ours = REPLACED.get(handler, handler)
    return ours if issubclass(ours, Guarded) else guarded(ours)
