"""The process that reads one file: `python -P -m elbo_room.models.reading FILE TARGET WISHES`, and then ends.

It writes arrays to TARGET, or a sentence to the standard output and exits with 3.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from elbo_room.models.reading.limits import Refused
from elbo_room.models.reading.process import REFUSED, limit, path_size
from elbo_room.models.reading.wishes import Wishes


def main(path: Path, target: Path, wishes: Wishes) -> int:
    """Read a file under limits; returns the exit code."""
    limit(path_size(path))
    from elbo_room.models.reading.contents import contents

    try:
        arrays, about = contents(path, wishes)
    except Refused as refusal:
        sys.stdout.write(json.dumps(str(refusal)))
        return REFUSED
    held: dict[str, Any] = {**arrays, "about": np.frombuffer(json.dumps(about).encode(), np.uint8)}
    with target.open("wb") as out:
        np.savez(out, **held)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), Wishes(**json.loads(sys.argv[3]))))
