"""What the tables of a document print, told from its data alone: so a file can be held against its own attachment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from register.formats.pdf_fonts import printed as as_printed

# A figure as a cell prints it, before what is added to it in words: a mark of the larger one may stand before it.
LEAD = re.compile(r"◆?(x|－|[-−]?\d[\d,]*(?:\.\d+)?%?(?:/\d[\d,]*)?)")
NONE, WITHHELD, TOTAL = "－", "x", "total"


@dataclass(frozen=True)
class Printed:
    """What must stand in a file: runs of figures in its tables, each without a gap, and names in their order.

    The runs are in no order: canonical JSON knows none of the tables.
    """

    figures: Sequence[Sequence[str]] = ()
    names: Sequence[str] = ()


def lead(text: str) -> str:
    """Return the figure that a cell begins with; empty where it begins with none."""
    found = LEAD.match(text)
    return found[1] if found else ""


def cross_cells(table: Mapping[str, Any]) -> list[str]:
    """Return the figures of a cross-table as it is printed, row by row, the total last where cells add up."""
    summed = len(table["columns"]) > 1
    return [figure for row in table["rows"] for figure in _row(row, table["columns"], summed)]


def _row(row: Mapping[str, Any], columns: Sequence[str], summed: bool) -> Iterable[str]:
    hidden = row.get("hidden", ())
    for code, cell in zip(columns, row["cells"], strict=True):
        yield WITHHELD if code in hidden else printed(cell)
    if summed:
        yield WITHHELD if TOTAL in hidden else printed(row["total"])


def printed(figure: int | None) -> str:
    """Return a figure as a cell prints it."""
    return NONE if figure is None else f"{figure:,}"


def fraction(part: int | None, whole: int | None) -> str:
    """Return what a headline counts, as it is printed."""
    if part is None:
        return WITHHELD
    return f"{part:,}" if whole is None else f"{part:,}/{whole:,}"


def share(part: int, whole: int) -> str:
    """Return a share as a document prints it."""
    return f"{100 * part / whole:.1f}%" if whole else NONE


def missing_in(expected: Printed, cells: Sequence[str], text: str) -> str:
    """Return the first figure or name that a file does not print where the data has it; empty when all stand there.

    ``cells`` are the texts of its data cells in reading order, ``text`` is all that it prints, both without blanks.
    """
    joined = _joined([lead(cell) for cell in cells])
    for run in expected.figures:
        if run and _joined(run) not in joined:
            return _first_other(joined, run)
    # The fonts draw some characters alike, and a file tells only what is drawn.
    text, end = as_printed(text), 0
    for name in expected.names:
        word = bare(as_printed(name))
        at = text.find(word, end)
        if at < 0:
            return name
        end = at + len(word)
    return ""


def bare(text: str) -> str:
    """Return a text without its blanks."""
    return "".join(text.split())


def _joined(cells: Sequence[str]) -> str:
    # No cell holds a blank, so a line break ends it.
    return "".join(["\n", *(f"{cell}\n" for cell in cells)])


def _first_other(joined: str, run: Sequence[str]) -> str:
    """Return the figure of a run behind the longest beginning of it that stands somewhere."""
    there, beyond = 0, len(run)
    while beyond - there > 1:
        middle = (there + beyond) // 2
        there, beyond = (middle, beyond) if _joined(run[:middle]) in joined else (there, middle)
    return run[there]
