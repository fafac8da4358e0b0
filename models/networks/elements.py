"""The requirements of each network knob: a kind of network that uses it, and enough hidden layers."""

from collections.abc import Mapping
from dataclasses import dataclass

from elbo_room.models.networks import ATTENTIONS, NETWORKS
from elbo_room.models.networks.norm import NORMS
from elbo_room.models.settings import Condition, Need, either, rule, when

ATTENTIVE = when("attention", among=[name for name in ATTENTIONS if name != "none"])
NORMED = (when("norm", among=[name for name in NORMS if name != "none"]), when("depth", low=1))
NO_LAYER = "There is no hidden layer. Raise 'Hidden layers' to 1 or more."


@dataclass(frozen=True)
class Element:
    """One knob of a network: the hidden layers it needs, and the reasons shown if there are too few or the network does not use it."""

    least: int = 0
    shallow: str = ""
    unused: str = ""
    hides: bool = False  # hidden if the network is of another kind


ELEMENTS: Mapping[str, Element] = {
    "width": Element(1, NO_LAYER, "A convolution has filters instead of a width."),
    "depth": Element(),
    "activation": Element(1, NO_LAYER),
    "intercept": Element(),
    "input_reinjection": Element(2, "It connects hidden layers, so it needs at least 2 of them."),
    "identity_residual": Element(2, "It connects hidden layers, so it needs at least 2 of them."),
    "dense_skip": Element(3, "The second hidden layer already sees the first, so it needs at least 3 of them."),
    "norm": Element(1, NO_LAYER),
    "attention": Element(),
    "kernel": Element(unused="Only a convolution has a window.", hides=True),
    "channels": Element(unused="Only a convolution has filters.", hides=True),
    "cell": Element(unused="Only a recurrence has a cell.", hides=True),
    "heads": Element(unused="Only token attention has heads.", hides=True),
    "pooling": Element(unused="A feed-forward network has no positions to pool.", hides=True),
}


def networks_with(name: str) -> list[Condition]:
    """The condition that the network's kind uses this element; empty if all kinds do."""
    found = [key for key, part in NETWORKS.items() if name in part.uses]
    return [] if len(found) == len(NETWORKS) else [when("network", among=found)]


def in_network(name: str) -> tuple[Need, ...]:
    """The requirements of a knob in a model with one network."""
    element, kind = ELEMENTS[name], networks_with(name)
    needs = [either(element.unused, kind, hides=element.hides)] if kind else []
    return (*needs, *([rule("depth", element.shallow, low=element.least)] if element.least else []))
