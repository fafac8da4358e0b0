"""What each column of a table is proposed to be for, with the reason; a user's choice replaces the proposal."""

import re
from dataclasses import dataclass

import numpy as np

from elbo_room.models.reading.column import CATEGORY, CONSTANT, DATE, EMPTY, NUMBER, TEXT, WHOLE, Column
from elbo_room.models.reading.limits import MOST_KINDS, MOST_ONE_HOT, Refused
from elbo_room.models.reading.texts import like_text
from elbo_room.models.reading.wishes import (
    BATCH,
    BY_ROW,
    EXPOSURE,
    FEATURE,
    LABEL,
    LEFT_OUT,
    OFFSET,
    RESPONSE,
    ROW_NAME,
    SEQUENCE,
    SINGLE,
    WEIGHT,
)

ID = re.compile(
    r"|index|unnamed: ?\d+|id|.*[_ .]id|uuid|key|barcodes?|cells?|cell_?id|rows?|row[_.]?names?|row_?(number|nr|num)|no|nr|obs|name|"
    r"sample_?names?|\.\.\.1|(?-i:X)",
    re.IGNORECASE,
)
LABELS = ("label", "type", "line", "class", "kind", "cluster", "species")  # within the name of a column of words …
LABEL_NUMBERS = re.compile(
    r"(.*[_ .])?(labels?|class(es)?|targets?|species|clusters?|leiden|louvain|cell_?types?|kinds?|groups?|y|outcome|category|diagnosis)",
    re.IGNORECASE,
)
BATCHES = re.compile(
    r"(.*[_ .])?(batch(es)?|plates?|donors?|lanes?|batch_?id|sites?|patients?|samples?|subjects?)", re.I
)
RESPONSES = re.compile(r"y|target|outcome|response|.*[_ .]target", re.IGNORECASE)
OF_ROWS = {  # beside a response; a column named "weight" may be a person's
    WEIGHT: re.compile(r"((sample|case|row|survey|importance|frequency)[_ .]?weights?|weights)", re.IGNORECASE),
    OFFSET: re.compile(r"(log[_ .]?)?offset", re.IGNORECASE),
    EXPOSURE: re.compile(r"exposure|person[_ .]?(years|months|days|time)", re.IGNORECASE),
}
CLASSES = re.compile(
    r"(.*[_ .])?(labels?|class(es)?|species|clusters?|leiden|louvain|cell_?types?|kinds?|category|diagnosis)",
    re.IGNORECASE,
)  # whole numbers with such a name are classes, not counts
GENE = re.compile(
    r"ENS[A-Z]{0,4}[GT]\d+(\.\d+)?|AT\dG\d+|FBgn\d+|[A-Z][A-Z0-9]{1,9}(-[A-Z0-9]+)?|[A-Z][a-z0-9]{2,9}(-[a-z0-9]+)?",
    re.ASCII,
)
PLAIN_GENE = re.compile(r"(ENS[A-Z]{0,4}[GT]\d+(\.\d+)?|AT\dG\d+|FBgn\d+|gene[ _.-]?\d+)", re.IGNORECASE)
CELL = re.compile(r"[ACGTN]{8,}([-_.].*)?|.*[-_.#][ACGT]{8,}(-\d+)?|(cell|sample|barcode|c)[ _.-]?\d+", re.IGNORECASE)
USELESS = {
    EMPTY: "it has no values",
    CONSTANT: "every row has the same value",
    DATE: "a date is no number; as a feature it becomes days since the first",
}
FEW_CLASSES = 10  # whole values of a last column that is not named, beside real numbers


@dataclass
class Proposal:
    """A role, and why."""

    role: str
    reason: str = ""


def _counts_up(column: Column) -> bool:
    """Whether it is 1, 2, 3, … or counts down."""
    if column.kind != WHOLE or column.numbers is None or column.missing or len(column.numbers) < 3:
        return False
    steps = np.diff(column.numbers)
    return bool((steps == 1).all() or (steps == -1).all())


def _unique(column: Column, rows: int) -> bool:
    return column.distinct == rows - column.missing > 2


def _own(column: Column, place: int, rows: int) -> Proposal | None:
    """What the column alone says of its role."""
    if column.kind in USELESS or column.why:
        return Proposal(LEFT_OUT, column.why or USELESS[column.kind])
    named = bool(ID.fullmatch(column.name))
    if _counts_up(column) and named:
        return Proposal(LEFT_OUT, "it counts the rows")
    if named and column.kind == WHOLE and _unique(column, rows):
        return Proposal(LEFT_OUT, "it identifies the rows: each has another value")
    if column.kind == TEXT:
        if _unique(column, rows) or not column.name:
            return Proposal(ROW_NAME if place == 0 or named else LEFT_OUT, "each row has another value")
        return Proposal(LEFT_OUT, f"it is text with {column.distinct:,} different values")
    if not column.name:
        return Proposal(LEFT_OUT, "it has no name: it numbers or names the rows")
    return None


