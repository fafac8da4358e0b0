"""The lab compared with scvi-tools: by default, and as scvi-tools' own model from the same initial weights.

What scvi-tools does differently is three lines here, all of them within a user's reach: its encoder sees log(1 + x), q's second row is a
log variance, s² = exp(v) + 1e-4 (`LogVariance`), and the KL is taken in closed form (the estimator `analytic_kl`).
"""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elbo_room.models.data import Dataset
from elbo_room.models.deep_generative.model import architecture, build
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from
from elbo_room.models.variational import Amortized, Posterior

Weights = dict[str, Tensor]
PLACES = {  # a parameter here → scvi-tools', their rows one below the other
    "DeepGenerative.raw_scale": ("px_r",),
    "DeepGenerative.decoder.hidden.0": ("decoder.px_decoder.fc_layers.Layer 0.0",),
    "DeepGenerative.decoder.out": ("decoder.px_scale_decoder.0",),
    "Posterior.by_site.z.encoder.hidden.0": ("z_encoder.encoder.fc_layers.Layer 0.0",),
    "Posterior.by_site.z.encoder.out": ("z_encoder.mean_encoder", "z_encoder.var_encoder"),
}


@dataclass
class Peer:
    """A process of scvi-tools that trains on request."""

    python: str

    def __enter__(self) -> Peer:
        command = [self.python, str(Path(__file__).with_name("_scvi.py"))]
        self.process = subprocess.Popen(command, stdin=-1, stdout=-1, stderr=subprocess.DEVNULL, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()

    def train(self, **wish: Any) -> dict[str, Any]:
        """CPU seconds of the epochs and of the whole, and the ELBO of each held-out cell."""
        self.process.stdin.write(json.dumps(wish) + "\n")  # type: ignore[union-attr]
        self.process.stdin.flush()  # type: ignore[union-attr]
        answer = self.process.stdout.readline()  # type: ignore[union-attr]
        if not answer:
            raise SystemExit(f"scvi-tools stopped. See why: {self.python} {Path(__file__).with_name('_scvi.py')}")
        found: dict[str, Any] = json.loads(answer)
        return found


class LogVariance(Amortized):
    """ν = (μ, log s) of an encoder that gives (μ, v), s² = exp(v) + 1e-4."""

    def of_seen(self, seen: Tensor) -> Tensor:
        """(M, D) → (M, 2, K)."""
        mean, raw = super().of_seen(seen).unbind(1)
        return torch.stack([mean, 0.5 * torch.log(raw.exp() + 1e-4)], 1)


def read(path: Path, when: str) -> Weights:
    """scvi-tools' weights "first" or "last", by the names of the parameters here."""
    with np.load(path, allow_pickle=False) as held:

        def rows(names: tuple[str, ...], kind: str) -> Tensor:
            return torch.tensor(np.concatenate([held[f"{when}/{name}{kind}"] for name in names]))

        kinds = {place: ("",) if place.endswith("raw_scale") else (".weight", ".bias") for place in PLACES}
        return {f"{place}{kind}": rows(PLACES[place], kind) for place, each in kinds.items() for kind in each}


@torch.no_grad()
def put(run: Run, weights: Weights) -> Run:
    """The run with these weights."""
    for name, parameter in run.parameters.items():
        parameter.copy_(weights[name])
    return run


def as_theirs(settings: Settings, cells: Dataset, weights: Weights) -> Run:
    """A run of scvi-tools' model from these weights."""
    draw = torch.Generator().manual_seed(settings.seed)
    model, _ = build(settings, cells, draw)
    factor = LogVariance(model.sites["z"], cells.shape, cells.size, architecture(settings), draw)
    factor.see = torch.log1p
    return put(run_from(settings, cells, model=model, q=Posterior({"z": factor})), weights)


def repeat(run: Run, path: Path) -> Run:
    """The run after scvi-tools' own minibatches, with its noise."""
    with np.load(path, allow_pickle=False) as held:
        drawn = [torch.tensor(held[name]) for name in ("rows", "noise")]
    for rows, noise in zip(*drawn, strict=True):
        run.optimizer.clear_gradients()
        batch = run.data.batch(rows)
        estimate(run.model, run.q, run.estimators, batch, 1, run.generator, noise={"z": noise[None, None]})
        run.optimizer.step()
    return run


def timed(run: Run, begin: float, epochs: int) -> dict[str, Any]:
    """Train to the end: CPU seconds of an epoch at each step, and of the whole since `begin`."""
    each, last = [], time.process_time()
    for _ in run:
        each.append(time.process_time() - last)
        last = time.process_time()
    return {"epochs": [one * len(each) / epochs for one in each], "whole": last - begin}
