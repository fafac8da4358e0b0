"""The inside of a conditional model on the screen: which charts apply, whose weights they show, and what a click in the diagram means."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from elbo_room.models.conditional.settings import Settings
from elbo_room.models.conditional.weight_space import replaced
from elbo_room.models.diagnostics.laplace import laplace
from elbo_room.models.inference.parameters import find
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Explore
from elbo_room.widgets.painting.views import IDENTITIES, OPENING
from elbo_room.widgets.screen.live_chart import LiveChart
from elbo_room.widgets.screen.panels import Panels
from elbo_room.widgets.wire.bus import Bus
from elbo_room.widgets.worker.pictures.conditional import ConditionalPictures
from elbo_room.widgets.worker.pictures.function import widest_away
from elbo_room.widgets.worker.pictures.prior_predictive import prior_functions

ATTENTION = {"data": "gerbil", "response": "categorical", "network": "token_attention", "width": 8, "depth": 1}
CONVOLUTION = {"data": "planted_motifs", "response": "categorical", "network": "convolution", "channels": 3, "depth": 1}
RELEVANCE = {"data": "yacht", "prior": "ard", "width": 4, "depth": 1}


def pictures(*watched: str, **settings: object) -> ConditionalPictures:
    made = ConditionalPictures(Run(Settings(**settings)))  # type: ignore[arg-type]
    made.watched = frozenset(watched)
    return made


@pytest.mark.parametrize(
    ("settings", "first"),
    [
        (ATTENTION, "weights"),
        (CONVOLUTION, "filters"),
        (RELEVANCE, "relevance"),
        ({"width": 4, "depth": 1}, "weights"),
    ],
)
def test_the_panels_offer_what_this_network_and_prior_can_fill(settings: dict[str, object], first: str) -> None:
    made = pictures("attention_map", "filters", "relevance", "weights", "network", **settings)
    views = made.about()["views"]
    assert views["d"][0] == first
    assert "network" in views["c"]
    look = made.look()
    filled = {name for name in ("attention_map", "filters", "relevance", "weights") if name in look["replace"]}
    assert ("attention_map" in views["c"]) == (settings is ATTENTION)
    assert filled == set(views["d"]) - {"scores", "posterior"} | ({"attention_map"} & set(views["c"]))
    assert (
        look["replace"]["network"]["weights"]["value"].shape
        == made.about()["static"]["network"]["edges"]["source"].shape
    )


def test_the_charts_show_the_mean_of_q_and_leave_the_network_as_it_was() -> None:
    made = pictures("network", "attention_map", **ATTENTION)
    run, network = made.run, made.model.space.network
    first = {name: p.clone() for name, p in network.named_parameters()}
    before = made.look()["replace"]
    with torch.no_grad():
        run.q.by_site["w"].table[0] *= 1.5
    after = made.look()["replace"]
    np.testing.assert_allclose(
        after["network"]["weights"]["value"], 1.5 * before["network"]["weights"]["value"], rtol=1e-5
    )
    assert not np.allclose(after["attention_map"]["cells"]["value"], before["attention_map"]["cells"]["value"])
    assert all(torch.equal(p, first[name]) for name, p in network.named_parameters())
    with pytest.raises(RuntimeError, match="midway"), replaced(network, {n: p + 1 for n, p in first.items()}):
        raise RuntimeError("midway")
    assert all(torch.equal(p, first[name]) for name, p in network.named_parameters())


def test_a_click_on_a_weight_finds_its_coordinate_of_q() -> None:
    """Row by row in the parameter's own matrix: unit 7 of a (4, 6) weight is [1, 1], and q's coordinate is where w holds it."""
    model = pictures(**RELEVANCE).model
    found = find(model, name="hidden.0.weight", unit=7)
    assert (found.site, found.label) == ("w", "μ of hidden.0.weight[1, 1]")
    assert found.coordinate is not None
    w = torch.arange(float(model.space.size))
    assert w[found.coordinate[1]] == model.space.named(w)["hidden.0.weight"][1, 1]


def test_what_is_said_of_the_band_away_from_the_data_is_away_from_them() -> None:
    """The widest place among the data is not named, however wide it is; gaps and both ends are places away from them."""
    grid, x = torch.linspace(-3, 3, 121), torch.cat([torch.linspace(-2, -1, 20), torch.linspace(1, 2, 20)])
    spread = torch.exp(-((grid + 1.5) ** 2) * 50) + 0.3 * torch.exp(-(grid**2))  # widest at −1.5, among the data
    assert widest_away(grid, spread, x) == (pytest.approx(0.3, abs=1e-3), pytest.approx(0.0, abs=1e-6))


def test_data_that_nothing_was_held_out_of_are_not_called_held_out() -> None:
    assert pictures(width=4, depth=1).look()["facts"]["sentence"].startswith("Held-out data get")
    run = Run(Settings(width=4, depth=1))
    run.data = replace(run.data, test=None)
    assert ConditionalPictures(run).look()["facts"]["sentence"].startswith("All data, trained on, get")


def test_a_learned_scale_is_said() -> None:
    facts = pictures(prior="evidence", prior_scale=2.0, width=4, depth=1).look()["facts"]
    assert facts["scale"] == pytest.approx(2.0)
    assert "; λ̂ = 2.00 from λ = 2; " in facts["sentence"]
    assert (
        "; σ̂ = 1.00 under λ = 2; "
        in pictures(prior="hyper", prior_scale=2.0, width=4, depth=1).look()["facts"]["sentence"]
    )
    assert pictures(width=4, depth=1).look()["facts"]["scale"] is None


def test_a_scene_opens_with_its_charts_once() -> None:
    panels = Panels(lambda _: None)
    panels.wished = {"c": "network", "d": "filters"}
    panels.use("conditional", {"c": ("calibration", "network"), "d": ("relevance", "weights")})
    assert panels.shows("network")
    assert panels.shows("relevance")  # the requested one does not apply
    panels.show("c", "calibration")
    panels.use("conditional", {"c": ("calibration", "network")})
    assert panels.shows("calibration")


@pytest.mark.parametrize(
    ("data", "response", "identity"),
    [("gap", "normal", "(y − m)/φ"), ("bursts", "poisson", "y − m"), ("bursts", "negative_binomial", "(y − m)/Var y · dm/dw"),
     ("outliers", "student_t", ""), ("spiral", "categorical", "1 − m")],
)  # fmt: skip
def test_the_chain_ends_in_the_gradient_identity(data: str, response: str, identity: str) -> None:
    """The caption states the number that the chart shows."""
    made = pictures(data=data, response=response, width=4, depth=1, spread_from="fixed", spread=0.5)
    chain = {name: float(column[0]) for name, column in made.chain_columns().items()}
    assert IDENTITIES[int(chain["identity"])] == identity
    m, y, phi = chain["m"], chain["y"], 0.25
    known = {
        "(y − m)/φ": (y - m) / phi,
        "y − m": y - m,
        "1 − m": 1 - m,
        "(y − m)/Var y · dm/dw": (y - m) / (1 + phi * m),
    }
    if identity:
        assert chain["slope"] == pytest.approx(known[identity], rel=1e-4)


def test_inputs_carry_their_names() -> None:
    look = pictures(**RELEVANCE).look()
    assert look["names"]["relevance"][-1] == "Froude number"
    chart = LiveChart("relevance", Bus())
    assert chart.spec["usermeta"]["datasets"]["bars"]["words"] == "dimension"


@pytest.mark.parametrize("settings", [ATTENTION, CONVOLUTION, RELEVANCE])
def test_the_prior_is_drawn_for_the_very_network_that_would_be_trained(settings: dict[str, object]) -> None:
    """As many different functions as draws; where there is no known limit, the sentence explains why."""
    found = prior_functions(Settings(**settings))  # type: ignore[arg-type]
    drawn = found.picture["replace"]["prior_predictive"]["draws"]
    curves = drawn["y"].reshape(20, -1)
    assert np.isfinite(curves).all()
    assert len(np.unique(curves[:, 60])) == 20
    assert "No band" in found.sentence


def test_a_scene_opens_with_its_own_charts_and_the_next_one_with_the_first() -> None:
    panels = Panels(lambda _: None)
    panels.use("deep_generative")
    panels.wished = OPENING | {"a": "log_evidence"}
    panels.use("deep_generative")
    assert panels.shows("log_evidence")
    panels.use("deep_generative")
    assert panels.shows("log_evidence"), "another run of the same scene keeps what is shown"
    panels.wished = dict(OPENING)
    panels.use("deep_generative")
    assert panels.shows("elbo")
    assert not panels.shows("log_evidence")


POINT = {"posterior": "point", "draws": 1, "spread_from": "fixed", "spread": 0.3, "width": 6, "depth": 1}


def test_a_point_mass_has_the_bands_of_laplace_where_they_are_chosen() -> None:
    """Without them: none. With them: J Λ⁻¹ Jᵀ, to the noise of 48 draws; with the evidence. A q with a spread is offered none."""
    made = pictures("function", **POINT)
    assert [value for _, value in made.about()["choices"]["bands"]] == ["none", "laplace"]
    flat = made.look()["replace"]["function"]["line"]
    assert float(abs(flat["f_high"] - flat["f_low"]).max()) < 1e-5
    made.explore(Explore(bands="laplace"))
    found = made.look()
    line = found["replace"]["function"]["line"]
    variance = laplace(made.model, made.run.q, made.run.data).output_variance(torch.tensor(line["x"])[:, None])
    shown = torch.tensor(line["f_high"] - line["f_low"]) / 4
    assert float((shown / variance[:, 0, 0].sqrt() - 1).abs().max()) < 4 / (2 * 48) ** 0.5
    assert "Laplace's log p(y)" in found["facts"]["sentence"]
    assert pictures(width=4).about()["choices"] == {}


def test_bands_of_an_earlier_step_are_never_drawn_as_those_of_this_one(monkeypatch) -> None:
    """A costly curvature is computed rarely while the run trains: until then the charts stay; at rest it comes at once, and only once."""
    made = pictures("function", **POINT)
    made.explore(Explore(bands="laplace"))
    made.resting = False
    next(made.run)
    assert "Step 1: Held-out" in made.look()["facts"]["sentence"]
    monkeypatch.setattr(made.curvature.pace, "due", lambda _: False)
    next(made.run)
    found = made.look()
    assert "function" not in found["replace"]
    assert found["append"] == {}
    assert "sentence" not in found["facts"]
    made.resting = True
    assert "function" in made.look()["replace"]
    monkeypatch.setattr("elbo_room.widgets.worker.pictures.curvature.laplace", None)  # not asked again
    assert "Held-out" in made.look()["facts"]["sentence"]


def test_a_prior_with_a_kink_says_why_it_has_no_bands() -> None:
    made = pictures(prior="laplace", **POINT)
    assert made.about()["choices"]["bands"][1][0] == "no Laplace"
    made.explore(Explore(bands="laplace"))
    assert "It needs a Gaussian prior" in made.look()["facts"]["sentence"]


def test_a_scene_opens_with_its_own_plane_of_the_latent_space() -> None:
    choices = {
        "colour": [("label", "label")],
        "plane": [("two live axes", "auto"), ("PCA plane", "pca"), ("z1, z2", "0 1")],
    }
    panels = Panels(lambda _: None)
    for wish, shown in (("pca", "pca"), ("", "auto"), ("nowhere", "auto")):
        panels.wished = OPENING | {"plane": wish}
        panels.use("deep_generative")
        assert panels.explorable(choices) == ({"plane": shown} if shown != "auto" else {})
        assert panels.plane.value == shown
    panels.plane.value = "0 1"
    panels.use("deep_generative")
    assert panels.explorable(choices) == {"plane": "0 1"}, "another run of the same scene keeps what is shown"
