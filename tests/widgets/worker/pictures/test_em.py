"""EM's line in panel A: from the run's start, iteration t at step t, up to the maximum of the closed form."""

from itertools import pairwise

import pytest

import elbo_room as er
from elbo_room.models.exact.probabilistic_pca import best_elbo, spectrum
from elbo_room.widgets.theme import ELBO
from elbo_room.widgets.worker.pictures import pictures_of
from elbo_room.widgets.worker.pictures.em import AT_ONCE, SERIES, maximisation_of

LINEAR = {"data": "wine", "depth": 0, "scale_head": "shared", "latent_size": 2}


def test_its_line_is_that_of_em() -> None:
    assert ELBO[SERIES].label == "EM"


def test_it_starts_at_the_exact_log_p_of_the_run_and_ends_at_its_maximum() -> None:
    """At step 0 it is the run's own log p(x); iterations follow the steps, at most `AT_ONCE` a look; then it is level."""
    run = er.run_from({**LINEAR, "stop_at": 3000, "latent_scale": 2.0})
    pictures = pictures_of(run)
    first = pictures.look()["append"]["elbo"]["lines"]
    own = {float(series): float(value) for value, series in zip(first["value"], first["series"], strict=True)}
    assert own[SERIES] == pytest.approx(own[5], abs=1e-4)  # the exact log p(x)
    seen = []
    for number in (10, 1000, *range(1001, 1300)):
        run.number = number
        lines = pictures.look()["append"]["elbo"]["lines"]
        seen += [
            (float(s), float(v))
            for s, v, of in zip(lines["step"], lines["value"], lines["series"], strict=True)
            if of == SERIES
        ]
        if number == 1000:
            assert pictures.maximisation.em.iterations <= 10 + AT_ONCE
    _, values, _ = spectrum(run.data.x)
    rest = float(values[2:].mean())
    assert seen[-1][1] == pytest.approx(best_elbo(values, 2, rest), abs=1e-3)
    assert all(later[1] >= earlier[1] - 1e-6 for earlier, later in pairwise(seen))
    assert "has converged to −16.16 nats after" in pictures.maximisation.sentence()


def test_only_linear_gaussian_decoders_have_it() -> None:
    """Also factor analysis; no network, no σ(z), no count response, no learned prior of z, no q over θ."""
    assert maximisation_of(er.run_from({**LINEAR, "scale_head": "feature"})) is not None
    for other in (
        {"depth": 1}, {"scale_head": "network"}, {"latent_prior": "mixture"}, {"decoder_posterior": "mean_field"},
    ):  # fmt: skip
        assert maximisation_of(er.run_from({**LINEAR, **other})) is None
