"""The scan of an OpenDocument spreadsheet: one part holds all sheets, and rows and cells are written with repeats.

What repeats is not expanded here before the limits have been asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from register.formats.workbook import Merged, Refused
from register.formats.workbook_scan import Attributes, Budget, Facts, Scan, number

CELLS = frozenset({"table:table-cell", "table:covered-table-cell"})
COLLAPSED = frozenset({"collapse", "filter"})


class Manifest(Scan):
    """META-INF/manifest.xml: it says whether the content is encrypted."""

    def element(self, name: str, attributes: Attributes) -> None:
        if name == "encryption-data":
            raise Refused("encrypted")


class Content(Scan):
    """content.xml. Names are taken with their usual prefix, as the parser takes them."""

    def __init__(self, budget: Budget, sheet: str = "") -> None:
        super().__init__(budget, sheet)
        self.sheets: dict[str, Facts] = {}
        self.facts: Facts | None = None
        self.row = self.column = self.table_column = 1
        self.rows = self.columns = 1  # how often the row and the cell are repeated
        self.failing = self.in_cell = False
        self.text = ""

    def start(self, name: str, attributes: Attributes) -> None:
        self.count(attributes)
        if name == "table:table":
            self._table(attributes)
        elif self.facts is not None:
            if name in CELLS:
                self._cell(self.facts, attributes)
            elif name in NOTED:
                NOTED[name](self, self.facts, attributes)

    def end(self, name: str) -> None:
        super().end(name)
        if self.facts is None:
            return
        if name in CELLS:
            self._cell_end(self.facts)
        elif name == "table:table-row":
            self.row += self.rows
        elif name == "table:table":
            self.budget.area(self.sheet, self.facts)
            self.facts = None

    def _table(self, attributes: Attributes) -> None:
        name = attributes.get("table:name", "")
        if self.facts is not None or name in self.sheets:
            raise Refused("hostile")
        if len(self.sheets) >= self.limits.sheets:
            raise Refused("sheets", limit=self.limits.sheets)
        self.sheet, self.facts = name, Facts()
        self.sheets[name] = self.facts
        self.row = self.table_column = 1

    def note_column(self, facts: Facts, attributes: Attributes) -> None:
        """Take which columns are hidden."""
        first = self.table_column
        self.table_column += max(1, number(attributes.get("table:number-columns-repeated"), 1))
        if attributes.get("table:visibility") in COLLAPSED:
            facts.hidden_columns.update(range(first, min(self.table_column, self.limits.columns + 1)))

    def note_row(self, facts: Facts, attributes: Attributes) -> None:
        """Take how often the row is repeated and whether it is hidden."""
        self.column = 1
        self.rows = max(1, number(attributes.get("table:number-rows-repeated"), 1))
        if attributes.get("table:visibility") in COLLAPSED:
            facts.hidden_rows.update(range(self.row, min(self.row + self.rows, self.limits.rows + 1)))

    def note_text(self, facts: Facts, _attributes: Attributes) -> None:
        """A paragraph fills its cell."""
        if self.in_cell:
            self._fill(facts)

    def _cell(self, facts: Facts, attributes: Attributes) -> None:
        self.in_cell = True
        self.columns = max(1, number(attributes.get("table:number-columns-repeated"), 1))
        self.failing = attributes.get("calcext:value-type") == "error"
        if "office:value-type" in attributes or "table:formula" in attributes or self.failing:
            self._fill(facts)
        if "table:formula" in attributes:
            self.budget.mark(self.sheet, self.rows * self.columns)
            facts.formulas += self._places()
        across = number(attributes.get("table:number-columns-spanned"), 1)
        down = number(attributes.get("table:number-rows-spanned"), 1)
        if across > 1 or down > 1:
            last = (self.row + max(1, down) - 1, self.column + max(1, across) - 1)
            self.budget.merge(self.sheet, facts, Merged((self.row, self.column), last))
        if self.failing:
            self.text = ""
            self.listen(self._take)

    def _cell_end(self, facts: Facts) -> None:
        self.in_cell = False
        if self.failing:
            self.listen(None)
            self.budget.mark(self.sheet, self.rows * self.columns)
            facts.errors.update(dict.fromkeys(self._places(), self.text.strip() or "#"))
            self.failing = False
        self.column += self.columns

    def _fill(self, facts: Facts) -> None:
        last = (self.row + self.rows - 1, self.column + self.columns - 1)
        self.budget.reach(self.sheet, *last)
        facts.fill(*last)

    def _places(self) -> list[tuple[int, int]]:
        return [
            (row, column)
            for row in range(self.row, self.row + self.rows)
            for column in range(self.column, self.column + self.columns)
        ]

    def _take(self, text: str) -> None:
        self.text = (self.text + text)[:40]


NOTED: Mapping[str, Callable[[Content, Facts, Attributes], None]] = {
    "table:table-column": Content.note_column,
    "table:table-row": Content.note_row,
    "text:p": Content.note_text,
}
