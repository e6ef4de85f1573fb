"""An edition of a report as files for machines: what is left out says so in its place and is no blank and no zero."""

from __future__ import annotations

from collections.abc import Iterator

from register.errors import say
from register.formats import Cell
from register.formats.xlsx import Sheet
from register.reports.charts import Speak
from register.reports.contents import Shown
from register.reports.render import LONG_HEAD
from register.reports.table import TOTAL, Row, Table

LEFT_OUT = say("非公開")
EXAMPLE = (say("番号"), say("種類"), say("府省庁"), say("案件名"), say("成果目標"))


def as_csv_rows(shown: Shown, speak: Speak) -> tuple[list[str], list[list[Cell]]]:
    """Return (heading, rows) of every cell of every table, one cell a row; totals have the column ``total``."""
    rows = [[*cell, shown.name, shown.word] for table in shown.every_table for cell in _cells(table, speak)]
    return [speak(head) for head in LONG_HEAD], rows


def as_sheets(shown: Shown, speak: Speak) -> list[Sheet]:
    """Return a sheet of which edition this is, one of the sentences, one per table and one of the examples."""
    head = [speak(say("要点")), speak(say("分子")), speak(say("分母"))]
    sheets = [_about(shown, speak), Sheet(speak(say("要点")), head, [list(one) for one in shown.headlines])]
    for table in shown.every_table:
        columns = [f"{column.group} {column.label}".strip() for column in table.columns]
        heading = [speak(say("コード")), speak(table.title), *columns, speak(say("総計"))]
        rows: list[list[Cell]] = [
            [row.code, _label(row), *(value for _, value in _values(table, row, speak))] for row in table.rows
        ]
        sheets.append(Sheet(speak(table.short), heading, rows))
    if shown.sections["examples"]:
        lines: list[list[Cell]] = [
            [one["id"], one["kind"], *(one[name] or speak(LEFT_OUT) for name in ("ministry", "title", "goal_text"))]
            for one in shown.sections["examples"]
        ]
        sheets.append(Sheet(speak(say("成果目標の例")), [speak(one) for one in EXAMPLE], lines))
    return sheets


def _about(shown: Shown, speak: Speak) -> Sheet:
    lines: list[list[Cell]] = [
        [speak(say("回")), shown.name],
        [speak(say("基準日")), shown.as_of],
        [speak(say("状態")), shown.word],
        [speak(say("版")), str(shown.head.number)],
        [speak(say("回答のSHA-256")), shown.answers_sha256],
    ]
    lines += [[speak(say("注")), note] for note in shown.notes]
    lines += [[speak(table.short), speak(note.text)] for table in shown.every_table for note in table.notes]
    return Sheet(speak(say("この集計について")), [speak(say("項目")), speak(say("内容"))], lines)


def _cells(table: Table, speak: Speak) -> Iterator[list[Cell]]:
    names = {column.code: f"{column.group} {column.label}".strip() for column in table.columns}
    names[TOTAL] = speak(say("総計"))
    for row in table.rows:
        for code, value in _values(table, row, speak):
            yield [
                table.slug, speak(table.title), table.population, row.code, _label(row), code, names[code], value
            ]  # fmt: skip


def _values(table: Table, row: Row, speak: Speak) -> Iterator[tuple[str, Cell]]:
    """Yield the figures of a row by the code of their column, its total last."""
    for column, cell in zip(table.columns, row.cells, strict=True):
        yield column.code, speak(LEFT_OUT) if column.code in row.hidden else cell
    yield TOTAL, speak(LEFT_OUT) if TOTAL in row.hidden else row.total


def _label(row: Row) -> str:
    return f"{row.group}／{row.label}" if row.group else row.label
