"""Size limits for a user's file, and the error for one that cannot be read."""

from pathlib import Path

from elbo_room.models.data.dataset import DataError

MOST_CELLS = 500_000_000  # rows × columns of a table: 2 GB as float32
MOST_WORDS = 400  # characters of an error message: names of columns may be of any length
MOST_TEXT = 1_000_000_000  # characters of a text table, once unpacked


def check_size(rows: int, columns: int, path: Path) -> None:
    """Refuse a table that does not fit in memory before memory is allocated for it.

    Raises:
        DataError: it has too many cells, or a negative number of them.
    """
    if rows < 0 or columns < 0:
        raise DataError(f"{path.name} claims to have {rows:,} rows and {columns:,} columns. Save it again.")
    if rows * columns > MOST_CELLS:
        raise DataError(
            f"{path.name} has {rows:,} rows and {columns:,} columns; up to {MOST_CELLS:,} values can be read. "
            "Choose fewer rows or columns."
        )


def unreadable(path: Path, kind: str, error: BaseException) -> DataError:
    """The error for a file that is damaged or not of its kind."""
    if isinstance(error, MemoryError):
        return DataError(f"{path.name} does not fit in memory. Choose fewer rows or columns.")
    return DataError(
        f"{path.name} cannot be read as {kind} ({type(error).__name__}): it is damaged, or another kind of file. Save it again."
    )


def printable(sentence: str) -> str:
    """A sentence that is safe whatever text a file contains: one line, no control characters, of bounded length."""
    plain = "".join(each if each.isprintable() else "�" for each in sentence)
    return plain if len(plain) <= MOST_WORDS else f"{plain[: MOST_WORDS // 2]} … {plain[-MOST_WORDS // 2 :]}"
