"""Checkpoints: resuming continues bit for bit; a full disk keeps the old file; what cannot be read is refused in a
sentence.
"""

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from elbo_room.models.data import from_array
from elbo_room.models.run_file import STATE, about
from elbo_room.models.training.checkpoint import load_run, save_run
from elbo_room.models.training.guard import DivergenceError
from elbo_room.models.training.run import Run
from tests.models.inference.test_one_path import same, state_of
from tests.models.training.test_guard import poison
from tests.models.training.test_run import small


@pytest.mark.parametrize("variational", ["amortized", "table"])
@pytest.mark.parametrize("taken", [0, 1, 5])
def test_resuming_continues_bit_for_bit(variational: str, taken: int, tmp_path: Path) -> None:
    """At the start, in the middle of a pass (200 of 500 rows), and after several; with knobs changed on the way."""
    run = Run(small(variational=variational, estimator="score_xi", xi_from="pilot"))
    for _ in range(taken):
        next(run)
    run.change(prior_scale=0.3, draws=3, step_size=0.02)
    save_run(run, tmp_path)
    again = load_run(tmp_path)
    assert again.settings == run.settings
    assert again.number == taken
    assert same(run.tensors(), again.tensors())
    assert list(run) == list(again)
    assert same(state_of(run), state_of(again))


def test_own_data_come_along_by_hand(tmp_path: Path) -> None:
    data = from_array(torch.randn(30, 3, generator=torch.Generator().manual_seed(0)))
    run = Run(small(batch_size=10), data)
    next(run)
    save_run(run, tmp_path)
    assert next(load_run(tmp_path, data)) == next(run)
    with pytest.raises(ValueError, match="cannot be read"):
        load_run(tmp_path)


def test_fewer_rows_than_the_run_was_made_with_are_refused(tmp_path: Path) -> None:
    data = from_array(torch.randn(30, 3, generator=torch.Generator().manual_seed(0)))
    run = Run(small(batch_size=10), data)
    next(run)
    save_run(run, tmp_path)
    with pytest.raises(ValueError, match="made with more than the 5 rows of these data"):
        load_run(tmp_path, from_array(data.x[:5]))


def test_a_run_on_a_table_of_ones_own_opens_on_no_other(tmp_path: Path) -> None:
    data = from_array(torch.randn(30, 3, generator=torch.Generator().manual_seed(0)))
    run = Run(small(batch_size=10), data)
    next(run)
    save_run(run, tmp_path)
    with pytest.raises(ValueError, match="was trained on other data than your data: their checksums differ"):
        load_run(tmp_path, from_array(data.x + 1))


@pytest.mark.parametrize("taken", [0, 1, 2, 3], ids=["before", "in a pass", "later in it", "at its end"])
def test_one_row_fewer_is_refused_and_the_same_number_is_accepted(taken: int, tmp_path: Path) -> None:
    """Wherever in a pass the run was saved: at its end no row number is left that would tell."""
    data = from_array(torch.randn(30, 3, generator=torch.Generator().manual_seed(0)))
    run = Run(small(batch_size=10), data)
    for _ in range(taken):
        next(run)
    assert len(run.order) == (0, 20, 10, 0)[taken]
    save_run(run, tmp_path)
    with pytest.raises(ValueError, match="made with more than the 29 rows of these data"):
        load_run(tmp_path, from_array(data.x[:29]))
    assert next(load_run(tmp_path, data)) == next(run)


def test_a_file_without_the_number_of_rows_is_read(tmp_path: Path) -> None:
    """Written by an earlier version: the greatest row number of the pass tells what it can."""
    data = from_array(torch.randn(30, 3, generator=torch.Generator().manual_seed(0)))
    run = Run(small(batch_size=10), data)
    next(run)
    old = {name: value for name, value in run.tensors().items() if name != "rows"}
    again = Run(small(batch_size=10), data)
    again.load_tensors(old, 1)
    assert next(again) == next(run)
    few = int(old["order"].max())
    with pytest.raises(ValueError, match=f"made with more than the {few} rows"):
        Run(small(batch_size=10), from_array(data.x[:few])).load_tensors(old, 1)


