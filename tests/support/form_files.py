"""A form as somebody has it on their desk: cells are changed in it, and it is saved as a spreadsheet would save it."""

from __future__ import annotations

import csv
import io
from datetime import date

import xlsxwriter

from register.formats.form_xlsx import Kind, Words
from register.formats.workbook import Cell, Place, Sheet, letters
from register.formats.workbook_read import read
from register.formats.workbook_table import Table, table
from register.formats.xlsx import put
from register.services.workbooks import Speech

# The workbook's own words, as a Japanese page says them.
SPEECH = Speech(
    "ja",
    str,
    Words(
        definitions="定義",
        lists="選択肢",
        field="項目",
        help="説明",
        code="コード",
        choice="選択肢",
        meaning="定義",
        reasons="誤りの理由",
        metadata="管理用",
        alert_title="この値は入力できません",
        alerts=dict.fromkeys(Kind, "入力し直してください。"),
        too_long="%(limit)d文字以内で入力してください。",
    ),
)


class FormFile:
    """The table's sheet of a workbook, cell by cell; rows and columns count from 1."""

    def __init__(self, data: bytes) -> None:
        book = read(data, name="form.xlsx")
        self.table: Table = table(book)
        self.others: list[Sheet] = [sheet for sheet in book.sheets if sheet is not self.table.sheet]
        self.cells: dict[Place, Cell] = {
            (row.number, column): cell
            for row in self.table.sheet.rows
            for column, cell in enumerate(row.cells, 1)
            if cell is not None
        }
        self.rows = {str(record.cells["case_no"]): record.row for record in self.table.records}
        self.next = max([*self.rows.values(), self.table.ids_row]) + 1
        self.formulas: dict[Place, str] = {}
        self.merged: list[str] = []
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()

    def set(self, case: str, **values: Cell) -> FormFile:
        """Write into the row of a case; None empties a cell."""
        return self.put(self.rows[case], **values)

    def add(self, **values: Cell) -> FormFile:
        """Fill the next empty row."""
        self.next += 1
        return self.put(self.next - 1, **values)

    def put(self, row: int, **values: Cell) -> FormFile:
        """Write into a row, by the ids of the columns."""
        for name, value in values.items():
            self.cells[row, self.table.columns[name]] = value
        return self

    def at(self, case: str, name: str) -> Cell:
        """Return what stands in a cell."""
        return self.cells.get((self.rows[case], self.table.columns[name]))

    def place(self, case: str, name: str) -> str:
        """Return what the spreadsheet calls a cell."""
        return f"{letters(self.table.columns[name])}{self.rows[case]}"

    def meta(self, name: str, value: str) -> FormFile:
        """Change one of the cells that tell where the file belongs."""
        for place, cell in self.cells.items():
            if isinstance(cell, str) and cell.startswith(f"meta:{name}="):
                self.cells[place] = f"meta:{name}={value}"
        return self

    def xlsx(self) -> bytes:
        """Save as an Excel workbook; the file's own properties are lost, as when a sheet is copied into a new one."""
        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
            main = book.add_worksheet(self.table.sheet.name)
            styles = {
                "date": book.add_format({"num_format": "yyyy-mm-dd"}),
                "time": book.add_format({"num_format": 22}),
            }
            for (row, column), cell in self.cells.items():
                put(main, row - 1, column - 1, cell, styles.get)
            for (row, column), formula in self.formulas.items():
                main.write_formula(row - 1, column - 1, formula, None, "1")
            for area in self.merged:
                main.merge_range(area, "")
            for row in self.hidden_rows:
                main.set_row(row - 1, None, None, {"hidden": True})
            for column in self.hidden_columns:
                main.set_column(column - 1, column - 1, None, None, {"hidden": True})
            for other in self.others:
                _copy(book, other)
        return out.getvalue()

    def csv(self, codec: str = "utf-8-sig") -> bytes:
        """Save as CSV, as Excel does."""
        out = io.StringIO(newline="")
        width = max(column for _, column in self.cells)
        rows = csv.writer(out, lineterminator="\r\n")
        for row in range(1, max(row for row, _ in self.cells) + 1):
            found = [self.cells.get((row, column)) for column in range(1, width + 1)]
            rows.writerow(["" if cell is None else cell for cell in found])
        return out.getvalue().encode(codec)

    def ods(self) -> str:
        """Return the table in OpenDocument, for ``workbooks.ods``."""
        width = max(column for _, column in self.cells)
        lines = [
            "".join(_ods_cell(self.cells.get((row, column))) for column in range(1, width + 1))
            for row in range(1, max(row for row, _ in self.cells) + 1)
        ]
        rows = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
        return f'<table:table table:name="{self.table.sheet.name}">{rows}</table:table>'


def _copy(book: xlsxwriter.Workbook, other: Sheet) -> None:
    sheet = book.add_worksheet(other.name)
    for line in other.rows:
        for column, cell in enumerate(line.cells):
            put(sheet, line.number - 1, column, cell, lambda _kind: None)
    if other.hidden:
        sheet.hide()


def _ods_cell(cell: Cell) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{cell.isoformat()}"/>'
    if isinstance(cell, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
    text = str(cell).replace("&", "&amp;").replace("<", "&lt;")
    lines = "".join(f"<text:p>{line}</text:p>" for line in text.split("\n"))
    return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'
