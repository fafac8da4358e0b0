"""Every estimator at every q of the shipped models: it trains, or one sentence tells the user why not and what to do."""

import re
from collections.abc import Iterator

import pytest

from elbo_room.models.conditional import settings as conditional_settings
from elbo_room.models.deep_exponential_family import settings as deep_exponential_family_settings
from elbo_room.models.deep_generative import settings as deep_generative_settings
from elbo_room.models.estimators import ESTIMATORS, NotApplicableError
from elbo_room.models.latent_priors import LATENT_PRIORS
from elbo_room.models.layers import LAYERS, POSITIVE_FAMILIES
from elbo_room.models.priors import PRIORS
from elbo_room.models.settings import SettingError
from elbo_room.models.training.run import Run
from elbo_room.models.training.settings import InferenceSettings
from elbo_room.models.variational.weights import WEIGHT_POSTERIORS

PROGRAMMERS = re.compile(
    r"`|\b(None|Tensor|Factor|Site|Posterior|dict|tuple|str|int|float|bool|class|object|self)\b|_[a-z]|\w+Error"
)
GIVES_ADVICE = re.compile(r"(Choose|Set|Raise|Give|Draw|Make|Add|Lower|Switch|Drop|Use)\b")
QUICK = {"draws": 4, "batch_size": 16, "stop_at": 1}


def models() -> Iterator[tuple[str, InferenceSettings]]:
    """One of each kind of site and of q that the shipped models have."""
    for name in LATENT_PRIORS:
        yield f"z ~ {name}", deep_generative_settings.Settings(data="pinwheel", width=4, latent_prior=name, **QUICK)
    for name in WEIGHT_POSTERIORS:
        path = "reparameterization"
        yield f"q(w) {name}", conditional_settings.Settings(width=3, posterior=name, estimator=path, **QUICK)
    for name in PRIORS:
        yield f"w ~ {name}", conditional_settings.Settings(width=3, prior=name, **QUICK)
    for layer in LAYERS:
        for weights in ("point", "normal", "gamma"):
            for positive in POSITIVE_FAMILIES:
                yield f"{layer}, {weights}, {positive}", deep_exponential_family_settings.Settings(
                    data="pinwheel", response="normal", layer_1=layer, layer_2=layer, width_1=3, width_2=2, weights=weights,
                    positive_family=positive, **QUICK,
                )  # fmt: skip


MODELS = dict(models())


def refusal_of(estimator: str, model: InferenceSettings) -> str | None:
    """Why an estimator does not train this model; None where its first step is made."""
    try:
        next(Run(type(model)(**{**vars(model), "estimator": estimator})))
    except (SettingError, NotApplicableError) as refusal:
        return str(refusal)
    return None


@pytest.mark.parametrize("name", MODELS)
def test_an_estimator_trains_or_gives_a_reason(name: str) -> None:
    found = {estimator: refusal_of(estimator, MODELS[name]) for estimator in ESTIMATORS}
    assert None in found.values(), "no estimator trains this model"
    for estimator, sentence in found.items():
        if sentence is not None:
            assert not PROGRAMMERS.search(sentence), f"{estimator}: {sentence}"
            assert GIVES_ADVICE.search(sentence), f"{estimator}: {sentence}"
            assert sentence.endswith(".")
