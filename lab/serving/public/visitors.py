"""Visitors: a password of the class, a signed cookie for each browser, and a home folder that goes with it."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any

from jupyter_server.auth import Authorizer
from jupyter_server.auth.identity import PasswordIdentityProvider
from tornado.web import HTTPError

from elbo_room.widgets.sessions.runs import HOME

COOKIE = "elbo_room_visitor"
VISITOR = re.compile(r"[0-9a-f]{32}")  # what Jupyter calls a user who logged in with a token
SECRET = ".cookie_secret"  # noqa: S105 - a file's name; beside the homes: visitors find theirs again after a restart of the server


class Homes:
    """The folder of all homes; nobody but the server's own user may look into it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)

    def of(self, visitor: str) -> Path:
        """The visitor's home, made when first asked for."""
        if not VISITOR.fullmatch(visitor):
            raise ValueError("A visitor's name has 32 hexadecimal digits.")
        home = self.root / visitor
        home.mkdir(mode=0o700, exist_ok=True)
        return home

    def environment(self, visitor: str) -> dict[str, str]:
        """What a kernel of this visitor is told."""
        return {HOME: str(self.of(visitor))}

    def secret(self) -> bytes:
        """What cookies are signed with; made once."""
        file = self.root / SECRET
        if not file.exists():
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as fresh:
                fresh.write(secrets.token_bytes(32))
        return file.read_bytes()


class ClassIdentityProvider(PasswordIdentityProvider):
    """Jupyter's: a visitor who knows the class's password gets a name in a signed cookie, which no other site can have sent."""

    allow_password_change = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cookie_name = COOKIE
        self.cookie_options = {"samesite": "Strict", "httponly": True}

    def get_handlers(self) -> list[tuple[str, object]]:
        """The page that asks for the password; nobody logs out, for the cookie is the key to a visitor's runs."""
        from elbo_room.lab.serving.public.handlers import Entrance

        return [(r"/login", Entrance)]


class OwnKernelsOnly(Authorizer):
    """A kernel exists for nobody but the visitor whose page it belongs to."""

    async def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        """True for the owner; for all others 404, as for a kernel that never was."""
        del action, resource
        kernel_id = str(next(iter([*handler.path_kwargs.values(), *handler.path_args]), ""))
        if handler.kernel_manager.owner(kernel_id) != user.username:
            raise HTTPError(404)
        return True
