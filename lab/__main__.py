"""`python lab`: set up once, then open the lab. Needs nothing but Python 3.11 or newer.

Only this file must parse in older Pythons, so that they print a sentence instead of a syntax error.
"""

import os
import sys

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120


def python_is_too_old(version):  # type: ignore[no-untyped-def]
    """The message for a Python that cannot run the lab, or None."""
    if tuple(version[:2]) >= OLDEST:
        return None
    needed, found = ".".join(map(str, OLDEST)), ".".join(map(str, version[:2]))
    return f"The lab needs Python {needed} or newer, but this is Python {found}: install a newer one and use that."


def main():  # type: ignore[no-untyped-def]
    """Check the Python version, make the packages importable from the clone, and run the requested job."""
    complaint = python_is_too_old(sys.version_info)
    if complaint:
        sys.stderr.write(complaint + "\n")
        return 1
    package = os.path.join(ROOT, "lab", "package")  # noqa: PTH118 - it holds `elbo_room`
    if os.path.abspath(sys.path[0]) == os.path.join(ROOT, "lab"):  # noqa: PTH100, PTH118 - `python lab` puts lab/ itself here
        sys.path[0] = package
    else:
        sys.path.insert(0, package)
    from elbo_room.lab.jobs import main as do

    return do(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
