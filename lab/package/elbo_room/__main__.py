"""The command `elbo-room`, and `python -m elbo_room`: the jobs of `python lab`."""

import sys

from elbo_room.lab.jobs import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
