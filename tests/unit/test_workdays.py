"""Business days of the state's offices in Japan."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register import workdays

days = st.dates(dt.date(2019, 1, 1), dt.date(2040, 12, 31))
DAY = dt.timedelta(days=1)


def day(text: str) -> dt.date:
    """Return the day that ``text`` writes."""
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("2025-11-04", True),
        ("2025-11-03", False),  # 文化の日
        ("2025-11-24", False),  # 勤労感謝の日の振替休日
        ("2025-11-08", False),  # 土曜日
        ("2025-11-09", False),  # 日曜日
        ("2025-12-26", True),
        ("2025-12-29", False),  # 年末年始の休日
        ("2025-12-31", False),
        ("2026-01-02", False),
        ("2026-01-05", True),
        ("2028-01-04", True),
        ("2026-05-06", False),  # 憲法記念日の振替休日
        ("2026-09-22", False),  # 敬老の日と秋分の日に挟まれた国民の休日
        ("2026-02-23", False),  # 天皇誕生日
        ("2019-05-01", False),  # 即位の日
        ("2018-12-24", False),  # 平成の天皇誕生日の振替休日
    ],
)
def test_the_offices_are_closed_on_weekends_holidays_and_round_the_new_year(text: str, is_open: bool) -> None:
    assert workdays.is_business_day(day(text)) is is_open


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2025-11-03", "2025-11-04"),
        ("2025-11-04", "2025-11-04"),
        ("2025-11-22", "2025-11-25"),
        ("2025-12-27", "2026-01-05"),
        ("2027-12-29", "2028-01-04"),
    ],
)
def test_the_first_business_day_is_found(text: str, found: str) -> None:
    assert workdays.on_or_after(day(text)) == day(found)


@pytest.mark.parametrize(
    ("text", "count", "found"),
    [
        ("2025-10-31", 1, "2025-11-04"),
        ("2025-11-01", 1, "2025-11-04"),
        ("2025-11-04", -1, "2025-10-31"),
        ("2025-11-03", 0, "2025-11-03"),
        ("2025-12-26", 2, "2026-01-06"),
        ("2026-01-05", -3, "2025-12-24"),
        ("2025-11-04", 10, "2025-11-18"),
    ],
)
def test_business_days_are_counted_on_and_back(text: str, count: int, found: str) -> None:
    assert workdays.add(day(text), count) == day(found)


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [
        ("2025-11-10", "2025-11-10", 0),
        ("2025-11-10", "2025-11-11", 1),
        ("2025-11-21", "2025-11-25", 1),
        ("2025-11-10", "2025-11-28", 13),
        ("2025-11-28", "2025-11-10", -13),
        ("2025-12-26", "2026-01-05", 1),
        ("2025-11-08", "2025-11-09", 0),
    ],
)
def test_the_days_left_are_business_days(first: str, last: str, count: int) -> None:
    assert workdays.between(day(first), day(last)) == count


@given(days)
def test_the_first_business_day_is_the_next_one_after_the_day_before(start: dt.date) -> None:
    found = workdays.on_or_after(start)
    assert workdays.is_business_day(found)
    assert found == workdays.add(start - DAY, 1)
    assert not any(workdays.is_business_day(start + n * DAY) for n in range((found - start).days))


@given(days, st.integers(1, 40))
def test_going_on_and_counting_agree(start: dt.date, count: int) -> None:
    ahead = workdays.add(start, count)
    assert workdays.between(start, ahead) == count
    assert workdays.between(ahead, start) == -count
    # Back again is the last business day that is not after the start.
    back = workdays.add(ahead, -count)
    assert back <= start
    assert workdays.between(back, start) == 0


@given(days, st.integers(0, 20))
def test_what_came_before_the_earliest_day_is_late_and_no_other(today: dt.date, count: int) -> None:
    found = workdays.earliest(today, count)
    assert workdays.add(found, count) >= today
    assert workdays.add(found - DAY, count) < today
