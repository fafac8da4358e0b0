"""Data with a response, by the kind of y: real, positive, fraction, count, binary, classes."""

from elbo_room.models.data import sources_of

SUPERVISED = sources_of("conditional")
