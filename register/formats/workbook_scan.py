"""The parts of a workbook streamed through expat before any parser builds something of them.

Each scan counts what a hostile file would multiply and notes what the parser does not tell: formulas, failing cells,
merged ranges, hidden rows and columns. Names are compared without their prefix, as the parser does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from register.formats.workbook import Limits, Merged, Place, Refused, address, letters

CELL = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384  # of any sheet
YES = frozenset({"1", "true", "on"})
Attributes = Mapping[str, str]


@dataclass
class Facts:
    """What one sheet holds besides its values."""

    formulas: list[Place] = field(default_factory=list)
    errors: dict[Place, str] = field(default_factory=dict)
    merged: list[Merged] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    last_row: int = 0
    last_column: int = 0

    def fill(self, row: int, column: int) -> None:
        """Note that the cell holds something."""
        self.last_row = max(self.last_row, row)
        self.last_column = max(self.last_column, column)


@dataclass
class Budget:
    """What the whole file has used of its limits."""

    limits: Limits
    size: int
    unpacked: int = 0
    elements: int = 0
    cells: int = 0
    marks: int = 0

    def unpack(self, count: int) -> None:
        """Count bytes as they come out, whatever a header says of them."""
        self.unpacked += count
        swollen = self.unpacked > max(self.limits.slack, self.limits.ratio * self.size)
        if swollen or self.unpacked > self.limits.unpacked:
            raise Refused("bomb")

    @property
    def crowded(self) -> bool:
        """Whether more elements came out than a file of this size holds, packed as spreadsheets pack."""
        most = max(self.limits.element_slack, self.limits.element_ratio * self.size)
        return self.elements > min(most, self.limits.elements)

    def mark(self, sheet: str, count: int = 1) -> None:
        """Count formulas and failing cells, which are handed on one by one."""
        self.marks += count
        if self.marks > self.limits.marks:
            raise Refused("marks", sheet=sheet, limit=self.limits.marks)

    def area(self, sheet: str, facts: Facts) -> None:
        """Count the rectangle that the parser will build for a sheet."""
        self.cells += facts.last_row * facts.last_column
        if self.cells > self.limits.cells:
            raise Refused("cells", sheet=sheet, limit=self.limits.cells)

    def span(self, sheet: str, found: Merged) -> None:
        """Refuse a range of absurd size."""
        rows, columns = (last - first + 1 for first, last in zip(found.first, found.last, strict=True))
        if rows < 1 or columns < 1:
            raise Refused("broken")
        if rows * columns > self.limits.merged_cells:
            raise Refused("merged", sheet=sheet, cell=f"{address(*found.first)}:{address(*found.last)}")

    def merge(self, sheet: str, facts: Facts, found: Merged) -> None:
        """Note a merged range."""
        self.span(sheet, found)
        if len(facts.merged) >= self.limits.merged:
            raise Refused("merged", sheet=sheet, cell=address(*found.first))
        facts.merged.append(found)

    def reach(self, sheet: str, row: int, column: int) -> None:
        """Refuse a cell beyond the rows and columns that are read."""
        if row > self.limits.rows or column > self.limits.columns:
            place = address(min(row, LAST_ROW), min(column, LAST_COLUMN))
            raise Refused("far", sheet=sheet, cell=place, rows=self.limits.rows, columns=self.limits.columns)


def local(name: str) -> str:
    """Return the name without its prefix."""
    return name.rpartition(":")[2]


def number(text: str | None, default: int) -> int:
    """Return a whole number of an attribute; a file that writes something else there is broken."""
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise Refused("broken")
    return int(text)


def corner(text: str) -> Place:
    """Return (row, column) of an address like B12."""
    found = CELL.fullmatch(text)
    if not found or not int(found[2]):
        raise Refused("broken")
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column


class Scan:
    """Any part: elements, depth and attributes are counted, and ``root`` is what it turns out to be."""

    def __init__(self, budget: Budget, sheet: str = "") -> None:
        self.budget = budget
        self.limits = budget.limits
        self.sheet = sheet
        self.depth = 0
        self.parser: expat.XMLParserType

    def attach(self, parser: expat.XMLParserType) -> None:
        """Let the parser tell this scan what follows."""
        self.parser = parser
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end

    def start(self, name: str, attributes: Attributes) -> None:
        """Take an element."""
        self.count(attributes)
        self.element(local(name), attributes)

    def count(self, attributes: Attributes) -> None:
        """Count an element."""
        self.budget.elements += 1
        self.depth += 1
        if self.depth > self.limits.depth or len(attributes) > self.limits.attributes:
            raise Refused("hostile")

    def end(self, name: str) -> None:
        """Leave an element."""
        self.depth -= 1

    def element(self, name: str, attributes: Attributes) -> None:
        """Take an element by its local name."""

    def done(self) -> None:
        """The part is complete."""

    def listen(self, take: Callable[[str], None] | None) -> None:
        """Have text told to ``take``, or no more."""
        self.parser.CharacterDataHandler = take


class Contents(Scan):
    """[Content_Types].xml: it says whether the workbook has macros, whatever its parts are called."""

    def element(self, name: str, attributes: Attributes) -> None:
        kind = attributes.get("ContentType", "").casefold()
        if "macroenabled" in kind or "vbaproject" in kind:
            raise Refused("macros")
        if "sheet.binary" in kind:
            raise Refused("binary")


class Workbook(Scan):
    """The list of sheets: the name of each with the id of its relationship."""

    def __init__(self, budget: Budget, sheet: str = "") -> None:
        super().__init__(budget, sheet)
        self.sheets: dict[str, str] = {}

    def element(self, name: str, attributes: Attributes) -> None:
        if name != "sheet":
            return
        title = attributes.get("name", "")
        if title in self.sheets:
            raise Refused("hostile")
        if len(self.sheets) >= self.limits.sheets:
            raise Refused("sheets", limit=self.limits.sheets)
        self.sheets[title] = next((value for key, value in attributes.items() if key.endswith(":id")), "")


class Relationships(Scan):
    """Which part each id leads to."""

    def __init__(self, budget: Budget, sheet: str = "") -> None:
        super().__init__(budget, sheet)
        self.targets: dict[str, str] = {}

    def element(self, name: str, attributes: Attributes) -> None:
        if "Id" in attributes:
            self.targets[attributes["Id"]] = attributes.get("Target", "")


class Properties(Scan):
    """The document's properties; the custom ones are kept as text."""

    def __init__(self, budget: Budget, sheet: str = "") -> None:
        super().__init__(budget, sheet)
        self.found: dict[str, str] = {}
        self.name = ""

    def element(self, name: str, attributes: Attributes) -> None:
        if name != "property":
            return
        if len(self.found) >= self.limits.properties:
            raise Refused("hostile")
        self.name = attributes.get("name", "")
        self.found[self.name] = ""
        self.listen(self.take)

    def take(self, text: str) -> None:
        """Add text to the property."""
        self.found[self.name] += text
        if len(self.found[self.name]) > self.limits.text:
            raise Refused("hostile")

    def end(self, name: str) -> None:
        super().end(name)
        if local(name) == "property":
            self.listen(None)


