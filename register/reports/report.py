"""The report of a round as one object, in one language: page, text, JSON and PDF are made of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from register.formspec.loader import from_canonical
from register.formspec.schema import FormSpec
from register.formspec.terms import round_terms
from register.models import Round
from register.reports import catalogue, engine, flow
from register.reports.dimensions import Dimensions, Population
from register.reports.errata import Erratum, applicable
from register.reports.headlines import Facts, Headline, headlines
from register.reports.table import Row, Table
from register.states import ROUND_SETTLED


@dataclass(frozen=True)
class Report:
    """Everything that a round's report says; a first round has no ``previous`` round and form, and no flow."""

    code: str
    fiscal_year: int
    number: int
    as_of: dt.date
    form: FormSpec
    previous: str | None
    previous_form: FormSpec | None
    populations: Mapping[str, int]
    population_names: Mapping[str, Population]
    tables: Mapping[str, Table]
    headlines: tuple[Headline, ...]
    flow: Mapping[str, int]
    flow_table: Table | None
    errata: tuple[Erratum, ...]

    @property
    def every_table(self) -> tuple[Table, ...]:
        """The published tables and, after them, the flow of usage types."""
        return (*self.tables.values(), self.flow_table) if self.flow_table else tuple(self.tables.values())


def build(session: Session, round: Round, language: str, printed: tuple[Erratum, ...] = ()) -> Report:
    """Count ``round`` and return its report; ``printed`` are what is known of an earlier print of this round."""
    spec = from_canonical(round.form_version.canonical)
    dimensions = Dimensions(spec, language, round_terms(round.as_of))
    counts = engine.count(session, round.id)
    earlier = previous_round(session, round)
    before = engine.count(session, earlier.id) if earlier else None
    previous = _previous_row(dimensions, earlier, before, language)
    tables = {
        tab.slug: engine.tabulate(tab, dimensions, counts, previous)
        for tab in catalogue.CATALOGUE
        if all(dimensions.has(field) for field in tab.needs)
    }
    form_before = from_canonical(earlier.form_version.canonical) if earlier else None
    moves = flow.count(session, round, earlier) if earlier else {}
    facts = Facts(round.as_of, dimensions, counts, before.count(()) if before else None)
    return Report(
        round.code,
        round.fiscal_year,
        round.number,
        round.as_of,
        spec,
        earlier.code if earlier else None,
        form_before,
        {key: counts.count(population.where) for key, population in dimensions.populations.items()},
        dimensions.populations,
        tables,
        headlines(facts),
        moves,
        flow.tabulate(moves, spec, form_before, language) if moves and form_before else None,
        applicable(printed, tables),
    )


def previous_round(session: Session, round: Round) -> Round | None:
    """Return the settled round before ``round`` by fiscal year and number, no rehearsal; None for a first one."""
    earlier = tuple_(Round.fiscal_year, Round.number) < tuple_(round.fiscal_year, round.number)
    real = and_(Round.rehearsal.is_(False), Round.state.in_(ROUND_SETTLED))
    statement = select(Round).where(earlier, real).options(joinedload(Round.form_version))
    return session.scalar(statement.order_by(Round.fiscal_year.desc(), Round.number.desc()).limit(1))


def _previous_row(
    dimensions: Dimensions, earlier: Round | None, before: engine.Counts | None, language: str
) -> Row | None:
    if earlier is None or before is None:
        return None
    columns = dimensions.types_by_start("", "")
    return engine.previous_row(from_canonical(earlier.form_version.canonical), columns, before, language)


def as_json(report: Report, say: Any) -> dict[str, Any]:
    """Return the report in the shape of its JSON contract; ``say`` turns a sentence into text."""
    return {
        "round": report.code,
        "as_of": report.as_of.isoformat(),
        "populations": dict(report.populations),
        "tables": {slug: _table(table, say) for slug, table in report.tables.items()},
        "headlines": [
            {"key": one.key, "numerator": one.numerator, "denominator": one.denominator, "text": say(one.text)}
            for one in report.headlines
        ],
        "usage_type_flow": dict(report.flow),
    }


def _table(table: Table, say: Any) -> dict[str, Any]:
    return {
        "title": say(table.title),
        "population": table.population,
        "columns": [column.code for column in table.columns],
        "rows": [_row(row) for row in table.rows],
        "notes": [say(note) for note in table.notes],
    }


def _row(row: Row) -> dict[str, Any]:
    label = f"{row.group}／{row.label}" if row.group else row.label
    plain: dict[str, Any] = {"code": row.code, "label": label, "cells": list(row.cells), "total": row.total}
    if row.distinct_ministries is not None:
        plain["distinct_ministries"] = row.distinct_ministries
    return plain
