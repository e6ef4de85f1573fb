"""The scan of an old Excel file (.xls): the compound file's directory, then the records of each sheet.

It notes what the parser does not tell (formulas, failing cells, hidden rows and columns) and refuses encryption, macros
and cells out of reach. Numbers are those of [MS-CFB] and [MS-XLS].
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from register.formats.workbook import Merged, Refused
from register.formats.workbook_scan import Budget, Facts

FAT_IN_HEADER = range(76, 512, 4)
LAST = 0xFFFFFFFA  # this sector number and those above it lead nowhere
ENTRY = 128
STREAM, ROOT = 2, 5
BOF, EOF, FILEPASS, BOUNDSHEET = 0x0809, 0x000A, 0x002F, 0x0085
SHEET_STREAMS = ("Workbook", "Book")
ENCRYPTED = frozenset({"EncryptedPackage", "EncryptionInfo"})
MACROS = frozenset({"_VBA_PROJECT_CUR", "Macros"})
ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
ROW_HIDDEN, COLUMN_HIDDEN = 0x20, 0x01


@dataclass(frozen=True)
class _Stream:
    kind: int
    start: int
    size: int


class _Compound:
    """The streams of a compound file; chains that run in a circle or out of the file are refused."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.sector = 1 << self._number("<H", 30)
        self.small = 1 << self._number("<H", 32)
        if self.sector not in (512, 4096) or self.small != 64:
            raise Refused("broken")
        self.fat = self._table(self._fat_sectors())
        self.streams = dict(self._directory(self._chain(self._number("<I", 48))))
        self.small_fat = self._table(self._sectors(self._number("<I", 60), self.fat))

    def read(self, name: str) -> bytes:
        """Return the bytes of a stream."""
        found = self.streams[name]
        if found.size >= self._number("<I", 56):
            return self._chain(found.start)[: found.size]
        root = next((stream for stream in self.streams.values() if stream.kind == ROOT), None)
        if root is None:
            raise Refused("broken")
        inner = self._chain(root.start)
        places = [number * self.small for number in self._sectors(found.start, self.small_fat)]
        return b"".join(inner[place : place + self.small] for place in places)[: found.size]

    def _number(self, kind: str, place: int) -> int:
        return int(struct.unpack_from(kind, self.data, place)[0])

    def _block(self, number: int) -> bytes:
        return self.data[(number + 1) * self.sector : (number + 2) * self.sector]

    def _fat_sectors(self) -> Iterator[int]:
        yield from (number for place in FAT_IN_HEADER if (number := self._number("<I", place)) < LAST)
        seen, following = 0, self._number("<I", 68)
        while following < LAST:
            block = self._block(following)
            seen += 1
            if len(block) < self.sector or seen > len(self.data) // self.sector:
                raise Refused("broken")
            *numbers, following = struct.unpack(f"<{self.sector // 4}I", block)
            yield from (number for number in numbers if number < LAST)

    def _table(self, sectors: Iterator[int]) -> tuple[int, ...]:
        data = b"".join(map(self._block, sectors))
        return struct.unpack_from(f"<{len(data) // 4}I", data)

    def _sectors(self, number: int, table: tuple[int, ...]) -> Iterator[int]:
        seen = 0
        while number < LAST:
            seen += 1
            if number >= len(table) or seen > len(table):
                raise Refused("broken")
            yield number
            number = table[number]

    def _chain(self, start: int) -> bytes:
        return b"".join(map(self._block, self._sectors(start, self.fat)))

    def _directory(self, data: bytes) -> Iterator[tuple[str, _Stream]]:
        for place in range(0, len(data) - ENTRY + 1, ENTRY):
            length, kind = struct.unpack_from("<HB", data, place + 64)
            start, size = struct.unpack_from("<II", data, place + 116)
            if kind:
                name = data[place : place + min(max(length - 2, 0), 64)].decode("utf-16-le", errors="replace")
                yield name, _Stream(kind, start, size)


def scan(data: bytes, budget: Budget) -> list[Facts]:
    """Return the facts of each sheet in the workbook's order; raise ``Refused`` for what is not to be parsed."""
    try:
        compound = _Compound(data)
        names = compound.streams.keys()
        if names & ENCRYPTED:
            raise Refused("encrypted")
        if names & MACROS:
            raise Refused("macros")
        book = next((name for name in SHEET_STREAMS if name in names), None)
        if book is None:
            raise Refused("unknown")
        stream = compound.read(book)
        return [_sheet(stream, start, title, budget) for start, title in _sheets(stream, budget)]
    except struct.error as error:
        raise Refused("broken") from error


