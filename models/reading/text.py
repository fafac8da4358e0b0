"""Text tables: encoding, separator, decimal mark, comment lines and header are recognised, then pandas reads the values."""

import csv
import gzip
import io
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from elbo_room.models.reading.limits import MOST_COLUMNS, MOST_ROWS, MOST_TEXT, Refused, check_size, unreadable
from elbo_room.models.reading.sheet import Sheet

SVMLIGHT = re.compile(r"\S+( \d+:\S+)+( #.*)?")
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
SAMPLE = 50  # lines that show how a table is written
MISSING = (
    "?",
    "-",
    "–",
    "—",
    "NONE",
    "none",
    "missing",
    "Missing",
    "MISSING",
    "na",
    ".",
    "unknown",
    "Unknown",
)  # with those of pandas
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?(nan|inf|infinity)|NA", re.IGNORECASE)
COMMA_NUMBER = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?")
YEAR = re.compile(r"(1[89]|20)\d\d")


def unpacked(path: Path) -> bytes:
    """The bytes of a text; `.gz` is unpacked piece by piece, only as far as may be read.

    Raises:
        Refused: it is longer than can be read, or damaged.
    """
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    pieces, spent, lines = [], 0, 0
    try:
        with opener(path, "rb") as file:
            while piece := file.read(1 << 20):
                spent, lines = spent + len(piece), lines + piece.count(b"\n")
                if spent > MOST_TEXT:
                    raise Refused(
                        f"{path.name} has more than {MOST_TEXT:,} characters, the most that can be read. "
                        "Choose fewer rows or columns, or save it as .parquet."
                    )
                if lines > MOST_ROWS:
                    raise Refused(
                        f"{path.name} has more than {MOST_ROWS:,} rows, the most that can be read. Choose fewer rows."
                    )
                pieces.append(piece)
    except (EOFError, OSError, ValueError) as error:
        raise unreadable(path, ".gz" if path.suffix.lower() == ".gz" else "text") from error
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise unreadable(path, ".gz") from error
        raise
    return b"".join(pieces)


def decoded(content: bytes, path: Path, notes: list[str]) -> str:
    """The text, by its byte order mark, as UTF-8, or as the Western European encoding of Windows."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        notes.append("The text is encoded as UTF-16.")
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
            notes.append(
                "The text is not UTF-8; it was read as Western European (Windows-1252): check names with accents."
            )
    if "\0" in text[:100_000] or _strange(text[:10_000]):
        raise unreadable(path, "a text table")
    return text


def _strange(text: str) -> bool:
    """Whether it has more control characters than a text would have."""
    return sum(not (each.isprintable() or each in "\r\n\t\f") for each in text) > len(text) / 50


def _lines(text: str) -> tuple[int, list[str]]:
    """How many lines at the top are comments or empty, and the first lines below them."""
    stream, skipped, kept = io.StringIO(text), 0, list[str]()
    for line in stream:
        if not kept and (not line.strip() or line.startswith(("#", "%"))):
            skipped += 1
            continue
        kept.append(line)
        if len(kept) == SAMPLE:
            break
    return skipped, kept


def _fields(lines: Sequence[str], separator: str) -> list[list[str]]:
    try:
        rows = csv.reader(lines, delimiter=separator, skipinitialspace=True)
        return [[field.strip() for field in row] for row in rows if row]
    except csv.Error:  # a line break inside quotes is cut off, or a field is very long
        return [line.rstrip("\r\n").split(separator) for line in lines]


def separator_of(lines: Sequence[str], expected: str) -> str:
    """What separates the values: the same number of them in most lines, and more than one."""
    best, most = expected, 0.0
    for each in (expected, *(other for other in SEPARATORS if other != expected)):
        counts = Counter(len(row) for row in _fields(lines, each))
        width, times = max(counts.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))
        agree = times / max(1, sum(counts.values()))
        comma = each == "," and any(";" in line for line in lines) and _decimal_commas(lines)
        if width > 1 and agree > most + 0.05 and not comma:
            best, most = each, agree
    if not most and _quoted_by_spaces(lines):
        return " "
    if not most and lines and all(len(line.split()) > 1 for line in lines):
        counts = Counter(len(line.split()) for line in lines)
        if len(counts) == 1 and all(NUMBER.fullmatch(word) for word in lines[-1].split()):
            return r"\s+"
    return best


def _quoted_by_spaces(lines: Sequence[str]) -> bool:
    """Whether values are separated by spaces and words are in quotes, as R's write.table has them; the names may be one fewer."""
    if not lines or not lines[0].startswith('"'):
        return False
    widths = [len(row) for row in _fields(lines, " ")]
    return len(widths) > 1 and len({*widths[1:]}) == 1 and widths[1] > 1 and widths[0] in (widths[1], widths[1] - 1)


