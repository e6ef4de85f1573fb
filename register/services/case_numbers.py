"""Case numbers ``<ministry key>-<fiscal year>-<serial>``: counted per ministry, never given twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from register.models import CaseSerial, Ministry

PATTERN = re.compile(r"(?P<key>[0-9A-Za-z]+)-(?P<year>\d{4})-(?P<serial>\d{1,6})")
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def next_number(session: Session, ministry: Ministry, fiscal_year: int) -> str:
    """Return a number that no case of ``ministry`` ever had; the counter's row is locked until the commit."""
    return next_numbers(session, ministry, fiscal_year, 1)[0]


def next_numbers(session: Session, ministry: Ministry, fiscal_year: int, count: int) -> list[str]:
    """Return ``count`` numbers in a row that no case of ``ministry`` ever had."""
    last = _raise(session, ministry.id, fiscal_year, by=count)
    return [f"{ministry.key}-{fiscal_year}-{serial:04d}" for serial in range(last - count + 1, last + 1)]


def reserve(session: Session, ministry: Ministry, case_numbers: Iterable[str]) -> None:
    """Keep ``case_numbers``, which came from outside, from being given again; other forms of number cannot collide."""
    last: dict[int, int] = {}
    for case_no in case_numbers:
        match = PATTERN.fullmatch(case_no)
        if match and match["key"] == ministry.key:
            year = int(match["year"])
            last[year] = max(last.get(year, 0), int(match["serial"]))
    for year, serial in last.items():
        _raise(session, ministry.id, year, to=serial)


def _raise(session: Session, ministry_id: int, fiscal_year: int, *, by: int = 0, to: int = 0) -> int:
    # One upsert on either database: two people who create a case at once wait for each other here.
    insert = _INSERT[session.get_bind().dialect.name](CaseSerial)
    last = CaseSerial.last + by if by else _greatest(session, CaseSerial.last, to)
    statement = (
        insert.values(ministry_id=ministry_id, fiscal_year=fiscal_year, last=by or to)
        .on_conflict_do_update(index_elements=["ministry_id", "fiscal_year"], set_={"last": last})
        .returning(CaseSerial.last)
    )
    serial: int = session.execute(statement).scalar_one()
    return serial


def _greatest(session: Session, *values: object) -> object:
    greatest = func.max if session.get_bind().dialect.name == "sqlite" else func.greatest
    return greatest(*values)
