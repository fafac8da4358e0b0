"""The caption below the goal: a headline in the colour of its subject's curve, and a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from elbo_room.widgets import built_assets, theme

if TYPE_CHECKING:
    from elbo_room.widgets.words.caption import Headline


class Caption(anywidget.AnyWidget):
    """Plain text in a box of fixed height; both parts change at the same moment."""

    _esm = built_assets.script("caption")
    shown = traitlets.Dict(help="subject, number, rest, colour and its dark counterpart; sentence").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        """Start empty."""
        super().__init__(**traits)
        self.add_class("elbo-caption")

    def show(self, headline: Headline | None, sentence: str) -> None:
        """Show a headline, if there is one, and a sentence."""
        parts = {}
        if headline is not None:
            ink = headline.series.ink
            parts = {"subject": headline.subject, "number": headline.number, "rest": headline.rest}
            parts |= {"lead": headline.lead} if headline.lead else {}
            parts |= {"light": ink, "dark": theme.DARK.get(ink, ink)}
        self.shown = {**parts, "sentence": sentence}

    @property
    def value(self) -> str:
        """The whole caption as one text."""
        shown = self.shown
        words = (
            (f"{shown['subject']}:", shown.get("lead"), shown["number"], shown["rest"]) if "subject" in shown else ()
        )
        head = " ".join(word for word in words if word)
        return f"{head}. {shown.get('sentence', '')}" if head else str(shown.get("sentence", ""))
