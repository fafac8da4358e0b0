"""A lock for threads other than the worker's: a process must not be forked while one of them computes or imports.

A child has only the thread that forked it; a lock that another one held at that moment would stay locked there forever.
"""

import threading

QUIET = threading.Lock()
