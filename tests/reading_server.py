"""Reading as the product does, without the second that its libraries take to import: one process imports them, and forks for every file.

`python -m tests.reading_server` is that process. Each file is still read by a process of its own, under the same limits.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from elbo_room.models.reading import process


class ReadingServer:
    """Takes the place of `process.launched`."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.reading_server"]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.server = subprocess.Popen(command, env=process.environment(), **pipes)

    def launched(self, path: Path, target: Path, wishes: str, seconds: float) -> subprocess.CompletedProcess[str]:
        """The process that read this file, when it has ended."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps([str(path), str(target), wishes, seconds]) + "\n")
        self.server.stdin.flush()
        code, output, errors = json.loads(self.server.stdout.readline())
        if code is None:
            raise subprocess.TimeoutExpired("read", seconds)
        return subprocess.CompletedProcess([], code, output, errors)

    def close(self) -> None:
        """End the server."""
        assert self.server.stdin is not None
        self.server.communicate(timeout=10)


def _read_in_fork(path: str, target: str, wishes: str, seconds: float) -> tuple[int | None, str, str]:
    from elbo_room.models.reading.__main__ import main
    from elbo_room.models.reading.wishes import Wishes

    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if not child:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            code = 1
            try:
                code = main(Path(path), Path(target), Wishes(**json.loads(wishes)))
                sys.stdout.flush()
            except BaseException as error:  # noqa: BLE001 - as Python itself would report it
                os.write(2, repr(error).encode())
            finally:
                os._exit(code)
        code = _ended(child, time.monotonic() + seconds)
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return code, texts[0], texts[1]


def _ended(child: int, deadline: float) -> int | None:
    """The exit code of a child as `subprocess` has it; None if it was ended at the deadline."""
    descriptor = os.pidfd_open(child)
    with selectors.DefaultSelector() as waiting:
        waiting.register(descriptor, selectors.EVENT_READ)
        late = not waiting.select(max(0.0, deadline - time.monotonic()))
    os.close(descriptor)
    if late:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return None if late else os.waitstatus_to_exitcode(status)


def serve() -> None:
    """Read what is asked for until the input ends."""
    import anndata.io
    import openpyxl
    import pyarrow.feather
    import pyarrow.parquet
    import scipy.io
    import scipy.sparse

    from elbo_room.models.reading import arrays, binary, contents, h5ad, text  # noqa: F401

    del anndata, openpyxl, pyarrow, scipy
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_read_in_fork(*json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
