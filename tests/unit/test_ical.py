"""Calendar feeds: read back by a reader of the format, whatever people wrote."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from register.formats.ical import Day, calendar

NOW = dt.datetime(2025, 11, 4, 3, 0, tzinfo=dt.UTC)
DUE = Day(
    "round-1@register.example", dt.date(2025, 11, 14), "定期報告の締切", "2025年度第2回", "https://register.example/a"
)


def read(days: list[Day]) -> list[dict[str, object]]:
    found = Calendar.from_ical(calendar("AI案件台帳", days, language="ja", now=NOW))
    return [dict(one) for one in found.walk("VEVENT")]


def test_a_day_is_read_back() -> None:
    (event,) = read([DUE])
    assert str(event["UID"]) == DUE.uid
    assert str(event["SUMMARY"]) == DUE.title
    assert str(event["DESCRIPTION"]) == DUE.text
    assert str(event["URL"]) == DUE.url
    assert event["DTSTART"].dt == DUE.day
    assert event["DTEND"].dt == dt.date(2025, 11, 15)
    assert event["DTSTAMP"].dt == NOW


def test_a_feed_names_itself_and_says_how_often_to_look() -> None:
    found = Calendar.from_ical(calendar("私の期限", [], language="ja", now=NOW))
    assert str(found["X-WR-CALNAME"]) == "私の期限"
    assert found["REFRESH-INTERVAL"].dt == dt.timedelta(hours=6)


def test_the_order_does_not_matter() -> None:
    later = Day("round-2@register.example", dt.date(2025, 12, 1), "b", "", "")
    assert calendar("x", [DUE, later], language="en", now=NOW) == calendar("x", [later, DUE], language="en", now=NOW)


def test_lines_are_no_longer_than_the_format_allows() -> None:
    long = Day("a", dt.date(2025, 1, 1), "締切" * 200, "本文" * 500, "https://register.example/")
    assert all(len(line) <= 75 for line in calendar("x", [long], language="ja", now=NOW).split(b"\r\n"))


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_no_text_breaks_out_of_its_line(text: str) -> None:
    (event,) = read([Day("a", dt.date(2025, 1, 1), text, text, "https://register.example/")])
    shown = "".join(c for c in text if c in "\n\t" or c.isprintable() or c == "\u3000")
    assert str(event["SUMMARY"]) == shown
    assert set(event) <= {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "URL", "CLASS", "TRANSP"}