def _decimal_commas(lines: Sequence[str]) -> bool:
    """Whether the values between semicolons are numbers with a decimal comma."""
    found = [field for row in _fields(lines[1:] or lines, ";") for field in row if field]
    commas = sum(bool(COMMA_NUMBER.fullmatch(field)) for field in found)
    return commas > 0 and not any("." in field and NUMBER.fullmatch(field) for field in found)


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row has the names: names are above numbers; a row of numbers is data, unless it counts from 0."""
    first, below = rows[0], [row for row in rows[1:] if len(row) >= len(rows[0])]
    numbers = [place for place, field in enumerate(first) if NUMBER.fullmatch(field)]

    def numeric(place: int) -> bool:
        held = [row[place] for row in below if row[place]]
        return bool(held) and all(NUMBER.fullmatch(each) or COMMA_NUMBER.fullmatch(each) for each in held)

    if not numbers:
        return True
    words = [place for place in range(len(first)) if first[place] and place not in numbers]
    if any(numeric(place) for place in words):
        return True
    held = [first[place] for place in numbers]
    unnamed = bool(words == [] and not first[0])
    if len(held) + unnamed == len(first) > 2 and held == [
        str(each) for each in range(len(held))
    ]:  # as pandas names columns
        return True
    return len(held) > 1 and all(YEAR.fullmatch(each) for each in held) and held == sorted(set(held), key=int)


def frame(rows_text: str, names: list[str], separator: str, decimal: str, path: Path) -> "list[object]":
    """The columns of the values below the header.

    Raises:
        Refused: a row has more values than there are columns.
    """
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                io.StringIO(rows_text), sep=separator, header=None, names=list(range(len(names))), index_col=False, decimal=decimal,
                na_values=list(MISSING), skipinitialspace=True, low_memory=False, skip_blank_lines=True,
            )  # fmt: skip
    except pd.errors.EmptyDataError:
        raise Refused(f"{path.name} has names of columns but no rows. Save it with at least two rows.") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError, OverflowError, csv.Error) as error:
        if "out of memory" in str(error):
            raise MemoryError from error
        raise _ragged(rows_text, names, separator, path) from error
    return [table[place] for place in range(len(names))]


def _ragged(text: str, names: list[str], separator: str, path: Path) -> Refused:
    """The refusal that names the first row with too many values."""
    width, number = len(names), 0
    csv.field_size_limit(10_000_000)
    try:
        for number, row in enumerate(
            csv.reader(io.StringIO(text), delimiter=separator if len(separator) == 1 else " ")
        ):
            if len(row) > width:
                return Refused(
                    f"{path.name} has {len(row):,} values in row {number + 1:,} and {width:,} columns. Put texts that contain a "
                    "separator in quotes, or correct that row."
                )
    except csv.Error:
        pass
    return Refused(f"{path.name} has a quotation mark that does not end, near row {number + 1:,}. Correct that row.")


def named(rows: list[list[str]], sheet: Sheet) -> tuple[list[str], bool]:
    """The names of the columns, and whether they are in the first row."""
    width = Counter(len(row) for row in rows[1:] or rows).most_common(1)[0][0]
    header = has_header(rows)
    if not header:
        sheet.notes.append(
            "The first row is numbers, so it was read as data; the columns are named column 1, column 2, …."
        )
        return [f"column {place + 1}" for place in range(max(width, len(rows[0])))], False
    names = rows[0]
    if len(names) == width - 1:  # as R writes them: the names of the rows have no name of their own
        names = ["", *names]
    while len(names) > width and not names[-1]:  # a separator at the end of the header only
        names = names[:-1]
    return list(names), True


def read_text(path: Path, expected: str) -> Sheet:
    """The columns of a text table; `expected` is the separator that its ending promises.

    Raises:
        Refused: it is no such table; the sentence says where.
    """
    csv.field_size_limit(10_000_000)
    sheet = Sheet()
    text = decoded(unpacked(path), path, sheet.notes)
    skipped, lines = _lines(text)
    if not lines:
        raise Refused(f"{path.name} is empty. Save it with a line of names and a row for each data point.")
    if len(lines[0]) > MOST_COLUMNS:
        check_size(text.count("\n"), max(lines[0].count(each) for each in SEPARATORS) + 1, path)
    if any(line.startswith(("#", "%")) for line in text.split("\n", skipped)[:skipped]):
        sheet.notes.append("Lines at the top that start with # are comments, and were skipped.")
    if all(SVMLIGHT.fullmatch(line.strip()) for line in lines):
        raise Refused(
            f"{path.name} has pairs index:value, as svmlight writes them, which are not read. In Python, load it with "
            "sklearn.datasets.load_svmlight_file and save x with scipy.sparse.save_npz as .npz."
        )
    separator = separator_of(lines, expected)
    rows = _fields(lines, separator) if len(separator) == 1 else [line.split() for line in lines]
    decimal = (
        ","
        if separator != "," and _decimal_commas([separator.join(row).replace(separator, ";") for row in rows])
        else "."
    )
    if separator != expected:
        sheet.notes.append(f"The values are separated by {SEPARATORS.get(separator, 'spaces')}.")
    if decimal == ",":
        sheet.notes.append("Numbers are written with a decimal comma: 7,63 was read as 7.63.")
    names, header = named(rows, sheet)
    check_size(text.count("\n") + 1 - skipped, len(names), path)
    sheet.names = names
    sheet.columns = frame(_below(text, skipped, header), names, separator, decimal, path)
    return sheet


def _below(text: str, skipped: int, header: bool) -> str:
    """The text without the lines above the values; a header may have line breaks within quotes."""
    stream = io.StringIO(text)
    for _ in range(skipped):
        stream.readline()
    if header:
        line = stream.readline()
        while line.count('"') % 2 and (more := stream.readline()):
            line += more
        while not line.strip() and (line := stream.readline()):
            pass
    return stream.read()
