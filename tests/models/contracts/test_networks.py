"""Every combination of network elements: right shapes, right derivatives, no use of the global seed; and what each
element adds.
"""

import itertools

import pytest
import torch

from elbo_room.models.networks import ACTIVATIONS, ATTENTIONS, Architecture, FeatureAttention, FeedForward

COMBINATIONS = [
    Architecture(
        width=4,
        depth=depth,
        activation=g,
        intercept=alpha,
        input_reinjection=gamma,
        identity_residual=residual,
        attention=attention,
    )
    for g, alpha, gamma, residual, attention, depth in itertools.product(
        ACTIVATIONS, (True, False), (True, False), (True, False), ATTENTIONS, (3,)
    )
] + [Architecture(width=4, depth=depth) for depth in (0, 1, 2, 6)]


def name_of(kind: Architecture) -> str:
    flags = "".join(
        letter
        for letter, on in zip("αγr", (kind.intercept, kind.input_reinjection, kind.identity_residual), strict=True)
        if on
    )
    return f"{kind.activation}-{flags or 'plain'}-{kind.attention}-L{kind.depth}"


def build(kind: Architecture, seed: int = 0) -> FeedForward:
    return FeedForward(3, 2, kind, torch.Generator().manual_seed(seed)).double()


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(9), dtype=torch.float64)


@pytest.mark.parametrize("kind", COMBINATIONS, ids=name_of)
def test_derivatives_in_x_and_in_every_weight(kind: Architecture) -> None:
    net = build(kind)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.1)  # intercepts start at 0, where ReLU units of a zero row would sit on the kink
    x = rows(2, 3).requires_grad_()
    names = [name for name, _ in net.named_parameters()]
    weights = [p.detach().requires_grad_() for p in net.parameters()]

    def run(x: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(net, dict(zip(names, weights, strict=True)), (x,))

    assert torch.autograd.gradcheck(run, (x, *weights), fast_mode=True)
    loss = net(x).square().sum()
    assert all(slope is not None for slope in torch.autograd.grad(loss, list(net.parameters()), allow_unused=True)), (
        "no idle weights"
    )


@pytest.mark.parametrize("kind", COMBINATIONS[::7], ids=name_of)
def test_leading_axes_are_free(kind: Architecture) -> None:
    """(…, P) → (…, D): a stack of draws goes through as its rows do."""
    net = build(kind)
    x = rows(2, 5, 3)
    assert net(x).shape == (2, 5, 2)
    torch.testing.assert_close(net(x)[1, 3], net(x[1, 3]))


@pytest.mark.parametrize("kind", COMBINATIONS[::7], ids=name_of)
def test_initial_weights_come_from_the_generator_alone(kind: Architecture) -> None:
    torch.manual_seed(1)
    first = build(kind, 4)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    second, other = build(kind, 4), build(kind, 5)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True))


def test_formula_of_a_network_with_every_element() -> None:
    """h₁ = g(Θ₁x + α₁), h_ℓ = h_{ℓ−1} + g(Θ_ℓ h_{ℓ−1} + γ_ℓ x + α_ℓ), out = Θ_out h_L + α_out, on x ∘ logistic(αx +
    a).
    """
    net = build(
        Architecture(
            width=4, depth=3, activation="tanh", input_reinjection=True, identity_residual=True, attention="logistic"
        )
    )
    x = rows(5, 3)
    seen = torch.sigmoid(x @ net.attention.scores.weight.T + net.attention.scores.bias) * x
    h = torch.tanh(seen @ net.hidden[0].weight.T + net.hidden[0].bias)
    for layer, again in zip(net.hidden[1:], net.reinjection, strict=True):
        h = h + torch.tanh(h @ layer.weight.T + layer.bias + seen @ again.weight.T)
    torch.testing.assert_close(net(x), h @ net.out.weight.T + net.out.bias)


def test_no_hidden_layer_is_a_linear_map() -> None:
    net = build(Architecture(depth=0))
    x, y = rows(2, 3), rows(4, 3)[2:]
    torch.testing.assert_close(net(x + y) - net(y), net(x) - net(torch.zeros_like(x)))
    assert sum(p.numel() for p in net.parameters()) == 3 * 2 + 2


def test_no_intercept_maps_zero_to_zero() -> None:
    """With an odd g; attention has its own intercept and multiplies x, so it keeps this."""
    for attention in ATTENTIONS:
        net = build(Architecture(width=4, depth=2, activation="tanh", intercept=False, attention=attention))
        assert torch.equal(net(torch.zeros(3, dtype=torch.float64)), torch.zeros(2, dtype=torch.float64))


@pytest.mark.parametrize("kind", [name for name in ATTENTIONS if name != "none"])
def test_attention_weights_are_in_their_set(kind: str) -> None:
    """[0, 1]^P, or the simplex, where features compete."""
    attention = FeatureAttention(3, kind, torch.Generator().manual_seed(0)).double()
    weights = attention.weights(rows(50, 3) * 5).detach()
    assert ((weights >= 0) & (weights <= 1)).all()
    if kind == "simplex":
        torch.testing.assert_close(weights.sum(-1), torch.ones(50, dtype=torch.float64))
    else:
        assert float((weights.sum(-1) - 1).abs().max()) > 0.1
