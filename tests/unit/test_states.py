"""When a deed may happen: the tables of moves hold domain.md section 5 and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import product

import pytest

from register.errors import NotNow
from register.states import JOB, LIFECYCLE, SUBMISSION, MoveFacts, Transition, lifecycle_move, moves_from, refusals
from register.vocab import JobState, Lifecycle, SubmissionState

TODAY = dt.date(2025, 11, 10)
DAY = dt.timedelta(days=1)

# The moves of domain.md section 5, written down once more: (from, to, whether a reason must be given).
MOVES = {
    ("planned", "verification", False),
    ("planned", "production", False),
    ("planned", "retired", True),
    ("verification", "production", False),
    ("verification", "suspended", True),
    ("verification", "retired", True),
    ("production", "verification", True),
    ("production", "suspended", True),
    ("production", "retired", True),
    ("suspended", "verification", False),
    ("suspended", "production", False),
    ("suspended", "retired", True),
}
PAIRS = {(source, target) for source, target, _ in MOVES}
# What 府省庁 and 事務局 do with a return, section 6: until it is handed in, back, and on to the frozen round.
RETURNS = {
    "not_started": {"in_progress", "in_review"},
    "in_progress": {"in_review"},
    "in_review": {"in_progress", "submitted"},
    "submitted": {"returned", "accepted"},
    "returned": {"in_progress"},
    "accepted": {"returned", "frozen"},
    "frozen": set(),
}
# A job that is lost is queued again, and one that failed may be asked for again.
JOBS = {
    "queued": {"running"},
    "running": {"done", "failed", "queued"},
    "done": set(),
    "failed": {"queued"},
}


def facts(*, on: dt.date = TODAY, since: dt.date = TODAY - DAY, unanswered: tuple[str, ...] = ()) -> MoveFacts:
    """Return facts that let every step pass, with the given ones changed."""
    return MoveFacts(on=on, today=TODAY, since=since, unanswered=unanswered)


def name(move: Transition) -> str:
    """Return how a test of one step is called."""
    return f"{move.source}-{move.target}"


def reached(table: Mapping[str, Iterable[str]], start: str) -> set[str]:
    """Return every state that can be reached from ``start``, itself included."""
    found, ahead = set(), {start}
    while ahead:
        found |= ahead
        ahead = {target for state in ahead for target in table[state]} - found
    return found


def test_the_lifecycle_has_the_moves_of_the_domain_and_no_others() -> None:
    assert {(move.source.value, move.target.value, move.reason) for move in LIFECYCLE} == MOVES


def test_no_move_stands_twice() -> None:
    assert len({(move.source, move.target) for move in LIFECYCLE}) == len(LIFECYCLE)


def test_a_state_has_a_way_out_unless_it_is_the_end() -> None:
    assert {state for state in Lifecycle if not moves_from(state)} == {Lifecycle.RETIRED}


def test_every_state_is_reached_from_planned() -> None:
    table = {state: {move.target for move in moves_from(state)} for state in Lifecycle}
    assert reached(table, Lifecycle.PLANNED) == set(Lifecycle)


@pytest.mark.parametrize("state", Lifecycle)
def test_the_buttons_of_a_state_have_different_words(state: Lifecycle) -> None:
    verbs = [str(move.verb) for move in moves_from(state)]
    assert len(set(verbs)) == len(verbs)
    assert all(verbs)


@pytest.mark.parametrize(("source", "target"), list(product(Lifecycle, Lifecycle)))
def test_a_step_that_the_table_lacks_is_refused(source: Lifecycle, target: Lifecycle) -> None:
    if (source.value, target.value) in PAIRS:
        move = lifecycle_move(source, target)
        assert (move.source, move.target) == (source, target)
        assert move in moves_from(source)
        return
    with pytest.raises(NotNow) as refused:
        lifecycle_move(source, target)
    assert str(refused.value) == f"「{source.ja}」から「{target.ja}」へは移せません。最新の状態を確認してください。"


@pytest.mark.parametrize("move", LIFECYCLE, ids=name)
def test_nothing_stands_against_a_step_of_today_or_of_the_last_steps_day(move: Transition) -> None:
    assert refusals(move, facts()) == ()
    assert refusals(move, facts(since=TODAY)) == ()
    assert refusals(move, facts(on=TODAY - DAY, since=TODAY - DAY)) == ()


@pytest.mark.parametrize("move", LIFECYCLE, ids=name)
def test_no_step_happens_in_the_future(move: Transition) -> None:
    assert [str(said) for said in refusals(move, facts(on=TODAY + DAY))] == ["移行日は今日以前の日付にしてください。"]


@pytest.mark.parametrize("move", LIFECYCLE, ids=name)
def test_no_step_overtakes_the_one_before(move: Transition) -> None:
    assert [str(said) for said in refusals(move, facts(on=TODAY - 2 * DAY))] == [
        "移行日は前回の移行日以降の日付にしてください。"
    ]


@pytest.mark.parametrize("move", LIFECYCLE, ids=name)
def test_a_use_starts_only_when_it_is_known_what_it_is(move: Transition) -> None:
    starts = move.target in (Lifecycle.VERIFICATION, Lifecycle.PRODUCTION) and (
        (move.source, move.target) != (Lifecycle.PRODUCTION, Lifecycle.VERIFICATION)
    )
    said = [str(refusal) for refusal in refusals(move, facts(unanswered=("利用類型", "利用者の範囲")))]
    assert said == (["利用を始める前に、利用類型、利用者の範囲を入力してください。"] if starts else [])


@pytest.mark.parametrize("move", LIFECYCLE, ids=name)
def test_all_refusals_are_told_at_once(move: Transition) -> None:
    # Sooner than the last step and yet not today: only a clock that was set back brings this about.
    worst = facts(on=TODAY + DAY, since=TODAY + 2 * DAY, unanswered=("利用類型",))
    assert len(refusals(move, worst)) == len(move.guards)
    assert len({str(said) for said in refusals(move, worst)}) == len(move.guards) >= 2


@pytest.mark.parametrize(("kind", "table", "literal"), [(SubmissionState, SUBMISSION, RETURNS), (JobState, JOB, JOBS)])
def test_the_other_tables_name_every_state_and_the_moves_that_they_should(
    kind: type[StrEnum], table: Mapping[StrEnum, frozenset[StrEnum]], literal: Mapping[str, set[str]]
) -> None:
    assert set(table) == set(kind)
    assert all(isinstance(state, kind) for targets in table.values() for state in targets)
    assert {state.value: {target.value for target in targets} for state, targets in table.items()} == literal


@pytest.mark.parametrize(
    ("table", "start", "ends"),
    [
        (SUBMISSION, SubmissionState.NOT_STARTED, {SubmissionState.FROZEN}),
        (JOB, JobState.QUEUED, {JobState.DONE}),
    ],
)
def test_the_other_tables_lead_to_their_end_from_everywhere(
    table: Mapping[StrEnum, frozenset[StrEnum]], start: StrEnum, ends: set[StrEnum]
) -> None:
    assert {state for state, targets in table.items() if not targets} == ends
    assert reached(table, start) == set(table)
    assert all(reached(table, state) & ends for state in table)
    assert all(state not in targets for state, targets in table.items())
