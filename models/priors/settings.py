"""The knobs of the prior on a network's weights, shared by every model family with a network."""

from dataclasses import dataclass

from elbo_room.models.priors import PRIORS
from elbo_room.models.priors.layers import LayerPrior
from elbo_room.models.priors.spike_slab import SpikeSlabPrior
from elbo_room.models.priors.student_t import StudentTPrior
from elbo_room.models.settings import rule, setting, when

BY_LAYER = rule(
    "prior",
    "Only the prior with λ by layer has a separate scale for each layer.",
    among=(LayerPrior.name,),
    hides=True,
)
STUDENT = rule("prior", "Only Student t has degrees of freedom.", among=(StudentTPrior.name,), hides=True)
SPIKE = rule("prior", "Only spike and slab has these.", among=(SpikeSlabPrior.name,), hides=True)

OTHER_PRIOR = when("prior", among=[name for name in PRIORS if name != LayerPrior.name])
HAS_INTERCEPTS = when("intercept", among=(True,))
ONE_SCALE = "There are no weights from the input to a hidden layer: those to the output have their own scale."
NO_JOINING = "There are no weights from one hidden layer to another."
NO_INTERCEPTS = "There are no intercepts. Switch them on under Model."


@dataclass(frozen=True)
class PriorSettings:
    """Which prior, its λ and the numbers that only some have; all but the first are live."""

    prior: str = setting(
        "normal", label="Prior", symbol="p(θ)", group="Prior", choices="priors", help="The belief about the weights before any data."
    )  # fmt: skip
    prior_scale: float = setting(
        1.0, label="Prior scale", symbol="λ", group="Prior", low=0.01, high=100.0, log=True, live=True,
        help="Scale of the weights under the prior: small is stiff. If it is learned: its hyper-prior's scale, or its starting value.",
    )  # fmt: skip
    prior_scale_hidden: float = setting(
        1.0, label="Hidden", symbol="λₕ", group="Prior", low=0.01, high=100.0, log=True, live=True, requires=(BY_LAYER,),
        help="Scale of the weights from one hidden layer to the next.",
    )  # fmt: skip
    prior_scale_out: float = setting(
        1.0, label="Output", symbol="λₒ", group="Prior", low=0.01, high=100.0, log=True, live=True, requires=(BY_LAYER,),
        help="Scale of the weights to the output.",
    )  # fmt: skip
    prior_scale_bias: float = setting(
        1.0, label="Intercepts", symbol="λₐ", group="Prior", low=0.01, high=100.0, log=True, live=True, requires=(BY_LAYER,),
        help="Scale of the intercepts.",
    )  # fmt: skip
    degrees: float = setting(
        3.0, label="Degrees", symbol="ν", group="Prior", low=0.5, high=100.0, log=True, live=True, requires=(STUDENT,),
        help="1 is the Cauchy distribution, 100 nearly a Gaussian.",
    )  # fmt: skip
    inclusion: float = setting(
        0.5, label="Inclusion", symbol="π", group="Prior", low=0.01, high=0.99, live=True, requires=(SPIKE,),
        help="Probability that a weight belongs to the slab.",
    )  # fmt: skip
    spike: float = setting(
        0.05, label="Spike width", symbol="r", group="Prior", low=0.001, high=0.5, log=True, live=True, requires=(SPIKE,),
        help="Scale of the spike as a fraction of λ.",
    )  # fmt: skip
