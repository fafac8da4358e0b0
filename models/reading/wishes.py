"""What each column of a table can be for, and what a user wants of a table that is read."""

import json
from dataclasses import asdict, dataclass, field

FEATURE, RESPONSE, LABEL, BATCH, ROW_NAME, LEFT_OUT = "feature", "response", "label", "batch", "row name", "left out"
ROLES = (FEATURE, RESPONSE, LABEL, BATCH, ROW_NAME, LEFT_OUT)
SINGLE = (RESPONSE, LABEL, BATCH, ROW_NAME)  # roles of one column at most
DROP, MEAN = "drop rows", "mean"  # what becomes of missing numbers
MISSING_CHOICES = (DROP, MEAN)


@dataclass(frozen=True)
class Wishes:
    """The roles that a user chose, by the column's name; all others are proposed."""

    roles: dict[str, str] = field(default_factory=dict)
    missing: str | None = None  # one of `MISSING_CHOICES`; None proposes one
    transpose: bool | None = None  # whether rows are features; None asks where the names look like it
    names_only: bool = False  # only what the columns are, no values

    def __post_init__(self) -> None:
        """Refuse what is not offered."""
        for name, role in self.roles.items():
            if role not in ROLES:
                raise ValueError(f"{name!r} was to be {role!r}. Choose one of: {', '.join(ROLES)}.")
        if self.missing not in (None, *MISSING_CHOICES):
            raise ValueError(
                f"Missing numbers were to be treated by {self.missing!r}. Choose one of: {', '.join(MISSING_CHOICES)}."
            )

    @property
    def text(self) -> str:
        """These wishes for the process that reads."""
        return json.dumps(asdict(self))
