"""The knobs of a conditional model: data, response, link, spread, q; those of its network and inference are shared."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from elbo_room.models.data import OWN
from elbo_room.models.data.supervised import SUPERVISED
from elbo_room.models.networks import NETWORKS
from elbo_room.models.networks.elements import ATTENTIVE, NORMED
from elbo_room.models.networks.settings import NetworkSettings
from elbo_room.models.priors import PRIORS
from elbo_room.models.priors.settings import BY_LAYER, HAS_INTERCEPTS, NO_INTERCEPTS, NO_JOINING, ONE_SCALE, OTHER_PRIOR
from elbo_room.models.responses import LINKS, RESPONSES
from elbo_room.models.responses.choice import Choice, link_choices, needs
from elbo_room.models.settings import Need, either, rule, setting, when
from elbo_room.models.training.settings import POINT, InferenceSettings, model_setting

BY_MEAN = {name: part for name, part in RESPONSES.items() if part.by_mean}
RESPONSE_CHOICES = {
    name: Choice(name, part.label, part.symbol, part.help, needs(part.family.support, SUPERVISED))
    for name, part in BY_MEAN.items()
}
LINK_CHOICES = link_choices(LINKS, BY_MEAN)
DISPERSED = [name for name, part in BY_MEAN.items() if part.dispersed]
LINKED = [  # responses for which another link makes a different model
    name
    for name, part in BY_MEAN.items()
    if any(part.takes(link) for link in LINKS.values() if link.name not in ("usual", part.usual))
]
INNER = when("network", among=[name for name, part in NETWORKS.items() if part.inner])
RULES: Mapping[str, tuple[Need, ...]] = {
    "prior_scale": (either(ONE_SCALE, [OTHER_PRIOR], [when("depth", low=1)]),),
    "prior_scale_hidden": (BY_LAYER, either(NO_JOINING, [when("depth", low=2)], [INNER], [ATTENTIVE])),
    "prior_scale_bias": (BY_LAYER, either(NO_INTERCEPTS, [HAS_INTERCEPTS], NORMED, [ATTENTIVE])),
    "rao_blackwell": (
        POINT,
        rule(
            "prior", "All data points share the weights, the only latent variable: there is no term to leave out.",
            among=[name for name, part in PRIORS.items() if part.latent],
        ),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Settings(NetworkSettings, InferenceSettings):
    """A conditional model, its prior and its inference; live knobs take effect at the next step, the others start a new run.

    >>> import elbo_room as er
    >>> er.ConditionalSettings(draws=8).draws
    8
    """

    RULES: ClassVar[Mapping[str, tuple[Need, ...]]] = RULES
    model: str = model_setting("conditional")
    data: str = setting(
        "gap",
        label="Data",
        group="Data",
        choices="supervised",
        help="Which y is predicted from which x; nothing is downloaded.",
    )
    held_out: float = setting(
        0.0, label="Held out", group="Data", low=0.0, high=0.5,
        help="Share of your data points excluded from training; what is shown of predictions is about them.",
        requires=(rule("data", "These data come with held-out data points.", among=[OWN], hides=True),),
    )  # fmt: skip
    response: str = setting(
        "normal", label="Response", symbol="p(y|x)", group="Model", choices="responses", help="The family of y given x."
    )
    link: str = setting(
        "usual",
        label="Link",
        symbol="f",
        group="Model",
        choices="links",
        help="How the network's output becomes the mean.",
        requires=(
            rule(
                "response",
                "The location of this response is the network's output; it accepts no other link.",
                among=LINKED,
            ),
        ),
    )
    spread_from: str = setting(
        "learned", label="Spread", symbol="s", group="Model", choices="spreads", help="Where the response's s comes from.",
        requires=(rule("response", "This response has no spread parameter.", among=DISPERSED, hides=True),),
    )  # fmt: skip
    spread: float = setting(
        0.3, label="Fixed spread", symbol="s", group="Model", low=0.01, high=10.0, log=True, live=True,
        help="For a Gaussian y: its sd (of your own y: relative to the sd of all y); Gamma: sd/mean; negative binomial: the excess over "
        "Poisson. A learned one starts from here.",
        requires=(
            rule("response", "This response has no spread parameter.", among=DISPERSED, hides=True),
            rule("spread_from", "The network's second head sets every spread.", among=("fixed", "learned")),
        ),
    )  # fmt: skip
    posterior: str = setting(
        "mean_field",
        label="q(w)",
        symbol="ν",
        group="Inference",
        choices="weight_posteriors",
        help="The form of q over the weights.",
    )
