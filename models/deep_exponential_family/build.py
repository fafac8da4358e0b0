"""A deep exponential family from its settings, with a q whose initial values suit each layer's family and the data's scale."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from elbo_room.models.core import Batch, Site
from elbo_room.models.data import Dataset
from elbo_room.models.deep_exponential_family.model import DeepExponentialFamily, Plan
from elbo_room.models.deep_exponential_family.settings import Settings
from elbo_room.models.estimators import ESTIMATORS
from elbo_room.models.inference.surrogate_context import estimators_by_site, refusal
from elbo_room.models.layers import LAYERED_RESPONSES, LAYERS, POSITIVE_FAMILIES, WEIGHTS, Scales
from elbo_room.models.networks import Architecture
from elbo_room.models.settings import SettingError
from elbo_room.models.variational import VARIATIONAL, Amortized, Global, Posterior, Table, TopDown

ENCODER = Architecture(width=64, depth=1)
SPREAD = 0.1  # of the initial ν among data points
APART = 0.3  # of the initial weights among units: identical ones would stay identical


class LogCounts(nn.Module):
    """An encoder that sees log(1 + x): counts of common words are hundreds."""

    def __init__(self, inner: Amortized) -> None:
        super().__init__()
        self.inner = inner

    def nu(self, batch: Batch) -> Tensor:
        """ν of the batch's rows: (M, n_params, K)."""
        return self.inner.nu(replace(batch, x=batch.x.log1p()))


def plan_of(settings: Settings, data: Dataset) -> Plan:
    """The layers in the settings, from the data upwards."""
    named = [(getattr(settings, f"layer_{n}"), getattr(settings, f"width_{n}")) for n in range(1, settings.depth + 1)]
    return Plan(
        [(LAYERS[name], width) for name, width in named], LAYERED_RESPONSES[settings.response], data.x.shape[1],
        WEIGHTS[settings.weights], POSITIVE_FAMILIES[settings.positive_family](), settings.intercept, settings.centred,
        sparse=data.entries is not None,
    )  # fmt: skip


@torch.no_grad()
def local_factor(site: Site, settings: Settings, data: Dataset, counts: bool, generator: torch.Generator) -> nn.Module:
    """The table or encoder of a layer, with its initial ν around the family's."""
    start = torch.tensor(site.family.start or (0.0,) * site.family.n_params)[:, None].expand(
        -1, *site.shape
    )  # (n_params, K)
    factor = VARIATIONAL[settings.variational](site, data.x.shape[1], data.size, ENCODER, generator)
    if isinstance(factor, Table):
        noise = torch.randn(factor.table.shape, generator=generator) * SPREAD
        if not site.family.discrete:
            noise[:, 1:] = 0.0
        factor.table.copy_(start + noise)
        return factor
    out = factor.encoder.out
    out.weight.mul_(SPREAD)
    out.bias.copy_(start.flatten())
    return LogCounts(factor) if counts else factor


def top_down_factor(model: DeepExponentialFamily, number: int, base: nn.Module) -> TopDown:
    """The q of layer `number`, which depends on the draw of the layer above."""
    kind, width = model.plan.layers[number]
    site, above = model.sites[f"z{number}"], model.sites[f"z{number + 1}"]
    return TopDown(base, site, above, kind.look, width * kind.per_unit)


@torch.no_grad()
def global_factor(model: DeepExponentialFamily, number: int, mean: Tensor, generator: torch.Generator) -> Global:
    """The q of one connection's weights: together they give the mean of the layer below, each about the same share of it."""
    join = model.joins()[number]
    if join.site is None:
        raise ValueError(f"The weights {join.name} are a point mass; they have no q.")
    shape = (join.outputs, join.inputs)
    noise = torch.randn(shape, generator=generator)
    if model.plan.weights.positive:
        goal = mean.clamp_min(1e-4) if number == 0 else torch.ones(join.outputs)
        centre = (goal / join.inputs).log().unsqueeze(-1) + APART * noise
    else:
        centre = noise * APART / join.inputs**0.5
        if join.intercept:
            goal = _intercepts(model, mean) if number == 0 else torch.zeros(join.outputs)
            centre = torch.cat([centre, goal.unsqueeze(-1)], -1)
    flat = centre.flatten()
    return Global(join.site, torch.stack([flat, torch.full_like(flat, join.site.family.weight_spread)]))


def _intercepts(model: DeepExponentialFamily, mean: Tensor) -> Tensor:
    return model.plan.response.first(mean, model.scales.natural)


def build(settings: Settings, data: Dataset, generator: torch.Generator) -> tuple[DeepExponentialFamily, Posterior]:
    """The model and its q, initialised from the run's generator.

    Raises:
        SettingError: the estimator, the noise and the layers do not work together, or the response does not fit the data.
    """
    plan = plan_of(settings, data)
    if reason := plan.response.data.refuses(data.x, plan.response.label):
        raise SettingError("response", reason)
    scales = Scales(settings.layer_scale, settings.layer_shape, settings.activation, settings.link == "natural")
    model = DeepExponentialFamily(plan, scales, settings.prior_scale, settings.weight_shape, generator)
    model.second, model.weight_estimator = settings.second_estimator, settings.weight_estimator
    model.top_down = settings.structure == "top_down"
    chosen = estimators_by_site(model, ESTIMATORS[settings.estimator](), settings.draws)
    if reason := refusal(model, chosen, settings.draws, settings.noise):
        raise SettingError("estimator", reason)
    mean = plan.response.observed(data.x).mean(0)  # (D,)
    factors: dict[str, nn.Module] = {}
    for number in range(1, len(plan.layers) + 1):
        site = model.sites[f"z{number}"]
        factor = local_factor(site, settings, data, plan.response.counts, generator)
        factors[site.name] = (
            top_down_factor(model, number, factor) if model.top_down and number < len(plan.layers) else factor
        )
    for number, join in enumerate(model.joins()):
        if join.site is not None:
            factors[join.name] = global_factor(model, number, mean, generator)
        elif number == 0 and join.bias is not None:
            with torch.no_grad():
                join.bias.copy_(_intercepts(model, mean))
    return model, Posterior({name: factors[name] for name in model.sites})
