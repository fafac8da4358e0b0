"""Controllers by themselves: a state, plain objects in the place of page, painter and worker, and what they then send."""

from types import SimpleNamespace

import pytest

from elbo_room.models.settings import validate
from elbo_room.widgets.actions import MarkRows, OpenRun, Run
from elbo_room.widgets.controllers.held_run import HeldRun
from elbo_room.widgets.controllers.idle_watch import IdleWatch
from elbo_room.widgets.controllers.latent import LatentController
from elbo_room.widgets.controllers.runs import RunController
from elbo_room.widgets.controllers.state import ScreenState
from elbo_room.widgets.dispatch import Dispatch
from elbo_room.widgets.messages import Command, Explore, Pause, Play, Refused, Save, Start, State
from elbo_room.widgets.sessions.example import all_knobs
from elbo_room.widgets.sessions.runs import in_use


class Worker:
    """The session's end towards the worker: what was sent."""

    def __init__(self) -> None:
        self.sent: list[Command] = []

    def send(self, command: Command) -> None:
        self.sent.append(command)


@pytest.fixture
def bar():
    """The run bar of a screen that has no widgets: state, actions, messages, and what the worker was sent."""
    state, worker, actions, messages = ScreenState(_values(), own_model=False), Worker(), Dispatch(), Dispatch()
    page, painter = SimpleNamespace(run_id=""), SimpleNamespace(facts={"number": 0})
    screen = SimpleNamespace(lock=SimpleNamespace(value=True), speed=SimpleNamespace(value="full"))
    settings = SimpleNamespace(undo=lambda: None, show=lambda: None)
    held = HeldRun(state, page)  # type: ignore[arg-type]
    runs = RunController(state, settings, held, None, screen, painter, worker)  # type: ignore[arg-type]
    runs.register(actions, messages, Dispatch())
    held.register(messages)
    yield SimpleNamespace(state=state, act=actions, report=messages, sent=worker.sent, runs=runs)
    held.release()


def _values() -> dict[str, object]:
    return validate(all_knobs()["deep_generative"], {})


def test_the_coloured_button_starts_pauses_and_goes_on(bar) -> None:
    bar.act(Run())
    (start,) = bar.sent
    assert start == Start(bar.state.values, start.folder, "full", play=True, changes=[])
    assert bar.state.phase == "starting"
    bar.act(Run())
    assert len(bar.sent) == 1, "it has been pressed already"
    bar.report(State(number=0, state="running"))
    assert bar.state.phase == "starting", "that is of the run before"
    bar.state.requested.clear()
    for phase, command in (("running", Pause()), ("paused", Play())):
        bar.report(State(number=5, state=phase))
        bar.act(Run())
        assert bar.sent[-1] == command


def test_a_refused_start_lets_go_of_its_folder(bar) -> None:
    bar.act(Run())
    identity = next(iter(bar.state.requested.values())).folder.identity
    assert in_use(identity)
    bar.report(Refused(Start, "No.", "idle", bar.sent[-1].folder))
    assert not in_use(identity)
    assert (bar.state.phase, bar.state.run_values, bar.state.requested) == ("failed", None, {})


def test_whoever_wants_to_know_of_a_start_is_told_before_it(bar) -> None:
    phases = []
    bar.runs.before_start.append(lambda: phases.append(bar.state.phase))
    bar.act(Run())
    assert phases == ["example"]


def test_opening_no_run_is_refused_with_a_sentence(bar) -> None:
    with pytest.raises(ValueError, match="Choose one run in the list"):
        bar.act(OpenRun(None))


def test_a_lasso_selects_the_datas_own_rows_and_the_worker_marks_their_places() -> None:
    state, worker, actions, chosen = ScreenState(_values(), own_model=False), Worker(), Dispatch(), [()]
    state.run_values = dict(state.values)
    shown = []
    latent = SimpleNamespace(
        rows=[10, 20, 30], data="iris", cloud={"label": [0, 1, 1]}, label_names=["a", "b"], mark=shown.append
    )
    screen = SimpleNamespace(reading=SimpleNamespace(value=None), page=SimpleNamespace(text=""))
    controller = LatentController(state, screen, latent, worker, lambda: chosen[-1], chosen.append)  # type: ignore[arg-type]
    controller.register(actions, Dispatch())
    actions(MarkRows([2, 0, 99]))
    assert chosen[-1] == (30, 10)
    assert worker.sent == [Explore(rows=[2, 0])]
    assert shown == [[2, 0]]
    assert state.notice.startswith("2 data points selected: 1 × b, 1 × a.")
    assert "Panel D marks their KL;" in state.notice


def test_a_run_that_nobody_watches_rests_and_is_saved() -> None:
    state, worker, said = ScreenState(_values(), own_model=False, phase="running"), Worker(), []
    watch = IdleWatch(state, None, SimpleNamespace(facts={"number": 12}), worker, lambda: said.append(state.notice))  # type: ignore[arg-type]
    watch.alone()
    assert worker.sent == [Pause(), Save()]
    state.phase = "paused"
    watch.heard_again(80.0)
    assert said == ["Paused at step 12, because this page was silent for 80 s. Press Continue to resume."]
