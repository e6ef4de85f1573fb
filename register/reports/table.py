"""A finished table: all that the renderers take. Texts are sentences of the rules or already in one language."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import groupby, takewhile

from register.errors import Say
from register.reports.place import Place


@dataclass(frozen=True)
class Column:
    """A column; ``group`` is the heading that it shares with its neighbours, empty when it stands alone."""

    code: str
    label: str
    group: str


@dataclass(frozen=True)
class Row:
    """A row: a cell per column (None where the category did not exist), and its total in the table's population.

    ``folded`` of the total are unanswered cases counted here. ``larger`` marks the cells that exceed their
    counterpart's. ``hidden`` are the columns, or TOTAL, whose figures an edition leaves out: their cells are None.
    ``wholes``, of a table of shares, are what the cells and, last, the total are a share of.
    """

    code: str
    label: str
    group: str
    cells: tuple[int | None, ...]
    total: int
    folded: int = 0
    distinct_ministries: int | None = None
    larger: tuple[bool, ...] = ()
    hidden: frozenset[str] = frozenset()
    wholes: tuple[int, ...] = ()

    @property
    def shares(self) -> tuple[Decimal | None, ...]:
        """The shares of the cells and, last, of the total, in percent; none over nothing, and none without wholes."""
        parts = (*self.cells, self.total) if self.wholes else ()
        return tuple(share(part or 0, whole) for part, whole in zip(parts, self.wholes, strict=True))


@dataclass(frozen=True)
class Footnote:
    """A sentence below a table; of one that counts cases, how many and where that figure stands."""

    text: Say
    count: int = 0
    place: Place | None = None


@dataclass(frozen=True)
class Shade:
    """How dark a cell is: from ``least`` per cent of the table's largest cell on; ``mark`` says it without colour."""

    level: int
    least: int
    mark: str


# From the darkest on. The steps halve: by fifths, all but one cell of a skewed table would be the palest.
SHADES = (Shade(5, 50, "█"), Shade(4, 25, "▆"), Shade(3, 10, "▅"), Shade(2, 5, "▃"), Shade(1, 0, "▁"))


@dataclass(frozen=True)
class Table:
    """A table with its population, and the notes that its exclusions need; ``short`` is a title for narrow places.

    ``adds`` tells whether the cells of a row add up: those of several rounds beside each other do not, and then the
    total of a row is the last of its cells.
    """

    slug: str
    title: Say
    short: Say
    population: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[Footnote, ...]
    compared: bool = False
    adds: bool = True

    @property
    def summed(self) -> bool:
        """Whether a total stands beside the cells of a row; then a zero among them is left blank."""
        return self.adds and len(self.columns) > 1

    @property
    def column_groups(self) -> tuple[tuple[str, tuple[Column, ...]], ...]:
        """The columns under their shared headings; empty when no column has one."""
        if not any(column.group for column in self.columns):
            return ()
        return tuple((group, tuple(columns)) for group, columns in groupby(self.columns, key=lambda one: one.group))

    @property
    def row_groups(self) -> tuple[tuple[str, tuple[Row, ...]], ...]:
        """The rows under their shared headings, "" for rows that stand alone."""
        return tuple((group, tuple(rows)) for group, rows in groupby(self.rows, key=lambda one: one.group))

    @property
    def total(self) -> Row:
        """The row that counts the whole population."""
        return next(row for row in self.rows if row.code == TOTAL)

    @property
    def body(self) -> tuple[Row, ...]:
        """The rows that count categories: those above the total."""
        return tuple(takewhile(lambda row: row.code != TOTAL, self.rows))

    @cached_property
    def largest(self) -> int:
        """The largest cell of the rows that count categories; 0 in a table that is not shaded.

        A table that marks the larger of its rows says something else by colour, and where figures are left out, the
        largest may be one of them.
        """
        if self.compared or any(row.hidden for row in self.rows):
            return 0
        return max((cell or 0 for row in self.body for cell in row.cells), default=0)

    @property
    def steps(self) -> tuple[Shade, ...]:
        """What its shades stand for, the darkest first."""
        return SHADES

    @cached_property
    def _shaded(self) -> frozenset[str]:
        return frozenset(row.code for row in self.body)

    def shade(self, row: Row, cell: int | None) -> Shade | None:
        """Return how dark a cell of a row is; None for a blank one, a total, and where nothing is shaded."""
        if not cell or cell < 0 or not self.largest or row.code not in self._shaded:
            return None
        return next(shade for shade in SHADES if 100 * cell >= shade.least * self.largest)

    def row(self, code: str) -> Row:
        """Return the row of ``code``; raise ``StopIteration`` when the table has none."""
        return next(row for row in self.rows if row.code == code)


def share(part: int, whole: int) -> Decimal | None:
    """Return the share in percent to one decimal, half rounded up as official statistics do; None over nothing."""
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP) if whole else None


TOTAL = "total"
PREVIOUS = "previous"
