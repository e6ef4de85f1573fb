"""Time as the register knows it: an injected clock, fiscal years, eras."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")


class Clock(Protocol):
    """Where the time comes from; tests and replays hand in their own."""

    def now(self) -> dt.datetime:
        """Return the present moment, aware, in UTC."""
        ...

    def today(self) -> dt.date:
        """Return the present day in Japan."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def today(self) -> dt.date:
        return self.now().astimezone(TOKYO).date()


class FixedClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, moment: dt.datetime) -> None:
        self.moment = moment

    def now(self) -> dt.datetime:
        return self.moment

    def today(self) -> dt.date:
        return self.moment.astimezone(TOKYO).date()


def fiscal_year(day: dt.date) -> int:
    """Return the fiscal year (1 April to 31 March) that ``day`` lies in."""
    return day.year if day.month >= 4 else day.year - 1


@dataclass(frozen=True)
class Era:
    """An era of the Japanese calendar: its first and last day (None while it runs)."""

    name: str
    letter: str
    first: dt.date
    last: dt.date | None


# 元号: 昭和 is as far back as a use of computers can lie.
ERAS = (
    Era("昭和", "S", dt.date(1926, 12, 25), dt.date(1989, 1, 7)),
    Era("平成", "H", dt.date(1989, 1, 8), dt.date(2019, 4, 30)),
    Era("令和", "R", dt.date(2019, 5, 1), None),
)

# As the English pages write a day; not from ``calendar``, whose names change with the machine's locale.
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_ERA_NAMES = "|".join((*(era.name for era in ERAS), *(era.letter for era in ERAS)))
_FORMS = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"),
    re.compile(rf"(?P<day>\d{{1,2}})(?P<name>{'|'.join(MONTHS).upper()})(?P<year>\d{{4}})"),
    re.compile(r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日"),
    re.compile(rf"(?P<era>{_ERA_NAMES})(?P<year>\d{{1,2}}|元)年(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})日"),
    re.compile(rf"(?P<era>{_ERA_NAMES})(?P<year>\d{{1,2}}|元)[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})"),
)
_DASHES = str.maketrans(dict.fromkeys("−‐‑–—ー", "-"))


def era_of(day: dt.date) -> Era:
    """Return the era that ``day`` lies in; raise ``ValueError`` before the first one known."""
    for era in reversed(ERAS):
        if day >= era.first:
            return era
    raise ValueError(f"{day} lies before {ERAS[0].name}")


def era_year(day: dt.date) -> str:
    """Return 令和7年 for a day in it; the first year of an era is 元年."""
    era = era_of(day)
    year = day.year - era.first.year + 1
    return f"{era.name}{'元' if year == 1 else year}年"


def era_date(day: dt.date) -> str:
    """Return 令和7年9月30日."""
    return f"{era_year(day)}{day.month}月{day.day}日"


def era_fiscal_year(year: int) -> str:
    """Return 令和7年度 for the fiscal year that begins in April of ``year``."""
    return f"{era_year(dt.date(year, 12, 31))}度"


def parse_date(text: str) -> dt.date:
    """Read a date in any usual Japanese or western form and width; raise ``ValueError`` when it is none.

    A year of an era counts only within the era: 平成31年5月1日 does not exist. Days before the first era are none.
    """
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).translate(_DASHES).upper()
    for form in _FORMS:
        if match := form.fullmatch(folded):
            found = _date_of(match.groupdict())
            era_of(found)  # a day that could not be written in the era calendar is refused here, not on a page
            return found
    raise ValueError(f"not a date: {text!r}")


def _date_of(parts: dict[str, str]) -> dt.date:
    year, day = parts["year"], int(parts["day"])
    month = MONTHS.index(parts["name"].capitalize()) + 1 if "name" in parts else int(parts["month"])
    if "era" not in parts:
        return dt.date(int(year), month, day)
    era = next(era for era in ERAS if parts["era"] in (era.name, era.letter))
    found = dt.date(era.first.year + (1 if year == "元" else int(year)) - 1, month, day)
    if found < era.first or (era.last is not None and found > era.last):
        raise ValueError(f"{found} does not lie in {era.name}")
    return found
