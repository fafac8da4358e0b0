"""Three models as one would write them by hand in plain torch, and the same three in Pyro: a loss to call at each step."""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, softplus

LOG_2PI = math.log(2 * math.pi)
Loss = Callable[[], Tensor]


def log_normal(x: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    """log N(x; μ, s²)."""
    return -0.5 * (((x - mean) / scale).square() + LOG_2PI) - scale.log()


def regression(w: Tensor, x: Tensor, sizes: list[int], activation: Callable[[Tensor], Tensor]) -> Tensor:
    """f(x; w) with the weights of every draw in one vector: w (…, P), x (M, D) → (…, M)."""
    h, start = x, 0
    for last, (inputs, outputs) in enumerate(pairwise(sizes), 2):
        theta = w[..., start : start + inputs * outputs].unflatten(-1, (inputs, outputs))
        start += inputs * outputs
        h = h @ theta + w[..., None, start : start + outputs]
        start += outputs
        h = h if last == len(sizes) else activation(h)
    return h.squeeze(-1)


def count(sizes: list[int]) -> int:
    """P."""
    return sum(a * b + b for a, b in pairwise(sizes))


def bayesian(x: Tensor, y: Tensor, sizes: list[int], draws: int) -> tuple[list[Tensor], Loss]:
    """−ELBO/N of a mean-field q(w), w ~ N(0, 1), y ~ N(f(x; w), s²), reparameterised."""
    mean = nn.Parameter(0.5 * torch.randn(count(sizes)))
    log_scale, spread = nn.Parameter(torch.full((count(sizes),), -2.0)), nn.Parameter(torch.tensor(math.log(0.3)))

    def loss() -> Tensor:
        w = mean + log_scale.exp() * torch.randn(draws, len(mean))
        fit = log_normal(y, regression(w, x, sizes, relu), spread.exp()).sum(-1)
        prior = -0.5 * (w.square() + LOG_2PI).sum(-1)
        return -(fit + prior - log_normal(w, mean, log_scale.exp()).sum(-1)).mean() / len(x)

    return [mean, log_scale, spread], loss


def point(x: Tensor, y: Tensor, sizes: list[int]) -> tuple[list[Tensor], Loss]:
    """−log p(y, w | x)/N at one w."""
    w, spread = nn.Parameter(0.5 * torch.randn(count(sizes))), nn.Parameter(torch.tensor(math.log(0.3)))

    def loss() -> Tensor:
        fit = log_normal(y, regression(w, x, sizes, torch.tanh), spread.exp()).sum()
        return -(fit - 0.5 * (w.square() + LOG_2PI).sum()) / len(x)

    return [w, spread], loss


class Autoencoder(nn.Module):
    """Encoder and decoder of two hidden layers of 64 tanh units, z in the plane, one learned spread of x."""

    def __init__(self, features: int) -> None:
        super().__init__()
        tanh = nn.Tanh()
        self.encoder = nn.Sequential(nn.Linear(features, 64), tanh, nn.Linear(64, 64), tanh, nn.Linear(64, 4))
        self.decoder = nn.Sequential(nn.Linear(2, 64), tanh, nn.Linear(64, 64), tanh, nn.Linear(64, features))
        self.raw_scale = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, total: int) -> Tensor:
        """−ELBO per data point − log p(θ)/N of the decoder, B = 1."""
        mean, log_scale = self.encoder(x).chunk(2, -1)
        z = mean + log_scale.exp() * torch.randn_like(mean)
        fit = log_normal(x, self.decoder(z), 0.05 + softplus(self.raw_scale)).sum(-1)
        prior = -0.5 * (z.square() + LOG_2PI).sum(-1)
        theta = sum(p.square().sum() for p in self.decoder.parameters())
        return -(fit + prior - log_normal(z, mean, log_scale.exp()).sum(-1)).mean() + 0.5 * theta / total


def generative(x: Tensor, batch: int) -> tuple[list[Tensor], Loss]:
    """The autoencoder on shuffled minibatches."""
    net, order = Autoencoder(x.shape[1]), [torch.empty(0, dtype=torch.int64)]

    def loss() -> Tensor:
        if len(order[0]) < batch:
            order[0] = torch.randperm(len(x))
        rows, order[0] = order[0][:batch], order[0][batch:]
        loss: Tensor = net(x[rows], len(x))
        return loss

    return [*net.parameters()], loss


def step(parameters: list[Tensor], loss: Loss, step_size: float) -> Callable[[], None]:
    """A step of fused Adam; a hand-written loop looks at the loss too."""
    optimizer = torch.optim.Adam(parameters, step_size, fused=True)

    def one() -> None:
        optimizer.zero_grad()
        found = loss()
        found.backward()
        optimizer.step()
        found.item()

    return one


def pyro_bayesian(x: Tensor, y: Tensor, sizes: list[int], draws: int, step_size: float) -> Callable[[], object]:
    """The same Bayesian network by Pyro's SVI: a mean-field guide, vectorised particles."""
    import pyro
    from pyro import distributions as dist
    from pyro.infer import SVI, Trace_ELBO

    def model() -> None:
        spread = pyro.param("spread", torch.tensor(0.3), constraint=dist.constraints.positive)
        w = pyro.sample("w", dist.Normal(torch.zeros(count(sizes)), 1.0).to_event(1))
        mean = regression(w.squeeze(-2), x, sizes, relu)
        pyro.sample("y", dist.Normal(mean.unsqueeze(-2) if mean.ndim > 1 else mean, spread).to_event(1), obs=y)

    def guide() -> None:
        mean = pyro.param("mean", lambda: 0.5 * torch.randn(count(sizes)))
        log_scale = pyro.param("log_scale", lambda: torch.full((count(sizes),), -2.0))
        pyro.sample("w", dist.Normal(mean, log_scale.exp()).to_event(1))

    pyro.clear_param_store()
    bound = Trace_ELBO(num_particles=draws, vectorize_particles=True, max_plate_nesting=1)
    return SVI(model, guide, pyro.optim.Adam({"lr": step_size}), bound).step
