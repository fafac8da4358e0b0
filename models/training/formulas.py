"""The lines of the formula that all families of models share: the gradient's estimate, what is in it, and the step."""

from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.formulas import line
from elbo_room.models.settings import when
from elbo_room.models.variational.weights import WEIGHT_POSTERIORS

HELD = when("schedule", among=("held",))
PATHS = when("estimator", among=[name for name, part in ESTIMATORS.items() if part.path])
XI = when("estimator", among=[name for name, part in ESTIMATORS.items() if hasattr(part, "xi_from")])
BOUND = when("estimator", among=[name for name, part in ESTIMATORS.items() if part.bound == "iwae"])
WHOLE = when(
    "estimator", among=[name for name, part in ESTIMATORS.items() if not part.symbol.startswith("G")]
)  # ĝ itself
DRAWN = when("posterior", among=[name for name, part in WEIGHT_POSTERIORS.items() if part.drawn])

INFERENCE_LINES = (
    line(
        "Bound of the weighted draws",
        r"\lit{elbo}{L_B} = \lit{variational}{\text{E}_q} \log \frac{1}{\lit{draws}{B}} \sum_{b=1}^{B} w_b,"
        r"\quad w_b = p(x, z_b) / q(z_b;\,ν)",
        BOUND,
    ),
    line("One draw", r"<estimator>", unless=(WHOLE,)),
    line("Gradient", r"<estimator>", WHOLE),
    line("Gradient", r"ĝ = \frac{1}{\lit{draws}{B}} \sum_{b=1}^{\lit{draws}{B}} G_b", DRAWN, unless=(WHOLE,)),
    line("Draws", r"z_b = t(\lit{noise}{ε_b}, ν),\quad \lit{noise}{ε_b}\ <noise:label>", PATHS),
    line("Draws", r"z_b ~ \lit{variational posterior}{q}(z;\,ν)", DRAWN, unless=(PATHS,)),
    line(
        "With",
        r"f_b = \log p(x, z_b) − \log q(z_b;\,ν),\quad s_b = ∇_ν \log q(z_b;\,ν)",
        unless=(PATHS,),
    ),
    line("Rao-Blackwell", r"<rao_blackwell>\quad \text{(}<rao_blackwell:label>\text{)}", unless=(PATHS,)),
    line("Control variate", r"<xi_from>", XI),
    line("Step", r"ν ← ν + \lit{step_size}{ρ} \cdot <optimizer>", HELD, unless=(when("cooling", low=1),)),
    line(
        "Step",
        r"ν ← ν + \lit{step_size}{ρ_t} \cdot <optimizer>,\quad ρ_t = ρ \min(1, \lit{cooling}{t_0} / t)",
        HELD,
        when("cooling", low=1),
    ),
    line(
        "Step",
        r"ν ← ν + \lit{step_size}{ρ_t} \cdot <optimizer>,\quad \lit{schedule}{ρ_t} = a\, (\lit{step_offset}{b} + t)^{−\lit{step_decay}{κ}},"
        r"\quad ρ_1 = \lit{step_size}{ρ}",
        when("schedule", among=("robbins_monro",)),
    ),
)