def _classes(column: Column, rows: int) -> bool:
    return 1 < column.distinct <= min(MOST_KINDS, max(2, rows / 2))


def _of_words(column: Column, *, counts: bool) -> Proposal:
    """The role of a category."""
    name = column.name.lower()
    if BATCHES.fullmatch(name):
        return Proposal(BATCH, "its name says so")
    if any(word in name for word in LABELS) or LABEL_NUMBERS.fullmatch(name):
        return Proposal(LABEL, "its name says so")
    if counts:
        return Proposal(LEFT_OUT, "it is a category beside counts")
    if column.distinct > MOST_ONE_HOT:
        return Proposal(LEFT_OUT, f"it has {column.distinct:,} kinds, more than {MOST_ONE_HOT}")
    return Proposal(FEATURE, f"a category: one column for each of {column.distinct:,} kinds")


def _of_numbers(column: Column, rows: int, *, plane: bool) -> Proposal:
    """The role of numbers by their name."""
    if column.kind == WHOLE and BATCHES.fullmatch(column.name) and _classes(column, rows):
        return Proposal(BATCH, "its name says so")
    if column.kind == WHOLE and LABEL_NUMBERS.fullmatch(column.name) and _classes(column, rows):
        return Proposal(LABEL, f"its name says so, and it has {column.distinct} values")
    if RESPONSES.fullmatch(column.name):
        if plane and column.name.lower() == "y":
            return Proposal(FEATURE, "beside x it may be a coordinate; make it the response if x predicts it")
        return Proposal(RESPONSE, "its name says so")
    return Proposal(FEATURE)


def propose(
    columns: list[Column], rows: int, chosen: dict[str, str], *, beside: bool, others: str | None = None
) -> list[Proposal]:
    """A role for every column; `beside` columns describe the rows of a matrix of features and are none themselves."""
    made = _by_themselves(columns, rows, beside=beside)
    if beside:
        _describe_rows(made)
    else:
        _last_is_class(columns, made, rows)
    if others is not None and not beside:
        _all_others(columns, made, others)
    elif not beside:
        _texts(columns, made)
    for place, column in enumerate(columns):
        if column.name in chosen:
            made[place] = Proposal(chosen[column.name], "you chose it")
    _one_each(columns, made, chosen)
    if any(each.role == RESPONSE for each in made):
        _of_rows(columns, made, chosen)
    if any(each.role == SEQUENCE for each in made):
        made = [Proposal(LEFT_OUT, "the text is the only input") if each.role == FEATURE else each for each in made]
    elif not beside and not any(each.role == FEATURE for each in made):
        _some_features(columns, made, chosen)
    return made


def _by_themselves(columns: list[Column], rows: int, *, beside: bool) -> list[Proposal]:
    """A role for every column by its contents and its name."""
    found = [_own(column, place, rows) for place, column in enumerate(columns)]
    numbers = [
        column for column, own in zip(columns, found, strict=True) if own is None and column.kind in (NUMBER, WHOLE)
    ]
    counts = len(numbers) > 2 and all(
        each.kind == WHOLE and np.nanmin(each.numbers) >= 0 for each in numbers if each.numbers is not None
    )
    plane = any(column.name.lower() == "x" for column in columns)
    return [
        own
        or (
            _of_words(column, counts=counts or beside)
            if column.kind == CATEGORY
            else _of_numbers(column, rows, plane=plane)
        )
        for column, own in zip(columns, found, strict=True)
    ]


def _describe_rows(made: list[Proposal]) -> None:
    """Columns beside a matrix of features are none themselves."""
    for place, proposal in enumerate(made):
        if proposal.role in (FEATURE, RESPONSE, BATCH, ROW_NAME):
            batch = proposal.role == BATCH
            words = "its name says batch: choose it to condition on it" if batch else "it describes the rows"
            made[place] = Proposal(LEFT_OUT, words)


def _all_others(columns: list[Column], made: list[Proposal], role: str) -> None:
    """Every column of numbers as a feature, or every column left out."""
    for place, column in enumerate(columns):
        usable = column.kind in (NUMBER, WHOLE) and not column.why and bool(column.name)
        if role == LEFT_OUT or usable:
            made[place] = Proposal(role, "as all other columns")


