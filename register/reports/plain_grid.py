"""Reading a table off a sheet, a CSV file or pasted text: rows of cells, labels first, as people copy them.

Rows are known by their labels, columns by their order. A row with fewer figures than columns has lost its blanks (text
off a PDF): its figures are taken in their order. A file in the form of our own CSV, a line for each figure, is read by
its codes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from register.errors import Invalid, Say, say
from register.reports.plain import FILE, PlainReport, PlainRow, PlainTable
from register.reports.report import Report
from register.reports.table import TOTAL, Row, Table

Line = Sequence[object]
NUMBER = re.compile(r"([0-9][0-9,]*)(?:\(([0-9][0-9,]*)\))?")
BLANK = {"", "-", "－", "–", "―"}
NOTE = "※"
# The columns of our own CSV by which it is known, in both languages: table, row, column, figure.
LONG = (("表", "行コード", "列コード", "件数"), ("Table", "Row code", "Column code", "Use cases"))


def read(lines: Iterable[Line], report: Report, slug: str) -> PlainReport:
    """Return the table ``slug`` of a print, or those of a file in our own form; raise ``Invalid``."""
    rows = [[_text(cell) for cell in line] for line in lines]
    rows = [row for row in rows if any(row)]
    for names in LONG:
        for place, row in enumerate(rows):
            if set(names) <= set(row):
                return _long([row.index(name) for name in names], rows[place + 1 :], report)
    table = report.tables.get(slug)
    if table is None:
        raise _refused(say("どの表かを選んでください。"))
    return PlainReport(report.code, {slug: _grid(rows, table)}, (), {})


def _refused(why: Say) -> Invalid:
    return Invalid({FILE: why})


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else " ".join(unicodedata.normalize("NFKC", str(cell)).split())


def _long(places: list[int], rows: list[list[str]], report: Report) -> PlainReport:
    figures: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        slug, code, column, figure = (row[place] if place < len(row) else "" for place in places)
        if slug in report.tables:
            figures.setdefault(slug, {}).setdefault(code, {})[column] = figure
    if not figures:
        raise _refused(say("この回の集計にある表が見つかりません。"))
    tables = {slug: _of_codes(report.tables[slug], found) for slug, found in figures.items()}
    return PlainReport(report.code, tables, (), {})


def _of_codes(table: Table, found: Mapping[str, Mapping[str, str]]) -> PlainTable:
    columns = tuple(column.code for column in table.columns)
    rows = []
    for code, figures in found.items():
        cells = tuple(_number(figures.get(column, ""))[0] for column in columns)
        total = _number(figures.get(TOTAL, ""))[0]
        rows.append(PlainRow(code, code, cells, sum(cell or 0 for cell in cells) if total is None else total))
    return PlainTable(table.slug, columns, tuple(rows), ())


def _grid(lines: list[list[str]], table: Table) -> PlainTable:
    columns = tuple(column.code for column in table.columns)
    labels, group, rows, notes = _labels(table), "", dict[str, PlainRow](), list[str]()
    for line in lines:
        names, figures = _split(line)
        if names and names[0].startswith((NOTE, "Note:")):
            notes.append(" ".join(names).removeprefix(NOTE).removeprefix("Note:").strip())
            continue
        if len(names) > 1:
            group = names[-2]
        if not any(NUMBER.fullmatch(figure) for figure in figures):
            continue
        row = _known(labels, names, group)
        if row is None:
            raise _refused(say("「%(row)s」という行は、この表にありません。", row=" ".join(names) or " ".join(figures)))
        if row.code in rows:
            raise _refused(say("「%(row)s」の行が2つあります。", row=" ".join(names)))
        rows[row.code] = _row(row, " ".join(names), figures, len(columns))
    if not rows:
        raise _refused(say("数字のある行が見つかりません。行の見出しと数字を、表のとおりに入力してください。"))
    return PlainTable(table.slug, columns, tuple(rows.values()), tuple(notes))


def _split(line: list[str]) -> tuple[list[str], list[str]]:
    """Part a line into its labels and its figures: the labels end where the figures begin."""
    start = next((n for n, cell in enumerate(line) if n and NUMBER.fullmatch(cell)), None)
    if start is None:
        return [cell for cell in line if cell], []
    # Blank cells before the first figure are cells of the table.
    while start > 1 and line[start - 1] in BLANK:
        start -= 1
    return [cell for cell in line[:start] if cell], line[start:]


def _labels(table: Table) -> list[tuple[set[str], Row]]:
    """Return the names under which each row may be printed."""
    found = []
    for row in table.rows:
        label, group = bare(row.label), bare(row.group)
        names = {label, bare(row.code)} if not group else {f"{group}/{label}", group + label, bare(row.code)}
        names |= {_unnumbered(name) for name in names}
        found.append((names, row))
    return found


def _known(labels: list[tuple[set[str], Row]], names: list[str], group: str) -> Row | None:
    last = bare(names[-1]) if names else ""
    whole, grouped = bare("".join(names)), bare(group) + last
    for wanted in (whole, grouped, last, _unnumbered(whole), _unnumbered(grouped), _unnumbered(last)):
        matches = [row for known, row in labels if wanted and wanted in known]
        if len(matches) == 1:
            return matches[0]
    return None


def bare(text: str) -> str:
    """Return a label for matching: in one width, without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split()).replace("－", "-")


def _unnumbered(text: str) -> str:
    """Return a label without the number before it."""
    return re.sub(r"^[0-9]+[.、]", "", text)


def _row(row: Row, label: str, figures: list[str], columns: int) -> PlainRow:
    numbers = [_number(figure) for figure in _trimmed(figures, columns + 1)]
    cells, (total, distinct) = [cell for cell, _ in numbers[:-1]], numbers[-1]
    if len(numbers) > columns + 1 or total is None:
        raise _refused(say("「%(row)s」の行の数字が、表の列より多いか、総計がありません。", row=label))
    if columns == 1 and not cells:
        cells = [total]
    if len(cells) == columns:
        return PlainRow(row.code, label, tuple(cells), total, False, distinct)
    return PlainRow(row.code, label, tuple(cell for cell in cells if cell), total, True, distinct)


def _trimmed(figures: list[str], most: int) -> list[str]:
    """Return the figures without the empty cells to the right of a table, and those that a merged label spans."""
    while len(figures) > most and not figures[-1]:
        figures = figures[:-1]
    while len(figures) > most and not figures[0]:
        figures = figures[1:]
    return figures


def _number(text: str) -> tuple[int | None, int | None]:
    """Return a figure and, where one stands in brackets behind it, that of the ministries."""
    if text in BLANK:
        return None, None
    match = NUMBER.fullmatch(text)
    if match is None:
        raise _refused(say("「%(text)s」は数字ではありません。", text=text))
    return int(match[1].replace(",", "")), int(match[2].replace(",", "")) if match[2] else None


def pasted(text: str) -> Iterator[list[str]]:
    """Yield the lines of pasted text: cells by tabs where there are any, else by blanks."""
    for line in text.splitlines():
        if "\t" in line:
            yield line.split("\t")
        else:
            # A label may hold blanks, a figure does not: what is no figure at the start belongs together.
            words = line.split()
            start = next((n for n, word in enumerate(words) if n and NUMBER.fullmatch(_text(word))), len(words))
            yield [" ".join(words[:start]), *words[start:]]
