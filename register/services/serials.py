"""Counters per ministry and fiscal year: what they gave is never given twice; a row is locked until the commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from register.models import CaseSerial, IncidentSerial, NoticeSerial, ReferralSerial

Counter = type[CaseSerial] | type[IncidentSerial] | type[ReferralSerial]
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def raise_serial(
    session: Session, counter: Counter, ministry_id: int, fiscal_year: int, *, by: int = 0, to: int = 0
) -> int:
    """Raise the count of a ministry and year by ``by``, or at least to ``to``; return it. Its row stays locked."""
    last = counter.last + by if by else _greatest(session, counter.last, to)
    return _raised(session, counter, {"ministry_id": ministry_id, "fiscal_year": fiscal_year}, by or to, last)


def raise_notice_serial(session: Session, fiscal_year: int) -> int:
    """Raise the count of a year's notices by one and return it. Its row stays locked."""
    return _raised(session, NoticeSerial, {"fiscal_year": fiscal_year}, 1, NoticeSerial.last + 1)


def _raised(session: Session, counter: Any, key: Mapping[str, int], first: int, last: object) -> int:
    # One upsert on either database: two people who ask at once wait for each other here.
    insert = _INSERT[session.get_bind().dialect.name](counter)
    statement = (
        insert.values(**key, last=first)
        .on_conflict_do_update(index_elements=list(key), set_={"last": last})
        .returning(counter.last)
    )
    serial: int = session.execute(statement).scalar_one()
    return serial


def _greatest(session: Session, *values: object) -> object:
    greatest = func.max if session.get_bind().dialect.name == "sqlite" else func.greatest
    return greatest(*values)
