"""The days and the words of the plan of reminders, and the file that it is read from."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register import workdays
from register.clock import TOKYO
from register.errors import Unusable, say
from register.formspec.reminder_words import WHY, WORDS
from register.formspec.reminders import load_reminders, sides
from register.formspec.schema import Text
from register.queries.reminder_events import SOURCES
from register.queries.reminder_subjects import counting_day, packed, sentence, stage_day, unpacked
from register.queries.reminders import occurrences
from register.vocab import ReminderEvent, ReminderTone
from tests.support.round_files import CONFIG

DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2030, 12, 31))
NEWS, TODAY, LATE, BEFORE = ReminderTone.NEWS, ReminderTone.TODAY, ReminderTone.LATE, ReminderTone.BEFORE


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2025-11-10 15:00", "2025-11-11"),
        ("2025-11-10 08:29", "2025-11-10"),
        ("2025-11-10 08:30", "2025-11-11"),
        ("2025-11-07 15:00", "2025-11-10"),
        ("2025-11-01 03:00", "2025-11-04"),
        ("2025-12-26 18:00", "2026-01-05"),
    ],
)
def test_a_moment_counts_from_the_next_planning(moment: str, day: str) -> None:
    at = dt.datetime.fromisoformat(moment).replace(tzinfo=TOKYO)
    assert counting_day(at) == counting_day(at.astimezone(dt.UTC)) == dt.date.fromisoformat(day)


@pytest.mark.parametrize(
    ("anchor", "offset", "tone", "day"),
    [
        ("2025-11-28", -5, BEFORE, "2025-11-20"),  # over a weekend and two holidays
        ("2025-11-28", 0, TODAY, "2025-11-28"),
        ("2025-11-28", 1, LATE, "2025-12-01"),
        ("2026-01-05", -1, BEFORE, "2025-12-26"),  # the offices are closed from 29 December to 3 January
        ("2025-12-26", 2, LATE, "2026-01-06"),
        ("2025-11-23", 0, TODAY, "2025-11-21"),  # a deadline on a Sunday is told before it
        ("2025-11-23", 0, NEWS, "2025-11-25"),  # anything else after it
        ("2025-11-23", 1, LATE, "2025-11-25"),
    ],
)
def test_the_day_of_a_stage(anchor: str, offset: int, tone: ReminderTone, day: str) -> None:
    assert stage_day(dt.date.fromisoformat(anchor), offset, tone) == dt.date.fromisoformat(day)


@given(DAYS, st.integers(-40, 40), st.sampled_from(ReminderTone))
def test_every_day_is_a_business_day(anchor: dt.date, offset: int, tone: ReminderTone) -> None:
    assert workdays.is_business_day(stage_day(anchor, offset, tone))


@given(DAYS, st.integers(0, 10), st.integers(0, 7), st.integers(0, 60))
def test_a_repeated_stage_comes_at_even_distances(anchor: dt.date, offset: int, repeat: int, length: int) -> None:
    last = anchor + dt.timedelta(days=length)
    found = occurrences(anchor, offset, LATE, repeat, dt.date.min, last)
    days = [day for _, day in found]
    assert [number for number, _ in found] == list(range(len(found)))
    assert all(day <= last for day in days)
    assert all(workdays.between(one, two) == repeat for one, two in pairwise(days))
    # A window shows of it what lies within.
    middle = anchor + dt.timedelta(days=length // 2)
    assert occurrences(anchor, offset, LATE, repeat, middle, last) == tuple(one for one in found if one[1] >= middle)


def test_every_stage_and_every_event_has_its_words() -> None:
    plan = load_reminders(CONFIG)
    assert {(one.event, one.tone) for one in plan.stages} == set(WORDS)
    assert set(WHY) == set(SOURCES) == set(ReminderEvent) == {one.event for one in plan.stages}


@pytest.mark.parametrize(
    ("event", "tone", "first"),
    [
        (ReminderEvent.ROUND_DUE, ReminderTone.LATE, 1),
        (ReminderEvent.ROUND_DUE, ReminderTone.ESCALATED, 1),
        # Its late words say that the day has come.
        (ReminderEvent.DISCLOSURE_REVIEW, ReminderTone.LATE, 0),
    ],
)
def test_nobody_is_told_that_a_day_is_over_while_it_lasts(event: ReminderEvent, tone: ReminderTone, first: int) -> None:
    assert sides(event, tone)[0] == first


def test_words_are_kept_for_any_language() -> None:
    params = {"name": say("%(year)s年度第%(number)s回", year="2025", number="3"), "day": dt.date(2025, 11, 28)}
    params["ministry"] = Text("府省庁A", "Ministry A")
    assert unpacked(packed(params)) == params
    assert "2025年度第3回" in str(sentence(ReminderEvent.ROUND_DUE, BEFORE, unpacked(packed(params))))


STAGE = """[[stage]]
code = "x"
event = "round_due"
offset = -1
repeat = 0
audience = ["reporter"]
tone = "before"
stop = true
"""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('code = "x"', 'code = "x y"', "code must be"),
        ('code = "x"', "", "code is missing"),
        ('event = "round_due"', 'event = "nothing"', "event 'nothing' is none of"),
        ("offset = -1", "offset = 1", "offset must lie between -250 and -1"),
        ("offset = -1", 'offset = "x"', "offset is missing or no int"),
        ("repeat = 0", "repeat = 2", "is not repeated"),
        ("repeat = 0", "repeat = 999", "repeat must lie"),
        ('["reporter"]', "[]", "audience is empty"),
        ('["reporter"]', '["boss"]', "audience 'boss' is none of"),
        ('tone = "before"', 'tone = "news"', "tone 'news' is none of"),
        ("stop = true", "stop = true\nmore = 1", "more is not known"),
        ("stop = true", "stop = true\n" + STAGE, "a code may stand once only"),
        ("[[stage]]", "[[stages]]", r"only \[\[stage\]\]"),
        ("[[stage]]", "[[stage", "config/reminders.toml"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_the_reason(tmp_path: Path, old: str, new: str, why: str) -> None:
    (tmp_path / "reminders.toml").write_text(STAGE.replace(old, new, 1))
    with pytest.raises(Unusable, match=why):
        load_reminders(tmp_path)
