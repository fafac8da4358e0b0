"""A worker process: `python -m elbo_room.widgets.worker FD`, one end of a socket pair inherited as file descriptor FD."""

import gc
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any


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


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])))
