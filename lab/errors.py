"""Errors reported in one plain sentence."""

from __future__ import annotations


class Refusal(Exception):
    """Ends the job with its message on the terminal and a non-zero exit code; never with a traceback."""


class Stopped(Exception):
    """Ctrl-C, or the terminal was closed: every child has ended, and there is nothing to report."""
