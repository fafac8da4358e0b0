"""How much a user's file may contain, and the refusal of one that cannot be used."""

from pathlib import Path

MOST_ROWS = 5_000_000
MOST_COLUMNS = 100_000
MOST_CELLS = 100_000_000  # rows × columns of a table in which every value is stored: 400 MB as float32
MOST_SPARSE_CELLS = 500_000_000  # of one that stores only what is not 0
MOST_TEXT = 250_000_000  # characters of a text table, once unpacked
MOST_KINDS = 1_000  # different words in a column of labels or batches
MOST_ONE_HOT = 100  # different words in a column that becomes one feature for each
MOST_WORDS = 400  # characters of an error message: names of columns may be of any length


class Refused(Exception):
    """A file that cannot be used; the message is a complete sentence: what came, what is allowed, what to do."""


def check_size(rows: int, columns: int, path: Path, *, sparse: bool = False) -> None:
    """Refuse a table that does not fit in memory before memory is allocated for it.

    Raises:
        Refused: it has too many rows, columns or values, or a negative number of them.
    """
    if rows < 0 or columns < 0:
        raise Refused(f"{path.name} claims to have {rows:,} rows and {columns:,} columns. Save it again.")
    for count, most, what in (
        (rows, MOST_ROWS, "rows"),
        (columns, MOST_COLUMNS, "columns"),
        (rows * columns, MOST_SPARSE_CELLS if sparse else MOST_CELLS, "values"),
    ):
        if count > most:
            raise Refused(
                f"{path.name} has {rows:,} rows and {columns:,} columns; up to {most:,} {what} can be read. "
                "Choose fewer rows or columns."
            )


def too_large(path: Path) -> Refused:
    """The refusal of a file whose contents are larger than the memory that reading may take."""
    return Refused(f"The contents of {path.name} do not fit in memory. Choose fewer rows or columns.")


def unreadable(path: Path, kind: str) -> Refused:
    """The refusal of a file that is damaged or not of its kind."""
    return Refused(f"{path.name} cannot be read as {kind}: it is damaged, or another kind of file. Save it again.")


def printable(sentence: str) -> str:
    """A sentence that is safe whatever text a file contains: one line, no control characters, of bounded length."""
    plain = "".join(each if each.isprintable() else "�" for each in " ".join(sentence.split()))
    return plain if len(plain) <= MOST_WORDS else f"{plain[: MOST_WORDS // 2]} … {plain[-MOST_WORDS // 2 + 3 :]}"
