"""The order in which waiting commands are carried out."""

from elbo_room.widgets.messages import Change, Command, Pause, Play, Start, Watch
from elbo_room.widgets.worker.command_queue import CommandQueue


def order(*commands: Command) -> list[Command]:
    queue = CommandQueue()
    for command in commands:
        queue.put(command)
    found = []
    while queue:
        found.append(queue.take())
    return found


def test_of_a_knobs_values_the_last_one_wins_and_other_knobs_keep_theirs() -> None:
    changes = [Change({"draws": number}) for number in range(1, 1001)]
    assert order(*changes) == [changes[-1]]
    assert order(*changes, Change({"step_size": 0.1}), Change({"draws": 7})) == [
        changes[-1], Change({"step_size": 0.1}), Change({"draws": 7}),
    ]  # fmt: skip


def test_a_pause_goes_before_changes_and_pictures_and_never_before_what_it_is_to_pause() -> None:
    change, watch, start = Change({"draws": 3}), Watch(["elbo"]), Start({}, "run")
    assert order(change, watch, Pause()) == [Pause(), change, watch]
    assert order(change, start, watch, Pause()) == [change, start, Pause(), watch]
    assert order(Play(), Pause(), Play()) == [Play(), Pause(), Play()]
