"""A published report beside the counts: every figure that is printed otherwise, by cell and by sentence."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from register.errors import Say
from register.reports.headlines import Headline
from register.reports.place import DENOMINATOR, HEADLINES, MINISTRIES, NUMERATOR, Place
from register.reports.plain import PlainHeadline, PlainReport, PlainRow, PlainTable
from register.reports.report import Report
from register.reports.table import TOTAL, Row, Table

# How alike two sentences must be, of 1, to be taken for the same: their figures and a turn of phrase may differ.
ALIKE = 0.5


@dataclass(frozen=True)
class Slip:
    """A figure that is printed otherwise than it counts."""

    place: Place
    printed: int
    counted: int


@dataclass(frozen=True)
class Comparison:
    """What was compared: how many figures, which of them differ, and what the print has that the report has not."""

    compared: int
    slips: tuple[Slip, ...]
    unknown: tuple[str, ...]


def named(printed: PlainReport, report: Report) -> PlainReport:
    """Return the print with the keys of its sentences: the most alike of the report's, each taken once."""
    free = {one.key: one for one in report.headlines}
    found: list[PlainHeadline] = []
    for one in printed.headlines:
        key = one.key if one.key in free else _most_alike(one, free.values())
        free.pop(key, None)
        found.append(replace(one, key=key))
    return replace(printed, headlines=tuple(found))


def compare(printed: PlainReport, report: Report) -> Comparison:
    """Return where a print, its sentences ``named``, differs from what ``report`` counts."""
    compared, slips, unknown = 0, list[Slip](), list[str]()
    for slug, table in printed.tables.items():
        counted = report.tables.get(slug)
        if counted is None:
            unknown.append(slug)
            continue
        rows = {row.code: row for row in counted.rows}
        for row in table.rows:
            if row.code not in rows:
                unknown.append(f"{slug} {row.label or row.code}")
                continue
            pairs = list(_row(counted, table, row, rows[row.code]))
            compared += len(pairs)
            slips += [Slip(*pair) for pair in pairs if pair[1] != pair[2]]
    said = {one.key: one for one in report.headlines}
    for sentence in printed.headlines:
        own = said.get(sentence.key)
        if own is None:
            unknown.append(sentence.text)
            continue
        pairs = [(Place(HEADLINES, own.key, NUMERATOR), sentence.numerator, own.numerator)]
        if sentence.denominator is not None and own.denominator is not None:
            pairs.append((Place(HEADLINES, own.key, DENOMINATOR), sentence.denominator, own.denominator))
        compared += len(pairs)
        slips += [Slip(*pair) for pair in pairs if pair[1] != pair[2]]
    return Comparison(compared, tuple(slips), tuple(unknown))


Pair = tuple[Place, int, int]


def _row(counted: Table, table: PlainTable, printed: PlainRow, own: Row) -> Iterator[Pair]:
    slug = counted.slug
    codes = [column.code for column in counted.columns]
    if printed.packed:
        yield from _packed(slug, codes, printed, own)
    else:
        cells = dict(zip(codes, own.cells, strict=True))
        for code, cell in zip(table.columns, printed.cells, strict=True):
            if code in cells:
                yield Place(slug, own.code, code), cell or 0, cells[code] or 0
    yield Place(slug, own.code, TOTAL), printed.total, own.total
    if printed.distinct is not None and own.distinct_ministries is not None:
        yield Place(slug, own.code, MINISTRIES), printed.distinct, own.distinct_ministries


def _packed(slug: str, codes: list[str], printed: PlainRow, own: Row) -> Iterator[Pair]:
    """Lay the cells that are not blank beside each other, in their order; where they differ, as few as may be."""
    filled = [(code, cell) for code, cell in zip(codes, own.cells, strict=True) if cell]
    shown = [cell or 0 for cell in printed.cells]
    steps = SequenceMatcher(None, shown, [cell for _, cell in filled], autojunk=False).get_opcodes()
    for _, first, last, start, end in steps:
        here, there = shown[first:last], filled[start:end]
        for place, (code, cell) in enumerate(there):
            yield Place(slug, own.code, code), here[place] if place < len(here) else 0, cell
        # A figure more than there are cells: it belongs to some column, nobody can say to which.
        for extra in here[len(there) :]:
            yield Place(slug, own.code, "?"), extra, 0


def _most_alike(printed: PlainHeadline, offered: Iterable[Headline]) -> str:
    def likeness(one: Headline) -> float:
        return SequenceMatcher(None, _bare(printed.text), _bare(one.text), autojunk=False).ratio()

    best = max(offered, key=likeness, default=None)
    return best.key if best and likeness(best) >= ALIKE else ""


def _bare(text: Say | str) -> str:
    """Return the letters of a sentence alone: its figures are what may differ."""
    folded = unicodedata.normalize("NFKC", str(text))
    return "".join(letter for letter in folded if letter.isalpha())
