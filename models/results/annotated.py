"""A run's results in an AnnData, which scanpy reads: what the user had in it stays untouched."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.families.compressed_rows import CompressedRows
from elbo_room.models.reading.annotate import KEY, MOST, Results, added, annotate
from elbo_room.models.results.decoded import counted, denoised
from elbo_room.models.results.embedding import cluster_count, clusters, local_sites, moments
from elbo_room.models.results.rows import Part, frame, parts
from elbo_room.models.settings import VERSION
from elbo_room.models.training.run import Run

__all__ = ["KEY", "to_anndata", "write_anndata"]


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
    results = results_of(run, layer=layer)
    return added(_opened(run, adata), results)


def write_anndata(run: Run, path: str | Path | None, target: Path) -> None:
    """The same as an .h5ad file at `target`; a user's own file is opened only in the limited process.

    Raises:
        ValueError: there is no latent variable per data point, or the rows are not those of the run.
        Refused: the file is damaged, unsafe or too large.
    """
    if path is None:
        to_anndata(run).write_h5ad(target)
    else:
        annotate(Path(path).expanduser(), results_of(run), target)


def results_of(run: Run, *, layer: bool = True) -> Results:
    """What is put into an AnnData."""
    sites, among = local_sites(run), parts(run)
    mean, scale = moments(run, among, sites[0])
    places = np.concatenate([each.places.numpy() for each in among])
    whole = sum(each.data.size for each in among)
    decoded = layer and hasattr(run.model, "decode") and whole * run.data.x.shape[1] <= MOST
    table = denoised(run) if decoded else None
    return Results(
        whole,
        [str(name) for each in among for name in each.names] if any(each.data.row_names for each in among) else [],
        places,
        np.asarray(mean),
        np.asarray(scale),
        np.asarray(clusters(mean, cluster_count(run))),
        np.concatenate([np.full(each.data.size, each.held_out) for each in among]),
        about(run),
        [] if table is None else [str(name) for name in table.columns],
        None if table is None else table.to_numpy(np.float32)[places.argsort().argsort()],
    )


def about(run: Run) -> dict[str, Any]:
    """What made these results, in values that every kind of file holds."""
    settings, changes = asdict(run.initial_settings), [each.written for each in run.changes]
    return {
        "settings": json.dumps(settings), "changes": json.dumps(changes), "step": run.number, "version": VERSION,
        "denoised": "E[x | z], counts normalised to 10,000 a row" if counted(run) else "E[x | z], in the units of X",
    }  # fmt: skip


def _opened(run: Run, adata: Any) -> Any:
    import anndata

    if adata is None:
        return _made(run, parts(run))
    if not isinstance(adata, str | Path):
        return adata
    from elbo_room.models.reading.hdf5 import opened

    path = Path(adata).expanduser()
    with opened(path):  # checked before any library opens it
        pass
    return anndata.read_h5ad(path)


def _made(run: Run, among: list[Part]) -> Any:
    """The run's own data as an AnnData; compressed rows stay compressed."""
    import anndata
    import pandas as pd
    from scipy import sparse

    rows = frame({"place": np.concatenate([each.places.numpy() for each in among])}, among)
    order = np.concatenate([each.places.numpy() for each in among]).argsort()
    tables = [each.data.raw() for each in among]
    compressed = [each for each in tables if isinstance(each, CompressedRows)]
    if compressed:
        made = [
            sparse.csr_matrix((each.values.numpy(), each.column.numpy(), each.start.numpy()), tuple(each.shape))
            for each in compressed
        ]
        x = sparse.vstack(made).tocsr()[order]
    else:
        x = np.concatenate([each.numpy() for each in tables])[order]
    obs = pd.DataFrame(index=rows.index.astype(str).astype(object))
    obs.index.name = None
    names = list(run.data.feature_names) or [f"x_{k + 1}" for k in range(x.shape[1])]
    return anndata.AnnData(x, obs=obs, var=pd.DataFrame(index=pd.Index(names, dtype=object)))
