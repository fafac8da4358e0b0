"""A new response is one file and one line for all families of models, and so is a new family of q."""

import subprocess
import sys


def test_what_is_registered_trains_everywhere_and_is_held_to_the_contracts() -> None:
    """A Laplace response and a Weibull q, in a process of their own: nothing but the registries knows of them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.models.contracts.new_parts"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        "conditional", "deep_generative", "deep_generative", "deep_exponential_family", "deep_exponential_family",
    ]  # fmt: skip
