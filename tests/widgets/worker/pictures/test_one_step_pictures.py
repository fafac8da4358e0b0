"""The density drawn with a step: in parts that fit in memory, and not at all where it would take a picture too long."""

import pytest
import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.inference import next_step
from elbo_room.models.inference.size import Trace
from elbo_room.models.training.run import Run
from elbo_room.widgets.painting.views import ONE_STEP
from elbo_room.widgets.worker.pictures.one_step import GRID, OneStep

WIDE = {"model": "conditional", "data": "digit_classes", "response": "categorical", "network": "convolution_2d"}


def test_a_density_that_takes_too_many_evaluations_is_left_out_with_a_sentence() -> None:
    """At 625 places of w, 118 images have 1.9 billion windows in the second layer: 7.6 GB."""
    run = Run(settings_from(WIDE | {"depth": 2, "batch_size": 118, "draws": 1}))
    step = OneStep(run, "w")
    with Trace() as trace:
        found = step.show(step.peek_next_step(), (0, 1))
    assert max(trace.steps) < 500e6
    assert not found["replace"][ONE_STEP]["density"]["value"].size
    assert "p(w | x) is not drawn: 625 evaluations of this network are too many" in found["facts"]["one_step"]


def test_the_density_in_parts_is_that_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def density() -> torch.Tensor:
        run = Run(settings_from(WIDE | {"depth": 1, "batch_size": 4, "draws": 1}))
        step = OneStep(run, "w")
        found = step.show(step.peek_next_step(), (0, 1))["replace"][ONE_STEP]["density"]["value"]
        return torch.as_tensor(found)

    whole = density()
    assert len(whole) == GRID**2
    monkeypatch.setattr(next_step, "MOST_NUMBERS", 1)
    torch.testing.assert_close(density(), whole, atol=1e-5, rtol=1e-4)
