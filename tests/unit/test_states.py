"""When a deed may happen: the tables of moves hold domain.md section 5 and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

import pytest

from register.errors import NotNow
from register.states import (
    FIXED_RETURN,
    JOB,
    LIFECYCLE,
    ROUND,
    ROUND_PLANNED,
    ROUND_RUNNING,
    ROUND_SETTLED,
    RUN,
    SETTLED_RETURN,
    SUBMISSION,
    MoveFacts,
    SubmissionStep,
    Transition,
    lifecycle_move,
    moves_from,
    refusals,
    round_step,
    submission_step,
)
from register.vocab import JobState, Lifecycle, RoundDeed, RoundState, RunState, SubmissionDeed, SubmissionState

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
# domain.md section 6: what the secretariat does with a round.
ROUNDS = {
    ("schedule", "draft", "scheduled"),
    ("unschedule", "scheduled", "draft"),
    ("open", "scheduled", "open"),
    ("close", "open", "closed"),
    ("reopen", "closed", "open"),
    ("freeze", "closed", "frozen"),
    ("publish", "frozen", "published"),
}
# What 府省庁 and 事務局 do with a return: from which states it leads where (None: it stays).
RETURNS: dict[str, tuple[set[str], str | None]] = {
    "fill": ({"not_started", "in_progress", "in_review", "returned"}, "in_progress"),
    "declare_nil": ({"not_started", "in_progress", "returned"}, "in_review"),
    "send": ({"in_progress", "returned"}, "in_review"),
    "decline": ({"in_review"}, "in_progress"),
    "approve": ({"in_review"}, "submitted"),
    "ask": ({"submitted", "accepted"}, None),
    "reply": ({"in_progress", "in_review", "submitted", "returned", "accepted"}, None),
    "extend": ({"not_started", "in_progress", "in_review", "returned"}, None),
    "return": ({"submitted", "accepted"}, "returned"),
    "accept": ({"submitted"}, "accepted"),
    "correct": ({"frozen"}, None),
}
REASONED = {"decline", "extend", "return", "correct", "reopen"}
# What a ministry hands in with: after the closing it needs an extension that runs, or a return by the secretariat.
TIMED = {"fill", "declare_nil", "send", "approve"}
# A job that is lost is queued again, and one that failed may be asked for again.
JOBS = {
    "queued": {"running"},
    "running": {"done", "failed", "queued"},
    "done": set(),
    "failed": {"queued"},
}


def facts(**changed: Any) -> MoveFacts:
    """Return facts that let every step pass, with the given ones changed."""
    return MoveFacts(**{"on": TODAY, "today": TODAY, "since": TODAY - DAY, **changed})


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
    worst = facts(on=TODAY + DAY, since=TODAY + 2 * DAY, unanswered=("利用類型",), unjudged=True)
    assert len(refusals(move, worst)) == len(move.guards)
    assert len({str(said) for said in refusals(move, worst)}) == len(move.guards) >= 2


def test_a_job_has_the_moves_that_it_should_and_ends() -> None:
    assert {state.value: {target.value for target in targets} for state, targets in JOB.items()} == JOBS
    assert {state for state, targets in JOB.items() if not targets} == {JobState.DONE}
    assert reached(JOB, JobState.QUEUED) == set(JobState)
    assert all(JobState.DONE in reached(JOB, state) for state in JOB)


def test_a_run_of_a_chore_ends_done_from_wherever_it_is() -> None:
    assert reached(RUN, RunState.RUNNING) == set(RunState) == set(RUN)
    assert all(RunState.DONE in reached(RUN, state) for state in RUN)


def test_a_round_has_the_moves_of_the_domain_and_no_others() -> None:
    assert {(step.deed.value, source.value, step.target.value) for step in ROUND for source in step.sources} == ROUNDS
    assert [step.deed for step in ROUND] == list(RoundDeed)


def test_a_return_has_the_moves_of_the_domain_and_no_others() -> None:
    moves = {step.deed.value: ({one.value for one in step.sources}, step.target) for step in SUBMISSION}
    assert moves == RETURNS
    assert [step.deed for step in SUBMISSION] == list(SubmissionDeed)


def test_a_return_moves_while_its_round_runs_and_is_corrected_once_it_is_settled() -> None:
    assert {step.deed.value for step in SUBMISSION if step.rounds == {RoundState.OPEN, RoundState.CLOSED}} == {
        name for name in RETURNS if name != "correct"
    }
    assert submission_of("correct").rounds == {RoundState.FROZEN, RoundState.PUBLISHED}
    parts = (ROUND_PLANNED, ROUND_RUNNING, ROUND_SETTLED)
    assert set().union(*parts) == set(RoundState)
    assert sum(map(len, parts)) == len(RoundState)


def test_what_goes_back_or_changes_what_is_settled_wants_a_reason() -> None:
    assert {step.deed.value for step in (*ROUND, *SUBMISSION) if step.reason} == REASONED
    assert {step.deed.value for step in SUBMISSION if step.granted} == TIMED


def test_every_round_and_every_return_can_reach_its_end() -> None:
    rounds = {state: {step.target for step in ROUND if state in step.sources} for state in RoundState}
    assert all(RoundState.PUBLISHED in reached(rounds, state) for state in RoundState)
    ways = {state: {s.target for s in SUBMISSION if state in s.sources and s.target} for state in SubmissionState}
    ways[SETTLED_RETURN].add(FIXED_RETURN)
    assert reached(ways, SubmissionState.NOT_STARTED) == set(SubmissionState)
    assert all(SubmissionState.FROZEN in reached(ways, state) for state in SubmissionState)


def test_freezing_the_round_fixes_what_was_accepted() -> None:
    assert (SETTLED_RETURN, FIXED_RETURN) == (SubmissionState.ACCEPTED, SubmissionState.FROZEN)


def submission_of(deed: str) -> SubmissionStep:
    """Return the step that a deed on a return is."""
    return next(step for step in SUBMISSION if step.deed == deed)


@pytest.mark.parametrize(("deed", "state"), list(product(RoundDeed, RoundState)))
def test_a_deed_on_a_round_is_refused_outside_its_states(deed: RoundDeed, state: RoundState) -> None:
    targets = {target for name, source, target in ROUNDS if (name, source) == (deed, state)}
    if targets:
        assert {round_step(deed, state).target} == targets
        return
    with pytest.raises(NotNow) as refused:
        round_step(deed, state)
    assert str(refused.value) == (
        f"この回は「{state.ja}」のため、「{deed.ja}」ことはできません。最新の状態を確認してください。"
    )


@pytest.mark.parametrize("granted", [False, True])
@pytest.mark.parametrize("deed", SubmissionDeed)
def test_a_deed_on_a_return_is_refused_outside_its_states(deed: SubmissionDeed, granted: bool) -> None:
    sources, target = RETURNS[deed]
    runs = {"frozen", "published"} if deed is SubmissionDeed.CORRECT else {"open", "closed"}
    for state, of_round in product(SubmissionState, RoundState):
        said = None
        if of_round.value not in runs:
            said = f"この回は「{of_round.ja}」のため、「{deed.ja}」ことはできません。"
        elif of_round is RoundState.CLOSED and deed.value in TIMED and not granted:
            said = "受付は終わりました。提出が必要な場合は、事務局に期限の延長を相談してください。"
        elif state.value not in sources:
            said = f"提出が「{state.ja}」のため、「{deed.ja}」ことはできません。最新の状態を確認してください。"
        if said is None:
            assert submission_step(deed, state, of_round, granted=granted).target == target
            continue
        with pytest.raises(NotNow) as refused:
            submission_step(deed, state, of_round, granted=granted)
        assert str(refused.value) == said
