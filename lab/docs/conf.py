"""Sphinx configuration; `python lab docs` lays out the sources and calls Sphinx. The site loads nothing from elsewhere."""

from __future__ import annotations

import re
from importlib import metadata
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert

project, author = "ELBO Room", "ELBO Room founders"
release = metadata.version("elbo-room")
extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "myst_nb"]
html_theme, html_title = "furo", "ELBO Room"
default_role = "literal"  # docstrings mark code with single backticks
autosummary_generate = True
autodoc_default_options = {"members": True, "show-inheritance": True, "ignore-module-all": True}
autodoc_typehints, autodoc_member_order = "signature", "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring, napoleon_numpy_docstring = True, False
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # they have already been executed, with pictures of their widgets
nb_ipywidgets_js: dict[str, Any] = {}
html_math_renderer = "mathml"
suppress_warnings = [
    "myst.xref_missing",
    "autosummary.import_cycle",
    "ref.python",
]  # a name may be reachable by two paths
templates_path = ["templates"]

# Characters that are markup in reStructuredText but mathematics in our docstrings: x*, |x|, ν_, z_b.
_SPECIAL = re.compile(r"([*|\\]|(?<=\w)_(?!\w))")


def escape(text: str) -> str:
    """A line of a docstring as literal text, except what is in backticks."""
    parts = text.split("`")
    return "`".join(part if place % 2 else _SPECIAL.sub(r"\\\1", part) for place, part in enumerate(parts))


def _escape_docstring(app: Any, what: str, name: str, subject: Any, options: Any, lines: list[str]) -> None:
    del app, what, name, subject, options
    lines[:] = [line if line.lstrip().startswith((">>>", "...")) else escape(line) for line in lines]


def _write_formula(translator: Any, node: Any, *, block: bool) -> None:
    """Write a formula as MathML, which needs no script."""
    translator.body.append(convert(node.astext(), display="block" if block else "inline"))
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Escape docstrings before napoleon reads them, and write formulas as MathML."""
    app.connect("autodoc-process-docstring", _escape_docstring, priority=1)
    inline = (lambda translator, node: _write_formula(translator, node, block=False), None)
    block = (lambda translator, node: _write_formula(translator, node, block=True), None)
    app.add_html_math_renderer("mathml", inline, block)
