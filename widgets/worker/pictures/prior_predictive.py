"""Functions drawn from the prior for the settings that a form shows: no run, no training, no q."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from elbo_room.models.data import Dataset
from elbo_room.models.deep_generative.model import architecture
from elbo_room.models.diagnostics import functions, limit, no_limit
from elbo_room.models.networks import FeedForward, build_network
from elbo_room.models.priors import make_prior
from elbo_room.models.registry import family_of
from elbo_room.widgets.messages import Columns, Picture, PriorDrawn

DRAWS, POINTS, COLORS = 20, 121, 5
STEPS = (1.0, 2.0, 5.0, 10.0)


def _decoder(settings: Any, data: Dataset | None, generator: torch.Generator) -> tuple[nn.Module, Tensor, Tensor]:
    """One output of a decoder along z₁, the other latents at 0; it sees no data."""
    del data
    ticks = torch.linspace(-3, 3, POINTS)
    grid = torch.zeros(POINTS, settings.latent_size)
    grid[:, 0] = ticks
    return FeedForward(settings.latent_size, 1, architecture(settings), generator), grid, ticks


def _predictor(settings: Any, data: Dataset | None, generator: torch.Generator) -> tuple[nn.Module, Tensor, Tensor]:
    """One output of a network of the data's features along the first of them, the others at their mean."""
    data = (family_of(settings).data[settings.data].load() if data is None else data).standardised()
    x = data.x
    grid = x.mean(0).repeat(POINTS, 1)
    grid[:, 0] = torch.linspace(float(x[:, 0].min()), float(x[:, 0].max()), POINTS)
    ticks = data.in_units(grid)[:, 0]
    return build_network(settings, data.shape, 1, generator, padded=data.padded), grid, ticks


DECODERS = ("deep_generative",)  # families whose network has latent inputs; the others' networks see the data


def round_up(value: float) -> float:
    """The next of 1, 2, 5 × 10^k: an axis that stays fixed while λ moves a little, so that the functions are seen to move."""
    power = float(10 ** np.floor(np.log10(max(value, 1e-6))))
    return next(step * power for step in STEPS if step * power >= value * (1 - 1e-9))


def prior_functions(settings: Any, data: Dataset | None = None) -> PriorDrawn:
    """Columns, ranges and a sentence for the chart `prior_predictive`; the same noise whatever the knobs. `data` instead of those named.

    Raises:
        SettingError: the chosen prior is not allowed at all.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    make = _decoder if settings.model in DECODERS else _predictor
    network, grid, ticks = make(settings, data, generator)
    prior = make_prior(settings, point_mass=False).bind(network)
    values = functions(network, prior, grid, DRAWS, torch.Generator().manual_seed(settings.seed))[..., 0]  # (S, G)
    kind = architecture(settings)
    reason = no_limit(prior, kind)
    spread = torch.zeros(0) if reason else limit(prior, kind, grid).diagonal().sqrt().float()  # (G,)
    tall = 1.3 * 2 * float(spread.max()) if len(spread) else 1.2 * float(values.abs().amax(1).quantile(0.8))
    high = round_up(tall)
    number = torch.arange(DRAWS).repeat_interleave(POINTS)
    draws = {
        "x": ticks.repeat(DRAWS),
        "y": values.clamp(-50 * high, 50 * high).flatten(),
        "draw": number,
        "color": number % COLORS,
    }
    band = {"x": ticks[: len(spread)], "low": -2 * spread, "high": 2 * spread}
    middle = (
        ""
        if reason
        else f" The infinitely wide network has standard deviation {float(spread[POINTS // 2]):.2g} in the middle."
    )
    sentence = (
        f"{DRAWS} functions drawn from the prior, before any data.{middle}{f' No band: {reason}' if reason else ''}"
    )
    chart, axes = "prior_predictive", {"xLow": float(ticks[0]), "xHigh": float(ticks[-1]), "yLow": -high, "yHigh": high}
    picture: Picture = {
        "replace": {chart: {"draws": _columns(draws), "band": _columns(band)}},
        "params": {chart: {**axes}},
    }
    return PriorDrawn(picture, sentence)


def _columns(table: dict[str, Tensor]) -> Columns:
    return {name: column.numpy().astype(np.float32) for name, column in table.items()}
