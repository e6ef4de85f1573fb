"""Time: fiscal years, eras, and every form in which a Japanese file may write a day."""

from __future__ import annotations

import datetime as dt
import unicodedata
from itertools import pairwise

import pytest
import time_machine
from hypothesis import example, given, settings
from hypothesis import strategies as st

from register.clock import ERAS, FixedClock, SystemClock, era_date, era_fiscal_year, era_year, fiscal_year, parse_date

FIRST_DAY = dt.date(1926, 12, 25)
# A year of an era has at most two digits: a longer one is a western year written behind an era by mistake.
LAST_DAY = dt.date(2117, 12, 31)
DAYS = st.dates(FIRST_DAY, LAST_DAY)
PROPERTY = settings(max_examples=200, deadline=None)
MONTH_ENDS = (dt.date(1989, 1, 7), dt.date(1989, 1, 8), dt.date(2019, 4, 30), dt.date(2019, 5, 1))


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (dt.date(2025, 3, 31), 2024),
        (dt.date(2025, 4, 1), 2025),
        (dt.date(2025, 12, 31), 2025),
        (dt.date(2026, 1, 1), 2025),
        (dt.date(2026, 3, 31), 2025),
        (dt.date(2026, 4, 1), 2026),
    ],
)
def test_a_fiscal_year_runs_from_april_to_march(day: dt.date, year: int) -> None:
    assert fiscal_year(day) == year


@pytest.mark.parametrize(
    ("day", "written"),
    [
        (dt.date(2025, 9, 30), "令和7年9月30日"),
        (dt.date(2019, 12, 31), "令和元年12月31日"),
        (dt.date(2019, 5, 1), "令和元年5月1日"),
        (dt.date(2019, 4, 30), "平成31年4月30日"),
        (dt.date(1989, 1, 8), "平成元年1月8日"),
        (dt.date(1989, 1, 7), "昭和64年1月7日"),
        (FIRST_DAY, "昭和元年12月25日"),
    ],
)
def test_a_day_is_written_in_the_era_it_lies_in(day: dt.date, written: str) -> None:
    assert era_date(day) == written
    assert written.startswith(era_year(day))


def test_a_day_before_the_first_era_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="昭和"):
        era_date(FIRST_DAY - dt.timedelta(days=1))


def test_no_day_lies_between_two_eras_or_in_both() -> None:
    for before, after in pairwise(ERAS):
        assert before.last is not None
        assert after.first - before.last == dt.timedelta(days=1)
    assert ERAS[-1].last is None


@pytest.mark.parametrize(
    ("year", "written"),
    [
        (2025, "令和7年度"),
        (2026, "令和8年度"),
        (2020, "令和2年度"),
        (2019, "令和元年度"),
        (2018, "平成30年度"),
        (1989, "平成元年度"),
        (1988, "昭和63年度"),
    ],
)
def test_a_fiscal_year_is_called_after_the_era_of_its_december(year: int, written: str) -> None:
    assert era_fiscal_year(year) == written


