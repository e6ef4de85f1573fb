"""How cases moved between usage types from the round before to this one: the table, and the cases behind each cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import aliased

from register.errors import NotFound, say
from register.formspec.schema import FormSpec, Text
from register.models import SubmissionItem
from register.reports.dimensions import Category
from register.reports.moves import CLOSED, FIELD, NEW, UNANSWERED, Pair, same
from register.reports.table import TOTAL, Column, Row, Table

SLUG = "usage_type_flow"
TITLE, SHORT = say("利用類型の移り変わり"), say("類型の移り変わり")
# The ends of a move beside the usage types, in the order in which they are shown.
ENDS = {
    UNANSWERED: Text("未回答", "Not answered"),
    NEW: Text("新規", "New"),
    CLOSED: Text("今回なし", "Not reported again"),
}
BEFORE, NOW, SUM = Text("前回", "Last time"), Text("今回", "This time"), Text("総計", "Total")


def names(spec: FormSpec, before: FormSpec, language: str) -> dict[str, str]:
    """Return the names of the ends of a move: the usage types, then unanswered, new and closed.

    The types are those of this round's form, then those that only the form of the round before had.
    """
    types = {option.code: option.label(language) for option in spec.field(FIELD).options}
    gone = {option.code: option.label(language) for option in before.field(FIELD).options if option.code not in types}
    return types | gone | {code: text.of(language) for code, text in ENDS.items()}


def tabulate(ways: Mapping[str, int], spec: FormSpec, before: FormSpec, language: str) -> Table:
    """Return the moves as a table: usage types of the round before down, of this round across."""
    known = names(spec, before, language)
    pairs = [tuple(way.split(">")) for way in ways]
    rows = [code for code in known if any(was == code for was, _ in pairs)]
    columns = [code for code in known if any(became == code for _, became in pairs)]
    body = [
        _row(code, known[code], BEFORE.of(language), [ways.get(f"{code}>{column}", 0) for column in columns])
        for code in rows
    ]
    sums = [sum(row.cells[place] or 0 for row in body) for place in range(len(columns))]
    total = _row(TOTAL, SUM.of(language), "", sums)
    heads = tuple(Column(code, known[code], NOW.of(language)) for code in columns)
    return Table(SLUG, TITLE, SHORT, "", heads, (*body, total), ())


def _row(code: str, label: str, group: str, cells: list[int]) -> Row:
    return Row(code, label, group, tuple(cells), sum(cells))


def cell(spec: FormSpec, before: FormSpec, row: str, column: str, language: str) -> tuple[Category, Category]:
    """Return the two ends of a cell; raise ``NotFound`` for one that no table can have, and for the grand total."""
    known = names(spec, before, language)
    rows, columns = {*known, TOTAL} - {CLOSED}, {*known, TOTAL} - {NEW}
    if row not in rows or column not in columns or row == column == TOTAL or (row, column) == (NEW, CLOSED):
        raise NotFound(say("お探しのページはありません。"))
    return (
        Category(row, known.get(row, ""), BEFORE.of(language) if row in known else "", ()),
        Category(column, known.get(column, ""), NOW.of(language) if column in known else "", ()),
    )


def counts_before(row: str, column: str) -> bool:
    """Tell whether a cell leads to items of the round before: where the case ended, or the row is counted."""
    return column == CLOSED or (column == TOTAL and row != NEW)


def behind(pair: Pair, row: str, column: str) -> ColumnElement[bool]:
    """Return the condition on the items of a cell, of the round that ``counts_before`` says."""
    counterpart = aliased(SubmissionItem)
    of_before = counts_before(row, column)
    own, other, own_type = (pair.before, pair.now, row) if of_before else (pair.now, pair.before, column)
    matched = select(counterpart.id).where(other(counterpart), same(counterpart, SubmissionItem))
    found = [own()]
    if own_type != TOTAL:
        found.append(_is(SubmissionItem.answers, own_type))
    if column == CLOSED or row == NEW:
        found.append(~matched.exists())
    elif not of_before and row != TOTAL:
        found.append(matched.where(_is(counterpart.answers, row)).exists())
    return and_(*found)


def _is(answers: Any, code: str) -> ColumnElement[bool]:
    value = answers[FIELD].as_string()
    found: ColumnElement[bool] = value.is_(None) if code == UNANSWERED else value == code
    return found
