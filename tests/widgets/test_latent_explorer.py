"""The latent explorer without a browser: its frames are correct, and a selection goes both ways."""

import time

import numpy as np
import pytest
import torch

from elbo_room.models.data import DATA, from_array
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.diagnostics import embedding
from elbo_room.models.training.run import Run
from elbo_room.widgets import actions
from elbo_room.widgets.messages import Explore
from elbo_room.widgets.worker.pictures import LatentPictures
from elbo_room.widgets.worker.pictures.scores import RATE
from tests.widgets.conftest import eventually

SMALL = {"width": 8, "depth": 1, "batch_size": 32, "stop_at": 100_000}


def pictures(steps: int = 5, **settings) -> LatentPictures:
    run = Run(Settings(**SMALL | {"data": "iris", "latent_size": 4} | settings))
    for _ in range(steps):
        next(run)
    return LatentPictures(run)


def means(drawn: LatentPictures) -> np.ndarray:
    mean, _ = embedding(drawn.run.model, drawn.run.q, drawn.run.data.batch(drawn.rows))
    return mean.numpy()


def cloud(frame: dict) -> dict[str, np.ndarray]:
    return frame["replace"]["latent"]["cloud"]


def test_the_pca_plane_is_numpys_and_does_not_flip_between_frames() -> None:
    drawn = pictures()
    drawn.explore(Explore(plane="pca"))
    first = cloud(drawn.look())
    mean = means(drawn)
    centred = mean - mean.mean(0)
    directions = np.linalg.svd(centred)[2][:2]
    exact = centred @ directions.T
    for name, column in zip("xy", exact.T, strict=True):
        np.testing.assert_allclose(np.abs(first[name]), np.abs(column), atol=1e-4)
    before = drawn.chosen.before
    assert before is not None
    drawn.chosen.before = type(before)(
        before.at, -before.along.flip(0)
    )  # as if the last frame had been drawn the other way
    turned = cloud(drawn.look())
    np.testing.assert_allclose(turned["x"], -first["y"], atol=1e-4)
    np.testing.assert_allclose(turned["y"], -first["x"], atol=1e-4)


def test_decoding_in_a_plane_is_decoding_its_z() -> None:
    """In the PCA plane, and across it with the values of the single pinned datum: at its own place it is its reconstruction."""
    drawn = pictures()
    drawn.explore(Explore(plane="pca", pins=[(0.0, 0.0, 17)]))
    place = {name: float(cloud(drawn.look())[name][17]) for name in "xy"}
    exact = drawn.decoding.picture(drawn.run.model.decode(torch.tensor(means(drawn)[17])))
    np.testing.assert_allclose(drawn.decode(**place), exact, atol=1e-5)
    drawn.explore(Explore(pins=[]))
    drawn.look()
    assert np.abs(drawn.decode(**place) - exact).max() > 1e-3
    np.testing.assert_allclose(drawn.decode(**place, row=17), exact, atol=1e-5)
    drawn.explore(Explore(plane="1 3"))
    frame = drawn.look()
    np.testing.assert_allclose(cloud(frame)["y"], means(drawn)[:, 3], atol=1e-6)
    assert frame["params"]["latent"]["axes"] == [2, 4]


def test_a_path_goes_from_mean_to_mean_while_they_move() -> None:
    drawn = pictures(data="digits", latent_size=3)
    drawn.explore(Explore(pins=[(9.0, 9.0, 3), (9.0, 9.0, 8)]))
    for _ in range(2):
        frame, mean = drawn.look(), torch.tensor(means(drawn))
        walk = drawn.walk()
        assert walk is not None
        stops = torch.lerp(mean[3], mean[8], torch.linspace(0, 1, 8)[:, None])
        assert np.abs(walk["values"].astype(int) - drawn.decoding.picture(drawn.run.model.decode(stops))).max() <= 1
        np.testing.assert_allclose(walk["places"][[0, -1], 0], cloud(frame)["x"][[3, 8]], atol=1e-5)
        next(drawn.run)


def test_draws_from_a_datums_q_keep_their_noise() -> None:
    drawn = pictures()
    drawn.explore(Explore(draw=[11, 1]))
    drawn.look()
    noise = [(drawn.chosen.walks.stops(drawn.space) - drawn.space.mean[11]) / drawn.space.scale[11]]
    next(drawn.run)
    drawn.look()
    noise.append((drawn.chosen.walks.stops(drawn.space) - drawn.space.mean[11]) / drawn.space.scale[11])
    torch.testing.assert_close(noise[0], noise[1], atol=1e-4, rtol=1e-4)
    drawn.explore(Explore(draw=[11, 2]))
    assert (drawn.chosen.walks.stops(drawn.space) - drawn.space.mean[11]).abs().max() > 0
    values = torch.cat([_draws(drawn, seed) for seed in range(300)])
    error = values.std(0) / len(values) ** 0.5
    assert ((values.mean(0) - drawn.space.mean[11]).abs() < 4 * error).all()
    torch.testing.assert_close(values.std(0), drawn.space.scale[11], rtol=0.06, atol=0)


