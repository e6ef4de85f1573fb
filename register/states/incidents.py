"""The way of an incident (domain.md section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from register.errors import NotNow, Say, say
from register.vocab import IncidentDeed, IncidentState


@dataclass(frozen=True)
class IncidentFacts:
    """What a guard may look at: the grade, and how many lasting measures nobody has verified yet."""

    grade: str | None
    open_measures: int


@dataclass(frozen=True)
class IncidentStep:
    """One thing that may be done with an incident: from which states, to which (None: it stays)."""

    deed: IncidentDeed
    sources: frozenset[IncidentState]
    target: IncidentState | None
    reason: bool = False


_D, _REP, _REC, _IN, _DONE, _END, _NO, _GONE = IncidentState
_OPEN = frozenset({_REP, _REC, _IN, _DONE})

INCIDENT: tuple[IncidentStep, ...] = (
    IncidentStep(IncidentDeed.EDIT, frozenset({_D, _REP}), None),
    IncidentStep(IncidentDeed.REVISE, frozenset({_REC, _IN, _DONE}), None),
    IncidentStep(IncidentDeed.REPORT, frozenset({_D}), _REP),
    IncidentStep(IncidentDeed.RECEIVE, frozenset({_REP}), _REC),
    IncidentStep(IncidentDeed.DISMISS, frozenset({_REC}), _NO, reason=True),
    IncidentStep(IncidentDeed.NOTIFY, frozenset({_REC}), _IN),
    IncidentStep(IncidentDeed.COMPLETE, frozenset({_IN}), _DONE),
    IncidentStep(IncidentDeed.CLOSE, frozenset({_DONE}), _END, reason=True),
    IncidentStep(IncidentDeed.REOPEN, frozenset({_DONE, _END}), _IN, reason=True),
    IncidentStep(IncidentDeed.REOPEN, frozenset({_NO}), _REC, reason=True),
    IncidentStep(IncidentDeed.WITHDRAW, frozenset({_D, _REP, _REC}), _GONE, reason=True),
    IncidentStep(IncidentDeed.COMMENT, frozenset(IncidentState) - {_D, _GONE}, None, reason=True),
)
# While somebody still has to do something about it.
INCIDENT_OPEN = _OPEN
# While its ministry still has something to do and to tell.
INCIDENT_AT_WORK = _OPEN - {IncidentState.MEASURES_DONE}
# What counts as a risk case of a ministry: what was reported and neither dismissed nor taken back.
INCIDENT_COUNTED = _OPEN | {_END}


def incident_steps(state: IncidentState) -> tuple[IncidentStep, ...]:
    """Return what may be done with an incident in ``state``, in the order of the table."""
    return tuple(step for step in INCIDENT if state in step.sources)


def incident_step(deed: IncidentDeed, state: IncidentState) -> IncidentStep:
    """Return the step that ``deed`` is; raise ``NotNow`` when an incident in ``state`` cannot take it."""
    for step in incident_steps(state):
        if step.deed is deed:
            return step
    raise NotNow(
        say(
            "この報告は「%(state)s」のため、「%(deed)s」ことはできません。最新の状態を確認してください。",
            state=state,
            deed=deed,
        )
    )


def incident_refusals(step: IncidentStep, facts: IncidentFacts) -> Sequence[Say]:
    """Return what stands against ``step``: a report needs its grade, an end its verified measures."""
    said = []
    if step.deed is IncidentDeed.NOTIFY and not facts.grade:
        said.append(say("事務局に報告する前に、重大度を選んでください。"))
    if step.deed is IncidentDeed.COMPLETE and facts.open_measures:
        said.append(
            say(
                "確認が済んでいない対策が%(count)d件あります。すべて確認してから終えてください。",
                count=facts.open_measures,
            )
        )
    return said
