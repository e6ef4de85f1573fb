"""Reading high-risk judgments: the filtered, paged list, one judgment with its record, those of a use case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from register import authz, states
from register.authz import Actor
from register.formspec.sheets import Flip, Sheet, SheetLibrary, Suggestion, sheet_of
from register.models import (
    Assessment,
    AssessmentEvent,
    FormVersion,
    HighRiskFlag,
    Ministry,
    Referral,
    ReferralPackage,
    UseCase,
)
from register.queries import listing
from register.queries.listing import PER_PAGE, pages_of
from register.queries.ministries import ministries
from register.queries.reasking import causes_of, told_causes
from register.states import AssessmentStep
from register.vocab import AssessmentDeed, AssessmentState, Lifecycle, ReaskCause, ReferralState, RiskResult

Narrow = Callable[[Actor, Sequence[str]], ColumnElement[bool]]
Raised = aliased(Assessment)


def _in_state(_actor: Actor, values: Sequence[str]) -> ColumnElement[bool]:
    return Assessment.state.in_([AssessmentState(value) for value in values if value in set(AssessmentState)])


def _with_result(_actor: Actor, values: Sequence[str]) -> ColumnElement[bool]:
    return Assessment.decision.in_([RiskResult(value) for value in values if value in set(RiskResult)])


def _differs(_actor: Actor, _values: Sequence[str]) -> ColumnElement[bool]:
    return and_(Assessment.decision.is_not(None), Assessment.decision != Assessment.suggested)


def _of_ministry(_actor: Actor, values: Sequence[str]) -> ColumnElement[bool]:
    return Assessment.ministry_id.in_(select(Ministry.id).where(Ministry.key.in_(values)))


def unreferred(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which a flag lasts and no referral that ``actor`` may know of answers it.

    A referral does while it is open or when it was begun since the decision that raised the flag; one that was
    withdrawn never does. What has ended is not referred any more.
    """
    # Named, for it stands two levels below the flag: by itself it would ask of any flag's decision.
    raised = select(Raised.decided_at).where(Raised.id == HighRiskFlag.raised_by_id).correlate(HighRiskFlag)
    answers = select(Referral.id).where(
        Referral.use_case_id == HighRiskFlag.use_case_id,
        Referral.state != ReferralState.WITHDRAWN,
        or_(Referral.state.in_(states.REFERRAL_OPEN), Referral.created_at >= raised.scalar_subquery()),
    )
    answers = authz.visible(answers, Referral, actor).correlate(HighRiskFlag)
    ended = select(UseCase.id).where(UseCase.id == HighRiskFlag.use_case_id, UseCase.lifecycle == Lifecycle.RETIRED)
    return and_(HighRiskFlag.until.is_(None), ~answers.exists(), ~ended.correlate(HighRiskFlag).exists())


def _unreferred(actor: Actor, _values: Sequence[str]) -> ColumnElement[bool]:
    flags = authz.visible(select(HighRiskFlag.use_case_id).where(unreferred(actor)), HighRiskFlag, actor)
    return and_(Assessment.state == AssessmentState.DECIDED, Assessment.use_case_id.in_(flags))


FILTERS: Mapping[str, Narrow] = {
    "state": _in_state,
    "decision": _with_result,
    "differs": _differs,
    "unreferred": _unreferred,
    "ministry": _of_ministry,
}
COLUMNS: tuple[Any, ...] = (
    Assessment.public_id,
    Assessment.number,
    Assessment.state,
    Assessment.suggested,
    Assessment.decision,
    Assessment.decided_on,
    Assessment.review_due,
    Assessment.ministry_id,
    UseCase.case_no,
    UseCase.title,
)
EXPORT_COLUMNS: tuple[Any, ...] = (
    *COLUMNS,
    Ministry.name.label("ministry"),
    FormVersion.version.label("sheet"),
    Assessment.decision_reason,
    Assessment.decided_by,
    Assessment.document_no,
)


@dataclass(frozen=True)
class ListState(listing.ListState):
    """The list's whole state as the URL holds it; it has one order only."""

    filters = FILTERS


@dataclass(frozen=True)
class ListPage:
    """One page of the list, and how many judgments there are in all."""

    rows: Sequence[Row[Any]]
    total: int
    state: ListState
    ministries: Mapping[int, Ministry]

    @property
    def pages(self) -> int:
        return pages_of(self.total)


@dataclass(frozen=True)
class AssessmentPage:
    """All that the page of one judgment shows; ``steps`` are what the actor may do with it now.

    ``causes`` is why the case would have to be judged anew, while this judgment is the one that holds; ``referrals``
    were sent while it held, and ``refers`` tells whether one is still to be begun. ``begun_for`` is why it was begun.
    """

    assessment: Assessment
    use_case: UseCase
    ministry: Ministry
    sheet: Sheet
    suggestion: Suggestion
    flips: Sequence[Flip]
    understated: Sequence[Flip]
    events: Sequence[AssessmentEvent]
    causes: Sequence[ReaskCause]
    referrals: Sequence[Referral]
    refers: bool
    steps: tuple[AssessmentStep, ...]
    begun_for: tuple[ReaskCause, ...]

    def may(self, deed: str) -> bool:
        """Tell whether ``deed`` is among the steps."""
        return any(step.deed == deed for step in self.steps)


@dataclass(frozen=True)
class CaseJudgments:
    """What the page of a use case says of its judgments: the flag's history, all of them, and why one is due."""

    flags: Sequence[HighRiskFlag]
    assessments: Sequence[Assessment]
    causes: Sequence[ReaskCause]

    @property
    def flagged(self) -> HighRiskFlag | None:
        """The flag that the case carries now."""
        return next((flag for flag in self.flags if flag.lasts), None)

    @property
    def open(self) -> Assessment | None:
        """The judgment that is under way."""
        return next((one for one in self.assessments if one.state in states.ASSESSMENT_OPEN), None)


