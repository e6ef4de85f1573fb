"""Putting tables together from what the database counted of a round."""

from __future__ import annotations

from collections.abc import Iterable

from register.errors import say
from register.formspec.schema import FormSpec
from register.reports.catalogue import CrossTab, Note
from register.reports.counts import Counts, Group, fields_of
from register.reports.dimensions import Category, Dimensions, Where, among, holds
from register.reports.place import POPULATIONS, UNANSWERED, Place
from register.reports.table import PREVIOUS, TOTAL, Column, Footnote, Row, Table
from register.vocab import StartTiming


def tabulate(tab: CrossTab, dimensions: Dimensions, counts: Counts, previous: Row | None = None) -> Table:
    """Return the table that ``tab`` declares, from what was counted."""
    population = dimensions.populations[tab.population].where
    columns, categories = tab.columns(dimensions), tab.rows(dimensions)
    asked = fields_of(population, *(one.where for one in (*columns, *categories)))
    asked |= {note.unanswered for note in tab.notes if note.unanswered} | ({tab.folded[0]} if tab.folded else set())
    within = [group for group in counts.over(asked) if holds(population, group.key)]
    rows = [_row(category, columns, within) for category in categories]
    if tab.folded:
        field, code = tab.folded
        rows = [_with_folded(row, field, within) if row.code == code else row for row in rows]
    if tab.distinct:
        rows = [_with_ministries(row, tab, dimensions, counts) for row in rows]
    if tab.compared:
        rows = _compared(rows)
    total = _row(Category(TOTAL, "Total" if dimensions.language == "en" else "総計", "", ()), columns, within)
    notes = tuple(_notes(tab, dimensions, counts, within))
    shown = (Column(column.code, column.label, column.group) for column in columns)
    tail = (previous,) if previous and tab.previous else ()
    return Table(
        tab.slug, tab.title, tab.short, tab.population, tuple(shown), (*rows, total, *tail), notes, tab.compared
    )


def _row(category: Category, columns: tuple[Category, ...], groups: Iterable[Group]) -> Row:
    own = [group for group in groups if holds(category.where, group.key)]
    cells = tuple(sum(g.count for g in own if holds(column.where, g.key)) for column in columns)
    return Row(category.code, category.label, category.group, cells, sum(group.count for group in own))


def _with_folded(row: Row, field: str, groups: Iterable[Group]) -> Row:
    folded = sum(group.count for group in groups if group.key[field] is None)
    return Row(row.code, row.label, row.group, row.cells, row.total, folded)


def _with_ministries(row: Row, tab: CrossTab, dimensions: Dimensions, counts: Counts) -> Row:
    if row.code not in dimensions.codes_of_group("user_scope", tab.distinct or ""):
        return row
    where = (*dimensions.populations[tab.population].where, among("user_scope", {row.code}))
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
