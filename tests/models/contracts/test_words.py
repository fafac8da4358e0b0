"""Every part of every folder declares what a form needs, and its rules are rules a form can follow."""

import pytest

from elbo_room.models.catalogue import FOLDERS, all_knobs
from tests.models.contracts.parts import check_rules, check_words

PARTS = [
    pytest.param(name, part, id=f"{folder}-{name}") for folder, parts in FOLDERS.items() for name, part in parts.items()
]


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_words_and_rules(name: str, part: object) -> None:
    check_words(part, name, symbol=part not in FOLDERS["data"].values())
    check_rules(part.requires)


@pytest.mark.parametrize("model", all_knobs())
def test_rules_of_knobs(model: str) -> None:
    for knob in all_knobs()[model]:
        check_rules(knob["requires"])


@pytest.mark.parametrize("folder", FOLDERS)
def test_labels_are_distinct(folder: str) -> None:
    labels = [part.label for part in FOLDERS[folder].values()]
    assert len(set(labels)) == len(labels) > 0
