"""A sheet of a workbook for people: a table as it is printed, with its title, merged headings, borders and footnotes.

It prints on A4 landscape, as wide as the page. A number stays a number whatever it shows: that a zero is blank, the
mark before a figure and the word behind it are the cell's number format. What does not apply is a dash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from register.formats import printable
from register.formats.xlsx import NARROWEST, half_widths

A4 = 9
LINE = 18  # height of a line, in points
LABEL_WIDEST, GROUP_WIDEST, FIGURE_WIDEST = 46, 24, 16
NOTES, DEFAULT = 90, 8  # how wide footnotes are at least, and a column that nobody set
MARGINS = {"left": 0.4, "right": 0.4, "top": 0.5, "bottom": 0.5}
EDGE, SHADE, MARKED = "#767676", "#F2F2F2", "#D9E6FF"
DASH = "－"
PLAIN, BLANK_ZERO = "#,##0", "#,##0;-#,##0;"
BASE: Mapping[str, object] = {"border": 1, "border_color": EDGE, "valign": "vcenter"}
STYLES: Mapping[str, Mapping[str, object]] = {
    "title": {"bold": True, "font_size": 14},
    "lead": {"font_color": "#595959"},
    "note": {"text_wrap": True, "valign": "top"},
    "head": {**BASE, "bold": True, "align": "center", "text_wrap": True, "bg_color": SHADE},
    "group": {**BASE, "text_wrap": True, "valign": "top"},
    "label": {**BASE, "text_wrap": True},
    "figure": {**BASE, "align": "right"},
}
STRONG: Mapping[str, object] = {"bold": True, "top": 2}


@dataclass(frozen=True)
class Head:
    """A heading; with ``parts`` it stands above several columns, each with its own."""

    label: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A figure of the table; ``marked`` stands out, ``word`` stands behind it.

    Where there is None, ``none`` says why: it does not apply, or it is left out. A zero of a ``sparse`` figure is left
    blank.
    """

    value: int | None
    marked: bool = False
    word: str = ""
    sparse: bool = False
    none: str = DASH


@dataclass(frozen=True)
class Line:
    """A line of the table; lines that follow each other with the same ``group`` share its heading."""

    group: str
    label: str
    figures: tuple[Figure, ...]
    strong: bool = False