@pytest.mark.parametrize(
    "text",
    [
        "令和7年9月30日",
        "令和７年９月３０日",
        "令和 7 年 9 月 30 日",
        "令和07年09月30日",
        "令和7.9.30",
        "R7.9.30",
        "r7.9.30",
        "Ｒ７．９．３０",
        "R7/9/30",
        "R7-9-30",
        "R07.09.30",
        "2025-09-30",
        "2025-9-30",
        "2025/9/30",
        "2025/09/30",
        "2025.9.30",
        "２０２５／９／３０",
        "2025−09−30",
        "2025ー09ー30",
        "20250930",
        "２０２５０９３０",
        "2025年9月30日",
        "２０２５年９月３０日",
        "　2025年9月30日\n",
    ],
)
def test_every_usual_form_and_width_of_a_day_is_read(text: str) -> None:
    assert parse_date(text) == dt.date(2025, 9, 30)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年5月1日", dt.date(2019, 5, 1)),
        ("R元.5.1", dt.date(2019, 5, 1)),
        ("令和1年5月1日", dt.date(2019, 5, 1)),
        ("R1.5.1", dt.date(2019, 5, 1)),
        ("平成31年4月30日", dt.date(2019, 4, 30)),
        ("H31.4.30", dt.date(2019, 4, 30)),
        ("平成元年1月8日", dt.date(1989, 1, 8)),
        ("昭和64年1月7日", dt.date(1989, 1, 7)),
        ("S64.1.7", dt.date(1989, 1, 7)),
        ("昭和元年12月25日", FIRST_DAY),
        ("2024-02-29", dt.date(2024, 2, 29)),
        ("令和6年2月29日", dt.date(2024, 2, 29)),
    ],
)
def test_the_edges_of_an_era_are_read(text: str, day: dt.date) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "平成31年5月1日",
        "平成32年1月1日",
        "令和元年4月30日",
        "令和0年5月1日",
        "平成元年1月7日",
        "昭和64年1月8日",
        "昭和元年12月24日",
        "令和2025年9月30日",
        "R2025.9.30",
    ],
)
def test_a_day_outside_its_era_does_not_exist(text: str) -> None:
    with pytest.raises(ValueError, match=r"does not lie in|not a date"):
        parse_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "2025-13-01",
        "2025-00-10",
        "2025-02-30",
        "2025-04-31",
        "2025-09-00",
        "2023-02-29",
        "令和7年2月29日",
        "20250230",
        "0000-01-01",
        "1926-12-24",
        "1868-01-25",
        "明治元年1月25日",
        "",
        " ",
        "　\n",
        "未定",
        "令和7年",
        "令和7年9月",
        "9月30日",
        "9/30/2025",
        "25/9/30",
        "2025-09-30T00:00",
        "2025-09-30 2025-10-01",
        "2025/9-",
        "45930",
        "2025093",
        "202509301",
        "令和七年九月三十日",
        "X7.9.30",
    ],
)
def test_what_is_no_day_of_the_register_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a date|must be in|out of range|lies before|year 0"):
        parse_date(text)


@PROPERTY
@given(DAYS)
@example(FIRST_DAY)
@example(MONTH_ENDS[0])
@example(MONTH_ENDS[1])
@example(MONTH_ENDS[2])
@example(MONTH_ENDS[3])
@example(LAST_DAY)
def test_a_day_written_in_its_era_is_read_as_the_same_day(day: dt.date) -> None:
    assert parse_date(era_date(day)) == day


@PROPERTY
@given(DAYS, st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日"]), st.booleans())
def test_a_western_day_is_read_as_the_same_day(day: dt.date, form: str, wide: bool) -> None:
    written = day.strftime(form)
    if wide:
        written = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in written)
        assert unicodedata.normalize("NFKC", written) == day.strftime(form)
    assert parse_date(written) == day


@PROPERTY
@given(st.text(alphabet=st.sampled_from("0123456789０９元年月日令和平成昭RHS.-/ 　−"), max_size=12))
def test_whatever_is_written_is_a_day_that_can_be_printed_or_refused(text: str) -> None:
    try:
        day = parse_date(text)
    except ValueError:
        return
    assert era_date(day)


def test_a_day_begins_at_midnight_in_tokyo() -> None:
    clock = FixedClock(dt.datetime(2025, 9, 30, 14, 59, 59, tzinfo=dt.UTC))
    assert clock.today() == dt.date(2025, 9, 30)
    clock.moment += dt.timedelta(seconds=1)
    assert clock.today() == dt.date(2025, 10, 1)


def test_the_clock_of_the_machine_tells_utc_and_the_day_in_tokyo() -> None:
    moment = dt.datetime(2025, 9, 30, 15, 0, tzinfo=dt.UTC)
    with time_machine.travel(moment, tick=False):
        assert SystemClock().now() == moment
        assert SystemClock().now().utcoffset() == dt.timedelta(0)
        assert SystemClock().today() == dt.date(2025, 10, 1)
