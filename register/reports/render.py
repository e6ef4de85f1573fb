"""A report's tables as files: for people as they are printed, for programs one datum per cell with zeros written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from register.errors import Say, say
from register.formats import Cell
from register.formats.xlsx import Sheet, Writable
from register.formats.xlsx_print import DASH, Figure, Head, Line, Printed
from register.reports.charts import Speak
from register.reports.report import Report
from register.reports.table import TOTAL as SUM
from register.reports.table import Row, Table
from register.reports.trend import Trend
from register.vocab import RoundState

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
# Of a figure that an edition leaves out: for programs in words, which are no number and no blank; for people a sign.
LEFT_OUT, WITHHELD = say("非公開"), "x"
MORE = "◆"
NAME = 6  # where the name of the column stands in a line


def as_csv_rows(report: Report, speak: Speak) -> tuple[list[str], list[list[Cell]]]:
    """Return (heading, rows) of every cell of every table, one cell a row; totals have the column ``total``.

    Each row names its round and whether that is settled: rows of several files may be put together.
    """
    rows = [line for table in report.every_table for line in as_lines(report, table, speak)]
    return [speak(head) for head in LONG_HEAD], rows


def as_lines(report: Report, table: Table, speak: Speak) -> list[list[Cell]]:
    """Return the rows of one table, as ``LONG_HEAD`` names their cells."""
    ends: list[Cell] = [speak(report.name), speak(report.standing.word)]
    return [[*cell, *ends] for cell in cells_of(table, speak)]


def as_sheets(report: Report, speak: Speak) -> list[Writable]:
    """Return a sheet of what the figures are, one of the headlines, then two per table.

    First every table for people, under its short name, then each for programs, under its slug in any language.
    """
    head = [speak(say("要点")), speak(say("分子")), speak(say("分母"))]
    lines: list[list[Cell]] = [[speak(one.text), one.numerator, one.denominator] for one in report.headlines]
    sheets = [as_about(report, report.every_table, speak), Sheet(speak(say("要点")), head, lines)]
    leads = [_lead(report, table) for table in report.every_table]
    pages = (as_page(table, lead, speak) for table, lead in zip(report.every_table, leads, strict=True))
    return [*sheets, *pages, *(as_sheet(table, speak) for table in report.every_table)]


def trend_csv_rows(trend: Trend, speak: Speak) -> tuple[list[str], list[list[Cell]]]:
    """Return (heading, rows) of every cell of a trend; the round of a row is that of its column."""
    settled = speak(say("%(state)s", state=RoundState.FROZEN))
    rows = [[*cell, cell[NAME], settled] for table in trend.tables for cell in cells_of(table, speak)]
    return [speak(head) for head in LONG_HEAD], rows


def trend_sheets(trend: Trend, speak: Speak) -> list[Writable]:
    """Return a sheet of what the figures are, then two per table, as those of a report."""
    lines: list[list[Cell]] = [
        [speak(say("回")), speak(trend.name)],
        [speak(say("様式")), speak(say("%(form)sの選択肢で数えている", form=trend.form.title))],
    ]
    lines += [[speak(table.short), speak(note.text)] for table in trend.tables for note in table.notes]
    lead = say("%(round)sまでの推移（単位：件）", round=trend.name)
    pages = (as_page(table, lead, speak) for table in trend.tables)
    return [_facts(lines, speak), *pages, *(as_sheet(table, speak) for table in trend.tables)]


def _lead(report: Report, table: Table) -> Say:
    population = report.dimensions.populations.get(table.population)
    counted = (population.name, report.populations[population.key]) if population else None
    return lead(report.name, report.standing.word, counted)


def lead(round: Say | str, state: Say | str, population: tuple[Say | str, int] | None) -> Say:
    """Return what stands below a table's title: of which round it is, how far that holds, which cases it counts."""
    if population is None:
        return say("%(round)s（%(state)s）　単位：件", round=round, state=state)
    told: dict[str, object] = {"round": round, "state": state, "population": population[0], "count": population[1]}
    return say("%(round)s（%(state)s）　対象：%(population)s（%(count)d件）　単位：件", **told)


def as_page(table: Table, lead: Say, speak: Speak) -> Printed:
    """Return the sheet of one table for people, as it is printed; ``lead`` stands below its title."""
    heads = [Head(column.label) for column in table.columns if not table.column_groups]
    heads += [Head(group, tuple(column.label for column in columns)) for group, columns in table.column_groups]
    return Printed(
        speak(table.short),
        speak(table.title),
        speak(lead),
        (*heads, *([Head(speak(TOTAL))] if table.summed else [])),
        tuple(_line(table, row, speak) for row in table.rows),
        tuple(speak(say("※ %(note)s", note=note.text)) for note in table.notes),
        MORE if table.compared else "",
    )


def _line(table: Table, row: Row, speak: Speak) -> Line:
    marked = row.larger or (False,) * len(row.cells)
    figures = tuple(
        Figure(cell, more, sparse=table.summed, none=WITHHELD if column.code in row.hidden else DASH)
        for column, cell, more in zip(table.columns, row.cells, marked, strict=True)
    )
    words = [f"({row.distinct_ministries})"] if row.distinct_ministries is not None else []
    words += [speak(say("（うち未回答%(count)d）", count=row.folded))] if row.folded else []
    whole = None if SUM in row.hidden else row.total
    total = (Figure(whole, word="".join(words), none=WITHHELD),) if table.summed else ()
    return Line(row.group, row.label, (*figures, *total), row.code == SUM)


def as_sheet(table: Table, speak: Speak, name: str = "") -> Sheet:
    """Return the sheet of one table for programs, under its slug if no other name is given."""
    rows: list[list[Cell]] = [
        [row.code, _label(row.group, row.label), *(value for *_, value in _values(table, row, speak))]
        for row in table.rows
    ]
    return Sheet(name or table.slug, as_heading(table, speak), rows)


def as_heading(table: Table, speak: Speak) -> list[str]:
    """Return the names of the columns of a table's sheet."""
    columns = [f"{column.group} {column.label}".strip() for column in table.columns]
    return [speak(say("コード")), speak(table.title), *columns, *([speak(TOTAL)] if table.adds else [])]


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
    return _facts(lines, speak)


def _facts(lines: list[list[Cell]], speak: Speak) -> Sheet:
    return Sheet(speak(say("この集計について")), [speak(say("項目")), speak(say("内容"))], lines)


def cells_of(table: Table, speak: Speak) -> Iterator[list[Cell]]:
    """Yield every cell of a table as one line, as ``LONG_HEAD`` names its parts up to the figure."""
    title = speak(table.title)
    for row in table.rows:
        label = _label(row.group, row.label)
        for code, name, value in _values(table, row, speak):
            yield [table.slug, title, table.population, row.code, label, code, name, value]


def _values(table: Table, row: Row, speak: Speak) -> Iterator[tuple[str, str, Cell]]:
    """Yield the figures of a row with the code and the name of their columns, the total last where cells add up."""
    for column, cell in zip(table.columns, row.cells, strict=True):
        name = f"{column.group} {column.label}".strip()
        yield column.code, name, speak(LEFT_OUT) if column.code in row.hidden else cell
    if table.adds:
        yield SUM, speak(TOTAL), speak(LEFT_OUT) if SUM in row.hidden else row.total


def _label(group: str, label: str) -> str:
    return f"{group}／{label}" if group else label
