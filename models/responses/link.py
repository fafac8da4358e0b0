"""m = f(w): the mean as a function of the network's output w; f is the inverse of what the GLM literature calls the link.

With the canonical link the natural parameter is w itself, so the gradient of one term is (y − m)/φ ∇_θ w (McCullagh & Nelder 1989).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad, softplus

from elbo_room.models.families.support import POSITIVE_MEAN, PROBABILITIES, PROBABILITY, REAL_MEAN

TINY = 1e-6  # keeps a probability off 0 and 1 where its logarithm is needed


def _probability(value: Tensor) -> Tensor:
    return value.clamp(TINY, 1 - TINY)


@dataclass(frozen=True)
class Link:
    """A named f: R → the means of a family, elementwise; `minimal` fixes the last of K logits at 0."""

    name: str
    label: str
    symbol: str
    help: str
    function: Callable[[Tensor], Tensor]
    range: str = ""  # the set of its means; for the usual link, that of the family's mean
    reason: str = ""  # why a response with another kind of mean does not accept it
    minimal: bool = False

    def mean(self, w: Tensor) -> Tensor:
        """The mean f(w)."""
        return self.function(w)


LINKS: dict[str, Link] = {
    each.name: each
    for each in (
        Link("usual", "the usual one", "η = w", "The canonical link if the family has a usable one: η = w.", torch.clone),
        Link("identity", "identity", "m = w", "The output is the mean.", torch.clone,
             REAL_MEAN, "An identity link lets the mean leave the family's range."),
        Link("log", "log", "m = exp w", "A positive mean; effects multiply.", torch.exp,
             POSITIVE_MEAN, "A log link is for positive means."),
        Link("softplus", "softplus", "m = log(1+exp w)", "A positive mean that grows linearly.",
             lambda w: softplus(w) + TINY, POSITIVE_MEAN, "A softplus link is for positive means."),
        Link("logit", "logit", "m = 1/(1+exp −w)", "Log odds.", torch.sigmoid, PROBABILITY, "A logit link is for means in (0, 1)."),
        Link("probit", "probit", "m = Φ(w)", "A latent Gaussian crosses a threshold.",
             lambda w: _probability(torch.special.ndtr(w)), PROBABILITY, "A probit link is for means in (0, 1)."),
        Link("cloglog", "complementary log-log", "m = 1−exp(−exp w)", "The first event of a Poisson process; not symmetric.",
             lambda w: _probability(-torch.expm1(-w.exp())), PROBABILITY, "A log-log link is for means in (0, 1)."),
        Link("softmax", "softmax of K logits", "m ∝ exp w", "Shift-invariant: K logits have one redundant direction.",
             lambda w: w.softmax(-1), PROBABILITIES, "A softmax is for classes."),
        Link("minimal", "softmax of K−1 logits", "m ∝ exp (w, 0)", "Minimal: the last class's logit is fixed at 0.",
             lambda w: pad(w, (0, 1)).softmax(-1), PROBABILITIES, "A softmax is for classes.", minimal=True),
    )
}  # fmt: skip
