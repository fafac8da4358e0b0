"""The peer: scvi-tools trains the benchmark's model; run by a Python that has it, communicating in lines of JSON.

A line in: {"data": .npz of x and the rows that train, "weights": .npz to write, "record", "epochs", "batch_size", "step_size", "seed"}.
A line out: CPU seconds of each epoch and of the whole training, and the held-out ELBO of every cell. The weights are those before
(first/…) and after training (last/…); where it is to record, every minibatch's rows and noise too. Nothing of the lab is imported here.
"""

import functools
import json
import logging
import sys
import time
import warnings
from typing import Any

import numpy as np

DRAWS = 16  # of the held-out ELBO
Arrays = dict[str, np.ndarray[Any, Any]]


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


def weights(model: Any, when: str) -> Arrays:
    """A copy of all parameters, by their names there."""
    return {f"{when}/{name}": value.numpy().copy() for name, value in model.module.state_dict().items()}


def watch(model: Any, x: np.ndarray[Any, Any], held: list[tuple[list[int], Any]]) -> None:
    """Note the rows (M,) and the noise ε = (z − μ)/s (M, K) of every minibatch that a loss is taken of."""
    row_of, loss = {row.tobytes(): number for number, row in enumerate(x)}, model.module.loss

    @functools.wraps(loss)  # the training plan looks at its arguments' names
    def noted(tensors: Any, inference: Any, *others: Any, **more: Any) -> Any:
        rows = [row_of[row.tobytes()] for row in tensors["X"].numpy()]
        noise = (inference["z"] - inference["qz"].mean) / inference["qz"].stddev
        held.append((rows, noise.detach().numpy()))
        return loss(tensors, inference, *others, **more)

    model.module.loss = noted


def train(model: Any, wish: dict[str, Any]) -> list[float]:
    """Train with plain Adam, the KL at its full weight from the first step; the CPU time at the end of each epoch."""
    from lightning.pytorch.callbacks import Callback

    ends: list[float] = []

    class Clock(Callback):  # type: ignore[misc]
        def on_train_epoch_end(self, *_: Any) -> None:
            ends.append(time.process_time())

    plan = {"lr": wish["step_size"], "eps": 1e-8, "weight_decay": 0.0, "n_epochs_kl_warmup": None}
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
        x, rows, rest = held["x"], held["train"], held["rest"]
    begin = time.process_time()
    model, drawn = build(x[rows]), []
    found = weights(model, "first")
    if wish["record"]:
        watch(model, x[rows], drawn)
    ends = train(model, wish)
    whole = time.process_time() - begin
    found |= weights(model, "last")
    if drawn:
        found |= {"rows": np.stack([each for each, _ in drawn]), "noise": np.stack([noise for _, noise in drawn])}
    np.savez(wish["weights"], **found)  # type: ignore[arg-type]
    return {"epochs": np.diff(ends).tolist(), "whole": whole, "elbo": elbo(model, x[rest])}


def main() -> None:
    """Answer line by line until the input ends."""
    warnings.filterwarnings("ignore")
    for name in ("lightning", "lightning.pytorch", "scvi"):
        logging.getLogger(name).setLevel(logging.ERROR)
    import torch

    torch.set_num_threads(1)
    speak, sys.stdout = sys.stdout, sys.stderr  # libraries may print to stdout
    for line in sys.stdin:
        speak.write(json.dumps(answer(json.loads(line))) + "\n")
        speak.flush()


if __name__ == "__main__":
    main()
