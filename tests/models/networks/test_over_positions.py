"""Networks over positions against their formulas, written out as loops; and the invariances of each: shifts, order, simplex."""

import itertools

import pytest
import torch
from torch import Tensor

from elbo_room.models.networks import Architecture, build_network

F64 = torch.float64


def build(network: str, shape: tuple[int, ...], **elements: object):
    kind = Architecture(network=network, **elements)  # type: ignore[arg-type]
    net = build_network(kind, shape, 2, torch.Generator().manual_seed(1)).double()
    with torch.no_grad():
        for p in net.parameters():  # intercepts begin at 0, which would hide a forgotten one
            p.add_(0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(2), dtype=F64))
    return net


def data(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3), dtype=F64)


def close(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kernel", [2, 3, 5])
def test_convolution_is_a_loop_over_positions(kernel: int) -> None:
    net, x = build("convolution", (7, 3), channels=4, kernel=kernel), data(2, 21)
    theta, alpha = net.filters(), net.hidden[0].bias  # (C, 3, k)
    found = net.climb(net.arrange(x))[0]  # (2, 7, C)
    for n, t, c in itertools.product(range(2), range(7), range(4)):
        total = alpha[c]
        for tau in range(kernel):
            u = t + tau - (kernel - 1) // 2
            if 0 <= u < 7:
                total = total + theta[c, :, tau] @ x[n].reshape(7, 3)[u]
        close(found[n, t, c], torch.tanh(total))
    close(net(x), found.flatten(1) @ net.out.weight.T + net.out.bias)


@pytest.mark.parametrize(("network", "shape"), [("convolution", (9, 2)), ("convolution_2d", (6, 5))])
def test_two_layers_equal_torchs_own_convolution(network: str, shape: tuple[int, ...]) -> None:
    net, x = build(network, shape, channels=3, kernel=3, depth=2, pooling="max"), data(4, shape[0] * shape[1])
    hidden = x.reshape(4, *shape).transpose(1, 2) if network == "convolution" else x.reshape(4, 1, *shape)
    convolve = torch.nn.functional.conv1d if network == "convolution" else torch.nn.functional.conv2d
    for layer in range(2):
        hidden = torch.tanh(convolve(hidden, net.filters(layer), net.hidden[layer].bias, padding=1))
    close(net(x), hidden.flatten(2).amax(2) @ net.out.weight.T + net.out.bias)


@pytest.mark.parametrize("skip", ["none", "input_reinjection", "identity_residual", "dense_skip"])
def test_convolution_goes_with_a_shift(skip: str) -> None:
    """Translation equivariance away from the ends; with max pooling the output does not change at all."""
    elements = {} if skip == "none" else {skip: True}
    net = build("convolution", (20, 2), channels=4, kernel=3, depth=3, pooling="max", intercept=False, **elements)
    x = torch.zeros(20, 2, dtype=F64)
    x[6:10] = data(4, 2)
    shifted = x.roll(5, 0)
    here, there = (net.climb(net.arrange(row.flatten()))[-1] for row in (x, shifted))
    close(here.roll(5, 0), there)
    close(net(x.flatten()), net(shifted.flatten()))
    assert not torch.allclose(here, there)


def test_plain_recurrence_unrolled() -> None:
    net, x = build("recurrence", (5, 3), cell="plain", width=4, pooling="last"), data(6, 15)
    h = torch.zeros(6, 4, dtype=F64)
    for t in range(5):
        h = torch.tanh(
            x.reshape(6, 5, 3)[:, t] @ net.hidden[0].weight.T + h @ net.again[0].weight.T + net.hidden[0].bias
        )
    close(net(x), h @ net.out.weight.T + net.out.bias)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_gated_recurrences_equal_torchs_own(cell: str, depth: int) -> None:
    net, x = build("recurrence", (5, 3), cell=cell, width=4, depth=depth, pooling="mean"), data(6, 15)
    order = [0, 1, 2] if cell == "gru" else [0, 1, 3, 2]  # torch writes the LSTM's gates as i, f, g, o
    known = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell](3, 4, depth, batch_first=True).double()
    arranged = lambda value: torch.cat([value.chunk(len(order))[k] for k in order])  # noqa: E731
    with torch.no_grad():
        for layer in range(depth):
            getattr(known, f"weight_ih_l{layer}").copy_(arranged(net.hidden[layer].weight))
            getattr(known, f"weight_hh_l{layer}").copy_(arranged(net.again[layer].weight))
            getattr(known, f"bias_ih_l{layer}").copy_(arranged(net.hidden[layer].bias))
            getattr(known, f"bias_hh_l{layer}").zero_()
    close(net(x), known(x.reshape(6, 5, 3))[0].mean(1) @ net.out.weight.T + net.out.bias)