def test_a_loaded_run_that_diverges_at_once_is_back_at_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at the first weights of a new run: what is kept as the last good state is what was loaded."""
    run = Run(small())
    for _ in range(5):
        next(run)
    save_run(run, tmp_path)
    saved = {name: value.detach().clone() for name, value in run.parameters.items()}
    again = load_run(tmp_path)
    poison(again, 1, monkeypatch, float("nan"))
    with pytest.raises(DivergenceError, match="at step 6"):
        next(again)
    assert again.number == 5
    assert all(torch.equal(value, saved[name]) for name, value in again.parameters.items())


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_full_disk_keeps_the_old_checkpoint(broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(small())
    next(run)
    save_run(run, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    next(run)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, broken, full)
    with pytest.raises(OSError, match="No space left"):
        save_run(run, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert load_run(tmp_path).number == 1


def truncate(folder: Path) -> None:
    content = (folder / STATE).read_bytes()
    (folder / STATE).write_bytes(content[: len(content) // 2])


def rewrite(folder: Path, said: str | None = None, tensors: dict[str, torch.Tensor] | None = None) -> None:
    """Other words in the header, or other tensors behind it."""
    kept = {name: tensor.contiguous() for name, tensor in (tensors or load_run(folder).tensors()).items()}
    said = json.dumps(about(folder / STATE)) if said is None else said
    (folder / STATE).write_bytes(save(kept, {"about": said} if said else None))


def other_shapes(folder: Path) -> None:
    """Shapes that would broadcast without a word."""
    tensors = {
        name: tensor[:1] if name.startswith("parameter/") else tensor
        for name, tensor in load_run(folder).tensors().items()
    }
    rewrite(folder, tensors=tensors)


def settings(**values: object) -> str:
    return json.dumps({"version": 1, "number": 1, "settings": values})


DAMAGE = {
    "nothing there": lambda folder: (folder / STATE).unlink(),
    "truncated": truncate,
    "empty": lambda folder: (folder / STATE).write_bytes(b""),
    "noise": lambda folder: (folder / STATE).write_bytes(bytes(range(256)) * 40),
    "an endless header": lambda folder: (folder / STATE).write_bytes(b"\xff" * 60),
    "other tensors": lambda folder: rewrite(folder, tensors={"a": torch.ones(2)}),
    "other shapes": other_shapes,
    "no words": lambda folder: rewrite(folder, ""),
    "no number": lambda folder: rewrite(folder, json.dumps({"version": 1, "settings": {}})),
    "broken JSON": lambda folder: rewrite(folder, '{"settings": '),
    "JSON of another kind": lambda folder: rewrite(folder, "[1, 2]"),
    "settings of another kind": lambda folder: rewrite(folder, '{"version": 1, "number": 1, "settings": [1]}'),
    "deep JSON": lambda folder: rewrite(folder, "[" * 100_000),
    "unknown setting": lambda folder: rewrite(folder, settings(latent=2)),
    "value out of range": lambda folder: rewrite(folder, settings(draws=-1)),
    "another model": lambda folder: rewrite(folder, settings(data="pinwheel", width=9)),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_cannot_be_read_is_refused_in_a_plain_sentence(damage, tmp_path: Path) -> None:
    run = Run(small())
    next(run)
    save_run(run, tmp_path)
    damage(tmp_path)
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(
        ValueError, match=r"The run in .* cannot be read \(.*\)\. Start a new run; the folder is left unchanged\."
    ):
        load_run(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == left


def test_a_flipped_bit_anywhere_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    """In the header, in the tensors, in the checksums themselves: what opens is the run that was written, bit for bit."""
    run = Run(small())
    next(run)
    save_run(run, tmp_path)
    whole = (tmp_path / STATE).read_bytes()
    size = 8 + int.from_bytes(whole[:8], "little")
    places = [*range(0, size, 37), *range(size, len(whole), max(1, (len(whole) - size) // 60)), len(whole) - 1]
    refused = 0
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        (tmp_path / STATE).write_bytes(flipped)
        try:
            again = load_run(tmp_path)
        except ValueError as error:
            refused += 1
            assert "cannot be read" in str(error) and "Start a new run" in str(error)  # noqa: PT017, PT018
            continue
        assert (again.number, again.settings) == (run.number, run.settings)
        assert same(run.tensors(), again.tensors()), f"byte {place}"
    assert refused > 0.9 * len([place for place in places if place >= size])


def test_a_changed_step_is_noticed_without_reading_the_tensors(tmp_path: Path) -> None:
    run = Run(small())
    next(run)
    save_run(run, tmp_path)
    content = (tmp_path / STATE).read_bytes()
    assert content.count(b'\\"number\\": 1') == 1
    (tmp_path / STATE).write_bytes(content.replace(b'\\"number\\": 1', b'\\"number\\": 3'))
    with pytest.raises(ValueError, match="changed since it was written"):
        about(tmp_path / STATE)


def test_a_file_of_an_earlier_version_has_no_checksum_and_opens(tmp_path: Path) -> None:
    run = Run(small())
    next(run)
    save_run(run, tmp_path)
    rewrite(tmp_path, tensors=dict(run.tensors()))
    assert same(load_run(tmp_path).tensors(), run.tensors())
