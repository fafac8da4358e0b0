"""Excel, Parquet and Feather tables, column by column: their names may be equal, numbers, or missing."""

import json
import statistics
import zipfile
from pathlib import Path
from typing import Any

from elbo_room.models.reading.limits import MOST_TEXT, Refused, check_size, unreadable
from elbo_room.models.reading.sheet import Sheet
from elbo_room.models.reading.text import named


def read_excel(path: Path) -> Sheet:
    """The first sheet of a workbook that has values.

    Raises:
        Refused: it is no workbook, unpacks to too much, or is empty.
    """
    import openpyxl
    import pandas as pd

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_TEXT:
                raise Refused(
                    f"{path.name} unpacks to more than {MOST_TEXT:,} characters, the most that can be read. Save it as .csv."
                )
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (Refused, MemoryError):
        raise
    except Exception as error:
        raise unreadable(path, "an Excel workbook (.xlsx)") from error
    sheet = Sheet()
    for name in book.sheetnames:
        rows = _without_title(_cells(book[name], path), sheet)
        if len(rows) > 1:
            break
    else:
        raise Refused(
            f"{path.name} has no sheet with two rows of values. Save a table with a line of names and a row for each data point."
        )
    if len(book.sheetnames) > 1:
        sheet.notes.append(f"The workbook has {len(book.sheetnames)} sheets; {name!r} was read.")
    words = [["" if cell is None else str(cell).strip() for cell in row] for row in rows[:50]]
    sheet.names, header = named(words, sheet)
    width = len(sheet.names)
    body = [row[:width] for row in rows[int(header) :]]
    if not body:
        raise Refused(f"{path.name} has names of columns but no rows. Save it with at least two rows.")
    sheet.columns = [pd.Series([row[place] for row in body], dtype=object).infer_objects() for place in range(width)]
    return sheet


def _without_title(rows: list[tuple[Any, ...]], sheet: Sheet) -> list[tuple[Any, ...]]:
    """The rows from the first that has more than one value, where the table has several columns."""
    filled = [sum(cell is not None for cell in row) for row in rows]
    if not filled or statistics.median(filled) < 2:
        return rows
    begin = next(place for place, count in enumerate(filled) if count > 1)
    if begin:
        sheet.notes.append("The title above the table was skipped.")
    return rows[begin:]


def _cells(source: Any, path: Path) -> list[tuple[Any, ...]]:
    """The rows of a sheet without empty ones around the table."""
    rows: list[tuple[Any, ...]] = []
    try:
        for row in source.iter_rows(values_only=True):
            if rows or any(cell is not None for cell in row):
                rows.append(row)
                check_size(len(rows), len(row), path)
    except (Refused, MemoryError):
        raise
    except Exception as error:
        raise unreadable(path, "an Excel workbook (.xlsx)") from error
    while rows and all(cell is None for cell in rows[-1]):
        rows.pop()
    width = max((place + 1 for row in rows for place, cell in enumerate(row) if cell is not None), default=0)
    begin = min((place for row in rows for place, cell in enumerate(row) if cell is not None), default=0)
    return [(*row[begin:width], *[None] * (width - max(begin, len(row)))) for row in rows]


def read_parquet(path: Path) -> Sheet:
    """A Parquet file, or a folder of parts as Spark writes it.

    Raises:
        Refused: it is no Parquet file, or too large.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    try:
        files = [pq.ParquetFile(part, memory_map=False) for part in parts]
        rows = sum(file.metadata.num_rows for file in files)
        check_size(rows, files[0].metadata.num_columns, path)
        declared = sum(
            file.metadata.row_group(group).total_byte_size
            for file in files
            for group in range(file.metadata.num_row_groups)
        )
        if declared > 2 * MOST_TEXT:
            raise MemoryError
        tables = [file.read(use_threads=False) for file in files]
        table = pa.concat_tables(tables) if len(tables) > 1 else tables[0]
        return _arrow(table, path)
    except (Refused, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, pa.ArrowMemoryError):
            raise MemoryError from error
        raise unreadable(path, ".parquet") from error


def read_feather(path: Path) -> Sheet:
    """A Feather file.

    Raises:
        Refused: it is none, or too large.
    """
    import pyarrow as pa
    from pyarrow import feather

    try:
        with pa.memory_map(str(path)) as source:
            if source.read(6) == b"ARROW1":
                source.seek(0)
                opened = pa.ipc.open_file(source)
                rows = sum(opened.get_batch(place).num_rows for place in range(opened.num_record_batches))
                check_size(rows, len(opened.schema), path)
                table = opened.read_all()
            else:
                table = feather.read_table(path, use_threads=False)
        return _arrow(table, path)
    except (Refused, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, pa.ArrowMemoryError):
            raise MemoryError from error
        raise unreadable(path, ".feather") from error


def _arrow(table: Any, path: Path) -> Sheet:
    """Columns by position; the index of a pandas frame is a column of row names, without a name unless it had one."""
    check_size(table.num_rows, table.num_columns, path)
    if not table.num_rows or not table.num_columns:
        raise Refused(
            f"{path.name} has {table.num_rows:,} rows and {table.num_columns:,} columns. Save a table with at least two rows."
        )
    about = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}") or b"{}")
    index = {name for name in about.get("index_columns", ()) if isinstance(name, str)}
    sheet = Sheet(notes=[])
    for place, name in enumerate(table.column_names):
        column = table.column(place).to_pandas(split_blocks=True)
        hidden = name in index and name.startswith("__index_level_")
        sheet.names.insert(0 if name in index else place, "" if hidden else str(name))
        sheet.columns.insert(0 if name in index else place, column.reset_index(drop=True))
    return sheet
