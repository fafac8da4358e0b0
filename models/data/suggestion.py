"""Which model suits a table, and why: a response brings a family and a link, counts a decoder or topics, texts a network over positions.

Words that name a control ("Response") are those of the page; the settings are those of `elbo_room.models.training.run_from`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from elbo_room.models.data.dataset import Dataset
from elbo_room.models.families.counts import not_counts
from elbo_room.models.presets.architecture import ARCHITECTURE
from elbo_room.models.presets.deep_exponential import DEEP_EXPONENTIAL
from elbo_room.models.presets.single_cells import SCVI

LEAST_DISPERSION = 0.5  # Var y / E y: whole numbers that vary less than half a Poisson's are hardly counts
POISSON_DISPERSION = 1.5  # up to here a Poisson will do
MOST_GRADES = 10
SMALL = 1  # counts that vary more have such a value somewhere; ages and prices do not
MOST_COUNT = 1_000_000
WORD = re.compile(r"[a-zà-ÿ]+(['’-][a-zà-ÿ]+)*")  # a word, unlike a gene, is in lower case and has no digits
MOSTLY_WORDS = 0.8  # share of a count table's columns
REGRESSION: Mapping[str, Any] = {
    "model": "conditional", "width": 20, "depth": 1, "step_size": 0.02, "held_out": 0.2,
}  # fmt: skip
MOTIFS: Mapping[str, Any] = ARCHITECTURE["motifs"]["settings"]
ATTENTION: Mapping[str, Any] = ARCHITECTURE["verses"]["settings"]
TOPICS: Mapping[str, Any] = DEEP_EXPONENTIAL["gamma_topics"]["settings"]


@dataclass(frozen=True)
class Suggestion:
    """Settings for `run_from`, with the reason; without settings, the defaults of a deep generative model."""

    settings: dict[str, Any]
    reason: str
    views: dict[str, str] = field(default_factory=dict)  # what the page's panels open with
    counts: bool = False  # whether x are counts


def suggested(data: Dataset) -> Suggestion:
    """The model that suits these data.

    >>> import elbo_room as er
    >>> from elbo_room.models.data.suggestion import suggested
    >>> found = suggested(er.load([[0.3], [1.2], [2.0], [0.7]], y=[0.0, 3.0, 7.0, 1.0]))
    >>> found.settings["response"]
    'negative_binomial'
    """
    if is_text(data):
        return _of_texts(data)
    if data.y is not None:
        return _with_response(data, data.y)
    if not_counts(data.x) is None and float(data.x.sum()) > 0:
        return _of_counts(data)
    return Suggestion({}, "They are real numbers: a normal response suits them. Press Run.")


def is_text(data: Dataset) -> bool:
    """Whether x (N, T · C) has at each position an indicator of one token, or padding."""
    if len(data.shape) != 2 or data.shape[1] < 2:
        return False
    some = data.x[:100].unflatten(1, data.shape)
    return bool(((some == 0) | (some == 1)).all()) and bool((some.sum(2) <= 1).all())


def _of_texts(data: Dataset) -> Suggestion:
    letters = all(len(each) == 1 for each in data.feature_names)
    network = MOTIFS if letters else ATTENTION
    kind = "a convolution over the letters" if letters else "attention over the words"
    if data.y is None:
        settings = {
            "network": network["network"],
            "response": "bernoulli",
            "draws": 1,
            "width": 32,
            "step_size": 0.003,
            "batch_size": 64,
        }
        reason = f"They are texts: a deep generative model whose encoder is {kind} is ready. Press Run."
        return Suggestion(settings, f"{reason} With a column used as response, a conditional model predicts it.")
    response, why = response_of(data, data.y)
    settings = {name: value for name, value in network.items() if name != "data"} | {
        "response": response,
        "held_out": 0.2,
    }
    if letters:
        settings["kernel"] = min(settings["kernel"], data.shape[0])
    views = {} if letters or response not in ("bernoulli", "categorical") else {"c": "attention_map", "d": "scores"}
    name = data.y_name or "y"
    return Suggestion(settings, f"A conditional model of {name} with {kind} is ready: {why} Press Run.", views)


def _with_response(data: Dataset, y: Tensor) -> Suggestion:
    response, reason = response_of(data, y)
    weights = {"weight": data.weight, "offset": data.offset, "exposure": data.exposure}
    used = [name for name, part in weights.items() if part is not None]
    also = f" Each row's {' and '.join(used)} {'enter' if len(used) > 1 else 'enters'} the likelihood." if used else ""
    return Suggestion(
        {**REGRESSION, "response": response},
        f"A conditional model of {data.y_name or 'y'} is ready: {reason}{also} Press Run, or choose another Response.",
    )


def response_of(data: Dataset, y: Tensor) -> tuple[str, str]:
    """The name of the response that suits y (N,), and why, in a sentence."""
    name, kinds = data.y_name or "y", data.y_kinds
    if len(kinds) == 2 or bool(((y == 0) | (y == 1)).all()):
        words = f"{kinds[0]} and {kinds[1]}, which counts as 1" if kinds else "0 and 1"
        return "bernoulli", f"Bernoulli with the logit link, as {name} has two values, {words}."
    if kinds:
        return "categorical", f"categorical with a softmax, as {name} has {len(kinds)} classes."
    if bool((y < 0).any()) or bool((y != y.round()).any()):
        return (
            "normal",
            f"Gaussian with the identity link, as {name} has real values; it is standardised for training only.",
        )
    if grades(y):
        return "normal", (
            f"Gaussian with the identity link, as {name} has whole values from 1 to {float(y.max()):.0f}, like grades: it takes the steps "
            "between them as equal. Categorical would forget their order; a cumulative link is not offered."
        )
    dispersion = dispersion_of(data, y)
    low, high = float(y.min()), float(y.max())
    varied = f"its variance is {dispersion:.3g} times its mean"
    if high > MOST_COUNT or dispersion < LEAST_DISPERSION or (dispersion > 2 * POISSON_DISPERSION and low > SMALL):
        more = (
            "a count would vary more"
            if dispersion < LEAST_DISPERSION
            else "a count that varies so much would often be 0"
        )
        return "normal", (
            f"Gaussian with the identity link, as {name} is whole, but {varied}, from {low:,.0f} to {high:,.0f}: {more}; "
            "it is standardised for training only."
        )
    if dispersion <= POISSON_DISPERSION:
        return "poisson", f"Poisson with the log link, as {name} is whole and ≥ 0, and {varied}."
    return "negative_binomial", f"negative binomial with the log link, as {name} is whole and ≥ 0, and {varied}."


def grades(y: Tensor) -> bool:
    """Whether y are all of 3 to 10 consecutive whole numbers from 1 on, as ordered answers are."""
    values = y.unique()
    return bool(values[0] == 1) and 3 <= len(values) <= MOST_GRADES and int(values[-1]) == len(values)


def dispersion_of(data: Dataset, y: Tensor) -> float:
    """Σ (y_i − e_i r)² / (e_i r) / (N − 1) with the common rate r = Σy/Σe: Var y / E y where no row has an exposure."""
    exposure = torch.ones_like(y) if data.shift is None else data.shift.exp()
    expected = exposure * (y.sum() / exposure.sum())
    return float(((y - expected).square() / expected.clamp_min(1e-12)).sum() / max(1, len(y) - 1))


def _of_counts(data: Dataset) -> Suggestion:
    words = [name for name in data.feature_names if WORD.fullmatch(name)]
    if len(words) > MOSTLY_WORDS * max(1, len(data.feature_names)) and len(words) > 2:
        settings = {name: value for name, value in TOPICS.items() if name != "data"}
        reason = (
            "They are counts, and their columns are words: topics by a deep exponential family are ready, press Run."
        )
        return Suggestion(settings, reason, counts=True)
    settings = {name: value for name, value in SCVI.items() if name != "data"}
    return Suggestion(settings, "They are counts: scVI's settings are ready, press Run.", {"plane": "pca"}, counts=True)
