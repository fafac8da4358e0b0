"""A run's results in an AnnData, which scanpy reads: what the user had in it stays untouched."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.data.table import plain_words
from elbo_room.models.results.decoded import MOST, counted, denoised
from elbo_room.models.results.embedding import cluster_count, clusters, local_sites, moments
from elbo_room.models.results.rows import Part, frame, parts
from elbo_room.models.settings import VERSION
from elbo_room.models.training.run import Run

KEY = "elbo_room"


def to_anndata(run: Run, adata: Any = None, *, layer: bool = True) -> Any:
    """A copy of `adata` with ẑ in obsm["X_elbo_room"] and what belongs to it; nothing else in it changes.

    - obsm["X_elbo_room"]: ẑ = E_q[z | x], (n, K); obsm["elbo_room_scale"]: sd_q[z | x], (n, K)
    - obs["elbo_room_cluster"]: the k-means cluster of ẑ, as words; obs["elbo_room_held_out"] where rows were held out
    - layers["denoised"]: E[x | ẑ], (n, genes), counts normalised to 10,000 a row
    - uns["elbo_room"]: settings and changes as JSON, step, version

    Rows are found by their names, obs_names, or where the data had none by their order; rows and genes that the run has not seen are
    not a number. Without `adata` a new one has the run's own data as X.

    Args:
        run: with one latent variable z per data point, or several layers, of which the one next to the data is taken.
        adata: an AnnData, or the path of an .h5ad file.
        layer: whether the denoised layer is made.

    Raises:
        ValueError: there is no latent variable per data point, or the rows are not those of the run.
    """
    sites, among = local_sites(run), parts(run)
    adata = _opened(run, adata, among)
    place = _places(adata.obs_names.astype(str).tolist(), among)
    made = plain_words(adata)
    mean, scale = moments(run, among, sites[0])
    count = adata.n_obs
    made.obsm["X_elbo_room"] = _spread(mean, place, count)
    made.obsm["elbo_room_scale"] = _spread(scale, place, count)
    made.obs[f"{KEY}_cluster"] = _clusters(clusters(mean, cluster_count(run)), place, count)
    if any(each.held_out for each in among):
        held = np.zeros(count, bool)
        held[place] = np.concatenate([np.full(each.data.size, each.held_out) for each in among])
        made.obs[f"{KEY}_held_out"] = held
    if layer and hasattr(run.model, "decode") and adata.n_obs * adata.n_vars <= MOST:
        made.layers["denoised"] = _layer(run, adata, among, place)
    made.uns[KEY] = about(run)
    return made


def about(run: Run) -> dict[str, Any]:
    """What made these results, in values that every kind of file holds."""
    settings, changes = asdict(run.initial_settings), [each.written for each in run.changes]
    return {
        "settings": json.dumps(settings), "changes": json.dumps(changes), "step": run.number, "version": VERSION,
        "denoised": "E[x | z], counts normalised to 10,000 a row" if counted(run) else "E[x | z], in the units of X",
    }  # fmt: skip


def _opened(run: Run, adata: Any, among: list[Part]) -> Any:
    import anndata
    import pandas as pd

    if adata is None:
        rows = frame({"place": np.concatenate([each.places.numpy() for each in among])}, among)
        order = np.concatenate([each.places.numpy() for each in among]).argsort()
        x = np.concatenate([each.data.raw().numpy() for each in among])[order]
        obs = pd.DataFrame(index=rows.index.astype(str).astype(object))
        obs.index.name = None
        names = list(run.data.feature_names) or [f"x_{k + 1}" for k in range(x.shape[1])]
        return anndata.AnnData(x, obs=obs, var=pd.DataFrame(index=pd.Index(names, dtype=object)))
    if not isinstance(adata, str | Path):
        return adata
    from elbo_room.models.reading.hdf5 import opened

    path = Path(adata).expanduser()
    with opened(path):  # checked before any library opens it
        pass
    return anndata.read_h5ad(path)


def _places(names: list[str], among: list[Part]) -> np.ndarray[Any, Any]:
    """The row of the AnnData for every row of the run, by name or by order."""
    mine = [str(name) for each in among for name in each.names]
    named = any(each.data.row_names for each in among)
    known = {name: row for row, name in enumerate(names)}
    if named and len(known) == len(names) and all(name in known for name in mine):
        return np.array([known[name] for name in mine])
    whole = sum(each.data.size for each in among)
    if len(names) != whole:
        raise ValueError(
            f"The AnnData has {len(names):,} rows; the run was trained on {whole:,} whose names are others. "
            "Pass the one that the run's data were read from."
        )
    return np.concatenate([each.places.numpy() for each in among])


def _spread(values: np.ndarray[Any, Any], place: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    found = np.full((count, *values.shape[1:]), np.nan)
    found[place] = values
    return found


def _clusters(found: np.ndarray[Any, Any], place: np.ndarray[Any, Any], count: int) -> Any:
    import pandas as pd

    words = np.full(count, None, dtype=object)
    words[place] = [str(each) for each in found]
    kinds = [str(each) for each in sorted(set(found.tolist()))]
    return pd.Categorical(words, categories=pd.Index(kinds, dtype=object))


def _layer(run: Run, adata: Any, among: list[Part], place: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Denoised values in the rows and columns of the AnnData."""
    table = denoised(run)
    order = np.concatenate([each.places.numpy() for each in among]).argsort()  # of the table's rows
    columns = {name: column for column, name in enumerate(adata.var_names.astype(str))}
    names = [str(name) for name in table.columns]
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
    found[np.ix_(place[order], np.asarray(at))] = table.to_numpy(np.float32)
    return found
