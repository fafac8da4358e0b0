"""A table as text or as HTML, for objects that print themselves in a terminal or a notebook."""

from collections.abc import Sequence
from html import escape


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table: the first column left-aligned, the others right-aligned, separated by two spaces."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def html_table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    notes: Sequence[str],
    formulas: Sequence[str] = (),
) -> str:
    """The same as HTML, with its title as the caption and its notes below; `formulas` (MathML), one a row, are its last column."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header) + ("<th>formula</th>" if any(formulas) else "")
    last = [f"<td>{math}</td>" for math in formulas] if any(formulas) else [""] * len(rows)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}{math}</tr>"
        for row, math in zip(rows, last, strict=True)
    )
    below = "".join(f"<div>{escape(note)}</div>" for note in notes)
    table = f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return table + below
