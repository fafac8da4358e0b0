"""Random settings on a worker, driven as by a page: five steps, charts, panel B; a run, or one sentence, within bounds.

The runs are made in a child process that stays warm, `python -m tests.random_runs`: a case a line in, what came of it a line out. So a
run that needs too much memory, or never ends, is a failure of its own and ends nothing else.
"""

import contextlib
import gc
import json
import logging
import multiprocessing
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from elbo_room.widgets.messages import (
    Against,
    Close,
    Command,
    Evidence,
    Frame,
    Message,
    ReadTable,
    Refused,
    ShowView,
    Start,
    State,
    Variance,
)
from elbo_room.widgets.messages import Watch as WatchCharts
from tests.conftest import PYTHONPATH
from tests.random_settings import STEPS, random_settings, random_views

ROOT = Path(__file__).parent.parent
CPU, MEMORY = 3.0, 2 * 2**30  # seconds of a step at most, bytes of the process at most
LIMIT = 8 * 2**30  # of the child's addresses: an allocation beyond it fails, and the machine lives on
MOST_DRAWN = 10  # settings a run, where the rules refuse most
PATIENCE = 120.0  # seconds of CPU, or ten times as many by the clock, until a case counts as hanging
SHOWN_BY_PANEL_B = (Variance, Against, Evidence)
# What a sentence for people does not contain: types, classes, reprs, raw names.
RAW = re.compile(
    r"\w(Error|Exception)\b|<class|<function|Tensor|tensor\(|\bNone\b|\bdtype|Traceback|`|\b[a-z]+_[a-z_]+\b(?!\(|\.\w)|\{[a-z]"
)


def case(model: str, seed: int) -> dict[str, Any]:
    """The settings of one model and seed, and what is looked at."""
    watched, view = random_views(model, seed)
    return {"seed": seed, "settings": random_settings(model, seed), "watched": watched, "view": view}


# the child ----------------------------------------------------------------------------------------------------------------------


class Noted(logging.Handler):
    """Keeps what was logged as an error: a worker logs every exception that it makes a sentence of."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(logging.Formatter().format(record))


def peak() -> int:
    """The largest memory that this process has held since `forget_peak`, in bytes."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", status).group(1))  # type: ignore[union-attr]


def forget_peak() -> None:
    """Restart the measurement."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")


def not_finite(message: Any, path: str = "", *, open_upwards: bool = False) -> Iterator[str]:
    """Where a message holds a number that is not finite; an interval may be open upwards, and then ends at ∞."""
    import numpy as np

    if isinstance(message, dict):
        for key, each in message.items():
            yield from not_finite(each, f"{path}/{key}", open_upwards=open_upwards)
    elif isinstance(message, list | tuple):
        for place, each in enumerate(message):
            yield from not_finite(each, f"{path}/{place}", open_upwards=open_upwards)
        return
    number = isinstance(message, float) or (isinstance(message, np.ndarray) and message.dtype.kind == "f")
    if number and not (np.isfinite(message) | (open_upwards & (np.asarray(message) == np.inf))).all():
        yield path


class Watch:
    """The longest step in CPU seconds."""

    def __init__(self) -> None:
        from elbo_room.models.training.run import Run

        self.longest = 0.0
        plain = Run.__next__

        def timed(run: Run) -> Any:
            begin = time.thread_time()
            try:
                return plain(run)
            finally:
                self.longest = max(self.longest, time.thread_time() - begin)

        Run.__next__ = timed  # type: ignore[method-assign]


class Page:
    """The page's end of a worker in this process."""

    def __init__(self) -> None:
        from elbo_room.widgets.worker.serve import Worker

        self.ours, theirs = multiprocessing.Pipe()
        self.worker = Worker(theirs)
        self.thread = threading.Thread(target=self.worker.serve, daemon=True)
        self.thread.start()
        self.seen: list[Message] = []

    def send(self, command: Command) -> None:
        self.ours.send(command)

    def hear(self, seconds: float) -> Iterator[Message]:
        """Messages as they come, until nothing comes for so long."""
        while self.ours.poll(seconds):
            self.seen.append(self.ours.recv())
            yield self.seen[-1]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.ours.send(Close())
        end = time.monotonic() + PATIENCE
        while self.thread.is_alive() and time.monotonic() < end:
            for _ in self.hear(0.02):
                pass
        self.ours.close()


def own_table(folder: Path, seed: int) -> str:
    """A table of a person's own: 60 rows of counts in 4 columns."""
    import numpy as np

    counts = np.random.default_rng(seed).poisson(3.0, (60, 4))
    path = folder / "own.csv"
    path.write_text("a,b,c,d\n" + "\n".join(",".join(map(str, row)) for row in counts.tolist()) + "\n")
    return str(path)


