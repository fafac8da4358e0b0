"""A lock for threads beside the worker's: a process must not be forked while one of them computes or imports.

A child has only the thread that forked it; a lock that another one held at that moment would stay locked there for ever.
"""

import threading

QUIET = threading.Lock()
