"""A run of a family's settings: the catalogue checks them, the family builds the model and its q, and `Run` trains them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from elbo_room.models.catalogue import knobs, settings_from
from elbo_room.models.core import Model
from elbo_room.models.data import OWN, Dataset, as_dataset
from elbo_room.models.data.dataset import BY_ROW, DataError
from elbo_room.models.data.own import FEATURES
from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.inference.boundary import check_model, check_posterior
from elbo_room.models.inference.make_estimator import BySite
from elbo_room.models.registry import MODELS, family_of
from elbo_room.models.settings import FIRST_MODEL
from elbo_room.models.training.run import Parts, Run
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.models.variational import Posterior


def run_from(
    settings: InferenceSettings | Mapping[str, Any] | None = None,
    data: Dataset | str | Path | object | None = None,
    *,
    model: Model | None = None,
    q: Posterior | None = None,
    estimators: BySite | None = None,
    changes: Iterable[Any] = (),
) -> Run:
    """A run of the model described by settings.

    >>> import elbo_room as er
    >>> run = er.run_from({"data": "pinwheel", "width": 8, "stop_at": 2})
    >>> [step.number for step in run]
    [1, 2]
    >>> run.model.sites["z"].shape
    (2,)

    Args:
        settings: a family's settings or a dict of its knobs; missing knobs take their defaults.
        data: a data set, an array or a file's path, used instead of the one named in the settings, which then read "own".
        model: a ready model, trained instead of the family's under the family's settings; it needs `q` and `data`.
        q: that model's variational factors.
        estimators: for single sites, {"z1": "leave_one_out", "w1": PathOnly()}; the others use the one in the settings.
        changes: live changes and the steps after which they act, [(500, {"step_size": 0.001})], as `Run.with_changes`.

    Raises:
        ValueError: the settings, the data, the model, q or the estimators are invalid.
        NotApplicableError: an estimator does not apply to its site.
        SettingError: a setting is not allowed, or conflicts with another.
    """
    return Run.of(parts_from(settings, data, model, q), estimators).with_changes(changes)


def parts_from(settings: object, data: object = None, model: object = None, q: object = None) -> Parts:
    """The parts of a run: checked settings, the data, the model and its q.

    Raises:
        ValueError: what came, what is allowed, what to do.
    """
    if isinstance(settings, Mapping):
        family = MODELS.get(str(settings.get("model", FIRST_MODEL)))
        own_table = data is not None and model is None and family is not None and OWN in family.data
        used = {"data": OWN} if own_table and settings.get("data") != FEATURES else {}
        settings = settings_from({**settings, **used})
    chosen: Any = Settings() if settings is None else settings
    family = family_of(chosen)
    _check_own(model, q, data)
    given = data is not None and model is None and vars(chosen).get("data") != FEATURES
    own = {"data": OWN} if given and OWN in family.data else {}
    whole: Any = settings_from(vars(chosen) | {"model": family.name} | own)  # each family has knobs of its own
    generator = torch.Generator().manual_seed(whole.seed)
    table = family.data[whole.data].load() if data is None else as_dataset(data)
    if not family.weighs_rows and model is None:
        _check_unweighted(table)
    share = getattr(whole, "held_out", 0.0)
    if share and (not family.weighs_rows or (whole.data == OWN and table.test is None)):
        table = table.split(share)
    if family.weighs_rows and table.standardise_y and len(table.shape) == 1:
        table = replace(table, standardise=True)
    table = table.standardised()
    made: tuple[Any, Any] = (model, q) if model is not None else family.build(whole, table, generator)
    return Parts(whole, knobs(family.name), table, made[0], made[1], generator, ready_made=model is not None)


def _check_unweighted(data: Dataset) -> None:
    """Refuse what a likelihood of x would ignore."""
    for name in BY_ROW:
        if getattr(data, name) is not None:
            raise DataError(
                f"{data.name} has a column used as {name}, which only a conditional model uses: a model of x alone has no term for it. "
                "In the drawer 'Your data' choose “left out” under Use as for that column, or conditional as Model; in Python, "
                f"load the table without {name}."
            )


def _check_own(model: object, q: object, data: object) -> None:
    """Refuse a user's own model without q or data, and q without a model."""
    if model is None and q is not None:
        raise ValueError("q came without a model; settings build their own. Write Run(model, q, data).")
    if model is None:
        return
    missing = [name for name, part in (("q, its variational family", q), ("data", data)) if part is None]
    if missing:
        raise ValueError(
            f"A model came without {' and without '.join(missing)}. Write Run(model, Posterior({{...}}), data)."
        )
    check_model(model)
    check_posterior(model, q)
