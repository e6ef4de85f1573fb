"""When a deed may happen: transition tables and the facts they ask for. Who may do it is ``authz``'s matter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from register.errors import NotNow, Say, listed, say
from register.vocab import JobState, Lifecycle, RoundDeed, RoundState, SubmissionDeed, SubmissionState


@dataclass(frozen=True)
class MoveFacts:
    """What a guard may look at: the day of the step, today, the last step's day, and what is still unanswered."""

    on: dt.date
    today: dt.date
    since: dt.date
    unanswered: tuple[str, ...] = ()


Guard = Callable[[MoveFacts], Say | None]


def not_in_future(facts: MoveFacts) -> Say | None:
    """A step that has not happened yet is a plan, not a state."""
    return say("移行日は今日以前の日付にしてください。") if facts.on > facts.today else None


def not_before_last(facts: MoveFacts) -> Say | None:
    """Time in state could not be told if steps overtook each other."""
    return say("移行日は前回の移行日以降の日付にしてください。") if facts.on < facts.since else None


def facts_for_start(facts: MoveFacts) -> Say | None:
    """A use may start only when it is known what kind of use it is, who uses it and which information it handles."""
    if not facts.unanswered:
        return None
    return say(
        "利用を始める前に、%(fields)sを入力してください。", fields=listed([Say(label) for label in facts.unanswered])
    )


@dataclass(frozen=True)
class Transition:
    """One arrow of the lifecycle: ``verb`` is the button, ``reason`` says whether one must be given."""

    source: Lifecycle
    target: Lifecycle
    verb: Say
    guards: tuple[Guard, ...]
    reason: bool = False


_DATED = (not_in_future, not_before_last)
_START = (*_DATED, facts_for_start)
_P, _V, _R, _S, _E = (
    Lifecycle.PLANNED,
    Lifecycle.VERIFICATION,
    Lifecycle.PRODUCTION,
    Lifecycle.SUSPENDED,
    Lifecycle.RETIRED,
)

# domain.md section 5: the moves of a use case.
LIFECYCLE: tuple[Transition, ...] = (
    Transition(_P, _V, say("検証を始める"), _START),
    Transition(_P, _R, say("常用を始める"), _START),
    Transition(_V, _R, say("常用へ移す"), _START),
    Transition(_R, _V, say("検証へ戻す"), _DATED, reason=True),
    Transition(_V, _S, say("停止する"), _DATED, reason=True),
    Transition(_R, _S, say("停止する"), _DATED, reason=True),
    Transition(_S, _V, say("検証として再開する"), _START),
    Transition(_S, _R, say("常用として再開する"), _START),
    Transition(_P, _E, say("取りやめる"), _DATED, reason=True),
    Transition(_V, _E, say("利用を終える"), _DATED, reason=True),
    Transition(_R, _E, say("利用を終える"), _DATED, reason=True),
    Transition(_S, _E, say("利用を終える"), _DATED, reason=True),
)


@dataclass(frozen=True)
class RoundStep:
    """One thing that may happen to a round: from which states it leads where."""

    deed: RoundDeed
    sources: frozenset[RoundState]
    target: RoundState
    reason: bool = False


@dataclass(frozen=True)
class SubmissionStep:
    """One thing that may happen to a return: in which states of its round, from which states, to which (None: stays).

    ``granted``: when the round is closed, it needs an extension that still runs, or a return by the secretariat.
    """

    deed: SubmissionDeed
    rounds: frozenset[RoundState]
    sources: frozenset[SubmissionState]
    target: SubmissionState | None
    reason: bool = False
    granted: bool = False


_D, _W, _O, _C, _F, _PUB = (
    RoundState.DRAFT,
    RoundState.SCHEDULED,
    RoundState.OPEN,
    RoundState.CLOSED,
    RoundState.FROZEN,
    RoundState.PUBLISHED,
)

ROUND: tuple[RoundStep, ...] = (
    RoundStep(RoundDeed.SCHEDULE, frozenset({_D}), _W),
    RoundStep(RoundDeed.UNSCHEDULE, frozenset({_W}), _D),
    RoundStep(RoundDeed.OPEN, frozenset({_W}), _O),
    RoundStep(RoundDeed.CLOSE, frozenset({_O}), _C),
    RoundStep(RoundDeed.REOPEN, frozenset({_C}), _O, reason=True),
    RoundStep(RoundDeed.FREEZE, frozenset({_C}), _F),
    RoundStep(RoundDeed.PUBLISH, frozenset({_F}), _PUB),
)
# What of a plan may still be changed, by the state of the round.
ROUND_PLANNED = frozenset({_D, _W})
ROUND_RUNNING = frozenset({_O, _C})
ROUND_SETTLED = frozenset({_F, _PUB})

