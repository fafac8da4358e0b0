"""Variational families: where ν comes from at each site."""

from elbo_room.models.variational.amortized import Amortized
from elbo_room.models.variational.global_table import Global
from elbo_room.models.variational.posterior import Posterior
from elbo_room.models.variational.table import Table
from elbo_room.models.variational.top_down import STRUCTURES, TopDown

VARIATIONAL: dict[str, type[Amortized] | type[Table]] = {part.name: part for part in (Amortized, Table)}

__all__ = ["STRUCTURES", "VARIATIONAL", "Amortized", "Global", "Posterior", "Table", "TopDown"]
