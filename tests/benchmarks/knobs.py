"""Changes every knob of every scene, and of random neighbours of the scenes: `python lab bench knobs [neighbours] [seed]`.

A neighbour is a scene with three of its choices changed. A line is printed for a knob that the form offers and that does nothing, and for
a grey one that does something; 0 of either is the goal.
"""

import sys
from random import Random

import torch

from elbo_room.models.catalogue import knobs
from elbo_room.models.presets import PRESETS
from elbo_room.models.settings import FIRST_MODEL, SettingError, Values, settled, validate
from tests.models.knob_flips import Scene, alternatives, few_rows

CHANGED = 3


def neighbour(name: str, chance: Random) -> Values:
    """A scene with a few of its choices changed, and what does not go with them too."""
    settings = PRESETS[name]["settings"]
    own = knobs(settings.get("model", FIRST_MODEL))
    values = validate(own, settings)
    turned = [knob for knob in own if knob["kind"] in ("choice", "bool") and knob["name"] not in ("model", "data")]
    for knob in chance.sample(turned, CHANGED):
        if others := list(alternatives(knob, values)):
            values, _ = settled(own, values | {knob["name"]: chance.choice(others)}, knob["name"])
    return validate(own, values)


def report(name: str, values: Values) -> int:
    """Print what is silent; how many knobs that is."""
    try:
        found = Scene(values).silent()
    except (SettingError, ValueError) as refusal:
        print(f"{name:24s} refused: {refusal}", flush=True)
        return 0
    print(f"{name:24s} {'; '.join(found) or 'every knob acts or is grey'}", flush=True)
    return len(found)


def main(neighbours: int = 60, seed: int = 1) -> None:
    """A line for each scene, then for each neighbour, and the total."""
    torch.set_num_threads(1)
    chance = Random(seed)
    with few_rows():
        silent = sum(report(name, preset["settings"]) for name, preset in PRESETS.items())
        for number in range(neighbours):
            name = chance.choice(list(PRESETS))
            try:
                values = neighbour(name, chance)
            except SettingError:
                continue
            silent += report(f"{name} {number}", values)
    print(f"{silent} silent knobs in {len(PRESETS)} scenes and {neighbours} neighbours")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
