"""The diagram is correct: an edge is the weight between the two units that it joins, in every kind of network."""

import numpy as np
import pytest
import torch

from elbo_room.models.data import gerbil, planted_motifs
from elbo_room.models.data.dna import correlation, known_motifs
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.networks import NETWORKS, Architecture, build_network
from elbo_room.models.training.run import Run
from elbo_room.widgets.screen.network_diagram import selection
from elbo_room.widgets.worker.pictures.attention import ShownText, attention_part, tokens_of
from elbo_room.widgets.worker.pictures.drawing import ARC, IDENTITY, LINE, LOOP, MOST
from elbo_room.widgets.worker.pictures.latent import LatentPictures
from elbo_room.widgets.worker.pictures.network import NetworkPicture, of_deep_generative
from elbo_room.widgets.worker.pictures.positions import filters_part

SKIPS = {"input_reinjection": True, "dense_skip": True, "identity_residual": True}


def drawn(network: str, **elements):
    kind = Architecture(network=network, **{"width": 20, "channels": 20, "depth": 3, **SKIPS, **elements})
    net = build_network(kind, (8, 5), 3, torch.Generator().manual_seed(1))
    picture = NetworkPicture()
    picture.add(net, "", "x", "y")
    return net, picture, picture.about()["static"]["network"]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_line_moves_the_unit_that_it_ends_in_and_no_other(network: str) -> None:
    """Adding to the weights behind the lines into one unit changes that unit of the first hidden layer alone."""
    net, picture, _ = drawn(network, attention="none")
    x = torch.randn(4, 40, generator=torch.Generator().manual_seed(2))
    start = net.arrange(x) if hasattr(net, "arrange") else x
    before = net.climb(start)[0].detach()
    lines = next(each for each in picture.bundles if each.parameter == "hidden.0.weight")
    shown = picture.columns[lines.target].shown
    for i in (0, 5, len(shown) - 1):
        weight = net.hidden[0].weight
        old = weight.detach().clone()
        with torch.no_grad():
            weight.reshape(-1)[lines.places[i].reshape(-1)] += 0.5
            change = (net.climb(start)[0] - before).abs()
            change = change[:, 0] if network == "recurrence" else change  # later, h_t−1 carries it to all units
            moved = change.reshape(-1, before.shape[-1]).amax(0) > 1e-7
            weight.copy_(old)
        assert moved.nonzero().flatten().tolist() == [int(shown[i])]


@pytest.mark.parametrize("network", NETWORKS)
def test_lines_into_the_output_begin_at_their_unit(network: str) -> None:
    net, picture, _ = drawn(network)
    lines = next(each for each in picture.bundles if each.parameter == "out.weight")
    below, width = picture.columns[lines.source], 20
    for j, unit in enumerate(below.shown.tolist()):
        assert set((lines.places[:, j] % net.out.in_features % width).flatten().tolist()) == {unit}


def test_values_are_the_weights_and_largest_where_many_share_a_line() -> None:
    net, picture, static = drawn("feed_forward", depth=1, **dict.fromkeys(SKIPS, False))
    edges, value = static["edges"], picture.look()["replace"]["network"]["weights"]["value"]
    names = list(picture.parameters)
    for k in range(0, len(value), 17):
        parameter = picture.parameters[names[int(edges["parameter"][k])]].reshape(-1)
        assert value[k] == pytest.approx(float(parameter[int(edges["element"][k])]))
    net, picture, _ = drawn("convolution", depth=1, kernel=3, **dict.fromkeys(SKIPS, False))
    value = picture.values().reshape(-1)
    first = net.filters().detach()[0]  # (inputs, k)
    assert value[:3].tolist() == [pytest.approx(float(tap[tap.abs().argmax()])) for tap in first.T]


@pytest.mark.parametrize("network", NETWORKS)
def test_every_element_is_in_the_drawing(network: str) -> None:
    """Arcs for γ and Δ, a sum for each identity, loops in a recurrence; at most MOST units of a layer."""
    _, picture, static = drawn(network)
    kinds = [bundle.kind for bundle in picture.bundles]
    assert (kinds.count(ARC), kinds.count(IDENTITY)) == (2 + 1, 2)
    assert kinds.count(LOOP) == (3 if network == "recurrence" else 0)
    assert max(len(column.shown) for column in picture.columns) == MOST
    edges, nodes = static["edges"], static["nodes"]
    assert len(edges["kind"]) == len(picture.values())
    straight = edges["kind"] == LINE
    source, target = (nodes["column"][edges[end][straight].astype(int)] for end in ("source", "target"))
    assert np.array_equal(source + 1, target)


