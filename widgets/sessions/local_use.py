"""Whether the person at the page may have any file of this computer read.

In a notebook, whose user may run any code there, and on a page that only this computer reaches.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

LOCAL = "ELBO_ROOM_LOCAL"  # set to 1 by a server that listens to this computer alone
REQUEST = "VOILA_REQUEST_URL"  # the address of the page, where Voilà serves one
HOSTS = ("localhost", "127.0.0.1", "::1")
FOLDERS = re.compile(r"(?<![\w/:])(?:[A-Za-z]:)?(?:[\\/][^\\/\s'\"<>]+)+[\\/](?=[^\\/\s])")
REFUSED = "Other computers may reach this page, so it reads no file by its path. Upload the file instead."


def local_use() -> bool:
    """True in a notebook; of a page that Voilà serves only where both the server and the page's address are this computer's own."""
    address = os.environ.get(REQUEST)
    if address is None:
        return True
    return os.environ.get(LOCAL) == "1" and urlsplit(address).hostname in HOSTS


def shown_path(path: str) -> str:
    """A file as sentences and code name it: by its path for the person at this computer, for others by its name."""
    return path if local_use() else Path(path).name


def without_path(error: Exception) -> str:
    """An error's sentence; where the system refused, its reason alone, since the system names files by their paths."""
    reason = getattr(error, "strerror", None)
    return f"The file could not be kept ({reason}). Free some disk space and try again." if reason else str(error)


def shown_sentence(sentence: str) -> str:
    """A sentence about what went wrong; for others than the person at this computer without the folders of the files that it names."""
    return sentence if local_use() else FOLDERS.sub("", sentence)
