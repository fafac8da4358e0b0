"""Variational families: where ν comes from, site by site."""

from models.variational.amortized import Amortized
from models.variational.global_table import Global
from models.variational.posterior import Posterior
from models.variational.table import Table
from models.variational.top_down import STRUCTURES, TopDown

VARIATIONAL: dict[str, type[Amortized] | type[Table]] = {part.name: part for part in (Amortized, Table)}

__all__ = ["STRUCTURES", "VARIATIONAL", "Amortized", "Global", "Posterior", "Table", "TopDown"]
