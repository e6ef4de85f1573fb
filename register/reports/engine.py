"""Putting tables together from what the database counted of a round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from register.errors import say
from register.formspec.schema import FormSpec
from register.reports.catalogue import CrossTab, Note
from register.reports.counts import Counts, Group, Presence, fields_of
from register.reports.dimensions import Category, Dimensions, Where, among, holds
from register.reports.place import POPULATIONS, UNANSWERED, Place
from register.reports.table import PREVIOUS, TOTAL, Column, Footnote, Row, Table
from register.vocab import StartTiming

Counted = TypeVar("Counted", Group, Presence)
Size = Callable[[Iterable[Counted]], int]


def tabulate(tab: CrossTab, dimensions: Dimensions, counts: Counts, previous: Row | None = None) -> Table:
    """Return the table that ``tab`` declares, from what was counted."""
    asked = asked_by(tab, dimensions)
    asked |= {note.unanswered for note in tab.notes if note.unanswered} | ({tab.folded[0]} if tab.folded else set())
    scope = tab.scope(dimensions)
    within = [group for group in counts.over(asked) if holds(scope, group.key)]
    rows, total = cross(tab, dimensions, within, cases)
    if tab.folded:
        field, code = tab.folded
        rows = [_with_folded(row, field, within) if row.code == code else row for row in rows]
    if tab.distinct:
        rows = [_with_ministries(row, tab, dimensions, counts) for row in rows]
    if tab.compared:
        rows = _compared(rows)
    notes = tuple(_notes(tab, dimensions, counts, within))
    tail = (previous,) if previous and tab.previous else ()
    return put_together(tab, dimensions, (*rows, total, *tail), notes)


def asked_by(tab: CrossTab, dimensions: Dimensions) -> frozenset[str]:
    """Return the fields by which the cells of a table are told apart."""
    categories = (*tab.columns(dimensions), *tab.rows(dimensions))
    return fields_of(tab.scope(dimensions), *(one.where for one in categories))


def cross(
    tab: CrossTab, dimensions: Dimensions, within: Sequence[Counted], size: Size[Counted]
) -> tuple[list[Row], Row]:
    """Return the rows and the total row of what was counted ``within`` the table; ``size`` says how much it is."""
    columns = tab.columns(dimensions)
    rows = [_row(category, columns, within, size) for category in tab.rows(dimensions)]
    everything = Category(TOTAL, "Total" if dimensions.language == "en" else "総計", "", ())
    return rows, _row(everything, columns, within, size)


def put_together(
    tab: CrossTab, dimensions: Dimensions, rows: tuple[Row, ...], notes: tuple[Footnote, ...] = ()
) -> Table:
    """Return the table that has these rows."""
    columns = tuple(Column(column.code, column.label, column.group) for column in tab.columns(dimensions))
    return Table(tab.slug, tab.title, tab.short, tab.population, columns, rows, notes, tab.compared)


def cases(groups: Iterable[Group]) -> int:
    """Return how many cases groups hold."""
    return sum(group.count for group in groups)


def ministries(presences: Iterable[Presence]) -> int:
    """Return how many ministries there are, each once."""
    return len({presence.ministry_id for presence in presences})


def _row(category: Category, columns: tuple[Category, ...], within: Sequence[Counted], size: Size[Counted]) -> Row:
    own = [one for one in within if holds(category.where, one.key)]
    cells = tuple(size(one for one in own if holds(column.where, one.key)) for column in columns)
    return Row(category.code, category.label, category.group, cells, size(own))


def _with_folded(row: Row, field: str, groups: Iterable[Group]) -> Row:
    folded = sum(group.count for group in groups if group.key[field] is None)
    return Row(row.code, row.label, row.group, row.cells, row.total, folded)


def _with_ministries(row: Row, tab: CrossTab, dimensions: Dimensions, counts: Counts) -> Row:
    if row.code not in dimensions.codes_of_group("user_scope", tab.distinct or ""):
        return row
    where = (*tab.scope(dimensions), among("user_scope", {row.code}))
    return Row(row.code, row.label, row.group, row.cells, row.total, row.folded, counts.ministries(where))


def _compared(rows: list[Row]) -> list[Row]:
    """Mark, within each group of rows and column by column, the cell that exceeds all its counterparts."""
    marked = []
    for row in rows:
        others = [other for other in rows if other.group == row.group and other is not row]
        larger = tuple(
            bool(cell) and all((cell or 0) > (other.cells[n] or 0) for other in others)
            for n, cell in enumerate(row.cells)
        )
        marked.append(Row(row.code, row.label, row.group, row.cells, row.total, larger=larger))
    return marked


def _notes(tab: CrossTab, dimensions: Dimensions, counts: Counts, within: list[Group]) -> Iterable[Footnote]:
    for note in tab.notes:
        counted, place = _counted(note, tab, dimensions, counts, within)
        if note.always or counted:
            yield Footnote(say(note.sentence, count=counted) if counted else say(note.sentence), counted, place)
    if tab.distinct:
        yield Footnote(say("「単一府省庁のみ-全体」の行の括弧書きは、重複を除いた府省庁の数を示している"))


def _counted(
    note: Note, tab: CrossTab, dimensions: Dimensions, counts: Counts, within: list[Group]
) -> tuple[int, Place | None]:
    if note.excluded:
        left_out = dimensions.populations[tab.population].left_out(note.excluded)
        return counts.count(left_out), Place(POPULATIONS, tab.population, note.excluded)
    if note.unanswered:
        blank = sum(group.count for group in within if group.key[note.unanswered] is None)
        return blank, Place(tab.slug, UNANSWERED, note.unanswered)
    return 0, None


def previous_row(spec: FormSpec, columns: tuple[Category, ...], counts: Counts, language: str) -> Row:
    """Return the row of the previous round's report: all its rows, None where its form had no such category."""
    types = spec.field("usage_type").codes
    cells = tuple(counts.count(column.where) if column.code.split("/")[0] in types else None for column in columns)
    label = "Cases reported last time" if language == "en" else "前回報告件数"
    return Row(PREVIOUS, label, "", cells, counts.count(()))


STARTED: Where = (among("start_timing", {StartTiming.STARTED.value}),)
