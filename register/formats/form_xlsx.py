"""A workbook to be filled in: prefilled rows, lists to choose from, locked ids, and room for new rows.

    write(FormSheet(name, title, columns, rows, words, ...), created=moment) -> bytes

The first sheet reads from the top: title, instructions, ``meta:key=value`` cells, the label of each column, its help,
a hidden row of ``id:field`` cells, then the rows. By the marked cells ``workbook_table.table`` finds its way, in any
format the file is saved in. Further sheets hold the definitions and, hidden, the lists. What depends on the language
is handed in. The protection has no password: it guards against slips, and the reader trusts none of it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import xlsxwriter

from register.formats import Cell, printable
from register.formats.workbook import letters
from register.formats.workbook_table import ID, META
from register.formats.xlsx import NARROWEST, OPTIONS, half_widths, put, sheet_name

FIRST_DATE, LAST_DATE = date(1900, 1, 1), date(9999, 12, 31)
LINE = 18  # height of a line, in points
TALLEST = 20  # lines that a row of help may take
MAX_PROPERTY, MAX_ALERT_TITLE, MAX_ALERT = 255, 32, 255
WIDEST_CHOICE = 40
LOCKED, PROBLEM, HEADING, SMALL = "#EDEDED", "#FFE0B2", "#D9E7F5", "#666666"
EDGE = "#BFBFBF"
A3 = 8


class Kind(StrEnum):
    """What a column takes."""

    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    DATE = "date"
    COUNT = "count"


TEXTS = frozenset({Kind.TEXT, Kind.LONG})
AS_TEXT = 49  # Excel's own number for the format "@": what is typed stays as typed
NUMBER_FORMATS: Mapping[Kind, int | str] = {
    Kind.TEXT: AS_TEXT,
    Kind.LONG: AS_TEXT,
    Kind.CHOICE: AS_TEXT,
    Kind.DATE: "yyyy-mm-dd",
    Kind.COUNT: "0",
}
WIDTHS = {Kind.TEXT: 26, Kind.LONG: 50, Kind.CHOICE: 14, Kind.DATE: 14, Kind.COUNT: 12}


@dataclass(frozen=True)
class Choice:
    """One option: what is chosen is the label, the code is explained beside it."""

    code: str
    label: str
    definition: str = ""


@dataclass(frozen=True)
class Column:
    """One field; ``limit`` is the longest text allowed, ``width`` counts half-width characters."""

    id: str
    label: str
    kind: Kind = Kind.TEXT
    help: str = ""
    choices: Sequence[Choice] = ()
    locked: bool = False
    limit: int | None = None
    width: int | None = None


@dataclass(frozen=True)
class Problem:
    """Why a row was not taken; ``field`` is the id of the column to be marked, "" for the row as a whole."""

    text: str
    field: str = ""


@dataclass(frozen=True)
class FormRow:
    """One row: its cells by field id (the label for a choice), and what was wrong with it."""

    values: Mapping[str, Cell]
    problems: Sequence[Problem] = ()


@dataclass(frozen=True)
class Words:
    """The workbook's own words in the language of its reader; ``alerts`` say what a choice, a date, a count may be."""

    definitions: str
    lists: str
    field: str
    help: str
    code: str
    choice: str
    meaning: str
    reasons: str
    metadata: str
    alert_title: str
    alerts: Mapping[Kind, str]
    too_long: str  # "%(limit)d" is filled in


@dataclass(frozen=True)
class FormSheet:
    """Everything a form workbook shows. ``frozen`` columns stay in sight, ``blank`` rows wait below the others."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[FormRow]
    words: Words
    instructions: Sequence[str] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    blank: int = 50
    frozen: int = 0


def write(form: FormSheet, *, created: datetime) -> bytes:
    """Return the workbook, equal bytes for equal input; raise ``ValueError`` for what a workbook cannot hold."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, dict(OPTIONS))
    book.set_properties({"title": printable(form.title), "created": created.replace(tzinfo=None)})
    for name, value in form.properties.items():
        if len(value) > MAX_PROPERTY or "=" in name or printable(name + value) != name + value or "\n" in name + value:
            raise ValueError(f"{name!r} cannot be a property of a workbook")
        book.set_custom_property(name, value, "text")
    _Writer(book, form).write()
    book.close()
    return out.getvalue()


