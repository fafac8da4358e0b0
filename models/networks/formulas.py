"""The lines of a network's formula: layer by layer where it is feed-forward, its own symbol where it runs over positions."""

from elbo_room.models.formulas import line
from elbo_room.models.settings import when

FED = when("network", among=("feed_forward",))
NETWORK_LINES = (
    line(
        "Network",
        r"h_ℓ = <identity_residual?h_{ℓ−1} + {}> \lit{activation}{g}(Θ_ℓ h_{ℓ−1} <input_reinjection?{} + γ_ℓ x>"
        r"<dense_skip?{} + \sum_{k=1}^{ℓ−2} Δ_{ℓk} h_k> <intercept?{} + α_ℓ>),\quad g(u) = <activation>",
        FED,
        when("depth", low=1),
    ),
    line("Network", r"\text{linear: no hidden layer}", FED, unless=(when("depth", low=1),)),
    line("Network", r"<network>,\quad \lit{activation}{g(u)} = <activation>", unless=(FED,)),
)
