"""A run's results put into a user's AnnData, without torch; for an .h5ad, in a process of its own under the limits of reading.

`python -P -m elbo_room.models.reading.annotate FILE RESULTS TARGET` is that process: it writes FILE with the results of RESULTS to TARGET,
or a sentence to the standard output and exits with 3.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.reading.limits import Refused, printable, too_large, unreadable
from elbo_room.models.reading.process import REFUSED, allowed, environment, limit

KEY = "elbo_room"
MOST = 200_000_000  # numbers of a denoised layer
LARGER = 4  # bytes of memory for each of the results
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Results:
    """What a run knows about n of its rows, and of how many rows they are."""

    whole: int
    row_names: list[str]  # of the n rows; none: the rows are known by their order only
    place: Array  # (n,) where they were in the data as they came
    mean: Array  # (n, K)
    scale: Array  # (n, K)
    cluster: Array  # (n,)
    held_out: Array  # (n,) bool
    about: dict[str, Any]
    genes: list[str] = field(default_factory=list)
    denoised: Array | None = None  # (n, genes)

    def save(self, path: Path) -> None:
        """For the process that puts them into a file."""
        arrays = {name: getattr(self, name) for name in ("place", "mean", "scale", "cluster", "held_out")}
        words = {name: getattr(self, name) for name in ("whole", "row_names", "about", "genes")}
        if self.denoised is not None:
            arrays["denoised"] = self.denoised
        np.savez(path, words=np.frombuffer(json.dumps(words).encode(), np.uint8), **arrays)

    @classmethod
    def load(cls, path: Path) -> "Results":
        """What `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return cls(**json.loads(arrays.pop("words").tobytes()), **arrays)


def plain_words(adata: Any) -> Any:
    """A copy whose words are Python's: anndata cannot write those of pandas 3."""
    made = adata.copy()
    for frame in (made.obs, made.var, *([made.raw.var] if made.raw is not None else [])):
        frame.index = frame.index.astype(object)
        for name in frame.columns:
            column = frame[name]
            if hasattr(column, "cat"):
                frame[name] = column.cat.rename_categories(column.cat.categories.astype(object))
            elif column.dtype.kind not in "biufcmM":
                frame[name] = column.astype(object)
    return made


def added(adata: Any, results: Results, *, strict: bool = True) -> Any:
    """A copy of an AnnData with these results; nothing else in it changes.

    Raises:
        ValueError: its rows are not those of the run; or if `strict` its genes, without which the others are left as they are.
    """
    place = _places(adata.obs_names.astype(str).tolist(), results)
    made, count, about = plain_words(adata), adata.n_obs, dict(results.about)
    made.obsm["X_elbo_room"] = _spread(results.mean, place, count)
    made.obsm["elbo_room_scale"] = _spread(results.scale, place, count)
    made.obs[f"{KEY}_cluster"] = _clusters(results.cluster, place, count)
    if results.held_out.any():
        held = np.zeros(count, bool)
        held[place] = results.held_out
        made.obs[f"{KEY}_held_out"] = held
    if results.denoised is not None and adata.n_obs * adata.n_vars <= MOST:
        try:
            made.layers["denoised"] = _layer(adata, results.denoised, results.genes, place)
        except ValueError:
            if strict:
                raise
            about["denoised"] = "left out: the run was trained on other genes than those of X"
    made.uns[KEY] = about
    return made


def _places(names: list[str], results: Results) -> Array:
    """The row of the AnnData for every row of the run, by name or by order."""
    known = {name: row for row, name in enumerate(names)}
    mine = results.row_names
    if mine and len(known) == len(names) and all(name in known for name in mine):
        return np.array([known[name] for name in mine])
    if len(names) != results.whole:
        raise ValueError(
            f"The AnnData has {len(names):,} rows; the run was trained on {results.whole:,} whose names are others. "
            "Pass the one that the run's data were read from."
        )
    return results.place


def _spread(values: Array, place: Array, count: int) -> Array:
    found = np.full((count, *values.shape[1:]), np.nan)
    found[place] = values
    return found


def _clusters(found: Array, place: Array, count: int) -> Any:
    import pandas as pd

    words = np.full(count, None, dtype=object)
    words[place] = [str(each) for each in found]
    kinds = [str(each) for each in sorted(set(found.tolist()))]
    return pd.Categorical(words, categories=pd.Index(kinds, dtype=object))


def _layer(adata: Any, denoised: Array, names: list[str], place: Array) -> Array:
    """Denoised values in the rows and columns of the AnnData."""
    columns = {name: column for column, name in enumerate(adata.var_names.astype(str))}
    if all(name in columns for name in names):
        at = [columns[name] for name in names]
    elif len(names) == adata.n_vars:
        at = list(range(len(names)))
    else:
        raise ValueError(
            f"The AnnData has {adata.n_vars:,} genes; the run was trained on {len(names):,} whose names are others. "
            "Pass the one that the run's data were read from, or layer=False."
        )
    found = np.full((adata.n_obs, adata.n_vars), np.nan, np.float32)
    found[np.ix_(place, np.asarray(at))] = denoised
    return found


# In a process of its own


def annotate(path: Path, results: Results, target: Path) -> None:
    """Write an .h5ad with these results to `target`.

    Raises:
        Refused: the file is damaged, unsafe or too large, or has other rows; the sentence says what to do.
    """
    with tempfile.TemporaryDirectory(prefix="elbo-room-") as folder:
        kept = Path(folder) / "results.npz"
        results.save(kept)
        size = path.stat().st_size + LARGER * kept.stat().st_size
        command = [sys.executable, "-P", "-m", "elbo_room.models.reading.annotate", *map(str, (path, kept, target))]
        try:
            done = subprocess.run(
                command, env=environment(), capture_output=True, text=True, errors="replace", check=False,
                stdin=subprocess.DEVNULL, timeout=allowed(size)[0],
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise too_large(path) from None
    if done.returncode == REFUSED:
        raise Refused(printable(json.loads(done.stdout)))
    if done.returncode:
        raise too_large(path) if "emory" in done.stderr else unreadable(path, "an .h5ad file")


def main(path: Path, kept: Path, target: Path) -> int:
    """Put results into a file under limits; returns the exit code."""
    limit(path.stat().st_size + LARGER * kept.stat().st_size)
    try:
        _put(path, kept, target)
    except (Refused, ValueError) as refusal:
        sys.stdout.write(json.dumps(str(refusal)))
        return REFUSED
    return 0


def _put(path: Path, kept: Path, target: Path) -> None:
    from elbo_room.models.reading.hdf5 import opened

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import anndata

        with opened(path):  # checked before any library opens it
            pass
        try:
            adata = anndata.read_h5ad(path)
        except MemoryError:
            raise too_large(path) from None
        except Exception as error:
            raise Refused(
                f"{path.name} cannot be read by anndata, so the results were not put into it. Save Embedding CSV instead, or write the "
                "file again with anndata's write_h5ad."
            ) from error
        added(adata, Results.load(kept), strict=False).write_h5ad(target)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:4])))
