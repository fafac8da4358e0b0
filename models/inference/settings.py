"""Every knob of a run, declared once. The form, the checks, the run file, the link and the exported code are derived from it."""

from dataclasses import dataclass

from models.settings import rule, setting

DEEP = rule("depth", "It joins hidden layers, so it needs at least 2 of them.", low=2)


@dataclass(frozen=True)
class Settings:
    """A deep generative model, its prior and its inference; live knobs act at the next step, the others start a new run."""

    data: str = setting(
        "digits", label="Data", group="Data", choices="data", help="What is to be modelled; nothing is downloaded."
    )
    response: str = setting(
        "normal", label="Response", symbol="p(x|z)", group="Model", choices="families", help="The family of x given z."
    )
    scale_head: str = setting(
        "shared", label="Response scale", symbol="σ", group="Model", choices="scale_heads", help="Where the Gaussian's σ comes from.",
        requires=(rule("response", "A Bernoulli response has no scale.", among=("normal",)),),
    )  # fmt: skip
    latent_size: int = setting(
        2, label="Latent size", symbol="K", group="Model", low=1, high=16, help="Dimensions of z."
    )
    width: int = setting(
        64, label="Width", group="Model", low=2, high=256, help="Units in each hidden layer, encoder and decoder alike."
    )
    depth: int = setting(
        2,
        label="Hidden layers",
        group="Model",
        low=0,
        high=6,
        help="0 is a linear decoder: probabilistic PCA with one σ.",
    )
    activation: str = setting(
        "tanh",
        label="Activation",
        symbol="g",
        group="Model",
        choices="activations",
        help="The bend after each hidden layer.",
    )
    intercept: bool = setting(True, label="Intercept", symbol="α", group="Model", help="Adds α to every linear map.")
    input_reinjection: bool = setting(
        False, label="Residual: input", symbol="γx", group="Model", help="The notes' residual: later hidden layers see the input again.",
        requires=(DEEP,),
    )  # fmt: skip
    identity_residual: bool = setting(
        False, label="Residual: identity", symbol="h+g", group="Model", help="Each later hidden layer is added to the one before.",
        requires=(DEEP,),
    )  # fmt: skip
    attention: str = setting(
        "none",
        label="Attention",
        symbol="A(x)∘x",
        group="Model",
        choices="attentions",
        help="Feature attention at the network's input.",
    )
    prior_scale: float = setting(
        1.0, label="Prior scale", symbol="λ", group="Prior", low=0.01, high=100.0, log=True, live=True,
        help="Standard deviation of every decoder weight: small is stiff.",
    )  # fmt: skip
    variational: str = setting(
        "amortized",
        label="q's parameters",
        symbol="ν",
        group="Inference",
        choices="variational",
        help="Where each datum's ν comes from.",
    )
    estimator: str = setting(
        "reparameterization",
        label="Estimator",
        group="Inference",
        live=True,
        choices="estimators",
        help="How the gradient is estimated.",
    )
    xi_from: str = setting(
        "leave_one_out", label="ξ from", symbol="ξ", group="Inference", live=True, choices="xi_sources",
        help="The draws that ξ* is estimated from; it matters to score with ξ*.",
    )  # fmt: skip
    draws: int = setting(
        4,
        label="Draws",
        symbol="B",
        group="Inference",
        low=1,
        high=64,
        log=True,
        live=True,
        help="Monte Carlo draws per datum and step.",
    )
    noise: str = setting(
        "iid", label="Noise", symbol="ε", group="Inference", live=True, choices="noises",
        help="How the B draws of a step depend on each other.",
    )  # fmt: skip
    rao_blackwell: str = setting(
        "plate",
        label="Rao-Blackwell",
        group="Inference",
        live=True,
        choices="rao_blackwell",
        help="Which terms a datum's score multiplies.",
    )
    step_size: float = setting(
        0.005,
        label="Step size",
        symbol="ρ",
        group="Inference",
        low=1e-5,
        high=1.0,
        log=True,
        live=True,
        help="Adam's step size.",
    )
    batch_size: int = setting(
        128,
        label="Minibatch",
        symbol="M",
        group="Inference",
        low=1,
        high=2000,
        log=True,
        live=True,
        help="Rows a step.",
    )
    seed: int = setting(
        7, label="Seed", group="Run", low=0, high=2**31 - 1, help="Same settings and seed: the same run, bit for bit."
    )
    stop_at: int = setting(
        2000, label="Stop at", group="Run", low=1, high=100_000, live=True, help="The step at which the run rests."
    )