def test_weights_travel_only_while_somebody_looks() -> None:
    run = Run(Settings(width=8, stop_at=3))
    pictures = LatentPictures(run)
    words = pictures.about()["labels"]["network"]
    assert "encoder.hidden.0.weight" in words
    assert "decoder.out.bias" in words
    assert "network" not in pictures.look()["replace"]
    pictures.watched = frozenset({"network"})
    first = pictures.look()["replace"]["network"]["weights"]["value"]
    for _ in run:
        pass
    assert not np.array_equal(first, pictures.look()["replace"]["network"]["weights"]["value"])


def test_a_click_names_a_parameter_or_a_unit_of_a_site() -> None:
    labels = ["x", "z", "2", "2 drawn", "w.weight", "w.bias", "z"]
    clicked = {"layer": 1, "unit": 1, "parameter": 0, "element": 7, "site": -1, "columns": 2, "parameters": 2}
    assert selection(labels, clicked) == {"name": "w.weight", "unit": 7, "layer": 1}
    assert selection(labels, clicked | {"site": 0}) == {"name": "z", "unit": 1, "layer": 1}
    assert selection(labels, clicked | {"parameter": -1}) is None
    assert selection(labels, clicked | {"parameter": "x"}) is None
    assert selection(labels, clicked | {"parameter": 99}) is None


def test_the_attention_map_shows_the_notes_sentence_and_rows_that_sum_to_one() -> None:
    data = gerbil()
    net = build_network(
        Architecture(network="token_attention", heads=2, width=8),
        data.shape,
        8,
        torch.Generator().manual_seed(0),
        padded=True,
    )
    part = attention_part(net, ShownText(data))
    cells = part["replace"]["attention_map"]["cells"]
    text, shade, *words = part["names"]["attention_map"]
    assert (text, shade) == ("kid", "pale 0.083: at all alike · full 0.2")
    assert words[:12] == ["the", "big", "dog", "ate", "my", "kid", "'s", "gerbil", "and", "she", "was", "sad"]
    assert len(words) == 12 + 2 * 12, "labels of the rows, and of each head's columns, at the sentence's own length"
    assert part["params"]["attention_map"] == {"xHigh": 2 * 13 - 1, "yHigh": 12, "valueEven": 1 / 12, "valueHigh": 0.2}
    assert 0.1 < cells["value"].max() <= 0.2, (
        "the fullest colour stands for at least the largest weight, and not for much more"
    )
    assert tokens_of(data, data.x[0])[-1] in ("sad", "angry", "crying", "full", "fed", "happy")
    for head in range(2):
        columns = (cells["x"] >= 13 * head) & (cells["x"] < 13 * head + 12)
        for row in range(12):
            assert cells["value"][columns & (cells["y"] == row)].sum() == pytest.approx(1, abs=1e-5)


def test_a_filter_stands_under_its_motif() -> None:
    """A filter that is the motif itself, shifted by 2: the same colours in the same columns, and r = 1."""
    data = planted_motifs()
    net = build_network(
        Architecture(network="convolution", kernel=15, channels=4), data.shape, 4, torch.Generator().manual_seed(0)
    )
    motif = known_motifs()["CREB1"]
    with torch.no_grad():
        weight = net.hidden[0].weight.unflatten(1, (4, 15))
        weight[2] = 0.0
        weight[2, :, 2 : 2 + len(motif)] = (motif / 0.25).log().T
    assert correlation(net.filters().detach(), motif)[1:] == (2, 2)
    part = filters_part(net, data)
    cells = part["replace"]["filters"]["cells"]
    table = {(x, y): value for x, y, value in zip(cells["x"], cells["y"], cells["value"], strict=True)}
    truth = [(place, value) for place, value in table.items() if place[1] < 4][: 4 * len(motif)]
    assert all(table[x, y + 5] == pytest.approx(value, abs=1e-5) for (x, y), value in truth)
    assert "filter 3, r = 1.00" in part["names"]["filters"]


@pytest.mark.parametrize("decoder", ["network", "gradient_map", "convolution"])
def test_every_decoder_of_a_deep_generative_model_has_a_drawing(decoder: str) -> None:
    run = Run(Settings(decoder=decoder, latent_size=3, scale_head="shared"))
    picture = of_deep_generative(run.model, run.q)
    assert [column.title for column in picture.columns][:5] == ["x", "h₁", "h₂", "ν", "z"]
    assert len(picture.look()["replace"]["network"]["weights"]["value"]) == len(
        picture.about()["static"]["network"]["edges"]["source"]
    )
    if decoder == "gradient_map":
        lines = picture.bundles[-1]
        assert torch.equal(
            lines.places.flatten(), torch.arange(64 * 3).reshape(64, 3)[picture.columns[-1].shown].flatten()
        )
        assert torch.equal(picture.parameters[lines.parameter], run.model.decoder.frame.detach())
