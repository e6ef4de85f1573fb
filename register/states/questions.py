"""The way of a question of the consistency check: nothing is ever refused, a question is answered or goes away."""

from __future__ import annotations

from dataclasses import dataclass

from register.errors import NotNow, say
from register.vocab import QuestionDeed, QuestionState


@dataclass(frozen=True)
class QuestionStep:
    """One thing that may be done with a question: from which states, to which (None: it stays)."""

    deed: QuestionDeed
    sources: frozenset[QuestionState]
    target: QuestionState | None
    reason: bool = False


_OPEN, _CLAIMED, _EXPLAINED, _ACCEPTED, _FIXED = QuestionState

QUESTION: tuple[QuestionStep, ...] = (
    QuestionStep(QuestionDeed.CLAIM, frozenset({_OPEN}), _CLAIMED),
    QuestionStep(QuestionDeed.EXPLAIN, frozenset({_OPEN, _CLAIMED}), _EXPLAINED, reason=True),
    QuestionStep(QuestionDeed.ACCEPT, frozenset({_EXPLAINED}), _ACCEPTED),
    QuestionStep(QuestionDeed.ASK_BACK, frozenset({_EXPLAINED, _ACCEPTED}), _OPEN, reason=True),
    QuestionStep(QuestionDeed.REVISE, frozenset({_OPEN}), None),
    QuestionStep(QuestionDeed.SETTLE, frozenset({_OPEN, _CLAIMED, _EXPLAINED, _ACCEPTED}), _FIXED),
    QuestionStep(QuestionDeed.REOPEN, frozenset({_CLAIMED, _EXPLAINED, _ACCEPTED, _FIXED}), _OPEN),
)
# What only the check itself does; that a question comes up for the first time is no step of one that is there.
QUESTION_BY_CHECK = frozenset({QuestionDeed.ASK, QuestionDeed.REVISE, QuestionDeed.SETTLE, QuestionDeed.REOPEN})
# While somebody still has to do something about it.
QUESTION_UNSETTLED = frozenset({_OPEN, _CLAIMED, _EXPLAINED})


def question_steps(state: QuestionState) -> tuple[QuestionStep, ...]:
    """Return what people may do with a question in ``state``, in the order of the table."""
    return tuple(step for step in QUESTION if state in step.sources and step.deed not in QUESTION_BY_CHECK)


def question_step(deed: QuestionDeed, state: QuestionState) -> QuestionStep:
    """Return the step that ``deed`` is; raise ``NotNow`` when a question in ``state`` cannot take it."""
    for step in QUESTION:
        if step.deed is deed and state in step.sources:
            return step
    raise NotNow(
        say(
            "この質問は「%(state)s」のため、「%(deed)s」ことはできません。最新の状態を確認してください。",
            state=state,
            deed=deed,
        )
    )


def check_step(state: QuestionState | None, *, found: bool, same: bool) -> QuestionDeed | None:
    """Return what the check does with a question in ``state`` (None: there is none yet); None when nothing.

    ``found`` says whether the rule still meets the facts, ``same`` whether these are those that it asked about. What
    was explained of some facts says nothing of others; what was said to be corrected and is still there was not.
    """
    if state is None:
        return QuestionDeed.ASK if found else None
    if not found:
        return None if state is QuestionState.FIXED else QuestionDeed.SETTLE
    if state is QuestionState.OPEN:
        return None if same else QuestionDeed.REVISE
    if same and state in (QuestionState.EXPLAINED, QuestionState.ACCEPTED):
        return None
    return QuestionDeed.REOPEN
