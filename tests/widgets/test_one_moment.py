"""Status line, caption, charts and table print the same number at one moment of a run, in every scene."""

import re
from typing import Any

import ipywidgets as ipw
import pytest
import torch

from elbo_room.models.catalogue import settings_from
from elbo_room.models.presets import PRESETS
from elbo_room.models.thresholds import ACTIVE
from elbo_room.models.training.run import Run
from elbo_room.widgets.messages import Message, Started
from elbo_room.widgets.painting.painter import Painter
from elbo_room.widgets.screen.layout import Screen
from elbo_room.widgets.sessions.example import catalogue
from elbo_room.widgets.theme import MEAN
from elbo_room.widgets.words import tables
from elbo_room.widgets.words.caption import caption
from elbo_room.widgets.words.snapshot import Snapshot
from elbo_room.widgets.worker.history import Curves
from elbo_room.widgets.worker.trainer import Prepared, Trainer

STEPS = 22  # two more than the shortest window of the running mean
NUMBER = r"(−?[\d,]+(?:\.\d+)?)"


class Ears:
    """A connection that keeps what the worker sends."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, message: Message) -> None:
        self.messages.append(message)

    def fileno(self) -> int:
        return 0

    def poll(self, _: float | None = None) -> bool:
        return False


def value(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def screen_of(name: str, tmp_path: Any) -> Painter:
    """The screen after a few steps of a scene, fed by the worker's own messages."""
    torch.set_num_threads(1)
    ears = Ears()
    trainer = Trainer(ears)  # type: ignore[arg-type]
    run = Run(settings_from(PRESETS[name]["settings"] | {"stop_at": STEPS, "batch_size": 64}))
    trainer.watched = frozenset({"scores", "kl", "elbo"})
    trainer._adopt(Prepared.of(run, tmp_path, Curves(), trainer.names, trainer.view))
    painter = Painter(Screen(lambda _: None, ipw.VBox(), [ipw.Text(), ipw.Text()], [(name, name)]), catalogue())
    painter.show(
        Started(
            number=0,
            settings=vars(run.settings),
            folder=str(tmp_path),
            curves=Curves().tables(),
            about=trainer.pictures.about(),
        )
    )
    trainer.state = "running"
    while run.number < STEPS:
        trainer._train()
    trainer.state = "finished"
    trainer._frame(grid=False)
    for message in ears.messages:
        painter.show(message)
    painter.facts |= {"state": "paused", "estimator": vars(run.settings)["estimator"], "stop_at": STEPS}
    painter.summarise()
    return painter


@pytest.mark.parametrize("name", PRESETS)
def test_every_number_of_a_moment_is_printed_alike(name: str, tmp_path: Any) -> None:
    painter = screen_of(name, tmp_path)
    bus, facts, charts = painter.screen.bus, painter.facts, painter.screen.charts
    words, status = caption(facts), Snapshot.of(facts).status()
    assert f"step {STEPS} of {STEPS}" in status
    lines = bus.shown("elbo")["lines"]
    drawn = lines["value"][lines["series"] == (MEAN if MEAN in lines["series"] else 0)]
    printed = value(re.search(f"ELBO {NUMBER} nats", status)[1])  # type: ignore[index]
    assert printed == pytest.approx(float(drawn[-1]), abs=0.0501)
    table = tables.tabulated(bus, charts["elbo"])["summary"]
    assert f"ELBO {re.search(f'ELBO {NUMBER} nats', status)[1]} nats" in table  # type: ignore[index]
    if facts.get("kl"):
        bars = bus.shown("kl")["bars"]
        active = int((bars["value"] >= ACTIVE).sum())
        assert active == int(bars["state"].sum()) == Snapshot.of(facts).active
        said = re.findall(r"(\d+) of \d+ (?:latent )?dimensions are active", f"{words} {charts['kl'].summary}")
        assert said
        assert set(said) == {str(active)}
    if exact := re.search(f"Exact log p\\(x\\): {NUMBER} nats", words):
        assert value(exact[1]) == pytest.approx(float(lines["value"][lines["series"] == 5][-1]), abs=0.00501)
    if scored := re.search(f"Held-out data get {NUMBER} nats", words):
        scores = bus.shown("scores")["lines"]
        assert value(scored[1]) == pytest.approx(float(scores["value"][scores["series"] == 1][-1]), abs=0.00501)
    if learned := re.search(f"λ̂ = {NUMBER} from λ = {NUMBER}", words):
        assert value(learned[1]) == pytest.approx(facts["scale"], abs=0.00501)
        assert value(learned[2]) == PRESETS[name]["settings"]["prior_scale"]
