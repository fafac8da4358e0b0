"""Requests that another web page makes a browser send: they start nothing here.

Browsers name where a request comes from in Sec-Fetch-Site, and older ones, for anything but plain reading, in Origin. A program that is
no browser sends neither; what it may do is decided by its token or cookie.
"""

from __future__ import annotations

from typing import Any

from tornado.web import HTTPError


def is_foreign(request: Any) -> bool:
    """Whether a page of another server, or of another port of this one, is behind the request."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    return origin is not None and origin.rpartition("://")[2] != request.host


def is_link(request: Any) -> bool:
    """Whether the person has followed a link: the answer is shown as a page of its own, with its own address."""
    modes = request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest")
    return request.method == "GET" and modes == ("navigate", "document")


class RefusesOtherSites:
    """A handler that answers another site's pages only where the person has followed a link; mix it in before the handler's class."""

    request: Any

    async def prepare(self) -> None:
        """Refuse before anything is done."""
        if is_foreign(self.request) and not is_link(self.request):
            raise HTTPError(403)
        prepared = super().prepare()  # type: ignore[misc]
        if prepared is not None:  # Jupyter's is a coroutine, tornado's own is not
            await prepared


def refusing_other_sites(handler: type) -> type:
    """The handler, guarded."""
    return type(handler.__name__, (RefusesOtherSites, handler), {})