def list_page(session: Session, actor: Actor, state: ListState) -> ListPage:
    """Return one page of what ``actor`` may see, newest first, in three statements."""
    condition = _conditions(actor, state)
    total: int = session.scalar(select(func.count()).select_from(Assessment).where(*condition)) or 0
    page = min(state.page, pages_of(total))
    rows = select(*COLUMNS).join(UseCase, UseCase.id == Assessment.use_case_id).where(*condition)
    found = session.execute(rows.order_by(Assessment.id.desc()).limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return ListPage(found, total, replace(state, page=page), ministries(session, actor))


def export_rows(session: Session, actor: Actor, state: ListState) -> Iterator[Row[Any]]:
    """Yield every row of the filtered list in its order, without holding them all."""
    statement = select(*EXPORT_COLUMNS).join(UseCase, UseCase.id == Assessment.use_case_id)
    statement = statement.join(Ministry, Ministry.id == Assessment.ministry_id)
    statement = statement.join(FormVersion, FormVersion.id == Assessment.form_version_id)
    statement = statement.where(*_conditions(actor, state)).order_by(Assessment.id.desc())
    yield from session.execute(statement.execution_options(yield_per=1000))


def assessment_page(
    session: Session, assessment: Assessment, actor: Actor, library: SheetLibrary, today: dt.date
) -> AssessmentPage:
    """Return what the page of ``assessment`` shows to ``actor``, read under the sheet that it was made under."""
    sheet, use_case = sheet_of(assessment.form_version.canonical), assessment.use_case
    facts = {"user_scope": assessment.fact_user_scope, "confidentiality": assessment.fact_confidentiality}
    facts |= {"usage_type": assessment.fact_usage_type}
    holds = assessment.state is AssessmentState.DECIDED
    events = select(AssessmentEvent).where(AssessmentEvent.assessment_id == assessment.id)
    return AssessmentPage(
        assessment,
        use_case,
        assessment.ministry,
        sheet,
        sheet.suggest(assessment.answers),
        sheet.flips(assessment.answers),
        sheet.understated(assessment.answers, facts),
        session.scalars(events.order_by(AssessmentEvent.id)).all(),
        causes_of(session, use_case, library, today, actor) if holds else (),
        _referrals_of(session, assessment, actor),
        holds and _to_be_referred(session, use_case, actor),
        steps_for(session, assessment, actor),
        told_causes(session, assessment, library, actor),
    )


def _referrals_of(session: Session, assessment: Assessment, actor: Actor) -> Sequence[Referral]:
    sent = select(ReferralPackage.referral_id).where(ReferralPackage.assessment_id == assessment.id)
    own = select(Referral).where(Referral.id.in_(sent)).order_by(Referral.id)
    return session.scalars(authz.visible(own, Referral, actor)).all()


def _to_be_referred(session: Session, use_case: UseCase, actor: Actor) -> bool:
    if not authz.can(actor, authz.Permission.REFERRAL_DRAFT, use_case):
        return False
    flag = select(HighRiskFlag.id).where(HighRiskFlag.use_case_id == use_case.id, unreferred(actor))
    return session.scalar(flag) is not None


def held_by(session: Session, use_case: UseCase) -> Assessment | None:
    """Return the judgment that holds for ``use_case``."""
    own = select(Assessment).where(Assessment.use_case_id == use_case.id)
    return session.scalar(own.where(Assessment.state == AssessmentState.DECIDED))


def held_on(session: Session, use_case: UseCase, day: dt.date) -> Assessment | None:
    """Return the judgment that held for ``use_case`` on ``day``: the last one that was decided by then."""
    own = select(Assessment).where(Assessment.use_case_id == use_case.id, Assessment.decided_on <= day)
    return session.scalar(own.order_by(Assessment.number.desc()).limit(1))


def steps_for(session: Session, assessment: Assessment, actor: Actor) -> tuple[AssessmentStep, ...]:
    """Return the steps that ``actor`` may take with ``assessment`` now; what supersedes it is no step of anybody's."""
    steps = [step for step in states.assessment_steps(assessment.state) if step.deed is not AssessmentDeed.SUPERSEDE]
    return tuple(step for step in steps if authz.can(actor, authz.ASSESSMENT_DEEDS[step.deed], assessment))


def of_case(
    session: Session, use_case: UseCase, actor: Actor, library: SheetLibrary, today: dt.date
) -> CaseJudgments | None:
    """Return what ``actor`` may know of the judgments of ``use_case``; None when that is nothing at all."""
    if not authz.can(actor, authz.Permission.ASSESSMENT_READ):
        return None
    flags = select(HighRiskFlag).where(HighRiskFlag.use_case_id == use_case.id).order_by(HighRiskFlag.id.desc())
    own = select(Assessment).where(Assessment.use_case_id == use_case.id).order_by(Assessment.number.desc())
    due = authz.can(actor, authz.Permission.ASSESSMENT_WRITE, use_case)
    return CaseJudgments(
        session.scalars(authz.visible(flags, HighRiskFlag, actor)).all(),
        session.scalars(authz.visible(own, Assessment, actor)).all(),
        causes_of(session, use_case, library, today, actor) if due else (),
    )


def _conditions(actor: Actor, state: ListState) -> list[ColumnElement[bool]]:
    return [authz.sight(Assessment, actor), *(FILTERS[name](actor, values) for name, values in state.chosen.items())]
