"""Case numbers ``<ministry key>-<fiscal year>-<serial>``: counted per ministry, never given twice."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy.orm import Session

from register.models import CaseSerial, Ministry
from register.services.serials import raise_serial

PATTERN = re.compile(r"(?P<key>[0-9A-Za-z]+)-(?P<year>\d{4})-(?P<serial>\d{1,6})")


def next_number(session: Session, ministry: Ministry, fiscal_year: int) -> str:
    """Return a number that no case of ``ministry`` ever had; the counter's row is locked until the commit."""
    return next_numbers(session, ministry, fiscal_year, 1)[0]


def next_numbers(session: Session, ministry: Ministry, fiscal_year: int, count: int) -> list[str]:
    """Return ``count`` numbers in a row that no case of ``ministry`` ever had."""
    last = raise_serial(session, CaseSerial, ministry.id, fiscal_year, by=count)
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
        raise_serial(session, CaseSerial, ministry.id, year, to=serial)
