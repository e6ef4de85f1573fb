"""Workbooks in: ``read(data, name="報告.xlsx")`` gives a ``Book`` or raises ``Unreadable`` with what to do.

    book = read(data, name=upload_name)             # kind: xlsx, xls, ods or csv
    for sheet in book.sheets:                       # name, hidden, formulas, merged, hidden_rows, hidden_columns
        for row in sheet.rows:                      # only rows that hold something, row.number is the true one
            row.cells, row.at(2)                    # column 2 is B
        sheet.at(12, 2), address(12, 2)             # the cell, "B12"
        (12, 2) in sheet.formulas                   # its value was calculated
    isinstance(cell, ErrorValue)                    # #REF! and the like; it is a str

The format is told by the content, the name only where the content has no mark (CSV). A file is hostile until shown
otherwise: everything but CSV is looked at and parsed in a child with limits on memory and time, and a child that dies
means a file that cannot be read. All cells of a CSV are texts.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path, PurePath
from typing import Any

from register.errors import ImportRejected, say
from register.formats import csv
from register.formats.workbook import (
    DEFAULT_LIMITS,
    OLE,
    REFUSED,
    ZIP,
    Book,
    Cell,
    ErrorValue,
    Limits,
    Merged,
    Row,
    Sheet,
    Unreadable,
    unreadable,
)
from register.formats.workbook_spare import SPARE

__all__ = ["Book", "Cell", "ErrorValue", "Limits", "Row", "Sheet", "Unreadable", "read"]

OLD = (b"\x09\x00", b"\x09\x02", b"\x09\x04")  # Excel 2 to 4
HTML = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|head|body|table|meta|!--)", re.IGNORECASE)
XML2003 = re.compile(rb"(\xef\xbb\xbf)?\s*<\?xml.{0,2000}urn:schemas-microsoft-com:office:spreadsheet", re.DOTALL)
TEXTS = frozenset({".csv", ".txt", ""})
BOOKS = frozenset({".xlsx", ".xls", ".ods"})
BREAK = re.compile(r"\r\n|\r|\n")
DETAIL = 4000


def read(data: bytes, *, name: str, limits: Limits = DEFAULT_LIMITS) -> Book:
    """Return what the file holds; ``name`` is the name it was sent under. Raises ``Unreadable``."""
    if not data.strip():
        raise unreadable("empty")
    if len(data) > limits.size:
        raise unreadable("size", {"limit": limits.size // 1024**2})
    if data.startswith((ZIP, OLE)):
        return _read_in_child(data, limits)
    if HTML.match(data):
        raise unreadable("html")
    if XML2003.match(data):
        raise unreadable("xml2003")
    ending = PurePath(name).suffix.casefold()
    if ending in TEXTS:
        return _read_csv(data, PurePath(name).stem, limits)
    if data.startswith(OLD):
        raise unreadable("old")
    raise unreadable("broken" if ending in BOOKS else "unknown")


def _read_csv(data: bytes, name: str, limits: Limits) -> Book:
    taken = csv.Limits(size=limits.size, rows=limits.rows, columns=limits.columns, cell=limits.text)
    try:
        parsed = csv.read(data, limits=taken)
    except ImportRejected as refused:
        raise _csv_refusal(refused) from refused
    if parsed.problems:
        raise _csv_refusal(ImportRejected(parsed.problems))
    return Book("csv", (Sheet(name or "CSV", hidden=False, rows=tuple(_csv_rows([parsed.header, *parsed.rows]))),))


def _csv_refusal(refused: ImportRejected) -> Unreadable:
    first = refused.problems[0]
    return Unreadable(say("%(line)d行目：%(reason)s", line=first.line, reason=first.reason))


def _csv_rows(records: Iterable[csv.Row]) -> Iterator[Row]:
    """Yield the records under the row that a spreadsheet shows them in: a cell of several lines is one row there."""
    inner = 0
    for record in records:
        cells: list[Cell] = [text or None for text in record.cells]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            yield Row(record.line - inner, tuple(cells))
        inner += sum(len(BREAK.findall(text)) for text in record.cells)


def _read_in_child(data: bytes, limits: Limits) -> Book:
    # Killed children leave their files; this folder goes with them.
    with tempfile.TemporaryDirectory(prefix="register-workbook-") as folder:
        source, lines = Path(folder, "upload"), Path(folder, "lines")
        source.write_bytes(data)
        request = json.dumps([str(source), str(lines), asdict(limits)]) + "\n"
        try:
            code, complaint = SPARE.run(request.encode(), wall=limits.wall)
        except subprocess.TimeoutExpired as error:
            raise unreadable("dead", detail="timeout") from error
        if code:
            raise _failure(code, complaint)
        # The rows come back through a file: by now the child and its memory are gone.
        with lines.open(encoding="utf-8") as rows:
            book = _book(rows)
    SPARE.refill()
    return book


def _failure(code: int, stderr: bytes) -> Unreadable:
    if code == REFUSED:
        key, params = json.loads(stderr)
        return unreadable(key, params)
    detail = stderr.decode("utf-8", errors="replace")[-DETAIL:]
    died = code < 0 or "MemoryError" in detail
    return unreadable("dead" if died else "broken", detail=f"exit {code}: {detail}")


def _book(lines: Iterable[str]) -> Book:
    """Build the book from the child's lines: a mapping begins a sheet, a list is a row of it."""
    decode = json.JSONDecoder(object_hook=_unpacked).decode
    numbered = iter(lines)
    head = json.loads(next(numbered))
    sheets: list[tuple[Mapping[str, Any], list[Row]]] = []
    # A register repeats itself: one object for each different text.
    known: dict[Cell, Cell] = {}
    share = known.setdefault
    for line in numbered:
        found = decode(line)
        if isinstance(found, dict):
            sheets.append((found, []))
        else:
            number, cells = found
            row = Row(number, tuple([share(cell, cell) if type(cell) is str else cell for cell in cells]))
            sheets[-1][1].append(row)
    return Book(head["kind"], tuple(_sheet(*sheet) for sheet in sheets), head["properties"])


def _unpacked(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        ((key, value),) = found.items()
        if key in PACKED:
            return PACKED[key](value)
    return found


PACKED: Mapping[str, Callable[[str], Cell]] = {"d": date.fromisoformat, "t": datetime.fromisoformat, "e": ErrorValue}


def _sheet(head: Mapping[str, Any], rows: list[Row]) -> Sheet:
    return Sheet(
        name=head["name"],
        hidden=head["hidden"],
        rows=tuple(rows),
        formulas=frozenset((row, column) for row, column in head["formulas"]),
        merged=tuple(Merged(tuple(first), tuple(last)) for first, last in head["merged"]),
        hidden_rows=frozenset(head["hidden_rows"]),
        hidden_columns=frozenset(head["hidden_columns"]),
    )
