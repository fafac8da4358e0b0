"""Studies: what takes seconds to minutes and is begun on request, each beside the training in a process of its own.

A study is a class with `why_not`, the sentence that refuses a run, and `parts`, which yields the share that is done and at last what it has
found; the pictures of the run draw that from then on.
"""

from elbo_room.widgets.worker.studies.evidence import EvidenceGap
from elbo_room.widgets.worker.studies.nuts import Nuts
from elbo_room.widgets.worker.studies.study import Finding, Study

STUDIES: dict[str, Study] = {"nuts": Nuts(), "evidence": EvidenceGap()}

__all__ = ["STUDIES", "Finding", "Study"]
