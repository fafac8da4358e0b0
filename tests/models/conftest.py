"""One thread for the engine's tests: the same numbers on any machine, and room for the other suites."""

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)
