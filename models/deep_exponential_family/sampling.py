"""Ancestral sampling, z_L → … → z_1 → x; and the network that remains if every layer takes its mean: σ → 0 in Gaussian layers."""

from collections.abc import Mapping

import torch
from torch import Tensor

from elbo_room.models.core import Batch
from elbo_room.models.deep_exponential_family.model import DeepExponentialFamily, Seen
from elbo_room.models.inference.noise import draw_noise
from elbo_room.models.variational import Posterior


@torch.no_grad()
def weights_of(model: DeepExponentialFamily, q: Posterior, batch: Batch) -> dict[str, Tensor]:
    """Each weight site's value at the centre of its q, (1, 1, P); empty if the weights are a point mass."""
    found = {}
    for name, site in model.sites.items():
        if site.plate == "global":
            nu = q.nu(site, batch)
            centre = site.family.expectation(nu).log() if model.plan.weights.positive else site.family.mean(nu)
            found[name] = centre[None, None]
    return found


@torch.no_grad()
def sample(
    model: DeepExponentialFamily, count: int, generator: torch.Generator, weights: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Draws from p: each layer's signal z_L, …, z_1 and x's mean and value, (count, ·); `weights` by site, if they are latent."""
    above, found = Seen(torch.empty(0), frozenset()), {}  # nothing above the top
    layers = len(model.plan.layers)
    for number in range(layers, 0, -1):
        kind, width = model.plan.layers[number - 1]
        nu, _ = model.parameters_of(number, above if number < layers else None, weights)
        shape = kind.density.noise_shape((1, 1, count, width))
        nu = nu.expand(1, 1, count, *nu.shape[-2:])
        signal = kind.signal(kind.density.transform(kind.density.noise(shape, generator, nu.dtype), nu))
        above = Seen(signal, frozenset())
        found[f"z{number}"] = signal[0, 0]
    u, _ = model.u(0, above, weights)
    mean = model.plan.response.mean(u, model.positive(0), model.scales)[0, 0]
    raw = None if model.raw_scale is None else model.raw_scale
    return found | {"mean": mean, "x": model.plan.response.sample(mean, generator, raw)}


@torch.no_grad()
def reconstruction(
    model: DeepExponentialFamily,
    q: Posterior,
    batch: Batch,
    generator: torch.Generator,
    weights: Mapping[str, Tensor],
) -> Tensor:
    """E[x | z₁] at one draw of z ~ q(z | x) for each row: (M, D); `weights` by site, if they are latent."""
    noise = draw_noise(model, batch, 1, 1, generator, torch.float32, "iid")
    latents: dict[str, Tensor] = {}
    for name, site in model.sites.items():
        if site.plate == "local":
            nu = q.nu(site, batch, latents)
            latents[name] = site.family.transform(noise[name], nu.expand(1, 1, *nu.shape[-3:]))
    signal = model.plan.layers[0][0].signal(latents["z1"])
    u, _ = model.u(0, Seen(signal, frozenset()), weights)
    mean: Tensor = model.plan.response.mean(u, model.positive(0), model.scales)[0, 0]
    return mean


@torch.no_grad()
def network(model: DeepExponentialFamily, top: Tensor, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Every layer below the top at its mean given the one above: the top's signal (count, K) → signals, and x's mean."""
    above = Seen(top[None, None], frozenset())
    found = {f"z{len(model.plan.layers)}": top}
    for number in range(len(model.plan.layers) - 1, 0, -1):
        nu, _ = model.parameters_of(number, above, weights)
        above = Seen(model.plan.layers[number - 1][0].expected_signal(nu), frozenset())
        found[f"z{number}"] = above.signal[0, 0]
    u, _ = model.u(0, above, weights)
    return found | {"mean": model.plan.response.mean(u, model.positive(0), model.scales)[0, 0]}


@torch.no_grad()
def units(
    model: DeepExponentialFamily, q: Posterior, batch: Batch, generator: torch.Generator, draws: int = 4
) -> dict[str, tuple[Tensor, Tensor]]:
    """For every unit of each layer: E_q of its signal (K·per_unit,), and E_q[log q(z_k) − log p(z_k | above)] (K,), per data point."""
    noise = draw_noise(model, batch, 1, draws, generator, torch.float32, "iid")
    latents: dict[str, Tensor] = {}
    log_q: dict[str, Tensor] = {}
    for name, site in model.sites.items():
        nu = q.nu(site, batch, latents)
        nu = nu if site.plate == "local" else nu[None]
        nu = nu.expand(1, draws, *nu.shape[-3:])
        value = site.family.transform(noise[name], nu)
        log_q[name] = site.family.log_prob(value, nu)
        latents[name] = value if site.plate == "local" else value[:, :, 0]
    found: dict[str, tuple[Tensor, Tensor]] = {}
    above = None
    for number in range(len(model.plan.layers), 0, -1):
        name = f"z{number}"
        log_p, above = model.layer_log_prob(number, above, latents)
        found[name] = (above.signal.mean((0, 1, 2)), (log_q[name] - log_p).mean((0, 1, 2)))
    return found


@torch.no_grad()
def matrices(model: DeepExponentialFamily, q: Posterior, batch: Batch) -> list[Tensor]:
    """The weights between layers, from the data upwards, at the centre of their q: (O, I) each."""
    centres = weights_of(model, q, batch)
    found = []
    for join in model.joins():
        weight = join.weight if join.site is None else join.matrix(centres[join.name])[0][0, 0]
        found.append(weight.detach())
    return found


def top_features(weight: Tensor, positive: bool, count: int) -> tuple[Tensor, Tensor]:
    """Each unit's features with the largest weights (for positive ones: p log p/p̄ among units), and their scores: (I, count)."""
    if positive:
        share = weight / weight.sum(0).clamp_min(1e-30)  # (D, I), each unit's own distribution over the features
        score = share * (share.clamp_min(1e-30) / share.mean(1, keepdim=True).clamp_min(1e-30)).log()
    else:
        score = weight
    values, index = score.topk(min(count, len(score)), 0)
    return index.T, values.T
