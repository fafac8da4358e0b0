"""Whether the person at the page may have any file of this computer read.

In a notebook, whose user may run any code there, and on a page that only this computer reaches.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

LOCAL = "ELBO_ROOM_LOCAL"  # set to 1 by a server that listens to this computer alone
REQUEST = "VOILA_REQUEST_URL"  # the address of the page, where Voilà serves one
HOSTS = ("localhost", "127.0.0.1", "::1")
REFUSED = "Other computers may reach this page, so it reads no file by its path. Upload the file instead."


def local_use() -> bool:
    """True in a notebook; of a page that Voilà serves only where both the server and the page's address are this computer's own."""
    address = os.environ.get(REQUEST)
    if address is None:
        return True
    return os.environ.get(LOCAL) == "1" and urlsplit(address).hostname in HOSTS
