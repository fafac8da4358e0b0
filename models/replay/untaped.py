"""Checks that a recorded step leaves out: they read values, and what they find does not change from step to step."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.utils._python_dispatch import _disable_current_modes


@contextmanager
def untaped() -> Iterator[None]:
    """A check that reads values and changes nothing: a tape (`models.replay.tape`) neither records nor replays it."""
    with torch.no_grad(), _disable_current_modes(), torch._C.DisableTorchFunction():
        yield
