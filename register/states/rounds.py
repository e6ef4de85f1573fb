"""The way of a round and of a ministry's return in it (domain.md section 6)."""

from __future__ import annotations

from dataclasses import dataclass

from register.errors import NotNow, say
from register.vocab import RoundDeed, RoundState, SubmissionDeed, SubmissionState


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
