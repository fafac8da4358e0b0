"""The peer: scvi-tools trains the model of the benchmark; run by a Python that has it, spoken to in lines of JSON.

A line in: {"data": .npz of x and the rows that train, "epochs", "batch_size", "step_size", "seed"}. A line out: CPU seconds of each epoch
and of the whole training, and the held-out ELBO of every cell. Nothing of the lab is imported here.
"""

import json
import logging
import sys
import time
import warnings
from typing import Any

import numpy as np

DRAWS = 8  # of the held-out ELBO


def build(x: np.ndarray[Any, Any]) -> Any:
    """One hidden layer of 128, 10 latents, NegBin with one dispersion a gene, observed library size; no batch norm, no dropout."""
    import anndata
    import scvi

    table = anndata.AnnData(x)
    scvi.model.SCVI.setup_anndata(table)
    return scvi.model.SCVI(
        table, n_hidden=128, n_latent=10, n_layers=1, gene_likelihood="nb", dispersion="gene", dropout_rate=0.0,
        use_batch_norm="none", use_layer_norm="none",
    )  # fmt: skip


def train(model: Any, wish: dict[str, Any]) -> list[float]:
    """Train with plain Adam and no warm-up; the CPU time at the end of each epoch."""
    from lightning.pytorch.callbacks import Callback

    ends: list[float] = []

    class Clock(Callback):  # type: ignore[misc]
        def on_train_epoch_end(self, *_: Any) -> None:
            ends.append(time.process_time())

    plan = {
        "lr": wish["step_size"],
        "eps": 1e-8,
        "weight_decay": 0.0,
        "n_epochs_kl_warmup": None,
        "n_steps_kl_warmup": 1,
    }
    model.train(
        max_epochs=wish["epochs"], batch_size=wish["batch_size"], plan_kwargs=plan, accelerator="cpu", train_size=1.0,
        early_stopping=False, enable_progress_bar=False, enable_checkpointing=False, logger=False, callbacks=[Clock()],
    )  # fmt: skip
    return ends


def elbo(model: Any, x: np.ndarray[Any, Any]) -> list[float]:
    """E_q log p(x | z) − KL of every cell, from a few draws, in nats."""
    import anndata
    import torch

    cells = torch.tensor(x)
    inputs = {"X": cells, "batch": torch.zeros(len(x), 1), "labels": torch.zeros(len(x), 1)}
    model._validate_anndata(anndata.AnnData(x))
    model.module.eval()
    total = torch.zeros(len(x))
    with torch.no_grad():
        for _ in range(DRAWS):
            inference, generative = model.module(inputs, compute_loss=False)
            kl = torch.distributions.kl_divergence(inference["qz"], generative["pz"]).sum(-1)
            total += (generative["px"].log_prob(cells).sum(-1) - kl) / DRAWS
    found: list[float] = total.tolist()
    return found


def answer(wish: dict[str, Any]) -> dict[str, Any]:
    """Train as wished and score."""
    import scvi

    scvi.settings.seed = wish["seed"]
    with np.load(wish["data"], allow_pickle=False) as held:
        x, rows = held["x"], held["train"]
    begin = time.process_time()
    model = build(x[rows])
    ends = train(model, wish)
    whole = time.process_time() - begin
    rest = np.setdiff1d(np.arange(len(x)), rows)
    return {"epochs": np.diff(ends).tolist(), "whole": whole, "elbo": elbo(model, x[rest])}


def main() -> None:
    """Answer line by line until the input ends."""
    warnings.filterwarnings("ignore")
    for name in ("lightning", "lightning.pytorch", "scvi"):
        logging.getLogger(name).setLevel(logging.ERROR)
    import torch

    torch.set_num_threads(1)
    speak, sys.stdout = sys.stdout, sys.stderr  # libraries print what they like
    for line in sys.stdin:
        speak.write(json.dumps(answer(json.loads(line))) + "\n")
        speak.flush()


if __name__ == "__main__":
    main()
