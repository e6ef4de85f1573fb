"""What the database counts of a round: every answer, every ministry that gave it, in one statement on either database."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bench import round_data
from register.db import Database
from register.models import Round, SubmissionItem
from register.reports import counts
from register.reports.counts import GATHERED, PRESENT
from register.reports.dimensions import FIELDS
from tests.support.databases import Build
from tests.support.round_files import file_of, load, reference_rounds

SIZE = 700


@pytest.fixture
def content() -> Build:
    """The reference rounds."""
    return reference_rounds


def by_hand(session: Session, round_id: int) -> tuple[Counter[tuple[str | None, ...]], set[tuple[object, ...]]]:
    """Return how many cases gave which answers, and which ministry gave which of those that tell of its presence."""
    found, there = Counter[tuple[str | None, ...]](), set[tuple[object, ...]]()
    for item in session.scalars(select(SubmissionItem).where(SubmissionItem.round_id == round_id)):
        found[tuple(item.answers.get(name) for name in FIELDS)] += 1
        there.add((item.ministry_id, *(item.answers.get(name) for name in PRESENT)))
    return found, there


def counted(session: Session, round_id: int) -> tuple[Counter[tuple[str | None, ...]], list[tuple[object, ...]]]:
    """Return the same as the report counts it."""
    told = counts.count(session, round_id)
    return Counter(dict(told.cells)), [(one.ministry_id, *one.key.values()) for one in told.presences]


def rounds(session: Session) -> list[int]:
    """Return the ids of all rounds."""
    return list(session.scalars(select(Round.id).order_by(Round.id)))


def test_every_case_is_counted_once_and_every_ministry_is_told(session: Session) -> None:
    blanks = dict.fromkeys(("usage_type", "start_timing", "user_scope", "stage", "output_type"), "")
    load(session, file_of({"case_no": "a-2025-0001"} | blanks, {"case_no": "b-1", "ministry": "府省庁B"}), number=3)
    session.flush()
    for round_id in rounds(session):
        cells, there = counted(session, round_id)
        expected, present = by_hand(session, round_id)
        assert cells == expected
        assert len(there) == len(set(there))
        assert set(there) == present


def test_a_round_without_a_case_counts_nothing(session: Session) -> None:
    assert counted(session, 10_000) == (Counter(), [])
    assert counts.count(session, 10_000).risk_cases == 0


def test_risk_cases_are_added_up(session: Session) -> None:
    rows = [{"case_no": f"a-{number}", "risk_case_count": count} for number, count in enumerate(("0", "2", "", "5"))]
    made = load(session, file_of(*rows), number=3).round
    session.flush()
    assert counts.count(session, made.id).risk_cases == 7


def test_the_answers_are_read_in_one_statement(session: Session, database: Database) -> None:
    [first, *_] = rounds(session)
    seen: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _u, text, *_: seen.append(text))
    counts.count(session, first)
    assert len([text for text in seen if "submission_item" in text]) == 1
    # PostgreSQL is told beforehand how much memory the grouping may take.
    assert len(seen) == (2 if database.dialect == "postgresql" else 1)


@given(st.lists(st.sets(st.integers(1, 90), min_size=1), min_size=1, max_size=6))
def test_both_ways_of_telling_ministries_are_read_alike(groups: list[set[int]]) -> None:
    texts = {
        "sqlite": [",".join(map(str, one)) for one in groups],
        "postgresql": ["".join("1" if place in one else "0" for place in range(91)) for one in groups],
    }
    assert {name: read(texts[name]) for name, read in GATHERED.items()} == dict.fromkeys(
        GATHERED, sorted(set().union(*groups))
    )


def test_the_round_of_the_bench_is_counted_like_any_other(database: Database) -> None:
    made = round_data.fill(database, SIZE)
    with database.reading() as session:
        cells, there = counted(session, made)
        assert (cells, set(there)) == by_hand(session, made)
        assert sum(cells.values()) == SIZE
        # Each question is mixed anew, and keeps the answers of the reference round.
        known = counted(session, rounds(session)[1])[0]
        assert len(cells) > len(known)
        for place in range(len(FIELDS)):
            assert {answers[place] for answers in cells} <= {answers[place] for answers in known}
