"""How many risk cases the register knows of each use case in the period that a round asks about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.errors import Say, say
from register.models import Incident, IncidentCase, Round, SubmissionItem
from register.queries.incidents import counted
from register.vocab import Confirmation

# The question of the form that the register knows an answer to.
QUESTION = "risk_case_count"


@dataclass(frozen=True)
class RiskCounts:
    """The risk cases of a ministry detected after ``after`` (None: ever) and on or before ``until``, by use case."""

    after: dt.date | None
    until: dt.date
    by_case: Mapping[int, int]

    def of(self, item: SubmissionItem) -> int | None:
        """Return what the register counts for an item; None for a case that the register does not hold yet."""
        return self.by_case.get(item.use_case_id, 0) if item.use_case_id is not None else None

    def unexplained(self, item: SubmissionItem) -> bool:
        """Tell whether the item says another number than the register, and nobody has said why."""
        count, answer = self.of(item), item.answers.get(QUESTION)
        return None not in (count, answer) and count != answer and not item.notes.get(QUESTION)


def risk_counts(session: Session, ministry_id: int, round: Round) -> RiskCounts:
    """Return what the register counts for ``round``: from the round before it to its own day, in two statements."""
    before = select(func.max(Round.as_of)).where(
        Round.rehearsal.is_(False), Round.id != round.id, Round.as_of < round.as_of
    )
    after = session.scalar(before)
    statement = (
        select(IncidentCase.use_case_id, func.count())
        .join(Incident, Incident.id == IncidentCase.incident_id)
        .where(counted(), Incident.ministry_id == ministry_id, Incident.detected_on <= round.as_of)
        .group_by(IncidentCase.use_case_id)
    )
    if after is not None:
        statement = statement.where(Incident.detected_on > after)
    return RiskCounts(after, round.as_of, {row[0]: row[1] for row in session.execute(statement)})


def disagreements(items: Iterable[SubmissionItem], counts: RiskCounts) -> list[Say]:
    """Return what stands against sending: answers that differ from the register without a word why."""
    differ = [item for item in items if item.confirmation is not Confirmation.ENDED and counts.unexplained(item)]
    return [
        say(
            "案件 %(case)s のリスクケース件数（%(answer)d件）が台帳（%(count)d件）と違います。理由を入力してください。",
            case=item.case_no,
            answer=item.answers[QUESTION],
            count=counts.of(item),
        )
        for item in differ
    ]
