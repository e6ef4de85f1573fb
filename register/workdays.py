"""Business days in Japan: not Saturday, Sunday, a national holiday, or 29 December to 3 January (行政機関の休日)."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import holidays

DAY = dt.timedelta(days=1)
# 行政機関の休日に関する法律第1条: beside weekends and holidays, the days round the New Year.
NEW_YEAR = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})


@lru_cache
def _holidays(year: int) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays("JP", years=year))


def is_business_day(day: dt.date) -> bool:
    """Tell whether offices of the state are open on ``day``."""
    return day.weekday() < 5 and (day.month, day.day) not in NEW_YEAR and day not in _holidays(day.year)


def on_or_after(day: dt.date) -> dt.date:
    """Return the first business day that is not before ``day``."""
    while not is_business_day(day):
        day += DAY
    return day


def add(day: dt.date, count: int) -> dt.date:
    """Return the ``count``-th business day after ``day`` (before it when negative)."""
    step = DAY if count >= 0 else -DAY
    for _ in range(abs(count)):
        day += step
        while not is_business_day(day):
            day += step
    return day


def earliest(day: dt.date, count: int) -> dt.date:
    """Return the first day whose ``count``-th business day is not before ``day``; what came earlier is late by it."""
    first = day
    while add(first - DAY, count) >= day:
        first -= DAY
    return first


def between(first: dt.date, last: dt.date) -> int:
    """Return how many business days lie after ``first`` up to ``last``; negative when ``last`` is past."""
    if last < first:
        return -between(last, first)
    days = (last - first).days
    return sum(is_business_day(first + number * DAY) for number in range(1, days + 1))
