"""A run's parameters at one step, in memory that a forked process sees too."""

import mmap
from collections.abc import Mapping
from itertools import accumulate

import torch
from torch import Tensor

ALIGNED = 64  # bytes


class SharedParameters:
    """Make it before the fork; the trainer writes, the measuring process reads. Who reads when is the pipe's business."""

    def __init__(self, parameters: Mapping[str, Tensor]) -> None:
        self.parameters = [each for each in parameters.values() if each.numel()]
        sizes = [-(-each.numel() * each.element_size() // ALIGNED) * ALIGNED for each in self.parameters]
        *starts, size = accumulate(sizes, initial=0)
        memory = mmap.mmap(-1, max(size, 1))  # anonymous and shared
        self.copies = [
            torch.frombuffer(memory, dtype=each.dtype, count=each.numel(), offset=start).view(each.shape)
            for each, start in zip(self.parameters, starts, strict=True)
        ]

    @torch.no_grad()
    def write(self) -> None:
        """Copy this process's parameters there."""
        torch._foreach_copy_(self.copies, self.parameters)

    @torch.no_grad()
    def read(self) -> None:
        """Set this process's parameters to what is there."""
        torch._foreach_copy_(self.parameters, self.copies)
