"""Reading high-risk judgments: the filtered, paged list, one judgment with its record, those of a use case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.orm import Session

from register import authz, states
from register.authz import Actor
from register.formspec.sheets import Flip, Sheet, SheetLibrary, Suggestion, sheet_of
from register.models import Assessment, AssessmentEvent, FormVersion, HighRiskFlag, Ministry, UseCase
from register.queries import listing
from register.queries.listing import PER_PAGE, pages_of
from register.queries.reasking import causes_of
from register.queries.use_cases import ministries
from register.states import AssessmentStep
from register.vocab import AssessmentDeed, AssessmentState, ReaskCause, RiskResult

Narrow = Callable[[Sequence[str]], ColumnElement[bool]]


def _in_state(values: Sequence[str]) -> ColumnElement[bool]:
    return Assessment.state.in_([AssessmentState(value) for value in values if value in set(AssessmentState)])


def _with_result(values: Sequence[str]) -> ColumnElement[bool]:
    return Assessment.decision.in_([RiskResult(value) for value in values if value in set(RiskResult)])


def _differs(_values: Sequence[str]) -> ColumnElement[bool]:
    return and_(Assessment.decision.is_not(None), Assessment.decision != Assessment.suggested)


def _of_ministry(values: Sequence[str]) -> ColumnElement[bool]:
    return Assessment.ministry_id.in_(select(Ministry.id).where(Ministry.key.in_(values)))


FILTERS: Mapping[str, Narrow] = {
    "state": _in_state,
    "decision": _with_result,
    "differs": _differs,
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

    ``causes`` is why the case would have to be judged anew, while this judgment is the one that holds.
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
    steps: tuple[AssessmentStep, ...]

    @property
    def begun_for(self) -> tuple[ReaskCause, ...]:
        """Why the judgment was begun."""
        return tuple(ReaskCause(cause) for cause in self.assessment.causes)

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
        steps_for(session, assessment, actor),
    )


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
    return [authz.sight(Assessment, actor), *(FILTERS[name](values) for name, values in state.chosen.items())]
