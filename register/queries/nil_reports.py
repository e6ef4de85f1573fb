"""Reading who said what of which month: risk cases, none (該当なし), or nothing yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import authz, workdays
from register.authz import Actor
from register.formspec.risk import RiskTerms
from register.models import Incident, Ministry, NilReport
from register.queries.incidents import counted
from register.queries.ministries import ministries


@dataclass(frozen=True)
class Cell:
    """One ministry in one month: how many risk cases are known, and what it said if it said that there were none.

    ``late`` says that nothing is known and the day for saying so has passed.
    """

    count: int
    nil: NilReport | None
    late: bool


@dataclass(frozen=True)
class NilPage:
    """The months, newest first, with the day by which each is to be reported, and a cell for every ministry."""

    months: Sequence[dt.date]
    due: Mapping[dt.date, dt.date]
    rows: Sequence[tuple[Ministry, Sequence[Cell]]]


def nil_page(session: Session, actor: Actor, terms: RiskTerms, today: dt.date) -> NilPage:
    """Return the months that have ended, for the ministries that ``actor`` sees, in three statements."""
    months = past_months(today, terms)
    due = {month: due_day(month, terms) for month in months}
    counts, nils = _counts(session, actor, months), _nils(session, actor, months)
    bodies = ministries(session, actor).values()
    rows = [
        (
            one,
            [
                Cell(count := counts.get((one.id, month), 0), nil := nils.get((one.id, month)), _late(count, nil, late))
                for month, late in ((month, due[month] < today) for month in months)
            ],
        )
        for one in bodies
    ]
    return NilPage(months, due, rows)


def unsaid(session: Session, actor: Actor, terms: RiskTerms, today: dt.date) -> list[tuple[dt.date, dt.date]]:
    """Return the months of which the actor's ministry has said nothing, oldest first, each with its day."""
    page = nil_page(session, actor, terms, today)
    cells = [cells for ministry, cells in page.rows if ministry.id == actor.ministry_id]
    if not cells:
        return []
    silent = [
        (month, page.due[month])
        for month, cell in zip(page.months, cells[0], strict=True)
        if not cell.count and cell.nil is None
    ]
    return silent[::-1]


def past_months(today: dt.date, terms: RiskTerms) -> list[dt.date]:
    """Return the first days of the months that are asked for and have ended, newest first."""
    months, first = [], today.replace(day=1)
    for _ in range(terms.nil_shown):
        first = (first - workdays.DAY).replace(day=1)
        months.append(first)
    return [month for month in months if month >= terms.nil_since]


def due_day(month: dt.date, terms: RiskTerms) -> dt.date:
    """Return by when a ministry is to say something of ``month``."""
    return workdays.add(last_day(month), terms.nil_due)


def last_day(month: dt.date) -> dt.date:
    """Return the last day of the month whose first day is ``month``."""
    return (month + dt.timedelta(days=31)).replace(day=1) - workdays.DAY


def _late(count: int, nil: NilReport | None, past: bool) -> bool:
    return past and not count and nil is None


def _counts(session: Session, actor: Actor, months: Sequence[dt.date]) -> dict[tuple[int, dt.date], int]:
    if not months:
        return {}
    statement = (
        select(Incident.ministry_id, Incident.detected_on, func.count())
        .where(counted(), Incident.detected_on.between(months[-1], last_day(months[0])), authz.sight(Incident, actor))
        .group_by(Incident.ministry_id, Incident.detected_on)
    )
    counts: dict[tuple[int, dt.date], int] = {}
    for ministry_id, day, count in session.execute(statement):
        key = (ministry_id, day.replace(day=1))
        counts[key] = counts.get(key, 0) + count
    return counts


def _nils(session: Session, actor: Actor, months: Sequence[dt.date]) -> dict[tuple[int, dt.date], NilReport]:
    statement = authz.visible(select(NilReport).where(NilReport.month.in_(months)), NilReport, actor)
    return {(row.ministry_id, row.month): row for row in session.scalars(statement)}
