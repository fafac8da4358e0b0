"""A model whose numbers have overflowed is shown with the numbers that are finite, and a sentence about those that are not."""

import numpy as np
import torch

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.inference.parameters import listed
from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.measuring.probing import Probing, Request
from elbo_room.widgets.worker.measuring.rows import Probed
from elbo_room.widgets.worker.measuring.selection import FIRST
from elbo_room.widgets.worker.pictures.latent import LatentPictures


def overflowed() -> Run:
    """z₂ has an infinite mean for every data point; float32 squares nothing above 1.8·10¹⁹."""
    run = Run(Settings(data="pinwheel", latent_size=2, width=4, depth=1, batch_size=8))
    pictures = LatentPictures(run)
    bias = run.q.by_site[pictures.site].encoder.out.bias
    with torch.no_grad():
        bias[1] = 1e25  # means first, then scales
    return run


def test_an_infinite_kl_is_reported_and_not_drawn():
    look = LatentPictures(overflowed()).look()
    bars = look["replace"]["kl"]["bars"]
    assert bars["dimension"].tolist() == [0]
    assert np.isfinite(bars["value"]).all()
    assert look["facts"]["kl"] == []
    assert look["facts"]["sentence"] == (
        "The KL of z₂ is infinite: the encoder's output has overflowed for some data points. "
        "Press Reset and choose a smaller step size."
    )


def test_a_variance_that_is_not_finite_is_left_out():
    run = overflowed()
    probing, chosen = Probing(run), tuple(listed(run.model))
    probing.start(Request(run.number, run.settings, "variance", FIRST, chosen[0], chosen, fine=False, budget=0.1))
    found = []
    while probing.work is not None:
        found.append(probing.slice())
    rows = [each.rows for each in found if isinstance(each, Probed)]
    assert rows
    assert all(np.isfinite(each).all() for each in rows)