@dataclass(frozen=True)
class Printed:
    """A table for people; ``mark`` is the sign before marked figures."""

    name: str
    title: str
    lead: str
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    mark: str = ""

    @cached_property
    def labels(self) -> int:
        """How many columns the labels of the lines take: two where lines have groups."""
        return 2 if any(line.group for line in self.lines) else 1

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The heading right above each column of figures."""
        return tuple(label for head in self.heads for label in head.parts or (head.label,))

    def fill(self, book: Any, target: Any) -> None:
        """Write the table onto a sheet of a workbook."""
        _Writer(self, book, target).write()


@dataclass(frozen=True)
class _Writer:
    table: Printed
    book: Any
    target: Any

    def write(self) -> None:
        table, target = self.table, self.target
        target.write_string(0, 0, printable(table.title), self.style("title"))
        target.write_string(1, 0, printable(table.lead), self.style("lead"))
        first = self.heads(3)
        last = self.body(first)
        self.notes(last + 1)
        self.widths()
        target.freeze_panes(first, table.labels)
        target.set_landscape()
        target.set_paper(A4)
        target.fit_to_pages(1, 0)
        target.set_margins(**MARGINS)
        target.repeat_rows(3, first - 1)
        target.set_footer("&C&P / &N")
        target.hide_gridlines(2)

    def style(self, name: str, **more: object) -> Any:
        """Return a format of the workbook; equal ones become one when it is written."""
        return self.book.add_format({**STYLES[name], **more})

    def heads(self, row: int) -> int:
        """Write the headings from ``row`` on, in two rows where some have parts; return the row below."""
        style, column = self.style("head"), self.table.labels
        last = row + 1 if any(head.parts for head in self.table.heads) else row
        self.merged(row, 0, last, column - 1, "", style)
        for head in self.table.heads:
            if head.parts:
                self.merged(row, column, row, column + len(head.parts) - 1, head.label, style)
                for place, part in enumerate(head.parts):
                    self.target.write_string(last, column + place, printable(part), style)
            else:
                self.merged(row, column, last, column, head.label, style)
            column += max(1, len(head.parts))
        return last + 1

    def body(self, row: int) -> int:
        """Write the lines from ``row`` on; return the row below."""
        for group, lines in _grouped(self.table.lines):
            for place, line in enumerate(lines, row):
                more = STRONG if line.strong else {}
                if not group:
                    self.merged(place, 0, place, self.table.labels - 1, line.label, self.style("label", **more))
                else:
                    self.target.write_string(place, 1, printable(line.label), self.style("label", **more))
                for column, figure in enumerate(line.figures, self.table.labels):
                    self.figure(place, column, figure, more)
            if group:
                self.merged(row, 0, row + len(lines) - 1, 0, group, self.style("group"))
            row += len(lines)
        return row

    def figure(self, row: int, column: int, figure: Figure, more: Mapping[str, object]) -> None:
        if figure.value is None:
            self.target.write_string(row, column, figure.none, self.style("figure", **more))
            return
        shown = BLANK_ZERO if figure.sparse else PLAIN
        if figure.marked:
            shown, more = f"{_quoted(self.table.mark)}{PLAIN}", {**more, "bold": True, "bg_color": MARKED}
        if figure.word:
            shown = f"{shown}{_quoted(figure.word)}"
        self.target.write_number(row, column, figure.value, self.style("figure", num_format=shown, **more))

    def notes(self, row: int) -> None:
        """Write the footnotes across the table, or as far as a narrow one leaves room, as high as their text needs."""
        last = self.table.labels + len(self.table.columns) - 1
        room = sum(self.width(column) for column in range(last + 1))
        while room < NOTES:
            room, last = room + DEFAULT, last + 1
        for place, note in enumerate(self.table.notes, row):
            self.merged(place, 0, place, last, note, self.style("note"))
            self.target.set_row(place, LINE * -(-half_widths(note) // (room - 2)))

    def widths(self) -> None:
        for column in range(self.table.labels + len(self.table.columns)):
            self.target.set_column(column, column, self.width(column))

    def width(self, column: int) -> int:
        """Return how wide a column is, in half-width characters: as its texts need, up to a limit."""
        table = self.table
        if column >= table.labels:
            place = column - table.labels
            texts = [table.columns[place], *(_shown(line.figures[place], table.mark) for line in table.lines)]
            widest = FIGURE_WIDEST
        elif table.labels > 1 and column == 0:
            texts, widest = [line.group for line in table.lines], GROUP_WIDEST
        else:
            texts, widest = [line.label for line in table.lines], LABEL_WIDEST
        return min(max([half_widths(text) + 2 for text in texts] + [NARROWEST]), widest)

    def merged(self, row: int, column: int, last_row: int, last_column: int, text: str, style: Any) -> None:
        """Write a text over several cells, or into the one cell that there is."""
        if (row, column) == (last_row, last_column):
            self.target.write_string(row, column, printable(text), style)
        else:
            self.target.merge_range(row, column, last_row, last_column, "", style)
            self.target.write_string(row, column, printable(text), style)


def _grouped(lines: Sequence[Line]) -> Iterator[tuple[str, list[Line]]]:
    """Yield the lines by the heading that they share; lines without one stand alone."""
    left = list(lines)
    while left:
        group, own = left[0].group, [left.pop(0)]
        while group and left and left[0].group == group:
            own.append(left.pop(0))
        yield group, own


def _quoted(text: str) -> str:
    """Return a text as a number format holds it: in quotes, which it may not have itself."""
    return '"' + printable(text).replace('"', "'") + '"' if text else ""


def _shown(figure: Figure, mark: str) -> str:
    return figure.none if figure.value is None else f"{mark if figure.marked else ''}{figure.value:,}{figure.word}"
