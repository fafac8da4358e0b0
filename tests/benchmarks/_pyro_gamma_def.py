"""The sparse gamma DEF of Pyro's example (`examples/sparse_gamma_def.py`): its model and its guides, on the same counts."""

import pyro
import pyro.distributions as dist
import torch
from pyro.infer import SVI, Trace_ELBO, TraceMeanField_ELBO
from pyro.infer.autoguide import AutoNormal
from pyro.optim import Adam
from torch import Tensor
from torch.nn.functional import softplus

TOP, MID, BOTTOM = 100, 40, 15
SHAPE_Z, RATE_Z, SHAPE_W, RATE_W = 0.1, 0.1, 0.1, 0.3
FIRST_MEAN, FIRST_SPREAD = 0.0, 0.1
KINDS = ("Pyro, AutoNormal guide", "Pyro, custom Gamma guide", "Pyro, AutoNormal guide, no checks")


class PyroDef:
    """One of Pyro's methods; names carry the kind, for Pyro's parameter store is global."""

    def __init__(self, kind: str, x: Tensor) -> None:
        self.kind, self.x = kind, x
        self.checked = "no checks" not in kind
        pyro.set_rng_seed(0)
        automatic = "AutoNormal" in kind
        guide = AutoNormal(self.model) if automatic else self.guide
        self.svi = SVI(self.model, guide, Adam({"lr": 0.01}), Trace_ELBO() if automatic else TraceMeanField_ELBO())

    def model(self, x: Tensor) -> None:
        with pyro.plate("w_top_plate", TOP * MID):
            w_top = pyro.sample("w_top", dist.Gamma(SHAPE_W, RATE_W))
        with pyro.plate("w_mid_plate", MID * BOTTOM):
            w_mid = pyro.sample("w_mid", dist.Gamma(SHAPE_W, RATE_W))
        with pyro.plate("w_bottom_plate", BOTTOM * x.shape[1]):
            w_bottom = pyro.sample("w_bottom", dist.Gamma(SHAPE_W, RATE_W))
        w_top, w_mid, w_bottom = (w_top.reshape(TOP, MID), w_mid.reshape(MID, BOTTOM), w_bottom.reshape(BOTTOM, -1))
        with pyro.plate("data", len(x)):
            z_top = pyro.sample("z_top", dist.Gamma(SHAPE_Z, RATE_Z).expand([TOP]).to_event(1))
            z_mid = pyro.sample("z_mid", dist.Gamma(SHAPE_Z, SHAPE_Z / (z_top @ w_top).clamp_min(1e-6)).to_event(1))
            z_bottom = pyro.sample(
                "z_bottom", dist.Gamma(SHAPE_Z, SHAPE_Z / (z_mid @ w_mid).clamp_min(1e-6)).to_event(1)
            )
            pyro.sample("obs", dist.Poisson((z_bottom @ w_bottom).clamp_min(1e-6)).to_event(1), obs=x)

    def guide(self, x: Tensor) -> None:
        def drawn(name: str, *shape: int) -> None:
            shape_q = pyro.param(
                f"{self.kind}_{name}_a", lambda: torch.full(shape, 0.5) + FIRST_SPREAD * torch.randn(shape)
            )
            mean_q = pyro.param(f"{self.kind}_{name}_m", lambda: FIRST_MEAN + FIRST_SPREAD * torch.randn(shape))
            a, m = softplus(shape_q).clamp_min(0.005), softplus(mean_q).clamp_min(1e-4)
            q = dist.Gamma(a, a / m)
            pyro.sample(name, q if len(shape) == 1 else q.to_event(1))

        for name, size in (("w_top", TOP * MID), ("w_mid", MID * BOTTOM), ("w_bottom", BOTTOM * x.shape[1])):
            with pyro.plate(f"{name}_plate", size):
                drawn(name, size)
        with pyro.plate("data", len(x)):
            for name, size in (("z_top", TOP), ("z_mid", MID), ("z_bottom", BOTTOM)):
                drawn(name, len(x), size)

    def step(self) -> float:
        pyro.enable_validation(self.checked)
        return self.svi.step(self.x)
