"""The prior on the screen: drawn without a run, from the engine's own functions, and again whenever the form changes."""

from dataclasses import asdict

import numpy as np
import pytest
import torch

from elbo_room.models.deep_generative.model import architecture
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics import functions, limit
from elbo_room.models.networks import FeedForward
from elbo_room.models.priors import make_prior
from elbo_room.widgets import actions
from elbo_room.widgets.messages import DrawPrior, PriorDrawn, Refused
from elbo_room.widgets.worker.pictures import prior_predictive
from elbo_room.widgets.worker.pictures.prior_predictive import prior_functions, round_up
from elbo_room.widgets.worker.pictures.relevance import attended, relevances, selected
from tests.widgets.conftest import eventually
from tests.widgets.worker.test_worker import Driver


def network(settings: Settings) -> FeedForward:
    return FeedForward(settings.latent_size, 1, architecture(settings), torch.Generator().manual_seed(0))


def test_the_picture_is_the_engines_functions_and_kernel() -> None:
    settings = Settings(prior="fan_in", prior_scale=0.5, width=16)
    found = prior_functions(settings).picture["replace"]["prior_predictive"]
    net = network(settings)
    prior = make_prior(settings, point_mass=True).bind(net)
    grid = torch.zeros(121, 2)
    grid[:, 0] = torch.linspace(-3, 3, 121)
    exact = functions(net, prior, grid, 20, torch.Generator().manual_seed(settings.seed))[..., 0]
    np.testing.assert_array_equal(found["draws"]["y"].reshape(20, 121), exact.numpy())
    spread = limit(prior, architecture(settings), grid).diagonal().sqrt()
    np.testing.assert_allclose(found["band"]["high"], 2 * spread, rtol=1e-5)
    np.testing.assert_allclose(found["band"]["low"], -2 * spread, rtol=1e-5)


@pytest.mark.parametrize("changes", [{"prior": "student_t", "degrees": 1.0}, {"attention": "simplex"}])
def test_without_a_limit_there_is_no_band_and_the_sentence_says_why(changes) -> None:
    found = prior_functions(Settings(**changes))
    assert all(len(column) == 0 for column in found.picture["replace"]["prior_predictive"]["band"].values())
    assert "No band: " in found.sentence
    assert np.isfinite(found.picture["replace"]["prior_predictive"]["draws"]["y"]).all()


def test_a_network_of_the_data_is_drawn_along_their_first_feature(monkeypatch) -> None:
    """What every family does whose network sees the data themselves."""
    monkeypatch.setattr(prior_predictive, "DECODERS", ())
    settings = Settings(data="pinwheel", prior="fan_in")
    found = prior_functions(settings).picture["replace"]["prior_predictive"]["draws"]["x"]
    assert found.min() < -1
    assert found.max() > 1
    assert len(np.unique(found)) == 121


def test_an_axis_holds_still_while_the_functions_grow_a_little() -> None:
    assert [round_up(value) for value in (0.7, 1.0, 1.01, 3, 7, 12)] == [1, 1, 2, 5, 10, 20]


def test_the_worker_draws_it_without_a_run_and_only_the_last_wish() -> None:
    driver = Driver()
    wishes = [asdict(Settings(prior_scale=scale)) for scale in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)]
    for wish in wishes:
        driver.send(DrawPrior(wish))
    last = prior_functions(Settings(prior_scale=16.0))
    message = driver.until(PriorDrawn, sentence=last.sentence)
    np.testing.assert_array_equal(
        message.picture["replace"]["prior_predictive"]["draws"]["y"],
        last.picture["replace"]["prior_predictive"]["draws"]["y"],
    )
    assert sum(isinstance(seen, PriorDrawn) for seen in driver.seen) < len(wishes)
    driver.send(DrawPrior(asdict(Settings()) | {"prior": "ard"}))
    assert "Choose a distribution q over the weights" in driver.until(Refused, command=DrawPrior).sentence
    driver.close()


def test_turning_a_restarts_knob_shows_the_functions_before_run(lab) -> None:
    room = lab()
    room.screen.lists["c"].value = "prior_predictive"
    eventually(lambda: "functions drawn from the prior" in room.screen.caption.value)
    chart = room.screen.chart("prior_predictive")
    assert chart.layout.display is None
    assert room.screen.chart("latent").layout.display == "none"
    before = chart.params
    room.post(actions.SetKnob("width", 256))
    eventually(lambda: chart.params != before)
    assert chart.params["yHigh"] > before["yHigh"]  # one λ: functions grow as the square root of the width
    assert room.current.run_values is None
    room.screen.lists["c"].value = "latent"
    eventually(lambda: room.screen.chart("latent").layout.display is None)


def test_relevances_are_medians_with_their_central_95_percent() -> None:
    prior = make_prior(Settings(prior="ard"), point_mass=False).bind(network(Settings(latent_size=3)))
    nu = torch.tensor([[0.0, -3.0, -0.5], np.log([0.1, 0.5, 0.2]).tolist()])
    bars = relevances(prior, nu)["replace"]["relevance"]["bars"]
    np.testing.assert_allclose(bars["value"], np.exp([0, -3, -0.5]), rtol=1e-6)
    np.testing.assert_allclose(bars["high"] / bars["value"], np.exp(1.96 * np.array([0.1, 0.5, 0.2])), rtol=1e-5)
    assert bars["state"].tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match="has no relevances"):
        relevances(make_prior(Settings(), point_mass=True))


def test_inputs_with_more_attention_than_the_average_are_relevant() -> None:
    attention = torch.tensor([[0.9, 0.5, 0.5, 0.1], [0.7, 0.5, 0.5, 0.3]])
    found = attended(attention, ["a", "b", "c", "d"])
    bars = found["replace"]["relevance"]["bars"]
    np.testing.assert_allclose(bars["value"], [0.8, 0.5, 0.5, 0.2], rtol=1e-6)
    assert bars["state"].tolist() == [1, 0, 0, 0]
    assert found["facts"]["relevant"] == 1


def test_inputs_whose_weights_are_selected_beyond_the_prior_are_relevant() -> None:
    """Horseshoe: τ against its median 1. Spike and slab: p(in | w) by Bayes' rule, against π."""
    layer = torch.nn.Sequential(torch.nn.Linear(3, 2))
    shoe = make_prior(Settings(prior="horseshoe"), point_mass=False).bind(layer)
    scales = torch.tensor(
        [3.0, 0.2, 0.5, 0.4, 0.3, 2.0, 9.0, 9.0]
    ).log()  # two units' three inputs, then two intercepts
    weights = {name: torch.zeros(4, *shape) for name, shape in shoe.shapes.items()}
    bars = selected(shoe, weights, {"local_scales": scales})["replace"]["relevance"]["bars"]
    np.testing.assert_allclose(bars["value"], [3.0, 0.3, 2.0], rtol=1e-5)
    assert bars["state"].tolist() == [1, 0, 1]
    spike = make_prior(Settings(prior="spike_slab"), point_mass=False).bind(layer)
    weights["0.weight"][:] = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 0.02]])
    bars = selected(spike, weights, {})["replace"]["relevance"]["bars"]
    slab, narrow = (np.exp(-0.5 * (np.array([0.0, 1.0, 0.02]) / s) ** 2) / s for s in (1.0, 0.05))
    np.testing.assert_allclose(bars["value"], 2 * slab / (slab + narrow), rtol=1e-4)
    assert bars["state"].tolist() == [0, 1, 0]
