"""The report of a round as one object, in one language: page, text, JSON and PDF are made of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from register.errors import Say, say
from register.formspec.loader import FormLibrary, from_canonical
from register.formspec.schema import FormSpec
from register.formspec.terms import round_terms
from register.models import Round
from register.reports import catalogue, change, engine, flow, standing, tally
from register.reports.counts import Counts
from register.reports.dimensions import Dimensions, Population
from register.reports.headlines import Facts, Headline, headlines
from register.reports.moves import Moves, Pair
from register.reports.standing import Standing
from register.reports.table import Row, Table
from register.reports.tally import Tally
from register.states import ROUND_SETTLED


@dataclass(frozen=True)
class Report:
    """Everything that a round's report says; a first round has no ``previous`` round and form, and no moves.

    ``sha256`` is of the answers that were counted, empty while the round runs. ``counted_now`` is what had to be
    counted for this report and may be kept for the next one. ``dimensions``, ``counts`` and ``pair`` are what its
    figures were made of: by them each can be opened.
    """

    round_id: int
    name: Say
    code: str
    fiscal_year: int
    number: int
    as_of: dt.date
    form: FormSpec
    standing: Standing
    previous: str | None
    previous_form: FormSpec | None
    populations: Mapping[str, int]
    tables: Mapping[str, Table]
    headlines: tuple[Headline, ...]
    flow: Mapping[str, int]
    flow_table: Table | None
    change: Mapping[str, int]
    change_table: Table | None
    sha256: str
    counted_now: tuple[Tally, ...]
    dimensions: Dimensions
    counts: Counts
    pair: Pair | None

    @property
    def snapshot_possible(self) -> bool:
        """Whether a snapshot can be taken of it: its round is settled, no rehearsal, and has a case."""
        return self.standing.settled and not self.standing.rehearsal and bool(self.populations["all"])

    @property
    def every_table(self) -> tuple[Table, ...]:
        """The published tables and, after them, what became of the cases since the round before."""
        return (*self.tables.values(), *filter(None, (self.flow_table, self.change_table)))


def build(session: Session, round: Round, language: str, forms: FormLibrary) -> Report:
    """Count ``round`` and return its report."""
    pair = pair_of(session, round, forms)
    spec = from_canonical(round.form_version.canonical)
    dimensions = Dimensions(spec, language, round_terms(round.as_of))
    stands = standing.read(session, round)
    earlier = pair.previous if pair else None
    counted, last = tally.of(session, round, pair)
    counts, before = counted.counts, last.counts if last else None
    previous = _previous_row(dimensions, earlier, before, language)
    tables = {
        tab.slug: engine.tabulate(tab, dimensions, counts, previous)
        for tab in catalogue.CATALOGUE
        if all(dimensions.has(field) for field in tab.needs)
    }
    # A round in progress has not grown or shrunk yet: most of its returns are still to come.
    grown_from = before.count(()) if before and stands.settled else None
    said = headlines(Facts(round.as_of, dimensions, counts, stands.ministries, grown_from))
    moved = counted.moves
    return Report(
        round.id,
        name_of(round),
        round.code,
        round.fiscal_year,
        round.number,
        round.as_of,
        spec,
        stands,
        earlier.code if earlier else None,
        from_canonical(earlier.form_version.canonical) if earlier else None,
        {key: counts.count(population.where) for key, population in dimensions.populations.items()},
        tables,
        said,
        moved.ways,
        _flow_table(moved, spec, earlier, language),
        change.counts(moved.kinds),
        _change_table(moved, said, language),
        counted.sha256,
        tuple(one for one in (counted, last) if one and one.worth_keeping),
        dimensions,
        counts,
        pair,
    )


def name_of(round: Round) -> Say:
    """Return what a report calls its round; a rehearsal is told wherever the name stands."""
    if round.rehearsal:
        return say("%(year)s年度第%(number)s回（演習）", year=round.fiscal_year, number=round.number)
    return say("%(year)s年度第%(number)s回", year=round.fiscal_year, number=round.number)


def pair_of(session: Session, round: Round, forms: FormLibrary) -> Pair | None:
    """Return ``round`` beside the settled round before it; None for a first one."""
    previous = previous_round(session, round)
    if previous is None:
        return None
    steps = forms.between(previous.form_version.version, round.form_version.version)
    return Pair(round, previous, steps)


def previous_round(session: Session, round: Round) -> Round | None:
    """Return the settled round before ``round`` by fiscal year and number, no rehearsal; None for a first one."""
    earlier = tuple_(Round.fiscal_year, Round.number) < tuple_(round.fiscal_year, round.number)
    real = and_(Round.rehearsal.is_(False), Round.state.in_(ROUND_SETTLED))
    last = select(Round.id).where(earlier, real).order_by(Round.fiscal_year.desc(), Round.number.desc()).limit(1)
    # The round itself too, for its form: one statement brings both.
    both = select(Round).where(or_(Round.id == last.scalar_subquery(), Round.id == round.id))
    found = session.scalars(both.options(joinedload(Round.form_version)))
    return next((one for one in found.all() if one.id != round.id), None)


def _previous_row(dimensions: Dimensions, earlier: Round | None, before: Counts | None, language: str) -> Row | None:
    if earlier is None or before is None:
        return None
    columns = dimensions.types_by_start("", "")
    return engine.previous_row(from_canonical(earlier.form_version.canonical), columns, before, language)


def _flow_table(moved: Moves, spec: FormSpec, earlier: Round | None, language: str) -> Table | None:
    if earlier is None or not moved.ways:
        return None
    return flow.tabulate(moved.ways, spec, from_canonical(earlier.form_version.canonical), language)


def _change_table(moved: Moves, said: Iterable[Headline], language: str) -> Table | None:
    growth = next((one.numerator for one in said if one.key == "growth"), None)
    return change.tabulate(moved.kinds, growth, language) if moved.kinds else None


def as_json(report: Report, say: Any) -> dict[str, Any]:
    """Return the report in the shape of its JSON contract; ``say`` turns a sentence into text."""
    return {
        "round": report.code,
        "as_of": report.as_of.isoformat(),
        "populations": dict(report.populations),
        "exclusions": {key: report.counts.count((one.condition,)) for key, one in report.dimensions.exclusions.items()},
        "left_out": {key: _left_out(report, one) for key, one in report.dimensions.populations.items()},
        "tables": {slug: _table(table, say) for slug, table in report.tables.items()},
        "headlines": [_headline(one, say) for one in report.headlines],
        "usage_type_flow": dict(report.flow),
        "usage_type_change": dict(report.change),
        "rehearsal": report.standing.rehearsal,
        "settled": report.standing.settled,
        "ministries": {"all": report.standing.ministries, "accepted": report.standing.accepted},
        "form": {"version": report.form.version, "sha256": report.form.digest},
        "answers_sha256": report.sha256,
        "corrections": {"items": report.standing.corrected, "last": _iso(report.standing.corrected_on)},
    }


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _table(table: Table, say: Any) -> dict[str, Any]:
    return {
        "title": say(table.title),
        "population": table.population,
        "columns": [column.code for column in table.columns],
        "rows": [_row(row) for row in table.rows],
        "notes": [say(note.text) for note in table.notes],
    }


def _left_out(report: Report, population: Population) -> dict[str, int]:
    """Return how many cases each exclusion alone keeps out of a population."""
    return {one.key: report.counts.count(population.left_out(one.key)) for one in population.exclusions}


def _headline(one: Headline, say: Any) -> dict[str, Any]:
    told = {"key": one.key, "numerator": one.numerator, "denominator": one.denominator, "text": say(one.text)}
    return told | ({"population": one.basis.population, "unit": one.basis.unit.value} if one.basis else {})


def _row(row: Row) -> dict[str, Any]:
    label = f"{row.group}／{row.label}" if row.group else row.label
    plain: dict[str, Any] = {"code": row.code, "label": label, "cells": list(row.cells), "total": row.total}
    if row.distinct_ministries is not None:
        plain["distinct_ministries"] = row.distinct_ministries
    return plain