class _Writer:
    """One workbook while it is written; rows and columns count from 0 here."""

    def __init__(self, book: Any, form: FormSheet) -> None:
        self.book = book
        self.form = form
        names: list[str] = []
        for wanted in (form.name, form.words.definitions, form.words.lists):
            names.append(sheet_name(wanted, names))
        self.main, self.definitions, self.lists = (book.add_worksheet(name) for name in names)
        self.lists_name = names[2].replace("'", "''")
        self.styles: dict[tuple[tuple[str, object], ...], Any] = {}
        self.meta = 1 + len(form.instructions)
        self.label, self.help, self.ids, self.first = (self.meta + step for step in (1, 2, 3, 4))
        self.last = self.first + len(form.rows) + form.blank - 1
        self.reasons = len(form.columns) if any(row.problems for row in form.rows) else None

    def write(self) -> None:
        """Write all sheets."""
        self._top()
        ranges = self._list_ranges()
        for column, spec in enumerate(self.form.columns):
            self._column(column, spec, ranges)
        if self.reasons is not None:
            self._heading(self.reasons, self.form.words.reasons, "", WIDTHS[Kind.LONG])
        for row, content in enumerate(self.form.rows, self.first):
            self._row(row, content)
        for row in range(self.first + len(self.form.rows), self.last + 1):
            for column, spec in enumerate(self.form.columns):
                self.main.write_blank(row, column, None, self._cell_style(spec, marked=False))
        self._view()
        self._definitions()

    def _style(self, **wanted: object) -> Any:
        key = tuple(sorted(wanted.items()))
        if key not in self.styles:
            self.styles[key] = self.book.add_format({"valign": "top", **wanted})
        return self.styles[key]

    def _cell_style(self, spec: Column, *, marked: bool) -> Any:
        colour = {"bg_color": PROBLEM} if marked else {"bg_color": LOCKED} if spec.locked else {}
        return self._style(
            num_format=NUMBER_FORMATS[spec.kind],
            text_wrap=True,
            locked=spec.locked,
            border=1,
            border_color=EDGE,
            **colour,
        )

    def _top(self) -> None:
        self.main.write_string(0, 0, printable(self.form.title), self._style(bold=True, font_size=14))
        for row, line in enumerate(self.form.instructions, 1):
            self.main.write_string(row, 0, printable(line).replace("\n", " "), self._style())
        small = self._style(font_color=SMALL, font_size=9)
        if self.form.properties:
            self.main.write_string(self.meta, 0, printable(self.form.words.metadata), small)
        for column, (name, value) in enumerate(self.form.properties.items(), 1):
            self.main.write_string(self.meta, column, f"{META}{name}={value}", small)

    def _heading(self, column: int, label: str, help_text: str, width: int) -> None:
        head = self._style(bold=True, text_wrap=True, bg_color=HEADING, border=1, border_color=EDGE)
        about = self._style(text_wrap=True, font_size=9, border=1, border_color=EDGE)
        self.main.set_column(column, column, width)
        self.main.write_string(self.label, column, printable(label), head)
        self.main.write_string(self.help, column, printable(help_text), about)

    def _column(self, column: int, spec: Column, ranges: Mapping[int, str]) -> None:
        self._heading(column, spec.label, spec.help, _width(spec))
        self.main.write_string(self.ids, column, f"{ID}{spec.id}")
        rule = self._rule(spec, ranges.get(column, ""))
        if rule and not spec.locked and self.last >= self.first:
            words = self.form.words
            alert = words.too_long % {"limit": spec.limit} if spec.kind in TEXTS else words.alerts[spec.kind]
            message = {"error_title": words.alert_title[:MAX_ALERT_TITLE], "error_message": alert[:MAX_ALERT]}
            self.main.data_validation(self.first, column, self.last, column, {**rule, **message})

    def _rule(self, spec: Column, choices: str) -> dict[str, object]:
        if spec.kind is Kind.CHOICE:
            return {"validate": "list", "source": f"={choices}"} if choices else {}
        if spec.kind is Kind.DATE:
            return {"validate": "date", "criteria": "between", "minimum": FIRST_DATE, "maximum": LAST_DATE}
        if spec.kind is Kind.COUNT:
            return {"validate": "integer", "criteria": ">=", "value": 0}
        return {"validate": "length", "criteria": "<=", "value": spec.limit} if spec.limit else {}

    def _row(self, row: int, content: FormRow) -> None:
        marked = {problem.field for problem in content.problems}
        for column, spec in enumerate(self.form.columns):
            style = self._cell_style(spec, marked=spec.id in marked)
            value = content.values.get(spec.id)
            if value is None or value == "":
                self.main.write_blank(row, column, None, style)
            else:
                put(self.main, row, column, value, _always(style))
        if self.reasons is not None:
            colour = {"bg_color": PROBLEM} if content.problems else {}
            style = self._style(text_wrap=True, border=1, border_color=EDGE, **colour)
            reasons = "\n".join(problem.text for problem in content.problems)
            put(self.main, row, self.reasons, reasons, _always(style))

    def _view(self) -> None:
        tall = max((_lines(spec.help, _width(spec)) for spec in self.form.columns), default=1)
        self.main.set_row(self.help, LINE * min(tall, TALLEST))
        self.main.set_row(self.ids, None, None, {"hidden": True})
        self.main.freeze_panes(self.label + 1, self.form.frozen)
        self.main.protect("", {"format_columns": True, "format_rows": True})
        self.main.set_landscape()
        self.main.set_paper(A3)
        self.main.fit_to_pages(1, 0)
        self.main.repeat_rows(self.label)

    def _list_ranges(self) -> dict[int, str]:
        """Write the lists, one column for each different one, and return where the list of each column stands."""
        places: dict[tuple[str, ...], str] = {}
        ranges = {}
        for column, spec in enumerate(self.form.columns):
            labels = tuple(printable(choice.label) for choice in spec.choices)
            if not labels:
                continue
            if labels not in places:
                target = len(places)
                for row, label in enumerate(labels):
                    self.lists.write_string(row, target, label)
                name = letters(target + 1)
                places[labels] = f"'{self.lists_name}'!${name}$1:${name}${len(labels)}"
            ranges[column] = places[labels]
        self.lists.protect()
        self.lists.hide()
        return ranges

    def _definitions(self) -> None:
        words = self.form.words
        head = self._style(bold=True, text_wrap=True, bg_color=HEADING, border=1, border_color=EDGE)
        body = self._style(text_wrap=True, border=1, border_color=EDGE)
        for column, (text, width) in enumerate(
            [(words.field, 26), (words.help, 50), (words.code, 12), (words.choice, 30), (words.meaning, 60)]
        ):
            self.definitions.set_column(column, column, width)
            self.definitions.write_string(0, column, printable(text), head)
        row = 0
        for spec in self.form.columns:
            # Each row stands for itself: nothing is merged and nothing is left out.
            for choice in spec.choices or [Choice("", "")]:
                row += 1
                for column, text in enumerate([spec.label, spec.help, choice.code, choice.label, choice.definition]):
                    self.definitions.write_string(row, column, printable(text), body)
        self.definitions.freeze_panes(1, 0)
        self.definitions.protect("", {"format_columns": True, "format_rows": True})


def _always(style: Any) -> Callable[[str], Any]:
    """Return a choice of formats that has one."""
    return lambda _kind: style


def _width(spec: Column) -> int:
    longest = max((half_widths(choice.label) for choice in spec.choices), default=0)
    return spec.width or max(WIDTHS[spec.kind], min(longest + 4, WIDEST_CHOICE), NARROWEST)


def _lines(text: str, width: int) -> int:
    return sum(max(1, -(-half_widths(line) // width)) for line in text.split("\n"))
