"""Reading one case of a return as the secretariat reviews it: field by field beside what it last reported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.formspec import types
from register.formspec.loader import from_canonical
from register.formspec.schema import Field, FormSpec, Section
from register.formspec.terms import round_terms
from register.models import ItemVersion, Submission, SubmissionItem, UseCase
from register.queries.answers import last_items
from register.queries.receipts import items_of
from register.queries.returns import Frame, frame
from register.queries.reviews import Caution, Thread, cautions, mark_of, threads
from register.vocab import AnswerState, ChangeCause, ChangeKind, Confirmation, MappedBy, Mark

# An answer as a person reads it: its state, and the text where there is one.
Said = tuple[AnswerState, str]


@dataclass(frozen=True)
class Beside:
    """One question with its answer now and last time, as a person reads them, and all that was said of it."""

    field: Field
    state: AnswerState
    text: str
    before_state: AnswerState | None
    before: str
    mark: Mark
    note: str
    kind: ChangeKind | None
    by: MappedBy | None
    cause: ChangeCause | None
    threads: Sequence[Thread]


@dataclass(frozen=True)
class Correction:
    """A version of the item before it was corrected, and which answers were replaced then."""

    version: ItemVersion
    replaced: Sequence[tuple[Field, Said, Said]]


@dataclass(frozen=True)
class ItemPage:
    """One case beside what it last reported; ``earlier`` and ``later`` are its neighbours in the return."""

    frame: Frame
    item: SubmissionItem
    last: SubmissionItem | None
    use_case: UseCase | None
    sections: Sequence[tuple[Section, Sequence[Beside]]]
    cautions: Sequence[Caution]
    general: Sequence[Thread]
    corrections: Sequence[Correction]
    earlier: SubmissionItem | None
    later: SubmissionItem | None

    @property
    def talked(self) -> bool:
        """Whether anything was asked or found here."""
        return bool(self.general) or any(line.threads for _, lines in self.sections for line in lines)


def item_page(session: Session, item: SubmissionItem, actor: Actor, today: dt.date, language: str) -> ItemPage:
    """Return one case of a return, field by field beside what it last reported."""
    submission = session.get_one(Submission, item.submission_id)
    around = frame(session, submission, actor, today)
    last = last_items(session, item.ministry_id, around.round).get(item.use_case_id or 0)
    use_case = session.get(UseCase, item.use_case_id) if item.use_case_id else None
    found = threads(session, submission)
    before = _Before.of(last) if last else None
    lines = [
        _beside(question, item, before, around, found.get((item.id, question.id), ()), language)
        for question in around.spec.questions
    ]
    sections = [
        (section, [line for line in lines if line.field.section == section.id]) for section in around.spec.sections
    ]
    order = items_of(session, submission)
    place = [one.id for one in order].index(item.id)
    return ItemPage(
        around,
        item,
        last,
        use_case,
        [pair for pair in sections if pair[1]] if item.confirmation is not Confirmation.ENDED else (),
        cautions(item, use_case, around.spec),
        found.get((item.id, ""), ()),
        corrections(session, item, around.spec, around.terms, language),
        order[place - 1] if place else None,
        order[place + 1] if place + 1 < len(order) else None,
    )


@dataclass(frozen=True)
class _Before:
    """What a case last reported, with the form and the words of that round."""

    item: SubmissionItem
    spec: FormSpec
    terms: Mapping[str, str]

    @classmethod
    def of(cls, item: SubmissionItem) -> _Before:
        return cls(item, from_canonical(item.round.form_version.canonical), round_terms(item.round.as_of))


def _beside(
    question: Field,
    item: SubmissionItem,
    before: _Before | None,
    around: Frame,
    own_threads: Sequence[Thread],
    language: str,
) -> Beside:
    state, text = _read(question, item.answers, item.states, around.terms, language)
    before_state, before_text = None, ""
    if before is not None and before.spec.has(question.id):
        old = before.spec.field(question.id)
        then = before.item
        before_state, before_text = _read(old, then.answers, then.states, before.terms, language)
    elif before is not None:
        before_state = AnswerState.NOT_ASKED
    how = item.mapping.get(question.id, {})
    return Beside(
        question,
        state,
        text,
        before_state,
        before_text,
        mark_of(question, item, before.item) if before else Mark.SAME,
        item.notes.get(question.id, ""),
        ChangeKind(how["kind"]) if how.get("kind") else None,
        MappedBy(how["by"]) if how.get("by") else None,
        ChangeCause(how["cause"]) if how.get("cause") else None,
        own_threads,
    )


def _read(
    question: Field, answers: Mapping[str, Any], states: Mapping[str, str], terms: Mapping[str, str], language: str
) -> Said:
    if question.id in answers:
        return AnswerState.ANSWERED, types.show(question, answers[question.id], language, terms)
    return AnswerState(states.get(question.id, AnswerState.MISSING)), ""


def corrections(
    session: Session, item: SubmissionItem, spec: FormSpec, terms: Mapping[str, str], language: str
) -> list[Correction]:
    """Return the versions before each correction, oldest first, with what replaced what."""
    own = select(ItemVersion).where(ItemVersion.item_id == item.id).order_by(ItemVersion.number)
    versions = session.scalars(own).all()
    contents = [*((one.answers, one.states) for one in versions), (item.answers, item.states)]
    read = [
        [(question, _read(question, answers, states, terms, language)) for question in spec.questions]
        for answers, states in contents
    ]
    return [
        Correction(
            version,
            [(question, then, now) for (question, then), (_, now) in zip(before, after, strict=True) if then != now],
        )
        for version, (before, after) in zip(versions, pairwise(read), strict=True)
    ]
