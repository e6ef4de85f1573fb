"""A report's figures as sums over the same cases: what its reader may add up, subtract and compare."""

from __future__ import annotations

from collections.abc import Iterator

from register.reports import change
from register.reports.change import COLUMN
from register.reports.dimensions import FIELDS, Condition, Key, Where, among
from register.reports.figures import resolve
from register.reports.flow import SLUG
from register.reports.headlines import Unit
from register.reports.linear import INFINITY
from register.reports.moves import CHANGED, CLOSED, FIELD, NEW, RECLASSIFIED, UNANSWERED, UNCHANGED
from register.reports.place import DENOMINATOR, EXCLUSIONS, HEADLINES, NUMERATOR, POPULATIONS, Place
from register.reports.place import UNANSWERED as BLANK
from register.reports.report import Report
from register.reports.suppression import Counted, Sums
from register.reports.table import PREVIOUS, TOTAL, Row, Table

# Fields that a case of two rounds has beside its answers of this one: its type then and now, and what became of it.
WAS, BECAME, KIND = "was", "became", "kind"
# A case of the round before, by the column of its row.
BEFORE = "before"
# What the loss of a figure costs the reader, beside a cell's 1: margins carry the tables, populations the report.
MARGIN, SENTENCE, WHOLE = 10.0, 100.0, INFINITY


def sums_of(report: Report) -> Sums:
    """Return all that a report tells of the cases of its round and, moved or counted, of the one before."""
    answers: dict[str, tuple[str | None, ...]] = {
        name: (*(option.code for option in report.form.field(name).options), None)
        for name in FIELDS
        if report.form.has(name)
    }
    figures = [*_of_round(report), *_before(report), *_moves(report)]
    links = []
    if report.flow_table:
        # A type without a row or a column has no cases there, and the reader knows it.
        answers[WAS] = tuple(row.code for row in report.flow_table.body)
        answers[BECAME] = tuple(column.code for column in report.flow_table.columns)
        answers[KIND] = tuple(change.KINDS)
        links = [*_links(report, answers[FIELD])]
    if before := _previous(report):
        answers[BEFORE] = (*(code for _, code, _ in before if code != TOTAL), None)
    return Sums(tuple(figures), answers, frozenset(FIELDS), tuple(links), _possible)


def places(report: Report) -> Iterator[tuple[Place, float]]:
    """Yield the place of every figure that counts cases of the round, with what its loss costs."""
    for key, population in report.dimensions.populations.items():
        yield Place(POPULATIONS, key, TOTAL), WHOLE
        yield from ((Place(POPULATIONS, key, one.key), 1.0) for one in population.exclusions)
    for key in report.dimensions.exclusions:
        yield Place(EXCLUSIONS, key, TOTAL), 1.0
    for table in report.tables.values():
        yield from _of_table(table)
    for one in report.headlines:
        if one.basis and one.basis.unit is Unit.CASES:
            yield Place(HEADLINES, one.key, NUMERATOR), SENTENCE
            if one.denominator is not None:
                yield Place(HEADLINES, one.key, DENOMINATOR), SENTENCE


def _of_table(table: Table) -> Iterator[tuple[Place, float]]:
    for row in (*table.body, table.total):
        whole = row.code == TOTAL
        yield Place(table.slug, row.code, TOTAL), WHOLE if whole else MARGIN
        for column, cell in zip(table.columns, row.cells, strict=True):
            if cell is not None:
                yield Place(table.slug, row.code, column.code), MARGIN if whole else 1.0
        if row.folded:
            yield Place(table.slug, row.code, BLANK), 1.0
    for note in table.notes:
        if note.place and note.place.table == table.slug:
            yield note.place, 1.0


def _of_round(report: Report) -> Iterator[Counted]:
    for place, cost in dict(places(report)).items():
        where = resolve(report, place).where or ()
        telling = place.table not in (POPULATIONS, EXCLUSIONS) and BLANK not in (place.row, place.column)
        yield Counted(place, where, report.counts.count(where), cost, telling)


def _previous(report: Report) -> list[tuple[str, str, int]]:
    """Return the cells of the round before as slug, column and value."""
    found = []
    for table in report.tables.values():
        row: Row | None = next((one for one in table.rows if one.code == PREVIOUS), None)
        if row is not None:
            cells = zip(table.columns, row.cells, strict=True)
            found += [(table.slug, column.code, cell) for column, cell in cells if cell is not None]
            found.append((table.slug, TOTAL, row.total))
    return found


def _before(report: Report) -> Iterator[Counted]:
    for slug, column, value in _previous(report):
        where = _any(BEFORE) if column == TOTAL else (among(BEFORE, {column}),)
        yield Counted(Place(slug, PREVIOUS, column), where, value, MARGIN if column == TOTAL else 1.0)


def _any(field: str) -> Where:
    return (Condition(field, frozenset(), outside=True),)


def _moves(report: Report) -> Iterator[Counted]:
    """Yield what the tables of two rounds tell: the moves between types, and what became of the cases."""
    table = report.flow_table
    for row in (*table.body, table.total) if table else ():
        own = _any(WAS) if row.code == TOTAL else (among(WAS, {row.code}),)
        yield Counted(Place(SLUG, row.code, TOTAL), (*own, *_any(BECAME)), row.total, MARGIN)
        for column, cell in zip(table.columns if table else (), row.cells, strict=True):
            where = (*own, among(BECAME, {column.code}))
            yield Counted(Place(SLUG, row.code, column.code), where, cell or 0, MARGIN if row.code == TOTAL else 1.0)
    if report.change_table:
        for row in report.change_table.rows:
            where = (*_any(WAS), *_any(BECAME), *(_any(KIND) if row.code == TOTAL else (among(KIND, {row.code}),)))
            cost = WHOLE if row.code == TOTAL else MARGIN
            yield from (Counted(Place(change.SLUG, row.code, at), where, row.total, cost) for at in (COLUMN, TOTAL))


def _links(report: Report, types: tuple[str | None, ...]) -> Iterator[tuple[Where, Where]]:
    """Yield that the moves end in the types of this round, and begin in those of the columns of the round before."""
    for code in types:
        yield (among(FIELD, {code}),), (among(BECAME, {code or UNANSWERED}),)
    columns = [column for _, column, _ in _previous(report) if column != TOTAL]
    for code in dict.fromkeys(column.split("/")[0] for column in columns):
        own = {column for column in columns if column.split("/")[0] == code}
        yield (among(BEFORE, own),), (among(WAS, {code}),)


def _possible(key: Key) -> bool:
    """Tell whether a case can have moved so: what became of it follows from its types, up to the cause of a change."""
    if not {WAS, BECAME} <= key.keys():
        return True
    was, became = key[WAS], key[BECAME]
    if was == CLOSED or became == NEW or (was == NEW and became == CLOSED):
        return False
    if KIND not in key:
        return True
    if was == NEW or became == CLOSED:
        return key[KIND] == (NEW if was == NEW else CLOSED)
    if UNANSWERED in (was, became):
        return key[KIND] == UNANSWERED
    return key[KIND] == UNCHANGED if was == became else key[KIND] in (RECLASSIFIED, CHANGED)
