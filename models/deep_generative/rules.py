"""Requirements of shared knobs in a deep generative model, which has a decoder, and an encoder unless q's parameters come from a table.

A network knob has an effect if either of them uses it; a prior knob if the decoder has weights of that kind.
"""

from elbo_room.models.deep_generative.decoders import DECODERS
from elbo_room.models.networks.elements import ATTENTIVE, ELEMENTS, NORMED, networks_with
from elbo_room.models.priors.settings import BY_LAYER, HAS_INTERCEPTS, NO_INTERCEPTS, NO_JOINING, ONE_SCALE, OTHER_PRIOR
from elbo_room.models.settings import Condition, Need, either, rule, when
from elbo_room.models.variational import Amortized

UNUSED = "Neither the encoder nor the decoder uses it with these choices."
ENCODES = when("variational", among=(Amortized.name,))
LAYERED = tuple(name for name, part in DECODERS.items() if not part.own_depth)  # their layers are the hidden layers
BUILT = tuple(name for name, part in DECODERS.items() if part.own_depth)
IN_LAYERS, IN_OTHERS = when("decoder", among=LAYERED), when("decoder", among=BUILT)
ALWAYS_SHIFTED = when("decoder", among=[name for name in BUILT if "intercept" not in DECODERS[name].uses])


def _decoders(name: str, kind: tuple[str, ...], *more: Condition) -> list[list[Condition]]:
    """The condition that the decoder is of this kind and uses an element; empty if no decoder does."""
    found = [key for key in kind if name in DECODERS[key].uses]
    return [[when("decoder", among=found), *more]] if found else []


def in_encoder_or_decoder(name: str) -> tuple[Need, ...]:
    """Requirements of a network knob: an encoder or a decoder with this element, and enough hidden layers if it needs them."""
    element, encoder = ELEMENTS[name], [ENCODES, *networks_with(name)]
    unused = element.unused if element.hides else UNUSED
    first = either(unused, encoder, *_decoders(name, LAYERED + BUILT), hides=element.hides)
    if not element.least:
        return (first,)
    deep = when("depth", low=element.least)
    second = either(element.shallow, [*encoder, deep], *_decoders(name, LAYERED, deep), *_decoders(name, BUILT))
    return first, second


RULES: dict[str, tuple[Need, ...]] = {name: in_encoder_or_decoder(name) for name in ELEMENTS} | {
    "network": (rule("variational", "q's parameters come from a table: there is no encoder.", among=ENCODES["among"]),),
    "prior_scale": (either(ONE_SCALE, [OTHER_PRIOR], [when("depth", low=1)], [IN_OTHERS]),),
    "prior_scale_hidden": (
        BY_LAYER,
        either(
            NO_JOINING, [IN_LAYERS, when("depth", low=2)], [IN_LAYERS, ATTENTIVE], [IN_OTHERS],
            [when("batch_covariate", among=(True,))],
        ),
    ),
    "prior_scale_bias": (
        BY_LAYER,
        either(NO_INTERCEPTS, [HAS_INTERCEPTS], [IN_LAYERS, *NORMED], [IN_LAYERS, ATTENTIVE], [ALWAYS_SHIFTED]),
    ),
}  # fmt: skip
