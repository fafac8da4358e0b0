"""ELBO Room: probabilistic deep learning with every gradient estimator, and its variance. `import elbo_room as er`.

    >>> import elbo_room as er
    >>> run = er.run_from(er.Settings(data="pinwheel", stop_at=3))
    >>> [step.number for step in run]
    [1, 2, 3]

The packages are `elbo_room.models` (the engine), `elbo_room.widgets` (the screen) and `elbo_room.lab` (set-up, servers, notebooks).
The names below are loaded when they are first used, so importing this package imports neither torch nor a user interface.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elbo_room.models.conditional.settings import Settings as ConditionalSettings
    from elbo_room.models.core import Batch, Factor, Model, Site
    from elbo_room.models.data import as_dataset, load
    from elbo_room.models.data.dataset import Dataset
    from elbo_room.models.deep_exponential_family.settings import Settings as DeepExponentialFamilySettings
    from elbo_room.models.deep_generative.settings import Settings
    from elbo_room.models.deep_generative.settings import Settings as DeepGenerativeSettings
    from elbo_room.models.diagnostics.against_nuts import compare
    from elbo_room.models.diagnostics.calibration import calibrate
    from elbo_room.models.diagnostics.evidence.gaps import evidence_gaps
    from elbo_room.models.diagnostics.evidence.marginal import marginal_likelihood
    from elbo_room.models.diagnostics.nuts import nuts
    from elbo_room.models.estimators import ESTIMATORS, Estimator, NotApplicableError
    from elbo_room.models.families import Bernoulli, Normal
    from elbo_room.models.inference.estimate import estimate
    from elbo_room.models.presets import PRESETS
    from elbo_room.models.probing.best import best_estimator
    from elbo_room.models.probing.probe import probe
    from elbo_room.models.probing.report import Report, Reports
    from elbo_room.models.settings import SettingError
    from elbo_room.models.training.run import Run, Step
    from elbo_room.models.training.run_from import run_from
    from elbo_room.models.training.settings import InferenceSettings
    from elbo_room.models.variational import Amortized, Global, Posterior
    from elbo_room.widgets.explorer import Explorer

# Where each public name is defined, and what it is called there if that differs.
_PLACES = {
    "Amortized": "models.variational",
    "Batch": "models.core",
    "Bernoulli": "models.families",
    "ConditionalSettings": "models.conditional.settings:Settings",
    "Dataset": "models.data.dataset",
    "DeepExponentialFamilySettings": "models.deep_exponential_family.settings:Settings",
    "DeepGenerativeSettings": "models.deep_generative.settings:Settings",
    "ESTIMATORS": "models.estimators",
    "Estimator": "models.estimators",
    "Explorer": "widgets.explorer",
    "Factor": "models.core",
    "Global": "models.variational",
    "InferenceSettings": "models.training.settings",
    "Model": "models.core",
    "Normal": "models.families",
    "NotApplicableError": "models.estimators",
    "PRESETS": "models.presets",
    "Posterior": "models.variational",
    "Report": "models.probing.report",
    "Reports": "models.probing.report",
    "Run": "models.training.run",
    "SettingError": "models.settings",
    "Settings": "models.deep_generative.settings",
    "Site": "models.core",
    "Step": "models.training.run",
    "as_dataset": "models.data",
    "best_estimator": "models.probing.best",
    "calibrate": "models.diagnostics.calibration",
    "compare": "models.diagnostics.against_nuts",
    "estimate": "models.inference.estimate",
    "load": "models.data",
    "evidence_gaps": "models.diagnostics.evidence.gaps",
    "marginal_likelihood": "models.diagnostics.evidence.marginal",
    "nuts": "models.diagnostics.nuts",
    "probe": "models.probing.probe",
    "run_from": "models.training.run_from",
}

__all__ = [
    "ESTIMATORS",
    "PRESETS",
    "Amortized",
    "Batch",
    "Bernoulli",
    "ConditionalSettings",
    "Dataset",
    "DeepExponentialFamilySettings",
    "DeepGenerativeSettings",
    "Estimator",
    "Explorer",
    "Factor",
    "Global",
    "InferenceSettings",
    "Model",
    "Normal",
    "NotApplicableError",
    "Posterior",
    "Report",
    "Reports",
    "Run",
    "SettingError",
    "Settings",
    "Site",
    "Step",
    "as_dataset",
    "best_estimator",
    "calibrate",
    "compare",
    "estimate",
    "evidence_gaps",
    "load",
    "marginal_likelihood",
    "nuts",
    "probe",
    "run_from",
]


def _clone() -> Path | None:
    """The root of the clone this file belongs to, where the folders `lab`, `models` and `widgets` are; None in an installed wheel."""
    here = Path(__file__).resolve().parent
    root = here.parents[2]
    return root if here == root / "lab" / "package" / "elbo_room" and (root / "models").is_dir() else None


if _root := _clone():
    __path__.append(str(_root))


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}. Its names are: {', '.join(_PLACES)}.")
    module, _, original = _PLACES[name].partition(":")
    value = getattr(import_module(f"{__name__}.{module}"), original or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
