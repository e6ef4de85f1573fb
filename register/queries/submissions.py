"""Reading submissions: the items of one, and one item with every question of its form version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor
from register.formspec import types
from register.formspec.loader import FormLibrary, from_canonical
from register.formspec.schema import Field, FormSpec, Section
from register.formspec.terms import round_terms
from register.models import FormVersion, ItemVersion, Ministry, Round, Submission, SubmissionItem, UseCase
from register.queries.listing import PER_PAGE, pages_of
from register.vocab import AnswerState


@dataclass(frozen=True)
class SubmissionPage:
    """One page of a submission's items."""

    submission: Submission
    round: Round
    ministry: Ministry
    spec: FormSpec
    terms: Mapping[str, str]
    rows: Sequence[SubmissionItem]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return pages_of(self.total)


@dataclass(frozen=True)
class Answer:
    """One question with its answer as a person reads it; ``text`` is empty unless the state is answered.

    ``definition`` explains the answer, or why the question was not asked.
    """

    field: Field
    state: AnswerState
    text: str
    definition: str


@dataclass(frozen=True)
class ItemPage:
    """One item: every question of its form version by section; ``not_asked`` is what only other versions ask.

    ``corrections`` tells how often it was corrected after the freezing.
    """

    record: SubmissionItem
    round: Round
    ministry: Ministry
    submission: Submission
    use_case: UseCase | None
    sections: tuple[tuple[Section, tuple[Answer, ...]], ...]
    not_asked: tuple[Answer, ...]
    corrections: int


def form_of(session: Session, round: Round) -> FormSpec:
    """Return the form version that ``round`` was answered on, as it was published."""
    return from_canonical(session.get_one(FormVersion, round.form_version_id).canonical)


def submission_page(session: Session, submission: Submission, page: int) -> SubmissionPage:
    """Return one page of the items of ``submission``, in the order of their numbers."""
    own = SubmissionItem.submission_id == submission.id
    total = session.scalar(select(func.count()).select_from(SubmissionItem).where(own)) or 0
    page = min(max(1, page), pages_of(total))
    statement = select(SubmissionItem).where(own).order_by(SubmissionItem.case_no, SubmissionItem.id)
    items = session.scalars(statement.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    current = session.get_one(Round, submission.round_id)
    ministry = session.get_one(Ministry, submission.ministry_id)
    spec, terms = form_of(session, current), round_terms(current.as_of)
    return SubmissionPage(submission, current, ministry, spec, terms, items, total, page)


def item_page(session: Session, item: SubmissionItem, actor: Actor, language: str, forms: FormLibrary) -> ItemPage:
    """Return every question of the item's form version with its answer and state, and what other versions ask."""
    current = session.get_one(Round, item.round_id)
    spec, terms = form_of(session, current), round_terms(current.as_of)
    answers = tuple(_answer(item, field, language, terms) for field in spec.questions)
    sections = tuple(
        (section, tuple(answer for answer in answers if answer.field.section == section.id))
        for section in spec.sections
    )
    use_case = None
    if item.use_case_id is not None:
        seen = select(UseCase).where(UseCase.id == item.use_case_id)
        use_case = session.scalar(authz.visible(seen, UseCase, actor))
    ministry = session.get_one(Ministry, item.ministry_id)
    submission = session.get_one(Submission, item.submission_id)
    shown = tuple(pair for pair in sections if pair[1])
    versions = select(func.count()).select_from(ItemVersion).where(ItemVersion.item_id == item.id)
    corrections = session.scalar(versions) or 0
    rest = _not_asked(spec, forms, language)
    return ItemPage(item, current, ministry, submission, use_case, shown, rest, corrections)


def _not_asked(spec: FormSpec, forms: FormLibrary, language: str) -> tuple[Answer, ...]:
    """Return the questions of other versions, each with what the crosswalks say of it."""
    other = {
        field.id: field for version in forms.versions.values() for field in version.questions if not spec.has(field.id)
    }
    rules = {name: change.rule for step in forms.crosswalks for name, change in step.fields.items()}
    return tuple(
        Answer(field, AnswerState.NOT_ASKED, "", rules[name].of(language) if name in rules else "")
        for name, field in other.items()
    )


def _answer(item: SubmissionItem, field: Field, language: str, terms: Mapping[str, str]) -> Answer:
    if field.id not in item.answers:
        return Answer(field, AnswerState(item.states.get(field.id, AnswerState.MISSING)), "", "")
    value = item.answers[field.id]
    definition = field.option(str(value)).definition(language) if field.options else ""
    return Answer(field, AnswerState.ANSWERED, types.show(field, value, language, terms), definition)
