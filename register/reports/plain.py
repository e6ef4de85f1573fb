"""A report as it stands on paper or in a file: texts and numbers alone, whoever made it.

Our own reports, those of another register and what was typed off a print are read into the same form, so that one
linter and one comparison serve all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from register.errors import Invalid, say
from register.reports.report import Report, as_json
from register.reports.table import PREVIOUS, TOTAL

# A number on paper is never longer; more would not be compared but computed with.
MOST = 10**12
FILE = "file"


@dataclass(frozen=True)
class PlainRow:
    """A row: a cell per column, None where the category does not exist.

    ``packed`` cells are those that are not blank, in their order: what is known of a row whose blanks were lost.
    """

    code: str
    label: str
    cells: tuple[int | None, ...]
    total: int
    packed: bool = False
    distinct: int | None = None

    @property
    def sum(self) -> int:
        """What the cells add up to."""
        return sum(cell or 0 for cell in self.cells)


@dataclass(frozen=True)
class PlainTable:
    """A table by its slug, with the texts of its notes."""

    slug: str
    columns: tuple[str, ...]
    rows: tuple[PlainRow, ...]
    notes: tuple[str, ...]

    @property
    def total(self) -> PlainRow | None:
        """The row that counts the whole, where it is printed."""
        return self.row(TOTAL)

    @property
    def body(self) -> tuple[PlainRow, ...]:
        """The rows that count categories."""
        return tuple(row for row in self.rows if row.code not in (TOTAL, PREVIOUS))

    def row(self, code: str) -> PlainRow | None:
        """Return the row of ``code``, None where it is not printed."""
        return next((row for row in self.rows if row.code == code), None)


@dataclass(frozen=True)
class PlainHeadline:
    """A sentence with its figures; ``key`` is empty where the print does not name it."""

    key: str
    text: str
    numerator: int
    denominator: int | None


@dataclass(frozen=True)
class PlainReport:
    """A report; ``populations`` are the sizes of the populations as far as they are told, by key."""

    round: str
    tables: Mapping[str, PlainTable]
    headlines: tuple[PlainHeadline, ...]
    populations: Mapping[str, int]


def of(report: Report) -> PlainReport:
    """Return a report of ours as it stands on paper, in Japanese."""
    return read(as_json(report, str))


def read(told: Any) -> PlainReport:
    """Return the report that a JSON file tells: the contract's, or a print's, whose rows have ``printed`` cells.

    Raise ``Invalid`` naming what is wrong. What a print's file says beside the print (the sizes of its populations,
    remarks) is passed over: it does not stand on paper.
    """
    if not isinstance(told, dict) or not isinstance(told.get("tables"), dict):
        raise Invalid({FILE: say("集計のJSONではありません（「tables」がありません）。")})
    tables = {str(slug): _table(str(slug), one) for slug, one in told["tables"].items()}
    on_paper = any(row.packed for table in tables.values() for row in table.rows)
    populations = {} if on_paper else _numbers("populations", told.get("populations") or {})
    headlines = tuple(_headline(one) for one in _list("headlines", told.get("headlines") or []))
    return PlainReport(str(told.get("round", "")), tables, headlines, populations)


def _table(slug: str, told: Any) -> PlainTable:
    if not isinstance(told, dict):
        raise _wrong(slug)
    columns = tuple(str(code) for code in _list(slug, told.get("columns")))
    rows = tuple(_row(slug, one, columns) for one in _list(slug, told.get("rows")))
    return PlainTable(slug, columns, rows, tuple(str(note) for note in _list(slug, told.get("notes") or [])))


def _row(slug: str, told: Any, columns: tuple[str, ...]) -> PlainRow:
    if not isinstance(told, dict):
        raise _wrong(slug)
    packed = "cells" not in told
    where = f"{slug} {told.get('code', '')}"
    cells = tuple(_number(where, cell) for cell in _list(where, told.get("printed" if packed else "cells")))
    if len(cells) > len(columns) or (not packed and len(cells) < len(columns)):
        raise _wrong(where)
    total, distinct = _number(where, told.get("total")), _number(where, told.get("distinct_ministries"))
    if total is None:
        raise _wrong(where)
    return PlainRow(str(told.get("code", "")), str(told.get("label", "")), cells, total, packed, distinct)


def _headline(told: Any) -> PlainHeadline:
    if not isinstance(told, dict):
        raise _wrong("headlines")
    text = str(told.get("text", ""))
    numerator, denominator = _number(text, told.get("numerator")), _number(text, told.get("denominator"))
    if numerator is None:
        raise _wrong(text)
    return PlainHeadline(str(told.get("key", "")), text, numerator, denominator)


def _numbers(where: str, told: Any) -> dict[str, int]:
    if not isinstance(told, dict):
        raise _wrong(where)
    return {str(key): _number(where, value) or 0 for key, value in told.items()}


def _number(where: str, told: Any) -> int | None:
    if told is None:
        return None
    if isinstance(told, bool) or not isinstance(told, int) or abs(told) > MOST:
        raise _wrong(where)
    return told


def _list(where: str, told: Any) -> list[Any]:
    if not isinstance(told, list):
        raise _wrong(where)
    return told


def _wrong(where: str) -> Invalid:
    return Invalid({FILE: say("JSONの「%(where)s」の形が正しくありません。", where=where)})


def told(report: PlainReport) -> dict[str, Any]:
    """Return a report on paper as the JSON that ``read`` reads."""
    return {
        "round": report.round,
        "populations": dict(report.populations),
        "tables": {
            slug: {
                "columns": list(table.columns),
                "rows": [_told_row(row) for row in table.rows],
                "notes": list(table.notes),
            }
            for slug, table in report.tables.items()
        },
        "headlines": [
            {"key": one.key, "text": one.text, "numerator": one.numerator, "denominator": one.denominator}
            for one in report.headlines
        ],
    }


def _told_row(row: PlainRow) -> dict[str, Any]:
    cells = {"printed" if row.packed else "cells": list(row.cells)}
    return {"code": row.code, "label": row.label, **cells, "total": row.total, "distinct_ministries": row.distinct}
