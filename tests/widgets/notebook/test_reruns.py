"""A cell that is run again: its earlier widgets are gone, and after a restart of the kernel its run is resumed."""

import subprocess
import sys
import textwrap

import pytest
from ipywidgets.widgets import widget

from elbo_room.widgets import actions
from elbo_room.widgets.notebook import reruns
from elbo_room.widgets.notebook.reruns import Cell
from tests.widgets.conftest import eventually

SMALL = {"data": "pinwheel", "width": 8, "depth": 1, "stop_at": 100_000, "batch_size": 32}


class NoWorker:
    """A link to nobody: what is counted here is made without a worker."""

    def start(self):
        pass

    def send(self, command, /, **values):
        pass

    def receive(self):
        return []

    def problem(self):
        return None

    def close(self):
        pass


def visited(room):
    """Another family's form, and a chart that is made when it is first asked for."""
    room.act(actions.SetKnob("model", "conditional"))
    room.screen.chart("manifold")
    room.screen.chart("network")
    return len(widget._instances)


def test_ten_reruns_leave_as_many_widgets_as_one(lab, monkeypatch):
    """Layouts and styles, forms out of use and charts made late included; a lab that is closed leaves none."""
    monkeypatch.setattr("elbo_room.widgets.explorer.ProcessLink", NoWorker)
    before = len(widget._instances)
    counts = [visited(lab()) for _ in range(11)]
    assert counts[0] > before + 400
    assert set(counts) == {counts[0]}
    lab().close()
    assert len(widget._instances) == before


@pytest.fixture
def cell(monkeypatch):
    """The tests run in one and the same cell; `restart` begins another life of its kernel."""
    monkeypatch.setattr("elbo_room.widgets.explorer.running_cell", lambda: Cell("kernel-1", "cell-1"))

    def restart():
        for module in ("notebook.reruns", "sessions.runs"):
            monkeypatch.setattr(f"elbo_room.widgets.{module}.PROCESS", "another")

    return restart


def paused(room):
    """Run it for some steps."""
    room.post(actions.Run())
    eventually(lambda: room.state == "running" and room.painter.facts["number"] > 20)
    room.post(actions.Run())
    eventually(lambda: room.state == "paused")
    return room.painter.facts["number"]


def test_after_a_restart_of_the_kernel_the_cell_goes_on_with_its_run(lab, cell):
    room = lab(SMALL)
    number, identity = paused(room), room.current.folder.identity
    room.close()
    cell()
    again = lab(SMALL)
    eventually(lambda: again.state == "paused" and again.current.folder is not None)
    assert (again.current.folder.identity, again.painter.facts["number"]) == (identity, number)
    assert "was resumed" in again.screen.caption.value
    kept = f"Your run is kept up to step {number:,}: run the cell again to continue."
    assert again.screen.page.remedies["rerun"] == kept
    again.post(actions.Run())
    eventually(lambda: again.painter.facts["number"] > number)


@pytest.mark.parametrize("why", ["the same kernel", "other settings"])
def test_a_cell_that_is_run_again_otherwise_starts_anew(lab, cell, why):
    room = lab(SMALL)
    paused(room)
    room.close()
    if why == "other settings":
        cell()
    again = lab(SMALL | ({"width": 16} if why == "other settings" else {}))
    eventually(lambda: again.current.ready)
    assert again.current.folder is None
    assert again.state == "example"
    assert "Press Run to train" in again.screen.caption.value


def test_two_labs_of_a_page_that_does_not_identify_its_cells_stay_open(monkeypatch):
    """Voilà's page with a lab in two cells: each replaces only what the same code made before."""
    closed = []

    class Made:
        def __init__(self, name):
            self.name = name

        def close(self):
            closed.append(self.name)

    labs = []
    for name, code in (("first", "Explorer()"), ("second", "Explorer(model)"), ("first again", "Explorer()")):
        monkeypatch.setattr(reruns, "_code", lambda code=code: code)
        labs.append(Made(name))
        reruns.replace_earlier(labs[-1], labs[-1])
    assert closed == ["first"]


def test_a_cell_is_named_alike_before_and_after_a_restart_of_its_kernel():
    """A real kernel; what names its life differs."""
    code = """
        from jupyter_client.manager import start_new_kernel
        manager, client = start_new_kernel()
        def told():
            content = {"code": SOURCE, "silent": False, "store_history": False, "user_expressions": {"told": "told"},
                       "allow_stdin": False, "stop_on_error": True}
            message = client.session.msg("execute_request", content, metadata={"cellId": "a cell"})
            client.shell_channel.send(message)
            while (reply := client.get_shell_msg(timeout=60))["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                pass
            return reply["content"]["user_expressions"]["told"]["data"]["text/plain"]
        SOURCE = "from elbo_room.widgets.notebook import reruns; told = (reruns.running_cell(), reruns.PROCESS)"
        print(told())
        manager.restart_kernel(now=True)
        client.wait_for_ready(60)
        print(told())
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        """
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, timeout=240
    ).stdout.split("\n")
    (first, life), (second, other) = (line.rsplit(", ", 1) for line in said[:2])
    assert "cell='a cell'" in first
    assert first == second
    assert life != other
