"""Optimisers, one per file. To add one: write its file and add its class to this tuple."""

from elbo_room.models.training.optimizers.adam import Adam
from elbo_room.models.training.optimizers.ascent import Ascent
from elbo_room.models.training.optimizers.momentum import Momentum
from elbo_room.models.training.optimizers.natural import NaturalGradient
from elbo_room.models.training.optimizers.optimizer import FreeNu, Optimizer
from elbo_room.models.training.optimizers.rmsprop import RMSprop

OPTIMIZERS: dict[str, type[Optimizer]] = {
    part.name: part for part in (Adam, Ascent, Momentum, RMSprop, NaturalGradient)
}

__all__ = ["OPTIMIZERS", "Adam", "Ascent", "FreeNu", "Momentum", "NaturalGradient", "Optimizer", "RMSprop"]
