"""Excel workbooks out: typed cells, frozen heading with filter, widths for Japanese, equal bytes for equal input.

A text never becomes a formula or a link. ``created`` is the caller's time; nothing here reads a clock.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

import xlsxwriter

from register.formats import Cell, printable

MAX_TEXT = 32_767  # of one cell, in Excel
MAX_NUMBER = 10**15  # beyond it Excel rounds
MAX_NAME = 31
NARROWEST, WIDEST = 6, 60
# What people wrote stays text, whatever it looks like.
OPTIONS: Mapping[str, bool] = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "in_memory": True,
}
FORBIDDEN_IN_NAME = re.compile(r"[\[\]:*?/\\]")
STYLES: Mapping[str, Mapping[str, object]] = {
    "head": {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1},
    "text": {"text_wrap": True, "valign": "top"},
    "number": {"num_format": "#,##0.###############", "valign": "top"},
    "integer": {"num_format": "#,##0", "valign": "top"},
    "date": {"num_format": "yyyy-mm-dd", "valign": "top"},
    "time": {"num_format": "yyyy-mm-dd hh:mm:ss", "valign": "top"},
}


class Writable(Protocol):
    """Any sheet that can be written: it has a name and fills a sheet of a workbook."""

    @property
    def name(self) -> str:
        """What the sheet is called, as far as a workbook allows."""
        ...

    def fill(self, book: Any, target: Any) -> None:
        """Write the content onto a sheet of a workbook."""
        ...


@dataclass(frozen=True)
class Sheet:
    """One sheet to write: ``rows`` may be any iterable and is read once."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]

    def fill(self, book: Any, target: Any) -> None:
        """Write heading and rows, with a filter and columns as wide as their texts."""
        formats = {name: book.add_format(dict(style)) for name, style in STYLES.items()}
        widths = [half_widths(name) for name in self.header]
        for column, name in enumerate(self.header):
            target.write_string(0, column, printable(name), formats["head"])
        number = 0
        for number, row in enumerate(self.rows, start=1):
            for column, cell in enumerate(row):
                put(target, number, column, cell, formats.__getitem__)
                widths[column] = max(widths[column], half_widths(cell))
        for column, width in enumerate(widths):
            target.set_column(column, column, min(max(width + 2, NARROWEST), WIDEST))
        target.freeze_panes(1, 0)
        if widths:
            target.autofilter(0, 0, number, len(widths) - 1)


def write(sheets: Sequence[Writable], *, created: datetime, title: str = "") -> bytes:
    """Return a workbook of these sheets; dates and times are written as given, without a zone."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, dict(OPTIONS))
    book.set_properties({"title": printable(title), "created": created.replace(tzinfo=None)})
    names: list[str] = []
    for sheet in sheets:
        names.append(sheet_name(sheet.name, names))
        sheet.fill(book, book.add_worksheet(names[-1]))
    book.close()
    return out.getvalue()


def put(target: Any, row: int, column: int, cell: Cell, style: Callable[[str], Any]) -> None:
    """Write a cell (row and column from 0) in the format that ``style`` gives for text, number, integer, date or time.

    A number that Excel would round is written as text. Raises ``ValueError`` for a text that does not fit.
    """
    if cell is None or cell == "":
        return
    if isinstance(cell, datetime):
        target.write_datetime(row, column, cell.replace(tzinfo=None), style("time"))
    elif isinstance(cell, date):
        target.write_datetime(row, column, cell, style("date"))
    elif isinstance(cell, int | float | Decimal) and not isinstance(cell, bool) and -MAX_NUMBER < cell < MAX_NUMBER:
        target.write_number(row, column, cell, style("integer" if isinstance(cell, int) else "number"))
    else:
        text = printable(str(cell))
        if len(text) > MAX_TEXT:
            raise ValueError(f"a cell of {len(text)} characters does not fit into a workbook")
        target.write_string(row, column, text, style("text"))


def half_widths(cell: Cell) -> int:
    """Return how many half-width characters the longest line of the cell takes."""
    lines = ("" if cell is None else str(cell)).split("\n")
    return max(sum(2 if unicodedata.east_asian_width(char) in "FWA" else 1 for char in line) for line in lines)


def sheet_name(name: str, taken: Sequence[str]) -> str:
    """Return a name that Excel accepts and that no other sheet has."""
    base = FORBIDDEN_IN_NAME.sub("・", printable(name).replace("\n", " ")).strip("' ")[:MAX_NAME] or "Sheet"
    chosen, number = base, 2
    while chosen.casefold() in {other.casefold() for other in taken}:
        ending = f" ({number})"
        chosen, number = base[: MAX_NAME - len(ending)] + ending, number + 1
    return chosen
