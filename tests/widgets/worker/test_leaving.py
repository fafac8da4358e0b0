"""A worker that is asked to leave ends in order, whatever its threads compute."""

import time

from elbo_room.models.presets import PRESETS
from elbo_room.widgets.messages import Start, Started
from elbo_room.widgets.sessions.link import ProcessLink


def test_a_thread_that_computes_does_not_abort_the_exit(tmp_path):
    """In the topics scene, coordinate ascent climbs in a thread; the exit code of an aborted process is −6."""
    link = ProcessLink()
    link.start()
    link.send(Start({**PRESETS["gamma_topics"]["settings"]}, str(tmp_path / "run")))
    deadline = time.monotonic() + 120
    while not any(isinstance(message, Started) for message in link.receive()):
        assert time.monotonic() < deadline
        assert link.problem() is None
        time.sleep(0.01)
    link.close()
    assert link.process is not None
    assert link.process.poll() == 0
    assert (tmp_path / "run" / "state.safetensors").exists()