class Worksheet(Scan):
    """A sheet of an xlsx. What makes a cell filled, and where it stands, is decided as the parser decides it.

    A sheet has millions of elements: ``start`` asks the frequent ones first and makes no call that can be spared, and
    what ends is only counted, by a list's ``append``.
    """

    def __init__(self, budget: Budget, sheet: str = "") -> None:
        super().__init__(budget, sheet)
        self.facts = Facts()
        self.columns = {letters(column): column for column in range(1, self.limits.columns + 1)}
        self.ended: list[str] = []
        self.row, self.column = 0, 1
        self.row_text, self.row_depth = "", 0
        self.place: Place = (1, 1)
        self.filled = 0
        self.failing = self.listening = False
        self.text = ""

    def attach(self, parser: expat.XMLParserType) -> None:
        super().attach(parser)
        parser.EndElementHandler = self.ended.append

    def start(self, name: str, attributes: Attributes) -> None:
        self.depth += 1
        if self.listening:
            self._hear()
        kind = name if name in FREQUENT else local(name)
        if kind == "c":
            self._cell(attributes)
        elif kind in CONTENT:
            self._fill(kind)
        elif kind in NOTED:
            NOTED[kind](self, attributes)
        self.budget.elements += 1
        if self.depth - len(self.ended) > self.limits.depth or len(attributes) > self.limits.attributes:
            raise Refused("hostile")

    def done(self) -> None:
        if self.listening:
            self._hear()
        self.budget.area(self.sheet, self.facts)

    def _cell(self, attributes: Attributes) -> None:
        place = attributes.get("r")
        if place is None:
            self.place = (self.row, self.column)
        elif place.endswith(self.row_text) and (column := self.columns.get(place[: -len(self.row_text)])):
            self.place = (self.row, column)
        else:
            self.place = corner(place)
        self.column = self.place[1] + 1
        self.failing = attributes.get("t") == "e"

    def _fill(self, kind: str) -> None:
        row, column = self.place
        facts = self.facts
        if row > facts.last_row or column > facts.last_column:
            self.budget.reach(self.sheet, row, column)
            facts.fill(row, column)
        self.filled += 1
        if self.filled > 2 * self.limits.cells:  # a cell may have a formula and a value
            raise Refused("cells", sheet=self.sheet, limit=self.limits.cells)
        if kind == "f":
            self.budget.mark(self.sheet)
            facts.formulas.append(self.place)
        elif self.failing:
            self.listening, self.text = True, ""
            self.listen(self._take)

    def _take(self, text: str) -> None:
        self.text = (self.text + text)[:40]

    def _hear(self) -> None:
        """Keep what a failing cell showed; what follows it begins."""
        self.listening = False
        self.listen(None)
        self.budget.mark(self.sheet)
        self.facts.errors[self.place] = self.text.strip() or "#"

    def note_row(self, attributes: Attributes) -> None:
        """Take the number of a row and whether it is hidden."""
        self.depth -= len(self.ended)
        self.ended.clear()
        self.row_depth = self.row_depth or self.depth
        self.row = number(attributes.get("r"), self.row + 1)
        if not self.row or self.depth != self.row_depth:
            raise Refused("broken")
        self.row_text, self.column = str(self.row), 1
        if attributes.get("hidden") in YES and self.row <= self.limits.rows:
            self.facts.hidden_rows.add(self.row)

    def note_columns(self, attributes: Attributes) -> None:
        """Take which columns are hidden."""
        if attributes.get("hidden") in YES:
            first, last = number(attributes.get("min"), 1), number(attributes.get("max"), 1)
            self.facts.hidden_columns.update(range(first, min(last, self.limits.columns) + 1))

    def note_merged(self, attributes: Attributes) -> None:
        """Take a merged range."""
        reference = attributes.get("ref", "")
        first, _, last = reference.partition(":")
        self.budget.merge(self.sheet, self.facts, Merged(corner(first), corner(last or first)))

    def note_link(self, attributes: Attributes) -> None:
        """Look at the range of a link, which is not handed on."""
        first, _, last = attributes.get("ref", "A1").partition(":")
        self.budget.span(self.sheet, Merged(corner(first), corner(last or first)))


CONTENT = frozenset({"v", "is", "f"})
FREQUENT = CONTENT | {"c", "t", "row"}
NOTED: Mapping[str, Callable[[Worksheet, Attributes], None]] = {
    "row": Worksheet.note_row,
    "col": Worksheet.note_columns,
    "mergeCell": Worksheet.note_merged,
    "hyperlink": Worksheet.note_link,
}