def _records(stream: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        yield kind, stream[place + 4 : place + 4 + length]
        place += 4 + length


def _sheets(stream: bytes, budget: Budget) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for kind, body in _records(stream, 0):
        if kind == FILEPASS:
            raise Refused("encrypted")
        if kind == BOUNDSHEET:
            if len(found) >= budget.limits.sheets:
                raise Refused("sheets", limit=budget.limits.sheets)
            found.append((struct.unpack_from("<I", body)[0], str(len(found) + 1)))
        if kind == EOF:
            break
    return found


def _sheet(stream: bytes, start: int, title: str, budget: Budget) -> Facts:
    """Scan one sheet; ``title`` is its number, since names may be in any code page."""
    scanned = _Sheet(title, budget)
    depth = 0
    for kind, body in _records(stream, start):
        depth += (kind == BOF) - (kind == EOF)
        if depth <= 0:
            break
        # Deeper are the charts that stand on the sheet.
        if depth == 1 and (take := TAKEN.get(kind)):
            take(scanned, body)
    budget.area(title, scanned.facts)
    return scanned.facts


class _Sheet:
    """One sheet while its records pass by; rows and columns count from 0 in the file."""

    def __init__(self, title: str, budget: Budget) -> None:
        self.title = title
        self.budget = budget
        self.facts = Facts()

    def cell(self, body: bytes) -> None:
        """Take a cell with a value."""
        row, column = struct.unpack_from("<HH", body)
        self._fill(row + 1, column + 1)

    def cells(self, body: bytes) -> None:
        """Take a run of numbers in one row."""
        row, last = struct.unpack_from("<H", body)[0], struct.unpack_from("<H", body, len(body) - 2)[0]
        self._fill(row + 1, last + 1)

    def formula(self, body: bytes) -> None:
        """Take a formula with the result of the last calculation."""
        row, column = struct.unpack_from("<HH", body)
        self._fill(row + 1, column + 1)
        self.budget.mark(self.title)
        self.facts.formulas.append((row + 1, column + 1))
        kind, _, code = body[6:9]
        if body[12:14] == b"\xff\xff" and kind == 2:
            self._failing(row + 1, column + 1, code)

    def boolean(self, body: bytes) -> None:
        """Take a truth value or an error."""
        self.cell(body)
        row, column, _, code, failing = struct.unpack_from("<HHHBB", body)
        if failing:
            self.budget.mark(self.title)
            self._failing(row + 1, column + 1, code)

    def row(self, body: bytes) -> None:
        """Take whether a row is hidden."""
        number, flags = struct.unpack_from("<H10xH", body)
        if flags & ROW_HIDDEN and number < self.budget.limits.rows:
            self.facts.hidden_rows.add(number + 1)

    def columns(self, body: bytes) -> None:
        """Take whether columns are hidden."""
        first, last, flags = struct.unpack_from("<HH4xH", body)
        if flags & COLUMN_HIDDEN:
            self.facts.hidden_columns.update(range(first + 1, min(last + 1, self.budget.limits.columns) + 1))

    def merged(self, body: bytes) -> None:
        """Take merged ranges."""
        (count,) = struct.unpack_from("<H", body)
        for place in range(2, min(2 + 8 * count, len(body) - 7), 8):
            top, bottom, left, right = struct.unpack_from("<HHHH", body, place)
            self.budget.merge(self.title, self.facts, Merged((top + 1, left + 1), (bottom + 1, right + 1)))

    def _fill(self, row: int, column: int) -> None:
        self.budget.reach(self.title, row, column)
        self.facts.fill(row, column)

    def _failing(self, row: int, column: int, code: int) -> None:
        self.facts.errors[row, column] = ERRORS.get(code, "#")


TAKEN: Mapping[int, Callable[[_Sheet, bytes], None]] = {
    0x0006: _Sheet.formula,
    0x00D6: _Sheet.cell,  # text with formats
    0x00FD: _Sheet.cell,  # text of the shared table
    0x0203: _Sheet.cell,  # number
    0x0204: _Sheet.cell,  # text
    0x027E: _Sheet.cell,  # number, short
    0x00BD: _Sheet.cells,
    0x0205: _Sheet.boolean,
    0x0208: _Sheet.row,
    0x007D: _Sheet.columns,
    0x00E5: _Sheet.merged,
}