_NONE, _IN, _REVIEW, _SENT, _BACK, _TAKEN, _FIXED = (
    SubmissionState.NOT_STARTED,
    SubmissionState.IN_PROGRESS,
    SubmissionState.IN_REVIEW,
    SubmissionState.SUBMITTED,
    SubmissionState.RETURNED,
    SubmissionState.ACCEPTED,
    SubmissionState.FROZEN,
)
_FILLING = frozenset({_NONE, _IN, _BACK})

# domain.md section 6: the way of a return. A change while the approver looks at it voids the request.
SUBMISSION: tuple[SubmissionStep, ...] = (
    SubmissionStep(SubmissionDeed.FILL, ROUND_RUNNING, _FILLING | {_REVIEW}, _IN, granted=True),
    SubmissionStep(SubmissionDeed.DECLARE_NIL, ROUND_RUNNING, _FILLING, _REVIEW, granted=True),
    SubmissionStep(SubmissionDeed.SEND, ROUND_RUNNING, frozenset({_IN, _BACK}), _REVIEW, granted=True),
    SubmissionStep(SubmissionDeed.DECLINE, ROUND_RUNNING, frozenset({_REVIEW}), _IN, reason=True),
    SubmissionStep(SubmissionDeed.APPROVE, ROUND_RUNNING, frozenset({_REVIEW}), _SENT, granted=True),
    SubmissionStep(SubmissionDeed.ASK, ROUND_RUNNING, frozenset({_SENT, _TAKEN}), None),
    SubmissionStep(SubmissionDeed.REPLY, ROUND_RUNNING, frozenset(SubmissionState) - {_NONE, _FIXED}, None),
    SubmissionStep(SubmissionDeed.EXTEND, ROUND_RUNNING, _FILLING | {_REVIEW}, None, reason=True),
    SubmissionStep(SubmissionDeed.RETURN, ROUND_RUNNING, frozenset({_SENT, _TAKEN}), _BACK, reason=True),
    SubmissionStep(SubmissionDeed.ACCEPT, ROUND_RUNNING, frozenset({_SENT}), _TAKEN),
    SubmissionStep(SubmissionDeed.CORRECT, ROUND_SETTLED, frozenset({_FIXED}), None, reason=True),
)
# What freezing the round does to its returns: those that were accepted are fixed, the others are left out.
SETTLED_RETURN, FIXED_RETURN = _TAKEN, _FIXED


JOB: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING}),
    JobState.RUNNING: frozenset({JobState.DONE, JobState.FAILED, JobState.QUEUED}),
    JobState.DONE: frozenset(),
    JobState.FAILED: frozenset({JobState.QUEUED}),
}


def moves_from(state: Lifecycle) -> tuple[Transition, ...]:
    """Return the steps that lead away from ``state``, in the order of the table."""
    return tuple(move for move in LIFECYCLE if move.source is state)


def lifecycle_move(source: Lifecycle, target: Lifecycle) -> Transition:
    """Return the step from ``source`` to ``target``; raise ``NotNow`` when the table has none."""
    for move in LIFECYCLE:
        if move.source is source and move.target is target:
            return move
    raise NotNow(
        say(
            "「%(source)s」から「%(target)s」へは移せません。最新の状態を確認してください。",
            source=source,
            target=target,
        )
    )


def refusals(move: Transition, facts: MoveFacts) -> tuple[Say, ...]:
    """Return what stands against ``move``; empty when nothing does."""
    return tuple(refusal for guard in move.guards if (refusal := guard(facts)) is not None)


def round_step(deed: RoundDeed, state: RoundState) -> RoundStep:
    """Return the step that ``deed`` is; raise ``NotNow`` when a round in ``state`` cannot take it."""
    step = next(step for step in ROUND if step.deed is deed)
    if state not in step.sources:
        raise NotNow(
            say(
                "この回は「%(state)s」のため、「%(deed)s」ことはできません。最新の状態を確認してください。",
                state=state,
                deed=deed,
            )
        )
    return step


def submission_step(
    deed: SubmissionDeed, state: SubmissionState, round_state: RoundState, *, granted: bool
) -> SubmissionStep:
    """Return the step that ``deed`` is; raise ``NotNow`` when a return in ``state`` cannot take it.

    ``granted`` says whether this ministry may still hand in after the round was closed.
    """
    step = next(step for step in SUBMISSION if step.deed is deed)
    if round_state not in step.rounds:
        raise NotNow(say("この回は「%(state)s」のため、「%(deed)s」ことはできません。", state=round_state, deed=deed))
    if step.granted and round_state is RoundState.CLOSED and not granted:
        raise NotNow(say("受付は終わりました。提出が必要な場合は、事務局に期限の延長を相談してください。"))
    if state not in step.sources:
        raise NotNow(
            say(
                "提出が「%(state)s」のため、「%(deed)s」ことはできません。最新の状態を確認してください。",
                state=state,
                deed=deed,
            )
        )
    return step
