"""What a file contains, before anything is decided about what its columns are for."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Sheet:
    """Columns by position; or a matrix of features, with columns that describe its rows."""

    names: list[str] = field(default_factory=list)
    columns: list[Any] = field(default_factory=list)  # a Series each, all of the same length
    notes: list[str] = field(default_factory=list)  # sentences: what was recognised
    x: Any = None  # (N, D) or (N, H, W), an array or a scipy matrix; None: the features are among the columns
    features: list[str] = field(default_factory=list)  # the names of the columns of x
    row_names: list[str] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)  # what the file itself says that a column is for

    def named_apart(self) -> None:
        """Make equal names different: a, a.1, a.2."""
        taken, made, changed = set(self.names), [], []
        seen: set[str] = set()
        for name in self.names:
            new, number = name, 0
            while new in seen or (number and new in taken):
                number += 1
                new = f"{name}.{number}"
            changed += [f"{name} → {new}"] * (new != name)
            seen.add(new)
            made.append(new)
        self.names = made
        if changed:
            more = f" and {len(changed) - 3:,} more" if len(changed) > 3 else ""
            self.notes.append(f"Columns with the same name were renamed: {', '.join(changed[:3])}{more}.")
