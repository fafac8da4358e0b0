"""Every kind of network with every element: shapes, derivatives, its own generator, and many draws of its weights at once."""

import itertools
from dataclasses import asdict

import pytest
import torch
from torch.func import functional_call, vmap

from elbo_room.models.catalogue import knobs
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.networks import CELLS, NETWORKS, NORMS, POOLINGS, Architecture, FeedForward, build_network
from elbo_room.models.settings import SettingError, validate

SHAPE = (4, 3)
SKIPS = [
    name
    for name in Architecture.__dataclass_fields__
    if name in ("input_reinjection", "identity_residual", "dense_skip")
]
SMALL = {"width": 4, "channels": 4, "kernel": 3, "depth": 3}


def combinations() -> list[Architecture]:
    """Every kind, pooling, cell and norm with every set of skips, thinned by a fixed stride; and every kind at every depth."""
    every = [
        Architecture(network=network, pooling=pooling, cell=cell, norm=norm, intercept=alpha, attention=attention, heads=heads,
                     **SMALL, **dict(zip(SKIPS, skips, strict=True)))
        for network, pooling, cell, norm, alpha, attention, heads in itertools.product(
            NETWORKS, POOLINGS, CELLS, ("none", "layer"), (True, False), ("none", "simplex"), (1, 3))
        for skips in itertools.product((False, True), repeat=3)
        if (network == "recurrence" or cell == "gru") and (network == "token_attention" or heads == 1)
    ]  # fmt: skip
    return every[::23] + [
        Architecture(network=network, **SMALL | {"depth": depth}) for network in NETWORKS for depth in range(5)
    ]


ALL = combinations()


def name_of(kind: Architecture) -> str:
    default = asdict(Architecture(**SMALL))
    return "-".join(str(value) for name, value in asdict(kind).items() if value != default[name]) or "default"


def build(kind: Architecture, seed: int = 0, shape: tuple[int, ...] = SHAPE) -> torch.nn.Module:
    return build_network(kind, shape, 2, torch.Generator().manual_seed(seed)).double()


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(9), dtype=torch.float64)


@pytest.mark.parametrize("kind", ALL, ids=name_of)
class TestNetwork:
    def test_leading_axes_are_free_and_derivatives_are_right(self, kind: Architecture) -> None:
        net = build(kind)
        x = rows(2, 5, 12)
        assert net(x).shape == (2, 5, 2)
        torch.testing.assert_close(net(x)[1, 3], net(x[1, 3]))
        small = rows(1, 12).requires_grad_()
        assert torch.autograd.gradcheck(net, (small,), fast_mode=True)
        grads = torch.autograd.grad(net(x).square().sum(), list(net.parameters()), allow_unused=True)
        assert all(slope is not None for slope in grads), "no idle weights"

    def test_draws_of_the_weights_go_through_at_once(self, kind: Architecture) -> None:
        """vmap over weight draws = a loop over them; so does its gradient."""
        net, x = build(kind), rows(3, 12)
        names = [name for name, _ in net.named_parameters()]
        draws = {name: p.detach() + 0.1 * rows(4, *p.shape) for name, p in net.named_parameters()}

        def value(weights: dict[str, torch.Tensor]) -> torch.Tensor:
            return functional_call(net, weights, (x,))

        together = vmap(value)(draws)  # (4, 3, 2)
        alone = torch.stack([value({name: draws[name][b] for name in names}) for b in range(4)])
        torch.testing.assert_close(together, alone, rtol=1e-10, atol=1e-10)
        slopes = vmap(torch.func.grad(lambda weights: value(weights).square().sum()))(draws)
        one = torch.func.grad(lambda weights: value(weights).square().sum())({name: draws[name][2] for name in names})
        for name in names:
            torch.testing.assert_close(slopes[name][2], one[name], rtol=1e-8, atol=1e-10)

    def test_initial_weights_come_from_the_generator_alone(self, kind: Architecture) -> None:
        torch.manual_seed(1)
        first = build(kind, 4)
        torch.manual_seed(2)
        state = torch.get_rng_state()
        second, other = build(kind, 4), build(kind, 5)
        assert torch.equal(state, torch.get_rng_state())
        assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
        assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind.network == "feed_forward"], ids=name_of)
def test_feed_forward_by_name_is_the_network_that_always_was(kind: Architecture) -> None:
    direct = FeedForward(12, 2, kind, torch.Generator().manual_seed(3))
    named = build_network(kind, SHAPE, 2, torch.Generator().manual_seed(3))
    assert list(direct.state_dict()) == list(named.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(direct.parameters(), named.parameters(), strict=True))


@pytest.mark.parametrize("name", [name for name, part in NETWORKS.items() if part.ordered])
def test_data_without_an_order_are_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match=r"needs ordered data, of shape \(T, C\) or \(H, W\); these have shape \(5,\)"):
        build_network(Architecture(network=name), (5,), 2, torch.Generator())


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"network": "recurrence", "data": "pinwheel"}, "recurrence does not apply. It needs a sequence or an image"),
        ({"network": "convolution_2d", "data": "pinwheel"}, "convolution 2-D does not apply. It needs an image"),
        ({"network": "convolution", "depth": 0}, "needs at least 1 of them"),
        ({"network": "convolution", "pooling": "last"}, "Only a recurrence or token attention"),
        (
            {"norm": "batch"},
            "batch norm does not apply. With it a data point's density depends on the others of its minibatch",
        ),
        ({"norm": "dropout"}, "dropout does not apply. A mask is a draw from a q over weights"),
    ],
)
def test_what_does_not_go_together_is_refused_with_its_reason(values: dict, sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        validate(knobs(), values)


def allowed(chosen: dict) -> dict | None:
    """The whole settings, or None where a rule refuses them."""
    try:
        return validate(knobs(), chosen)
    except SettingError:
        return None


def test_every_other_combination_of_choices_builds() -> None:
    """Whatever the rules let through is a network."""
    choices = [("network", list(NETWORKS)), ("norm", list(NORMS)), ("pooling", list(POOLINGS)), ("depth", [0, 1, 3])]
    built = 0
    for values in itertools.product(*(values for _, values in choices)):
        chosen = dict(zip([name for name, _ in choices], values, strict=True))
        whole = allowed(chosen)
        if whole is not None:
            build(Architecture.of(Settings(**whole)), shape=(8, 8))
            built += 1
    assert built > 40
