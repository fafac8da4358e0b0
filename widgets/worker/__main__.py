"""A worker process: `python -m elbo_room.widgets.worker FD`, one end of a socket pair inherited as file descriptor FD."""

import gc
import os
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from typing import Any, NoReturn


def main(connection: "Connection[Any, Any]") -> None:
    """Load what the first step needs, then serve until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted cell must not stop the training
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # asked to leave: the run is saved on the way out
    from elbo_room.widgets.worker.serve import serve
    from elbo_room.widgets.worker.warm_up import warm_up

    gc.freeze()  # what is loaded stays: later collections are short, and leave its pages shared
    warm_up()
    gc.collect()
    gc.freeze()
    serve(connection)


def run_and_leave(descriptor: int) -> NoReturn:
    """Serve, then end at once: an ordinary exit aborts the process if a thread is still computing in torch."""
    code = 1
    try:
        main(Connection(descriptor))
        code = 0
    except SystemExit:
        code = 0
    except BaseException:  # noqa: BLE001 - what Python would print at its own exit
        traceback.print_exc()
    os._exit(code)


if __name__ == "__main__":
    run_and_leave(int(sys.argv[1]))
