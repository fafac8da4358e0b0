"""What each column of a table can be for, and what a user wants of a table that is read."""

import json
from dataclasses import asdict, dataclass, field

FEATURE, RESPONSE, LABEL, BATCH, ROW_NAME, LEFT_OUT = "feature", "response", "label", "batch", "row name", "left out"
WEIGHT, OFFSET, EXPOSURE = "weight", "offset", "exposure"  # of a conditional model: one number per row
SEQUENCE = "text"  # words or letters, the only input of a sequence model
BY_ROW = (WEIGHT, OFFSET, EXPOSURE)
ROLES = (FEATURE, SEQUENCE, RESPONSE, LABEL, BATCH, *BY_ROW, ROW_NAME, LEFT_OUT)
SINGLE = (SEQUENCE, RESPONSE, LABEL, BATCH, *BY_ROW, ROW_NAME)  # roles of one column at most
DROP, MEAN = "drop rows", "mean"  # what becomes of missing numbers
MISSING_CHOICES = (DROP, MEAN)


@dataclass(frozen=True)
class Wishes:
    """The roles that a user chose, by the column's name; all others are proposed."""

    roles: dict[str, str] = field(default_factory=dict)
    missing: str | None = None  # one of `MISSING_CHOICES`; None proposes one
    transpose: bool | None = None  # whether rows are features; None asks where the names look like it
    others: str | None = None  # FEATURE or LEFT_OUT: of all columns without a chosen role
    standardise: bool | None = None  # whether a run standardises by its training rows; None: real values, not counts
    names_only: bool = False  # only what the columns are, no values

    def __post_init__(self) -> None:
        """Refuse what is not offered."""
        for name, role in self.roles.items():
            if role not in ROLES:
                raise ValueError(f"{name!r} was to be {role!r}. Choose one of: {', '.join(ROLES)}.")
        if self.others not in (None, FEATURE, LEFT_OUT):
            raise ValueError(f"All other columns were to be {self.others!r}. Choose one of: {FEATURE}, {LEFT_OUT}.")
        if self.missing not in (None, *MISSING_CHOICES):
            raise ValueError(
                f"Missing numbers were to be treated by {self.missing!r}. Choose one of: {', '.join(MISSING_CHOICES)}."
            )

    @property
    def text(self) -> str:
        """These wishes for the process that reads."""
        return json.dumps(asdict(self))
