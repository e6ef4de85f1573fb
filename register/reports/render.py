"""A report's tables for machines: one datum per cell, no merged heads, zeros written."""

from __future__ import annotations

from collections.abc import Iterator

from register.errors import Say, say
from register.formats import Cell
from register.formats.xlsx import Sheet
from register.reports.charts import Speak
from register.reports.report import Report
from register.reports.table import Table

LONG_HEAD: tuple[Say, ...] = (
    say("表"),
    say("対象"),
    say("行コード"),
    say("行"),
    say("列コード"),
    say("列"),
    say("件数"),
)
TOTAL = say("総計")


def as_csv_rows(report: Report, speak: Speak) -> tuple[list[str], list[list[Cell]]]:
    """Return (heading, rows) of every cell of every table, one cell a row; totals have the column ``total``."""
    total = speak(TOTAL)
    return [speak(head) for head in LONG_HEAD], [cell for table in report.every_table for cell in _cells(table, total)]


def as_sheets(report: Report, speak: Speak) -> list[Sheet]:
    """Return a sheet per table, columns as in print, after a sheet of the headlines."""
    head = [speak(say("要点")), speak(say("分子")), speak(say("分母"))]
    lines: list[list[Cell]] = [[speak(one.text), one.numerator, one.denominator] for one in report.headlines]
    sheets = [Sheet(speak(say("要点")), head, lines)]
    for table in report.every_table:
        columns = [f"{column.group} {column.label}".strip() for column in table.columns]
        heading = [speak(say("コード")), speak(table.title), *columns, speak(TOTAL)]
        rows: list[list[Cell]] = [[row.code, _label(row.group, row.label), *row.cells, row.total] for row in table.rows]
        sheets.append(Sheet(speak(table.title), heading, rows))
    return sheets


def _cells(table: Table, total: str) -> Iterator[list[Cell]]:
    for row in table.rows:
        label = _label(row.group, row.label)
        for column, cell in zip(table.columns, row.cells, strict=True):
            name = f"{column.group} {column.label}".strip()
            yield [table.slug, table.population, row.code, label, column.code, name, cell]
        yield [table.slug, table.population, row.code, label, "total", total, row.total]


def _label(group: str, label: str) -> str:
    return f"{group}／{label}" if group else label
