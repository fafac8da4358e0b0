"""The network of `_belief_network` in Pyro: the same weights and logits, and `TraceGraph_ELBO` with the baselines it offers."""

import copy
from dataclasses import dataclass

import pyro
import pyro.distributions as dist
import torch
from pyro.infer import SVI, TraceGraph_ELBO
from pyro.optim import Adam
from torch import Tensor, nn

from elbo_room.models.training.run import Run
from tests.benchmarks._belief_network import LOW, TOP

AVERAGE = "__baseline_avg_downstream_cost_"  # Pyro's own name for what a decaying average remembers of a site


class NeuralBaseline(nn.Module):
    """A small network of x, in units of the terms it predicts: Pyro's are scaled by N/M."""

    def __init__(self, features: int, scale: float, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(features, LOW), nn.Tanh(), nn.Linear(LOW, 1))
        self.scale, self.shape = scale, shape

    def forward(self, x: Tensor) -> Tensor:
        return (self.scale * self.net(x).squeeze(-1)).expand(self.shape)


@dataclass(frozen=True)
class Kind:
    """The options passed to Pyro."""

    key: str
    label: str
    vectorized: bool = True
    average: bool = False
    neural: bool = False


KINDS = (
    Kind("loop", "Pyro, loop over draws", vectorized=False),
    Kind("loop_average", "Pyro, loop, decaying average", vectorized=False, average=True),
    Kind("vectorized", "Pyro, vectorised"),
    Kind("average", "Pyro, vectorised, decaying average", average=True),
    Kind("neural", "Pyro, vectorised, average + neural", average=True, neural=True),
)


class Pyro:
    """One of Pyro's methods, on its own copy of a run's parameters; names carry the kind, for Pyro's parameter store is global."""

    def __init__(self, kind: Kind, run: Run, step_size: float) -> None:
        self.kind, self.data, self.draws, self.size = kind, run.data, run.settings.draws, run.settings.batch_size
        self.net, self.q = copy.deepcopy(run.model), copy.deepcopy(run.q)
        shape = (self.draws, self.size) if kind.vectorized else (self.size,)
        scale = self.data.size / self.size
        self.baselines = {
            site: NeuralBaseline(self.data.x.shape[1], scale, shape) if kind.neural else None for site in self.net.sites
        }
        loss = TraceGraph_ELBO(num_particles=self.draws, vectorize_particles=kind.vectorized, max_plate_nesting=1)
        optimizer = Adam(lambda name: {"lr": 0.01 if "baseline" in name else step_size})
        self.svi, self.loss = SVI(self.model, self.guide, optimizer, loss), loss

    def name(self, part: str) -> str:
        return f"{self.kind.key}_{part}"

    def model(self, x: Tensor, rows: Tensor) -> None:
        net = pyro.module(self.name("network"), self.net)
        with pyro.plate("data", self.data.size, subsample=rows):
            top = pyro.sample(self.name("top"), dist.Bernoulli(logits=net.first.expand(TOP)).to_event(1))
            low = pyro.sample(self.name("low"), dist.Bernoulli(logits=net.deep(top)).to_event(1))
            pyro.sample(self.name("x"), dist.Bernoulli(logits=net.wide(low)).to_event(1), obs=x)

    def guide(self, x: Tensor, rows: Tensor) -> None:
        pyro.module(self.name("q"), self.q)
        options = {}
        for site, network in self.baselines.items():
            given = {"use_decaying_avg_baseline": self.kind.average}
            if network is not None:
                given |= {"nn_baseline": pyro.module(self.name(f"baseline_{site}"), network), "nn_baseline_input": x}
            options[site] = {"baseline": given}
        with pyro.plate("data", self.data.size, subsample=rows):
            for site, found in options.items():
                logits = self.q.by_site[site].table[rows, 0]  # (M, K)
                pyro.sample(self.name(site), dist.Bernoulli(logits=logits).to_event(1), infer=found)

    def step(self, rows: Tensor, *, checked: bool = False) -> float:
        """One step of stochastic variational inference; −ELBO of all the data. `checked`: with Pyro's own checks, its default."""
        pyro.enable_validation(checked)
        return self.svi.step(self.data.x[rows], rows)

    def gradients(self, rows: Tensor, replicates: int, *, keep_average: bool) -> tuple[dict[str, Tensor], Tensor]:
        """∇_ν of each data point's ELBO by site, (R, M, 1, K), and the ELBO per data point (R,); `keep_average`: hold the average still."""
        tables = {site: self.q.by_site[site].table for site in self.net.sites}
        found, elbos, store = {site: [] for site in tables}, [], pyro.get_param_store()
        held = {name: store[name].detach().clone() for site in tables if (name := AVERAGE + self.name(site)) in store}
        for _ in range(replicates):
            for parameter in (*self.net.parameters(), *self.q.parameters()):
                parameter.grad = None
            elbos.append(-self.loss.loss_and_grads(self.model, self.guide, self.data.x[rows], rows) / self.data.size)
            for site, table in tables.items():
                found[site].append(-table.grad[rows] * (self.size / self.data.size))  # Pyro scales a minibatch by N/M
            for name, value in held.items() if keep_average else ():
                store[name] = value.clone()
        return {site: torch.stack(each) for site, each in found.items()}, torch.tensor(elbos)