def _draws(drawn: LatentPictures, seed: int) -> torch.Tensor:
    drawn.explore(Explore(draw=[11, seed]))
    found = drawn.chosen.walks.stops(drawn.space)
    assert found is not None
    return found


def test_points_keep_their_datum() -> None:
    """Row i of every frame is the embedding of the same row of the data, asked for alone."""
    table = torch.randn(2500, 3, generator=torch.Generator().manual_seed(0))
    run = Run(Settings(**SMALL | {"data": "own", "latent_size": 2}), from_array(table))
    drawn = LatentPictures(run)
    rows = [int(row) for row in drawn.about()["rows"]]
    assert len(rows) == 2000
    for _ in range(3):
        frame = cloud(drawn.look())
        for place in (0, 999, 1999):
            mean, _ = embedding(run.model, run.q, run.data.batch(torch.tensor([rows[place]])))
            np.testing.assert_allclose([frame["x"][place], frame["y"][place]], mean[0].numpy(), atol=1e-5)
        next(run)


def test_colours_are_what_they_say() -> None:
    drawn = pictures(data="wine")
    assert {name for _, name in drawn.chosen.colours.choices} >= {"label", "kl", "elbo", "fit", "density"}
    drawn.explore(Explore(colour="kl"))
    frame = drawn.look()
    assert cloud(frame)["value"].mean() == pytest.approx(sum(frame["facts"]["kl"]), rel=1e-4)
    assert frame["names"]["latent"] == ["KL of the data point, nats"]
    each = {}
    for name in ("elbo", "fit"):
        drawn.explore(Explore(colour=name))
        each[name] = cloud(drawn.look())["value"]
    spread = float((each["fit"] - each["elbo"]).std()) / len(drawn.rows) ** 0.5
    assert (each["fit"] - each["elbo"]).mean() == pytest.approx(sum(frame["facts"]["kl"]), abs=4 * spread)
    with pytest.raises(ValueError, match="coloured by 'tea'; these data and this model have: label, "):
        drawn.explore(Explore(colour="tea"))


def test_the_batch_of_a_cell_is_a_colour_with_names() -> None:
    data = DATA["cell_lines"].load()
    drawn = LatentPictures(Run(Settings(**SMALL | {"data": "cell_lines", "response": "poisson", "latent_size": 2})))
    drawn.explore(Explore(colour="batch"))
    frame = drawn.look()
    assert frame["names"]["latent"] == list(data.covariate_names)
    assert len(data.covariate_names) == 3
    np.testing.assert_array_equal(cloud(frame)["value"], data.covariates.argmax(1))  # type: ignore[union-attr]
    genes = [name for name in dict(drawn.chosen.colours.choices).values() if name.startswith("feature")]
    drawn.explore(Explore(colour=genes[0]))
    column = data.x[:, int(genes[0].split()[1])]
    np.testing.assert_allclose(cloud(drawn.look())["value"], column.log1p(), rtol=1e-6)


def test_marked_data_have_their_own_kl_and_mean_picture() -> None:
    drawn = pictures(data="digits", latent_size=2)
    drawn.explore(Explore(rows=[5, 6]))
    both, decoded = (drawn.look()["replace"][chart]["marked"] for chart in ("kl", "latent"))
    mean = torch.tensor(means(drawn)[[5, 6]]).mean(0)
    assert np.abs(decoded["picture"].astype(int) - drawn.decoding.picture(drawn.run.model.decode(mean))).max() <= 1
    one = [(drawn.explore(Explore(rows=[row])), drawn.look()["replace"]["kl"]["marked"]["value"])[1] for row in (5, 6)]
    np.testing.assert_allclose(both["value"], np.mean(one, 0), rtol=1e-5)
    drawn.explore(Explore(rows=[]))
    assert len(drawn.look()["replace"]["kl"]["marked"]["value"]) == 0
    with pytest.raises(ValueError, match="not on the map, which shows 1797 data"):
        drawn.explore(Explore(rows=[1797]))


def test_the_manifold_is_drawn_only_where_it_is_seen() -> None:
    """Nodes are the decoder's own, x fastest; a linear decoder magnifies everywhere alike. Nor is the cloud made for nobody."""
    drawn = pictures(data="pinwheel", latent_size=2, depth=0)
    assert "manifold" not in drawn.look()["replace"]
    drawn.watched = frozenset({"network"})
    assert "cloud" not in drawn.look()["replace"]["latent"]
    drawn.watched = frozenset({"manifold"})
    frame = drawn.look()
    found, params = frame["replace"]["manifold"]["grid"], frame["params"]["manifold"]
    low, high = params["domain"][:2]
    np.testing.assert_allclose(found["decoded"][1], drawn.decode(low + (high - low) / 24, low), atol=1e-5)
    assert params["factor"][0] == pytest.approx(params["factor"][1], rel=1e-2)
    basis = (drawn.run.model.decode(torch.eye(2)) - drawn.run.model.decode(torch.zeros(2))).detach()
    assert params["factor"][0] == pytest.approx(float(torch.linalg.det(basis).abs()), rel=1e-2)