def _texts(columns: list[Column], made: list[Proposal]) -> None:
    """A text is proposed where no column of numbers could be a feature; its one class is then the response."""
    places = [place for place, column in enumerate(columns) if like_text(column)]
    if not places:
        return
    features = [place for place, each in enumerate(made) if each.role == FEATURE and place not in places]
    if any(columns[place].numbers is not None for place in features):
        for place in places:
            if made[place].role == LEFT_OUT:
                made[place] = Proposal(LEFT_OUT, f"{like_text(columns[place])}, alone: use it as text")
        return
    longest = max(places, key=lambda place: sum(map(len, columns[place].shown(50))))
    made[longest] = Proposal(SEQUENCE, like_text(columns[longest]))
    classes = [place for place, each in enumerate(made) if each.role in (FEATURE, LABEL) and place != longest]
    if len(classes) == 1 and not any(each.role == RESPONSE for each in made):
        made[classes[0]] = Proposal(RESPONSE, "it is the only class beside the text")


def _of_rows(columns: list[Column], made: list[Proposal], chosen: dict[str, str]) -> None:
    """Beside a response, a column of numbers may say by its name how many rows a row counts as, or for how long it was watched."""
    for role in BY_ROW:
        if any(each.role == role for each in made):
            continue
        for place, (column, proposal) in enumerate(zip(columns, made, strict=True)):
            free = column.name not in chosen and proposal.role == FEATURE and column.numbers is not None
            if free and OF_ROWS[role].fullmatch(column.name):
                made[place] = Proposal(role, "its name says so")
                break


def is_class(column: Column) -> bool:
    """Whether the numbers of a response are names of classes: two values, or few whole ones that their name calls so."""
    named = column.kind == WHOLE and CLASSES.fullmatch(column.name) is not None
    return column.numbers is not None and (column.distinct == 2 or (named and 1 < column.distinct <= MOST_KINDS))


def _last_is_class(columns: list[Column], made: list[Proposal], rows: int) -> None:
    """A last column of few whole values beside real numbers is a label."""
    features = [place for place, each in enumerate(made) if each.role == FEATURE]
    if len(features) < 3 or any(each.role in (LABEL, RESPONSE) for each in made):
        return
    last = columns[features[-1]]
    real = all(columns[place].kind == NUMBER for place in features[:-1])
    if features[-1] == len(columns) - 1 and real and last.kind == WHOLE and last.distinct <= min(FEW_CLASSES, rows / 4):
        made[-1] = Proposal(LABEL, f"it has only {last.distinct} whole values")


def _rank(name: str, chosen: dict[str, str]) -> tuple[bool, bool, int]:
    """Which of several columns has a role: a chosen one, one with "batch" or "type" in its name, the shortest."""
    return name not in chosen, not any(word in name.lower() for word in ("batch", "type")), len(name)


def _one_each(columns: list[Column], made: list[Proposal], chosen: dict[str, str]) -> None:
    """Of roles that one column can have, a chosen one keeps it, else the one with the shortest name."""
    for role in SINGLE:
        places = [place for place, each in enumerate(made) if each.role == role]
        first = min(places, key=lambda place: _rank(columns[place].name, chosen), default=None)
        for place in places:
            if place != first:
                if columns[place].name in chosen:
                    raise Refused(
                        f"{columns[first or 0].name!r} and {columns[place].name!r} were both to be the {role}. Choose one."
                    )
                made[place] = Proposal(LEFT_OUT, f"{columns[first or 0].name} is the {role}")


def _some_features(columns: list[Column], made: list[Proposal], chosen: dict[str, str]) -> None:
    """Without a feature nothing can be modelled: numbers that were left out or proposed for something else become features again."""
    for place, column in enumerate(columns):
        if column.kind in (NUMBER, WHOLE) and column.name and column.name not in chosen:
            made[place] = Proposal(FEATURE, "there is no other number")


def like_genes_by_cells(row_names: list[str], columns: list[str]) -> bool:
    """Whether the names of the rows look like genes and those of the columns do not, but like cells."""
    rows, cells = row_names[:200], columns[:200]
    if len(rows) < 2 or len(cells) < 2:
        return False
    plain = sum(bool(PLAIN_GENE.fullmatch(each)) for each in rows) / len(rows)
    genes = sum(bool(GENE.fullmatch(each) or PLAIN_GENE.fullmatch(each)) for each in rows) / len(rows)
    cell = sum(bool(CELL.fullmatch(each)) for each in cells) / len(cells)
    other = sum(bool(PLAIN_GENE.fullmatch(each)) for each in cells) / len(cells)
    return other < 0.2 and ((plain > 0.8 and cell > 0.3) or (genes > 0.8 and cell > 0.8))
