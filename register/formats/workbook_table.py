"""The table inside a workbook that people have had in their hands.

    found = table(book)                     # Table; raises Unreadable when there is none, or more than one
    found.metadata["form"]                  # what the meta: cells say, else the custom properties
    for record in found.records:            # only rows with something in a column that has an id
        record.cells["name"]                # None where nothing stands
        found.address(record, "name")       # "B12", as the spreadsheet shows it

It is found by a row of ``id:field`` cells, whatever sheet, row and order of columns they ended up in. Columns without
an id (reasons, people's notes) are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from register.errors import listed, say
from register.formats.workbook import Book, Cell, Row, Sheet, Unreadable, address, letters

ID, META = "id:", "meta:"
MARK = re.compile(rf"{ID}([\w.-]+)")


@dataclass(frozen=True)
class Record:
    """One row of the table: the true number of the row and its cells by field id."""

    row: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Table:
    """A table: the sheet it stands on, the row of the ids, the column of each field (from 1), its rows."""

    sheet: Sheet
    metadata: Mapping[str, str]
    ids_row: int
    columns: Mapping[str, int]
    records: tuple[Record, ...]

    def address(self, record: Record, field: str) -> str:
        """Return what the spreadsheet calls the cell; raises ``KeyError`` for a field that has no column."""
        return address(record.row, self.columns[field])

    def calculated(self, record: Record, field: str) -> bool:
        """Return whether a formula stands in the cell."""
        return (record.row, self.columns[field]) in self.sheet.formulas


def table(book: Book) -> Table:
    """Return the one table of the book."""
    found = [(sheet, row) for sheet in book.sheets if (row := _ids(sheet))]
    if not found:
        raise Unreadable(
            say(
                "記入用の様式ではありません（項目の番号の行が見つかりません）。ダウンロードした様式に記入してください。"
            )
        )
    if len(found) > 1:
        names = listed([sheet.name for sheet, _ in found])
        raise Unreadable(say("記入用の表が複数のシート（%(names)s）にあります。1枚だけ残してください。", names=names))
    (sheet, ids), *_ = found
    columns: dict[str, int] = {}
    for column, name in _marks(ids):
        if name in columns:
            first, second = letters(columns[name]), letters(column)
            raise Unreadable(
                say(
                    "同じ項目の列が2つあります（%(first)s列と%(second)s列）。一方を削除してください。",
                    first=first,
                    second=second,
                )
            )
        columns[name] = column
    metadata = {**book.properties, **_metadata(sheet, ids.number)}
    return Table(sheet, metadata, ids.number, columns, tuple(_records(sheet, ids.number, columns)))


def _ids(sheet: Sheet) -> Row | None:
    return next((row for row in sheet.rows if any(_marks(row))), None)


def _marks(row: Row) -> Iterator[tuple[int, str]]:
    for column, cell in enumerate(row.cells, 1):
        if isinstance(cell, str) and (mark := MARK.fullmatch(cell.strip())):
            yield column, mark[1]


def _metadata(sheet: Sheet, before: int) -> dict[str, str]:
    """Return the ``meta:key=value`` cells above the table: they travel with the sheet, whatever it is pasted into."""
    found = {}
    for row in sheet.rows:
        if row.number >= before:
            break
        for cell in row.cells:
            if isinstance(cell, str) and cell.startswith(META):
                name, _, value = cell[len(META) :].partition("=")
                found[name] = value
    return found


def _records(sheet: Sheet, after: int, columns: Mapping[str, int]) -> Iterator[Record]:
    blank: tuple[Cell, ...] = (None,) * max(columns.values(), default=0)
    places = [(name, column - 1) for name, column in columns.items()]
    for row in sheet.rows:
        if row.number > after:
            filled = row.cells + blank
            cells = {name: filled[place] for name, place in places}
            if any(cell is not None for cell in cells.values()):
                yield Record(row.number, cells)