def test_a_recurrence_hears_only_the_past() -> None:
    net, x = build("recurrence", (6, 2), width=4), data(12).requires_grad_()
    states = net.climb(net.arrange(x))[-1]
    slope = torch.autograd.grad(states[2].sum(), x)[0].reshape(6, 2)
    assert bool((slope[:3] != 0).all())
    assert bool((slope[3:] == 0).all())


def test_token_attention_is_a_loop_over_pairs_of_positions() -> None:
    net, x = build("token_attention", (5, 3), width=4, heads=2), data(15)
    h = x.reshape(5, 3) @ net.embed.weight.T + net.places
    q, k, v = (h @ net.bank[0].weight.T + net.bank[0].bias).chunk(3, -1)  # (5, 4) each
    seen = torch.zeros(5, 4, dtype=F64)
    for head, t in itertools.product(range(2), range(5)):
        part = slice(2 * head, 2 * head + 2)
        scores = torch.stack([q[t, part] @ k[u, part] / 2**0.5 for u in range(5)]).exp()
        weights = scores / scores.sum()
        close(net.attention_map(x)[head, t], weights)
        seen[t, part] = sum(weights[u] * v[u, part] for u in range(5))
    hidden = torch.tanh(seen @ net.hidden[0].weight.T + net.hidden[0].bias)
    close(net(x), hidden.flatten() @ net.out.weight.T + net.out.bias)


def test_every_row_of_a_map_is_on_the_simplex() -> None:
    net = build("token_attention", (6, 2), width=8, heads=4, depth=2, identity_residual=True)
    for layer in range(2):
        weights = net.attention_map(5 * data(3, 12), layer)
        assert weights.shape == (3, 4, 6, 6)
        assert float(weights.detach().min()) >= 0
        close(weights.sum(-1), torch.ones(3, 4, 6, dtype=F64))
    assert not torch.allclose(net.attention_map(data(12), 0), net.attention_map(data(12), 1))


def test_without_places_attention_does_not_know_the_order() -> None:
    """Permuting the tokens permutes rows and columns of the map and leaves the mean; the learned places break this."""
    net, x, order = (
        build("token_attention", (6, 2), width=4, depth=2, pooling="mean"),
        data(6, 2),
        torch.tensor([3, 0, 5, 1, 4, 2]),
    )
    assert not torch.allclose(net(x.flatten()), net(x[order].flatten()))
    with torch.no_grad():
        net.places.zero_()
    close(net(x.flatten()), net(x[order].flatten()))
    close(net.attention_map(x.flatten())[:, order][:, :, order], net.attention_map(x[order].flatten()))


def test_the_formula_of_skips_and_norm() -> None:
    """h_3 = h_2 + g(LN(Θ₃h_2 + γ₃x + Δ₃h_1 + α₃)), and only there the dense skip adds something."""
    elements = {"input_reinjection": True, "identity_residual": True, "dense_skip": True, "norm": "layer"}
    net, x = build("feed_forward", (3,), width=4, depth=3, **elements), data(5, 3)
    assert [tuple(each.weight.shape) for each in net.dense] == [(4, 4)]

    def normed(u: Tensor, norm: torch.nn.LayerNorm) -> Tensor:
        spread = ((u - u.mean(-1, keepdim=True)).square().mean(-1, keepdim=True) + norm.eps).sqrt()
        return norm.weight * (u - u.mean(-1, keepdim=True)) / spread + norm.bias

    def sums(layer: int, h: Tensor) -> Tensor:
        return h @ net.hidden[layer].weight.T + net.hidden[layer].bias

    first = torch.tanh(normed(sums(0, x), net.norms[0]))
    second = first + torch.tanh(normed(sums(1, first) + x @ net.reinjection[0].weight.T, net.norms[1]))
    before = sums(2, second) + x @ net.reinjection[1].weight.T + first @ net.dense[0].weight.T
    third = second + torch.tanh(normed(before, net.norms[2]))
    close(net(x), third @ net.out.weight.T + net.out.bias)


def test_a_dense_skip_with_weight_zero_is_no_skip() -> None:
    net, x = build("feed_forward", (3,), width=4, depth=4, dense_skip=True), data(5, 3)
    plain = build_network(Architecture(width=4, depth=4), (3,), 2, torch.Generator()).double()
    plain.load_state_dict({name: p for name, p in net.state_dict().items() if not name.startswith("dense")})
    assert not torch.allclose(net(x), plain(x))
    with torch.no_grad():
        for each in net.dense:
            each.weight.zero_()
    close(net(x), plain(x))