def test_scores_come_at_leisure_and_rarely_in_training(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    drawn = pictures(data="iris")
    drawn.look()
    assert drawn.scores(leisure=False) is None
    found = drawn.scores(leisure=True)
    assert found is not None
    assert found.keys() == {"ari", "nmi", "silhouette"}
    now[0] += 0.9 / RATE
    with monkeypatch.context() as without:
        without.setattr("elbo_room.widgets.worker.pictures.scores.grouping", None)  # not even asked for
        assert drawn.scores(leisure=False) is None, "nothing new"
    now[0] += 0.2 / RATE
    assert drawn.scores(leisure=False) is not None


def test_looking_around_changes_nothing_of_the_run() -> None:
    plain = [step.elbo for step, _ in zip(Run(Settings(**SMALL | {"data": "iris"})), range(12), strict=False)]
    drawn = pictures(steps=0, latent_size=2)
    drawn.watched, seen = frozenset({"manifold", "latent", "kl"}), []
    for name in [name for _, name in drawn.chosen.colours.choices][:12]:
        drawn.explore(Explore(colour=name, rows=[1, 2], draw=[3, 1]))
        drawn.look(), drawn.grid(), drawn.walk(), drawn.scores(leisure=True)
        seen.append(next(drawn.run).elbo)
    assert seen == plain[: len(seen)]
    assert len(seen) >= 5


def test_a_selection_goes_from_the_page_to_python_and_back(lab) -> None:
    """Of the 1,797 digits the example's map has 1,000, evenly taken: its places 3, 4 and 5 are the rows 5, 7 and 9."""
    room = lab()
    eventually(lambda: room.painter.map.rows)
    chart = room.screen.chart("latent")
    chart._on_message(None, {"kind": "lasso", "rows": [3, 5, 4]}, None)
    eventually(lambda: room.selection == (5, 7, 9) and "3 data points selected: 1 × 5" in room.screen.caption.value)
    assert "Panel D marks their KL once you press Run" in room.screen.caption.value, "there is no run yet that could"
    room.selection = [7, 2]
    assert room.selection == (2, 7)
    eventually(lambda: "2 data points selected" in room.screen.caption.value)
    (held,) = [held for (kind, _), held in room.screen.bus._kept.items() if kind == "selection"]
    assert np.frombuffer(held[1][0], np.float32).tolist() == [room.painter.map.rows.index(row) for row in (2, 7)]
    with pytest.raises(Exception, match="rows are counted from 0"):
        room.selection = [-1]
    room.selection = ()
    eventually(lambda: "selected" not in room.screen.caption.value)


def test_a_new_run_of_the_same_data_keeps_the_selection(lab) -> None:
    room = lab({"data": "pinwheel", "latent_size": 3, **SMALL})
    room.act(Explore(plane="pca"))  # before there is a run: nothing happens
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.painter.map.rows)
    room.selection = [1, 2, 3]
    room.screen.plane.value = "pca"
    eventually(lambda: room.screen.chart("latent").params.get("principal", 0) > 0)
    eventually(lambda: len(room.screen.bus._newest[("kl", "marked")].items["value"]) == 3)
    room.post(actions.Reset())
    eventually(lambda: room.painter.facts["number"] == 0 and room.state == "paused")
    assert room.selection == (1, 2, 3)
    assert room.screen.plane.value == "pca"
    eventually(lambda: room.screen.chart("latent").params.get("principal", 0) > 0)
    room.post(actions.SetKnob("data", "iris"))
    room.post(actions.Run())
    eventually(lambda: room.selection == ())


def test_selected_rows_are_the_datas_own_where_not_all_are_on_the_map(lab) -> None:
    """Of 2,500 rows 2,000 are drawn, evenly taken: place 1000 of the map is row 1250 of the data."""
    table = torch.randn(2500, 3, generator=torch.Generator().manual_seed(0)).numpy()
    room = lab({**SMALL, "latent_size": 2}, data=table)
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.painter.map.rows)
    room.screen.chart("latent")._on_message(None, {"kind": "lasso", "rows": [1000, 0]}, None)
    eventually(lambda: room.selection == (0, 1250))
    room.selection = [1, 4, 2499]
    eventually(lambda: "3 data points selected" in room.screen.caption.value)
    assert "1 of them are not on the map" in room.screen.caption.value
