"""What a ministry says in its return, as one content: the check page, the approval and the receipt show the same."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.errors import Say
from register.formspec import types
from register.formspec.schema import Field, Section
from register.models import Ministry, Round, Submission, SubmissionEvent, SubmissionItem
from register.queries.answers import missing, open_points
from register.queries.returns import Frame, frame
from register.queries.risk_counts import disagreements, risk_counts
from register.vocab import AnswerState, Confirmation


@dataclass(frozen=True)
class Line:
    """One question of a case with its answer as a person reads it.

    ``note`` is the reason that was given beside it, ``before`` the answer of last time where it was another.
    """

    field: Field
    state: AnswerState
    text: str
    note: str
    before: str


@dataclass(frozen=True)
class Case:
    """One case of the return, by section; an ended case has none."""

    item: SubmissionItem
    sections: Sequence[tuple[Section, Sequence[Line]]]
    missing: Sequence[Field]


@dataclass(frozen=True)
class ContentPage:
    """The whole content of a return with its digest, what stands against sending it, and its steps so far."""

    frame: Frame
    cases: Sequence[Case]
    counts: Mapping[Confirmation, int]
    points: Sequence[Say]
    sha256: str
    events: Sequence[SubmissionEvent]

    @property
    def missing(self) -> int:
        """How many answers stay 未回答."""
        return sum(len(case.missing) for case in self.cases)

    @property
    def approved(self) -> bool:
        """Whether the content is the one that was approved."""
        return bool(self.sha256) and self.sha256 == self.frame.submission.approved_sha256


def content_page(session: Session, submission: Submission, actor: Actor, today: dt.date, language: str) -> ContentPage:
    """Return all that ``submission`` says now."""
    around = frame(session, submission, actor, today)
    items = items_of(session, submission)
    counted = Counter(item.confirmation for item in items)
    counts = risk_counts(session, submission.ministry_id, around.round)
    events = select(SubmissionEvent).where(SubmissionEvent.submission_id == submission.id)
    return ContentPage(
        around,
        [_case(item, around, language) for item in items],
        {one: counted[one] for one in Confirmation if counted[one]},
        [] if submission.nil else [*open_points(items, around.spec), *disagreements(items, counts)],
        digest(session, submission),
        session.scalars(events.order_by(SubmissionEvent.id)).all(),
    )


def _case(item: SubmissionItem, around: Frame, language: str) -> Case:
    if item.confirmation is Confirmation.ENDED:
        return Case(item, (), ())
    sections = []
    for section in around.spec.sections:
        lines = [_line(item, field, around, language) for field in around.spec.questions if field.section == section.id]
        if lines:
            sections.append((section, lines))
    return Case(item, sections, missing(item, around.spec))


def _line(item: SubmissionItem, field: Field, around: Frame, language: str) -> Line:
    note, answer, carried = item.notes.get(field.id, ""), item.answers.get(field.id), item.carried.get(field.id)
    before = types.show(field, carried, language, around.terms) if carried not in (None, answer) else ""
    if answer is not None:
        return Line(field, AnswerState.ANSWERED, types.show(field, answer, language, around.terms), note, before)
    return Line(field, AnswerState(item.states.get(field.id, AnswerState.MISSING)), "", note, before)


def items_of(session: Session, submission: Submission) -> list[SubmissionItem]:
    """Return the items of ``submission`` in the order of their numbers."""
    own = select(SubmissionItem).where(SubmissionItem.submission_id == submission.id)
    return list(session.scalars(own.order_by(SubmissionItem.case_no, SubmissionItem.id)))


def content(session: Session, submission: Submission) -> dict[str, Any]:
    """Return all that a ministry says in its return, as plain values: what an approval is bound to."""
    current = session.get_one(Round, submission.round_id)
    return {
        "round": current.code,
        "form": current.form_version.sha256,
        "ministry": session.get_one(Ministry, submission.ministry_id).key,
        "nil": submission.nil,
        "cases": [
            {
                "case_no": item.case_no,
                "confirmation": item.confirmation.value,
                "answers": item.answers,
                "states": item.states,
                "notes": item.notes,
                "causes": {name: how["cause"] for name, how in item.mapping.items() if "cause" in how},
                "ended_on": item.ended_on.isoformat() if item.ended_on else None,
                "ended_reason": item.ended_reason,
            }
            # By code point: databases order texts each in its own way.
            for item in sorted(items_of(session, submission), key=lambda item: item.case_no)
        ],
    }


def digest(session: Session, submission: Submission) -> str:
    """Return the sha256 of the canonical content (RFC 8785), in hex."""
    return hashlib.sha256(rfc8785.dumps(content(session, submission))).hexdigest()
