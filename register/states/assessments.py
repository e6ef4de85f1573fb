"""The way of a high-risk judgment: drafted, proposed, decided by somebody else, superseded by the next."""

from __future__ import annotations

from dataclasses import dataclass

from register.errors import NotNow, say
from register.vocab import AssessmentDeed, AssessmentState


@dataclass(frozen=True)
class AssessmentStep:
    """One thing that may be done with a judgment: from which states, to which (None: it stays)."""

    deed: AssessmentDeed
    sources: frozenset[AssessmentState]
    target: AssessmentState | None
    reason: bool = False


_DRAFT, _ASKED, _DECIDED, _OLD, _GONE = AssessmentState

ASSESSMENT: tuple[AssessmentStep, ...] = (
    AssessmentStep(AssessmentDeed.EDIT, frozenset({_DRAFT}), None),
    AssessmentStep(AssessmentDeed.PROPOSE, frozenset({_DRAFT}), _ASKED),
    AssessmentStep(AssessmentDeed.SEND_BACK, frozenset({_ASKED}), _DRAFT, reason=True),
    AssessmentStep(AssessmentDeed.DECIDE, frozenset({_ASKED}), _DECIDED),
    AssessmentStep(AssessmentDeed.SUPERSEDE, frozenset({_DECIDED}), _OLD),
    AssessmentStep(AssessmentDeed.WITHDRAW, frozenset({_DRAFT, _ASKED}), _GONE, reason=True),
)
# A case has at most one of these, and at most one that is decided.
ASSESSMENT_OPEN = frozenset({_DRAFT, _ASKED})
# Whoever did one of these filled the sheet in, and may not decide.
FILLED_IN = (AssessmentDeed.EDIT, AssessmentDeed.PROPOSE)


def assessment_steps(state: AssessmentState) -> tuple[AssessmentStep, ...]:
    """Return what may be done with a judgment in ``state``, in the order of the table."""
    return tuple(step for step in ASSESSMENT if state in step.sources)


def assessment_step(deed: AssessmentDeed, state: AssessmentState) -> AssessmentStep:
    """Return the step that ``deed`` is; raise ``NotNow`` when a judgment in ``state`` cannot take it."""
    for step in assessment_steps(state):
        if step.deed is deed:
            return step
    raise NotNow(
        say(
            "この判定は「%(state)s」のため、「%(deed)s」ことはできません。最新の状態を確認してください。",
            state=state,
            deed=deed,
        )
    )
