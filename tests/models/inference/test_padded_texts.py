"""A run on texts of different length: the tape includes their mask, and padding gets no gradient from any draw of the weights."""

import pytest
import torch

from elbo_room.models.conditional.settings import Settings
from elbo_room.models.data import Dataset
from elbo_room.models.data.words import indicators
from elbo_room.models.replay import replay_cache
from elbo_room.models.training.run import Run
from tests.models.inference.test_one_path import same

WORDS, LONG = ("a", "b", "c"), 6
BASE = {"data": "gerbil", "response": "categorical", "width": 4, "heads": 1, "batch_size": 8, "draws": 3, "stop_at": 40}
NETWORKS = [
    {"network": "token_attention", "depth": 1, "pooling": "mean"},
    {"network": "recurrence", "cell": "lstm", "depth": 1, "pooling": "last"},
    {"network": "convolution", "channels": 4, "kernel": 3, "depth": 2, "pooling": "max"},
]


def texts(longest: int = LONG - 1) -> Dataset:
    """40 texts of 2 to `longest` words; the label: is there a c? Positions from `longest` on are padding in all of them."""
    noise = torch.Generator().manual_seed(0)
    lengths = torch.randint(2, longest + 1, (40,), generator=noise).tolist()
    said = [[WORDS[int(k)] for k in torch.randint(3, (length,), generator=noise)] for length in lengths]
    labels = torch.tensor([int("c" in words) for words in said])
    x = indicators(said, WORDS, LONG)
    return Dataset(
        name="mine",
        x=x,
        labels=labels,
        label_names=("no", "yes"),
        shape=(LONG, 3),
        y=labels.float(),
        feature_names=WORDS * LONG,
        padded=True,
    )


@pytest.mark.parametrize("posterior", ["point", "mean_field"])
@pytest.mark.parametrize("network", NETWORKS, ids=lambda each: each["network"])
def test_the_tape_sees_the_same_padding(network: dict, posterior: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long way and short way, bit for bit, with minibatches of different lengths at every step."""
    made = []
    for wait in (10**9, replay_cache.WAIT):
        monkeypatch.setattr(replay_cache, "WAIT", wait)
        run = Run(Settings(**BASE, **network, posterior=posterior), texts())  # type: ignore[arg-type]
        made.append((run, list(run)))
        monkeypatch.undo()
    (long, steps), (short, again) = made
    assert steps == again
    assert same(long.tensors(), short.tensors())
    assert short.replay_cache.trusted, short.replay_cache.refused


def test_a_position_that_no_text_reaches_is_left_to_the_prior() -> None:
    """∂ log p(y | x, w) / ∂w at every draw of w: exactly 0 for p_t and the output's weights of the last position, and nowhere else."""
    run = Run(Settings(**BASE, **{**NETWORKS[0], "pooling": "positions"}, posterior="mean_field"), texts())  # type: ignore[arg-type]
    batch = run.data.whole()
    space, model = run.model.space, run.model
    w = torch.randn(2, 3, space.size, generator=torch.Generator().manual_seed(1)).requires_grad_()
    fit = model.factors(batch, {"w": w})[0].value  # (R, B, M)
    slope = torch.autograd.grad(fit.sum(), w)[0]
    named = space.named(slope)
    assert bool((named["places"][..., LONG - 1, :] == 0).all())
    assert bool((named["places"][..., : LONG - 1, :] != 0).any(-1).all())
    width = 4 * (LONG - 1)
    assert bool((named["out.weight"][..., width:] == 0).all())
    assert bool((named["out.weight"][..., :width] != 0).any(-1).all())
