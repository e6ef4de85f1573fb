"""What an edition of a report says, in one variant and one language: made once as JSON, and read back to be shown.

The public variant is not drawn over but made without what is not public. It keeps the shape of the report's contract;
a figure that is left out is ``null`` there, and its row names it under ``hidden``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from register.errors import Say, say
from register.reports import change, flow
from register.reports.figures import resolve
from register.reports.headlines import Headline
from register.reports.place import DENOMINATOR, EXCLUSIONS, HEADLINES, MINISTRIES, NUMERATOR, POPULATIONS, Place
from register.reports.place import UNANSWERED as BLANK
from register.reports.report import Report, as_json
from register.reports.table import TOTAL, Column, Footnote, Row, Table
from register.vocab import Variant

Speak = Callable[[Say], str]
NOT_SHOWN = say("（もとになる件数を公開していないため、示さない）")


@dataclass(frozen=True)
class Head:
    """What stands before the figures: which edition this is, of which variant, and what it supersedes."""

    number: int
    variant: Variant
    threshold: int
    supersedes: int | None
    note: str


@dataclass(frozen=True)
class Shown:
    """What an edition says, read back: texts in its language, tables as the renderers take them."""

    code: str
    name: str
    previous: str | None
    as_of: dt.date
    head: Head
    word: str
    notes: tuple[str, ...]
    headlines: tuple[tuple[str, int | None, int | None], ...]
    populations: Mapping[str, tuple[str, int]]
    tables: Mapping[str, Table]
    moves: Mapping[str, Table]
    sections: Mapping[str, Any]
    answers_sha256: str

    @property
    def every_table(self) -> tuple[Table, ...]:
        """The published tables and, after them, what became of the cases since the round before."""
        return (*self.tables.values(), *self.moves.values())

    @property
    def flow_table(self) -> Table | None:
        """The moves between usage types."""
        return self.moves.get(flow.SLUG)

    @property
    def change_table(self) -> Table | None:
        """What became of the cases."""
        return self.moves.get(change.SLUG)

    @property
    def withheld(self) -> bool:
        """Whether a figure was left out."""
        return any(row.hidden for table in self.every_table for row in table.rows)


def tell(
    report: Report, head: Head, away: frozenset[Place], sections: Mapping[str, Any], speak: Speak
) -> dict[str, Any]:
    """Return what an edition says, without the figures at the places ``away``; ``speak`` says it in a language."""
    tables = {slug: redact(table, report, away) for slug, table in report.tables.items()}
    moves = [redact(table, report, away) for table in (report.change_table, report.flow_table) if table]
    headlines = tuple(_headline(one, away) for one in report.headlines)
    told = as_json(replace(report, tables=tables), speak)
    for slug, table in tables.items():
        told["tables"][slug] = _table(table, told["tables"][slug], speak)
    for name, slug, between in (("usage_type_flow", flow.SLUG, ">"), ("usage_type_change", change.SLUG, "")):
        told[name] |= {
            f"{one.row}{between}{one.column}" if between else one.row: None
            for one in away
            if one.table == slug and TOTAL not in ((one.row, one.column) if between else (one.row,))
        }
    _without(told["exclusions"], (one.row for one in away if one.table == EXCLUSIONS))
    for key, left_out in told["left_out"].items():
        _without(left_out, (one.column for one in away if one.table == POPULATIONS and one.row == key))
    for line, one in zip(told["headlines"], headlines, strict=True):
        line.update(text=speak(one.text), **({"numerator": None, "denominator": None} if one.text is NOT_SHOWN else {}))
    return told | {
        "name": speak(report.name),
        "previous": report.previous,
        "edition": {
            "number": head.number,
            "variant": head.variant.value,
            "threshold": head.threshold,
            "supersedes": head.supersedes,
            "note": head.note,
        },
        "standing": speak(report.standing.word),
        "notes": [speak(note) for note in report.standing.notes],
        "population_names": {key: speak(report.dimensions.populations[key].name) for key in report.populations},
        "moves": {table.slug: _table(table, {}, speak) for table in moves},
        "sections": dict(sections),
    }


def redact(table: Table, report: Report, away: frozenset[Place]) -> Table:
    """Return a table without the figures that are left out, and without what tells of them."""
    gone = {(one.row, one.column) for one in away if one.table == table.slug}
    if not gone and not any(note.place in away for note in table.notes):
        return table
    rows = [_row(row, table, gone) for row in table.rows]
    if table.compared:
        rows = [_unmarked(row, table, rows) for row in rows]
    notes = tuple(_note(one, table, report, away) for one in table.notes)
    return replace(table, rows=tuple(rows), notes=tuple(filter(None, notes)))


def _row(row: Row, table: Table, gone: set[tuple[str, str]]) -> Row:
    hidden = {column for code, column in gone if code == row.code}
    cells = tuple(
        None if column.code in hidden else cell for column, cell in zip(table.columns, row.cells, strict=True)
    )
    more: dict[str, Any] = {"folded": 0} if BLANK in hidden else {}
    if TOTAL in hidden:
        more |= {"total": 0, "distinct_ministries": None}
    return replace(row, cells=cells, hidden=frozenset(hidden), **more)


def _unmarked(row: Row, table: Table, rows: Iterable[Row]) -> Row:
    """Take the marks off a column of a group in which a figure is left out: they tell which one is larger."""
    apart = {code for one in rows if one.group == row.group for code in one.hidden}
    marks = zip(table.columns, row.larger, strict=False)
    return replace(row, larger=tuple(mark and column.code not in apart for column, mark in marks))


def _note(note: Footnote, table: Table, report: Report, away: frozenset[Place]) -> Footnote | None:
    if note.place in away:
        return Footnote(say("%(figure)s：件数は非公開", figure=resolve(report, note.place).name))
    # What a sentence counts beside its table cannot be told from what is left out in it.
    return None if note.place is None and note.text.params else note


def _headline(one: Headline, away: frozenset[Place]) -> Headline:
    ends = {Place(HEADLINES, one.key, column) for column in (NUMERATOR, DENOMINATOR)}
    return replace(one, text=NOT_SHOWN) if ends & away else one


def _without(counts: dict[str, Any], keys: Iterable[str]) -> None:
    counts.update(dict.fromkeys(keys))


def _table(table: Table, told: Mapping[str, Any], speak: Speak) -> dict[str, Any]:
    return {
        **told,
        "title": speak(table.title),
        "short": speak(table.short),
        "population": table.population,
        "columns": [column.code for column in table.columns],
        "heads": [[column.group, column.label] for column in table.columns],
        "rows": [_line(row) for row in table.rows],
        "notes": [speak(note.text) for note in table.notes],
        "compared": table.compared,
    }


def _line(row: Row) -> dict[str, Any]:
    told: dict[str, Any] = {
        "code": row.code,
        "label": f"{row.group}／{row.label}" if row.group else row.label,
        "group": row.group,
        "name": row.label,
        "cells": list(row.cells),
        "total": None if TOTAL in row.hidden else row.total,
        "folded": row.folded,
        "larger": list(row.larger),
        "hidden": sorted(row.hidden - {MINISTRIES}),
    }
    return told | ({} if row.distinct_ministries is None else {"distinct_ministries": row.distinct_ministries})


def figure_at(content: Mapping[str, Any], place: Place) -> int | None:
    """Return the figure at a place as an edition tells it; None where it does not."""
    outside: dict[str, Callable[[], Any]] = {
        POPULATIONS: lambda: (
            content["populations"][place.row] if place.column == TOTAL else content["left_out"][place.row][place.column]
        ),
        EXCLUSIONS: lambda: content["exclusions"][place.row],
        HEADLINES: lambda: next(one[place.column] for one in content["headlines"] if one["key"] == place.row),
    }
    try:
        if place.table in outside:
            return outside[place.table]()  # type: ignore[no-any-return]
        table = {**content["tables"], **content["moves"]}[place.table]
        row = next(one for one in table["rows"] if one["code"] == place.row)
        sums = {TOTAL: row["total"], BLANK: row["folded"] or None}
        return sums[place.column] if place.column in sums else row["cells"][table["columns"].index(place.column)]  # type: ignore[no-any-return]
    except (KeyError, StopIteration, ValueError):
        # What an edition of another form or language of tables does not have.
        return None


def read(content: Mapping[str, Any]) -> Shown:
    """Return what ``tell`` told."""
    told = content["edition"]
    return Shown(
        content["round"],
        content["name"],
        content["previous"],
        dt.date.fromisoformat(content["as_of"]),
        Head(told["number"], Variant(told["variant"]), told["threshold"], told["supersedes"], told["note"]),
        content["standing"],
        tuple(content["notes"]),
        tuple((one["text"], one["numerator"], one["denominator"]) for one in content["headlines"]),
        {key: (name, content["populations"][key]) for key, name in content["population_names"].items()},
        {slug: _read_table(slug, one) for slug, one in content["tables"].items()},
        {slug: _read_table(slug, one) for slug, one in content["moves"].items()},
        content["sections"],
        content["answers_sha256"],
    )


def _read_table(slug: str, told: Mapping[str, Any]) -> Table:
    columns = tuple(
        Column(code, label, group) for code, (group, label) in zip(told["columns"], told["heads"], strict=True)
    )
    return Table(
        slug,
        Say("%(text)s", {"text": told["title"]}),
        Say("%(text)s", {"text": told["short"]}),
        told["population"],
        columns,
        tuple(_read_row(row) for row in told["rows"]),
        tuple(Footnote(Say("%(text)s", {"text": note})) for note in told["notes"]),
        told["compared"],
    )


def _read_row(told: Mapping[str, Any]) -> Row:
    return Row(
        told["code"],
        told["name"],
        told["group"],
        tuple(told["cells"]),
        told["total"] or 0,
        told["folded"],
        told.get("distinct_ministries"),
        tuple(told["larger"]),
        frozenset(told["hidden"]),
    )
