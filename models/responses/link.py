"""m = f(w): the mean as a function of the network's output w; f is the inverse of what GLM books call the link.

With the canonical link the natural parameter is w itself, so the gradient of one term is (y − m)/φ ∇_θ w (McCullagh & Nelder 1989).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad, softplus

from elbo_room.models.settings import rule

TINY = 1e-6  # keeps a probability off 0 and 1 where its logarithm is needed


def _only(reason: str, *names: str) -> tuple[dict[str, object], ...]:
    return (rule("response", f"{reason} Choose the usual link, or another response.", among=names),)


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
    requires: tuple[dict[str, object], ...] = ()
    minimal: bool = False

    def mean(self, w: Tensor) -> Tensor:
        """The mean f(w)."""
        return self.function(w)


RATES, ODDS = ("poisson", "negative_binomial", "gamma"), ("bernoulli", "beta")
LINKS: dict[str, Link] = {
    each.name: each
    for each in (
        Link("usual", "the usual one", "η = w", "The canonical link where the family has a usable one: η = w.", torch.clone),
        Link("identity", "identity", "m = w", "The output is the mean.", torch.clone,
             _only("An identity link lets the mean leave the family's range.", "normal", "student_t")),
        Link("log", "log", "m = exp w", "A positive mean; effects multiply.", torch.exp,
             _only("A log link is for positive means.", *RATES, "normal")),
        Link("softplus", "softplus", "m = log(1+exp w)", "A positive mean that grows linearly.",
             lambda w: softplus(w) + TINY, _only("A softplus link is for positive means.", *RATES, "normal")),
        Link("logit", "logit", "m = 1/(1+exp −w)", "Log odds.", torch.sigmoid, _only("A logit link is for means in (0, 1).", *ODDS)),
        Link("probit", "probit", "m = Φ(w)", "A latent Gaussian crosses a threshold.",
             lambda w: _probability(torch.special.ndtr(w)), _only("A probit link is for means in (0, 1).", *ODDS)),
        Link("cloglog", "complementary log-log", "m = 1−exp(−exp w)", "The first event of a Poisson process; not symmetric.",
             lambda w: _probability(-torch.expm1(-w.exp())), _only("A log-log link is for means in (0, 1).", *ODDS)),
        Link("softmax", "softmax of K logits", "m ∝ exp w", "Shift-invariant: K logits have one direction too many.",
             lambda w: w.softmax(-1), _only("A softmax is for classes.", "categorical")),
        Link("minimal", "softmax of K−1 logits", "m ∝ exp (w, 0)", "Minimal: the last class's logit is fixed at 0.",
             lambda w: pad(w, (0, 1)).softmax(-1), _only("A softmax is for classes.", "categorical"), minimal=True),
    )
}  # fmt: skip
