"""What a new worker does before the user presses Run."""

import torch

from elbo_room.models.deep_generative.settings import Settings
from elbo_room.models.inference.parameters import listed
from elbo_room.models.replay.replay_cache import WAIT
from elbo_room.models.training.run import Run
from elbo_room.widgets.worker.measuring.probing import Probing, Request
from elbo_room.widgets.worker.measuring.schedule import QUICKEST
from elbo_room.widgets.worker.measuring.selection import FIRST
from elbo_room.widgets.worker.pictures import pictures_of


def warm_up() -> None:
    """Use once what the first run would otherwise wait for: imports, the data, autograd, the tape, a probe, the pictures."""
    torch.set_num_threads(1)
    run = Run(Settings(stop_at=WAIT + 3))
    for _ in run:
        pass
    probing, pictures = Probing(run), pictures_of(run)
    chosen = tuple(listed(run.model))
    probing.start(Request(run.number, run.settings, "variance", FIRST, chosen[0], chosen, fine=False, budget=QUICKEST))
    while probing.work is not None:
        probing.slice()
    pictures.about(), pictures.look(), pictures.grid()
