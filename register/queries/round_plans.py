"""Reading for the plan of a round: what is suggested for the next one, and the ministries that can take part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import workdays
from register.clock import fiscal_year
from register.models import Ministry, Round, Submission
from register.queries.ministries import existed

# How many business days after the opening a deadline is offered; the middle one is filled in.
SPANS = (10, 15, 20, 25, 30)
USUAL = 20
FAR = dt.timedelta(days=2000)


@dataclass(frozen=True)
class Suggestion:
    """What a new plan is filled in with: the next number of the fiscal year, its days, the contact of last time."""

    fiscal_year: int
    number: int
    as_of: dt.date
    opens_on: dt.date
    due_on: dt.date
    contact: str


def suggestion(session: Session, today: dt.date) -> Suggestion:
    """Return what is suggested for the next round: as of the end of last month, open from the next business day on."""
    year = fiscal_year(today)
    real = (Round.fiscal_year == year, Round.rehearsal.is_(False))
    last = session.scalar(select(func.max(Round.number)).where(*real)) or 0
    contact = session.scalar(select(Round.contact).order_by(Round.as_of.desc(), Round.id.desc()).limit(1))
    opens_on = workdays.on_or_after(today)
    as_of = today.replace(day=1) - workdays.DAY
    return Suggestion(year, last + 1, as_of, opens_on, workdays.add(opens_on, USUAL), contact or "")


@dataclass(frozen=True)
class Days:
    """The days of a plan in business days: how many lie between, how many are left, which could be the deadline."""

    span: int | None
    left: int | None
    offered: Sequence[tuple[int, dt.date]]


def days(opens_on: dt.date | None, due_on: dt.date | None, today: dt.date) -> Days:
    """Return what can be said of the days of a plan; nothing of one that lies years away, which is a slip."""
    opens_on, due_on = (day if day and abs(day - today) < FAR else None for day in (opens_on, due_on))
    return Days(
        workdays.between(opens_on, due_on) if opens_on and due_on else None,
        workdays.between(today, due_on) if due_on else None,
        [(count, workdays.add(opens_on, count)) for count in SPANS] if opens_on else (),
    )


def ministries(session: Session, as_of: dt.date) -> Sequence[Ministry]:
    """Return the ministries that stood on ``as_of``, in official order."""
    statement = select(Ministry).where(existed(as_of))
    return session.scalars(statement.order_by(Ministry.sort_no, Ministry.id)).all()


def by_key(session: Session) -> dict[str, Ministry]:
    """Return every ministry by its key, in official order."""
    statement = select(Ministry).order_by(Ministry.sort_no, Ministry.id)
    return {ministry.key: ministry for ministry in session.scalars(statement)}


def taking_part(session: Session, round: Round) -> Sequence[Ministry]:
    """Return the ministries that take part in ``round``, in official order."""
    statement = (
        select(Ministry)
        .join(Submission, Submission.ministry_id == Ministry.id)
        .where(Submission.round_id == round.id)
        .order_by(Ministry.sort_no, Ministry.id)
    )
    return session.scalars(statement).all()
