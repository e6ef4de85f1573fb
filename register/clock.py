"""Time as the register knows it: an injected clock, fiscal years, eras."""

from __future__ import annotations

import datetime as dt
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
