"""A report's tables for machines: one datum per cell, no merged heads, zeros written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from register.errors import Say, say
from register.formats import Cell
from register.formats.xlsx import Sheet
from register.reports.charts import Speak
from register.reports.report import Report
from register.reports.table import Table

LONG_HEAD: tuple[Say, ...] = (
    say("表"),
    say("表の名前"),
    say("対象"),
    say("行コード"),
    say("行"),
    say("列コード"),
    say("列"),
    say("件数"),
    say("回"),
    say("状態"),
)
TOTAL = say("総計")


def as_csv_rows(report: Report, speak: Speak) -> tuple[list[str], list[list[Cell]]]:
    """Return (heading, rows) of every cell of every table, one cell a row; totals have the column ``total``.

    Each row names its round and whether that is settled: rows of several files may be put together.
    """
    rows = [line for table in report.every_table for line in as_lines(report, table, speak)]
    return [speak(head) for head in LONG_HEAD], rows


def as_lines(report: Report, table: Table, speak: Speak) -> list[list[Cell]]:
    """Return the rows of one table, as ``LONG_HEAD`` names their cells."""
    ends: list[Cell] = [speak(report.name), speak(report.standing.word)]
    return [[*cell, *ends] for cell in _cells(table, speak)]


def as_sheets(report: Report, speak: Speak) -> list[Sheet]:
    """Return a sheet of what the figures are, one of the headlines, then one per table with columns as in print."""
    head = [speak(say("要点")), speak(say("分子")), speak(say("分母"))]
    lines: list[list[Cell]] = [[speak(one.text), one.numerator, one.denominator] for one in report.headlines]
    about = as_about(report, report.every_table, speak)
    return [about, Sheet(speak(say("要点")), head, lines), *(as_sheet(one, speak) for one in report.every_table)]


def as_sheet(table: Table, speak: Speak) -> Sheet:
    """Return the sheet of one table, with its columns as in print."""
    rows: list[list[Cell]] = [[row.code, _label(row.group, row.label), *row.cells, row.total] for row in table.rows]
    return Sheet(speak(table.short), as_heading(table, speak), rows)


def as_heading(table: Table, speak: Speak) -> list[str]:
    """Return the names of the columns of a table's sheet."""
    columns = [f"{column.group} {column.label}".strip() for column in table.columns]
    return [speak(say("コード")), speak(table.title), *columns, speak(TOTAL)]


def as_about(report: Report, tables: Iterable[Table], speak: Speak) -> Sheet:
    """Return the sheet that says which round this is, how far its figures hold, and the notes of each table."""
    standing = report.standing
    lines: list[list[Cell]] = [
        [speak(say("回")), speak(report.name)],
        [speak(say("基準日")), report.as_of],
        [speak(say("状態")), speak(standing.word)],
    ]
    lines += [[speak(one.word), speak(one.sentence)] for one in standing.cautions]
    lines += [[speak(say("注")), speak(note)] for note in standing.notes]
    lines += [[speak(table.short), speak(note.text)] for table in tables for note in table.notes]
    return Sheet(speak(say("この集計について")), [speak(say("項目")), speak(say("内容"))], lines)


def _cells(table: Table, speak: Speak) -> Iterator[list[Cell]]:
    title, total = speak(table.title), speak(TOTAL)
    for row in table.rows:
        label = _label(row.group, row.label)
        for column, cell in zip(table.columns, row.cells, strict=True):
            name = f"{column.group} {column.label}".strip()
            yield [table.slug, title, table.population, row.code, label, column.code, name, cell]
        yield [table.slug, title, table.population, row.code, label, "total", total, row.total]


def _label(group: str, label: str) -> str:
    return f"{group}／{label}" if group else label
