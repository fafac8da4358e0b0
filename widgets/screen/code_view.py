"""Python to read and copy, in the colours of its grammar; the page builds it from pieces of text, never from markup."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets


def pieces(code: str) -> list[tuple[str, str]]:
    """The code in pieces, each with the short name of its kind ("k" a keyword, "s2" a string, "" plain), as Pygments tells them apart."""
    from pygments.lexers.python import PythonLexer
    from pygments.token import STANDARD_TYPES

    return [(STANDARD_TYPES.get(kind, ""), text) for kind, text in PythonLexer(ensurenl=False).get_tokens(code)]


class CodeView(anywidget.AnyWidget):
    """A field of code that takes the focus, with a button that copies it."""

    _esm = built_assets.script("code_view")
    pieces = traitlets.List(help="kind and text of each piece").tag(sync=True)
    label = traitlets.Unicode("Code", help="the field's name for screen readers").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        """Start empty."""
        super().__init__(**traits)
        self.add_class("elbo-code")
        self.code = ""

    def show(self, code: str) -> None:
        """Show another code."""
        if code != self.code:
            self.code, self.pieces = code, [list(piece) for piece in pieces(code)]