def tried(wanted: dict[str, Any], noted: Noted, watch: Watch) -> dict[str, Any]:
    """What came of one case."""
    noted.found.clear()
    forget_peak()
    watch.longest, begin, clock = 0.0, time.process_time(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        page = Page()
        try:
            ended = drive(page, wanted, Path(folder))
        finally:
            page.close()
    faults = [*noted.found, *judged(page.seen, ended)]
    top = peak()
    if watch.longest > CPU:
        faults.append(f"a step took {watch.longest:.1f} s of CPU")
    if top > MEMORY:
        faults.append(f"it held {top / 2**30:.1f} GB")
    spent = {"cpu": time.process_time() - begin, "seconds": time.monotonic() - clock}
    return {"ended": ended, "faults": faults, "step": watch.longest, "memory": top, **spent}


def drive(page: Page, wanted: dict[str, Any], folder: Path) -> str:
    """Start the run and wait until it has ended and panel B has shown something; how it ended."""
    settings = wanted["settings"]
    if settings.get("data") == "own":
        page.send(ReadTable(path=own_table(folder, wanted["seed"])))
    page.send(ShowView(wanted["view"]))
    page.send(WatchCharts(wanted["watched"]))
    page.send(Start(settings, str(folder / "run")))
    finished, shown, end, dear = False, False, time.monotonic() + 10 * PATIENCE, time.process_time() + PATIENCE
    while time.monotonic() < end and time.process_time() < dear:
        for message in page.hear(0.1):
            if isinstance(message, Refused):
                return f"refused: {message.sentence}"
            if isinstance(message, State) and message.state == "failed":
                return f"failed: {message.cause} {message.remedy}"
            finished = finished or (isinstance(message, Frame) and message.number == STEPS)
            shown = shown or about_panel_b(message, wanted["view"])
            if finished and shown:
                return "finished"
    return "hanging: finished, but panel B stayed empty" if finished else "hanging: the run did not end"


def about_panel_b(message: Message, view: str) -> bool:
    """Whether this message fills the view of panel B, or says why it is empty."""
    if not isinstance(message, Evidence):
        return isinstance(message, SHOWN_BY_PANEL_B)
    shown = message.found is not None and message.found["view"] == view
    return shown or message.picture.get("facts", {}).get("noiseless", False)


def judged(seen: list[Message], ended: str) -> Iterator[str]:
    """What is wrong with the messages of a run."""
    if ended.startswith("hanging"):
        yield ended
    if not ended.startswith("finished") and RAW.search(ended):
        yield f"no sentence for people: {ended}"
    for message in seen:  # of a run that diverged too: it says so, and is back at its last good step
        for place in not_finite(vars(message), open_upwards=isinstance(message, SHOWN_BY_PANEL_B)):
            yield f"not finite: {type(message).__name__}{place}"
    steps = [message.points for message in seen if isinstance(message, Frame)]
    if ended == "finished" and sum(map(len, steps)) != STEPS:
        yield f"{sum(map(len, steps))} steps of {STEPS} were shown"


def main() -> None:
    """Answer case by case until the input ends."""
    speak, sys.stdout = sys.stdout, sys.stderr
    warnings.simplefilter("error")
    import torch

    import elbo_room.widgets.worker.serve  # noqa: F401 - not part of the first case

    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    noted, watch = Noted(), Watch()
    logging.getLogger().addHandler(noted)
    for line in sys.stdin:
        speak.write(json.dumps(tried(json.loads(line), noted, watch)) + "\n")
        speak.flush()


# the parent ---------------------------------------------------------------------------------------------------------------------


class Child:
    """A warm process for cases, started again when one of them has ended it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """What came of one case."""
        if self.process is None:
            command = [sys.executable, "-m", "tests.random_runs"]
            environment = {
                **os.environ,
                "PYTHONPATH": PYTHONPATH,
                "OMP_NUM_THREADS": "1",
                "MALLOC_TRIM_THRESHOLD_": "100000000",
            }
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        alarm = threading.Timer(12 * PATIENCE, self.process.kill)
        alarm.start()
        line = self.process.stdout.readline()
        alarm.cancel()
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        self.process.communicate()
        code, self.process = self.process.returncode, None
        return {
            "ended": "died",
            "faults": [f"the process ended with {code}"],
            "step": 0.0,
            "memory": 0,
            "cpu": 0.0,
            "seconds": 0.0,
        }

    def close(self) -> None:
        """Let the process end."""
        if self.process is not None and self.process.stdin:
            self.process.communicate()  # closes both ends of the pipes


def outcomes(cases: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every case with what came of it."""
    child = Child()
    try:
        for each in cases:
            yield each, child(each)
    finally:
        child.close()


def runnable(model: str, first: int, count: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Cases from this seed on with what came of them, until so many were run; those that the rules refuse come besides."""
    ran = 0

    def cases() -> Iterator[dict[str, Any]]:
        for seed in range(first, first + MOST_DRAWN * count):
            if ran == count:
                return
            yield case(model, seed)

    for each, found in outcomes(cases()):
        ran += not found["ended"].startswith("refused")
        yield each, found


if __name__ == "__main__":
    main()
