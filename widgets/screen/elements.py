"""Small widgets that several parts of the screen are made of."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as ipw


def button(words: str, help_text: str, act: Callable[[], None], *classes: str) -> ipw.Button:
    """A button that only posts its click."""
    made_button = ipw.Button(description=words, tooltip=help_text, layout=ipw.Layout(width="auto"))
    made_button.on_click(lambda _: act())
    for name in classes:
        made_button.add_class(name)
    return made_button


def worded(words: str, name: str) -> ipw.Label:
    """Plain text with a style class."""
    made_label = ipw.Label(words)
    made_label.add_class(name)
    return made_label


def worded_list(words: str) -> ipw.SelectMultiple:
    """A list with multiple selection, under a sentence that is its label, for screen readers too."""
    return ipw.SelectMultiple(options=[], rows=9, description=words, layout=ipw.Layout(width="100%"))
