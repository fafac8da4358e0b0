"""Rubbish for every argument of the library's functions: a result, or one sentence for the user, and nothing in between."""

import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elbo_room.models.data import Dataset, as_dataset
from elbo_room.models.inference.estimate import estimate
from elbo_room.models.probing.probe import probe
from elbo_room.models.training.run import Run
from elbo_room.models.training.run_from import run_from
from tests.models.inference.test_manners import Mean, X, posterior

JARGON = re.compile(
    r"NoneType|has no attribute|object at 0x|Traceback|<class|unexpected keyword|positional argument|not iterable|unhashable|"
    r"subscriptable|has no len|dtype|size mismatch|The size of tensor|torch\.[a-z]+Tensor|could not convert|unsupported operand|__\w+__"
)
ARRAYS = st.sampled_from(
    [
        np.zeros(0),
        np.zeros((0, 2)),
        np.zeros((3, 0)),
        np.zeros((2, 1, 1, 1)),
        np.full((4, 1), np.nan),
        np.array([["a", "b"]]),
        np.array(1.0),
        np.ones((3, 2)),
        np.ones((5, 1), dtype=complex),
        np.array([object()], dtype=object),
    ]
)
PLAIN = st.sampled_from(
    [None, True, -1, 0, 3, 2.5, -0.5, float("nan"), float("inf"), 10**30, object(), object, len, b"x", 1j]
)
TEXTS = st.sampled_from(
    ["", "score", "scores", "digits", "own", "path_only", "None", "/nowhere/at/all.csv", "a.npz", "z"]
)
LEAVES = st.one_of(PLAIN, TEXTS, ARRAYS, ARRAYS.filter(lambda each: each.dtype == float).map(torch.from_numpy))
NESTED = st.one_of(
    st.lists(LEAVES, max_size=2),
    st.dictionaries(TEXTS, LEAVES, max_size=2),
    st.tuples(LEAVES),
    st.sets(TEXTS, max_size=2),
)
RUBBISH = st.one_of(LEAVES, NESTED)


def probed(**rubbish: object) -> object:
    whole = {
        "model": Mean(),
        "q": posterior(),
        "estimators": "score",
        "batch": X,
        "draws": 2,
        "replicates": 4,
    } | rubbish
    return probe(**whole)  # type: ignore[arg-type]


def estimated(**rubbish: object) -> object:
    whole = {"model": Mean(), "q": posterior(), "estimators": "score", "batch": X, "draws": 2} | rubbish
    return estimate(**whole)  # type: ignore[arg-type]


def trained(**rubbish: object) -> object:
    whole = {"model": Mean(), "q": posterior(), "data": X, "inference": {"stop_at": 1}} | rubbish
    return next(Run(**whole))  # type: ignore[call-overload]


def trained_from(**rubbish: object) -> object:
    return run_from(**({"settings": {"data": "pinwheel", "width": 4}} | rubbish))  # type: ignore[arg-type]


def data_of(**rubbish: object) -> object:
    return Dataset(**({"x": X} | rubbish))  # type: ignore[arg-type]


COMMON = (
    "model",
    "q",
    "estimators",
    "batch",
    "draws",
    "generator",
    "replicates",
    "rao_blackwell",
    "noise_kind",
    "objective",
)
CALLS: dict[Callable[..., object], tuple[str, ...]] = {
    probed: (*COMMON, "site", "reference", "chunk"),
    estimated: COMMON,
    trained: ("model", "q", "data", "inference", "estimators"),
    trained_from: ("settings", "data", "model", "q", "estimators"),
    data_of: ("x", "y", "labels", "label_names", "name", "shape", "covariates", "test", "feature_names", "row_names"),
    lambda data: as_dataset(data): ("data",),
}
PLACES = [(call, name) for call, names in CALLS.items() for name in names]


def sentence_of(call: Callable[[], object]) -> str | None:
    """None where there is a result; else what it says, which is for a person."""
    try:
        call()
    except (ValueError, TypeError) as error:
        return str(error)
    return None


@pytest.mark.parametrize(("call", "name"), PLACES, ids=lambda part: getattr(part, "__name__", part))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(rubbish=RUBBISH)
def test_rubbish_gives_a_result_or_a_sentence(call: Callable[..., object], name: str, rubbish: object) -> None:
    sentence = sentence_of(lambda: call(**{name: rubbish}))
    if sentence is not None:
        assert not JARGON.search(sentence), sentence
        assert sentence.endswith("."), sentence
        assert "\n" not in sentence, sentence
        assert len(sentence) < 1200


WORDS_OF_PYTHON = {
    "an operator": lambda: None + 1,  # type: ignore[operator]
    "a length": lambda: len(3),  # type: ignore[arg-type]
    "a call": lambda: probe(3),  # type: ignore[call-arg, arg-type]
}


@pytest.mark.parametrize("call", WORDS_OF_PYTHON.values(), ids=WORDS_OF_PYTHON)
def test_the_words_of_python_are_recognised(call: Callable[[], object]) -> None:
    """The property can fail."""
    assert JARGON.search(sentence_of(call) or "")
