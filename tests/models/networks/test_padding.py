"""Texts of different length: in every network over positions a padded text gives the same result as alone, and padding gets no gradient."""

import itertools

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, vmap

from elbo_room.models.data import Dataset
from elbo_room.models.networks import Architecture, build_network

LONG, TOKENS, WIDTH = 7, 5, 4
NETWORKS = [
    *({"network": "recurrence", "cell": cell} for cell in ("plain", "gru", "lstm")),
    {"network": "convolution", "kernel": 3, "channels": WIDTH},
    {"network": "convolution", "kernel": 4, "channels": WIDTH, "identity_residual": True, "input_reinjection": True},
    {"network": "convolution_2d", "kernel": 3, "channels": WIDTH},
    {"network": "token_attention"},
    {"network": "token_attention", "heads": 2, "dense_skip": True, "depth": 3, "norm": "layer"},
]
CASES = [
    {"width": WIDTH, "depth": 2, "heads": 1, "pooling": pooling, "attention": attention, **kind}
    for kind, pooling, attention in itertools.product(NETWORKS, ("positions", "mean", "max", "last"), ("none", "simplex"))
    if pooling != "last" or not kind["network"].startswith("convolution")
]  # fmt: skip


def name_of(case: dict) -> str:
    return "-".join(
        str(case[name]) for name in ("network", "cell", "kernel", "depth", "pooling", "attention") if name in case
    )


def network(case: dict, length: int, *, padded: bool):
    net = build_network(
        Architecture(**case), (length, TOKENS), 2, torch.Generator().manual_seed(1), padded=padded
    ).double()
    with torch.no_grad():
        for p in net.parameters():  # intercepts begin at 0, which would hide what they add at padding
            p.add_(0.3 * torch.randn(p.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64))
    return net


def texts(lengths: tuple[int, ...], seed: int = 3) -> Tensor:
    """(N, LONG · TOKENS), zeros behind the last token."""
    drawn = torch.randint(TOKENS, (len(lengths), LONG), generator=torch.Generator().manual_seed(seed))
    x = torch.nn.functional.one_hot(drawn, TOKENS).double()
    return (x * (torch.arange(LONG) < torch.tensor(lengths)[:, None])[..., None]).flatten(1)


def alone(net, case: dict, length: int):
    """The network for texts of just this length, with the same weights: those of the later positions are cut off."""
    short = network(case, length, padded=False)
    kept = net.state_dict()
    per_place = 1 if case["network"] != "convolution_2d" else TOKENS
    for name, own in short.state_dict().items():
        if own.shape != kept[name].shape:
            places = tuple(slice(size) for size in own.shape)
            assert name in ("places", "out.weight", "attention.scores.weight", "attention.scores.bias")
            assert name != "out.weight" or own.shape[1] == length * per_place * WIDTH
            kept[name] = kept[name][places]
    short.load_state_dict(kept)
    return short


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_padded_text_gives_what_it_gives_alone(case: dict) -> None:
    """Among texts of other lengths, and at the full length, too."""
    lengths = (3, 1, LONG, 5)
    net, x = network(case, LONG, padded=True), texts(lengths)
    together = net(x)
    for row, length in enumerate(lengths):
        short = alone(net, case, length)
        torch.testing.assert_close(together[row], short(x[row, : length * TOKENS]), rtol=1e-12, atol=1e-12)
    forgotten = network(case, LONG, padded=False)(x)  # the mutant: same weights, no mask
    changed = (forgotten - together).detach().abs().amax(1)
    assert float(changed.max()) > 1e-3
    assert float(changed[2]) < 1e-12


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_padding_gets_no_gradient(case: dict) -> None:
    """d output / d weights of the later positions is exactly 0; that of every other parameter is the one of the text alone."""
    length = 4
    net, x = network(case, LONG, padded=True), texts((length,))
    short = alone(net, case, length)
    net(x).square().sum().backward()
    short(x[:, : length * TOKENS]).square().sum().backward()
    own = dict(short.named_parameters())
    for name, parameter in net.named_parameters():
        slope, theirs = parameter.grad, own[name].grad
        assert slope is not None
        assert theirs is not None
        kept = tuple(slice(size) for size in theirs.shape)
        torch.testing.assert_close(slope[kept], theirs, rtol=1e-10, atol=1e-12)
        rest = slope.clone()
        rest[kept] = 0
        assert bool((rest == 0).all()), name


@pytest.mark.parametrize("case", [case for case in CASES if case["attention"] == "none"], ids=name_of)
def test_many_draws_of_the_weights_see_the_same_padding(case: dict) -> None:
    net, x = network(case, LONG, padded=True), texts((2, 6, LONG))
    noise = torch.Generator().manual_seed(5)
    draws = {
        name: p.detach() + 0.1 * torch.randn((3, *p.shape), generator=noise, dtype=p.dtype)
        for name, p in net.named_parameters()
    }
    together = vmap(lambda weights: functional_call(net, weights, (x,)))(draws)
    for b in range(3):
        each = network(case, LONG, padded=True)
        each.load_state_dict({name: value[b] for name, value in draws.items()})
        torch.testing.assert_close(together[b], each(x), rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(together[b, 0], alone(each, case, 2)(x[0, : 2 * TOKENS]), rtol=1e-10, atol=1e-10)


def test_rows_of_the_map_sum_to_one_over_the_text() -> None:
    lengths = (3, LONG)
    net = network({"network": "token_attention", "width": WIDTH, "depth": 2, "heads": 2}, LONG, padded=True)
    for layer in range(2):
        weights = net.attention_map(texts(lengths), layer)  # (2, heads, T, T)
        for row, length in enumerate(lengths):
            assert bool((weights[row, :, :, length:] == 0).all())
            total = weights[row, :, :length, :length].sum(-1)
            torch.testing.assert_close(total, torch.ones_like(total), rtol=1e-12, atol=1e-12)


def test_a_text_with_a_gap_or_without_a_token_is_refused() -> None:
    def data(x: Tensor) -> Dataset:
        return Dataset(
            name="mine",
            x=x.float(),
            labels=torch.zeros(len(x), dtype=torch.int64),
            label_names=("all",),
            shape=(LONG, TOKENS),
            padded=True,
        )

    x = texts((3, 4, LONG))
    assert data(x).lengths.tolist() == [3, 4, LONG]
    gap, empty = x.clone(), x.clone()
    gap[1, TOKENS : 2 * TOKENS] = 0
    empty[2] = 0
    for wrong, row in ((gap, 1), (empty, 2)):
        with pytest.raises(
            ValueError, match=f"Row {row} of mine is empty or has a gap. A padded text has one indicator"
        ):
            data(wrong)
