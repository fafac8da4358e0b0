"""S conditional models of one architecture as one model: Σ_s log p(y_s, w_s | x_s), so that a run trains all of them at once.

Data point i is row i of every replicate. The sum shares nothing between replicates, and q is independent over all S·P weights: its
gradient is each replicate's own, and so is Adam's step. One program of large operations instead of S of small ones.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from elbo_room.models.conditional.model import FLOOR
from elbo_room.models.conditional.settings import Settings
from elbo_room.models.conditional.weight_space import WeightSpace
from elbo_room.models.core import Batch, Factor, Site
from elbo_room.models.families import Normal as NormalFamily
from elbo_room.models.networks import Architecture, build_network
from elbo_room.models.priors import Prior
from elbo_room.models.responses import Chain, Response
from elbo_room.models.variational import Global, Posterior
from elbo_room.models.variational.weights import WEIGHT_POSTERIORS


class Replicates(nn.Module):
    """The log joint of S replicates; the global site "w" holds their S·P weights, and each learns its own s."""

    def __init__(self, space: WeightSpace, response: Response, prior: Prior, count: int, spread: float) -> None:
        super().__init__()
        self.space, self.response, self.count = space, response, count
        self.prior = prior.bind(space.network)
        self.log_spread = nn.Parameter(torch.full((count, 1), math.log(spread)))

    @property
    def sites(self) -> Mapping[str, Site]:
        """The weights, and the prior's own scales where it has any, S times each."""
        own = {n: Site(n, "global", (self.count * each.shape[0],), each.family) for n, each in self.prior.sites.items()}
        return {"w": Site("w", "global", (self.count * self.space.size,), NormalFamily()), **own}

    def chain(self, x: Tensor, w: Tensor) -> Chain:
        """The chain of every replicate under every draw: x (S, M, D), w (B, S, P) → (B, S, M)."""

        def one(x: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
            out: Tensor = functional_call(self.space.network, dict(weights), (x,))
            return out.squeeze(-1)

        out = vmap(vmap(one), in_dims=(None, 0))(x, self.space.named(w))
        return self.response.chain(out, (FLOOR + self.log_spread.exp()).square())

    def factors(self, batch: Batch, latents: Mapping[str, Tensor]) -> list[Factor]:
        """Σ_s log p(y_s | x_s, w_s), (R, B, M), and Σ_s log p(w_s), (R, B)."""
        assert batch.y is not None
        w = latents["w"].unflatten(-1, (self.count, -1))  # (R, B, S, P)
        x, y = batch.x.unflatten(-1, (self.count, -1)).transpose(0, 1), batch.y.T  # (S, M, D), (S, M)
        fit = self.response.log_prob(y, self.chain(x, w.flatten(0, 1))).sum(1)  # (R·B, M)
        own = {name: latents[name].unflatten(-1, (self.count, -1)) for name in self.prior.sites}
        prior = self.prior.log_prob({**self.space.named(w), **own}).sum(-1)
        return [
            Factor("log p(y|x,w)", fit.unflatten(0, w.shape[:2]), frozenset({"w"})),
            Factor("log p(w)", prior, frozenset(self.sites)),
        ]


def build(
    kind: Architecture, inputs: int, response: Response, prior: Prior, count: int, settings: Settings
) -> tuple[Replicates, Posterior]:
    """S replicates and their mean-field q, each started from its own initial weights."""
    generator = torch.Generator().manual_seed(settings.seed)
    spaces = [WeightSpace(build_network(kind, (inputs,), 1, generator)) for _ in range(count)]
    model = Replicates(spaces[0], response, prior, count, settings.spread)
    part, site = WEIGHT_POSTERIORS["mean_field"], Site("w", "global", (spaces[0].size,), NormalFamily())
    first = torch.cat([part.start(site, each.first(), generator).table.detach() for each in spaces], -1)
    own = {name: Global(each) for name, each in model.sites.items() if name != "w"}
    return model, Posterior({"w": Global(model.sites["w"], first), **own})
