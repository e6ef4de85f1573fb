"""What of the risk side people are reminded of: incidents, judgments, notices, questions of the consistency check."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from register import workdays
from register.authz import AnySelect
from register.clock import TOKYO
from register.models import (
    Assessment,
    Incident,
    Ministry,
    Notice,
    NoticeRecipient,
    Question,
    QuestionEvent,
    UseCase,
)
from register.queries.notices import due_by, unconfirmed
from register.queries.reminder_subjects import Asked, Page, Subject, counting_day, ministry_text
from register.states import ASSESSMENT_OPEN, INCIDENT_AT_WORK
from register.vocab import (
    AssessmentState,
    IncidentState,
    Lifecycle,
    NoticeState,
    QuestionDeed,
    QuestionState,
    ReminderEvent,
)

# What puts a question to its ministry, for the first time or again.
PUT = (QuestionDeed.ASK, QuestionDeed.ASK_BACK, QuestionDeed.REOPEN)


def reports(asked: Asked) -> Iterator[Subject]:
    """Yield the drafts of incidents, which only their ministry knows of."""
    rows = _incidents(asked).where(Incident.state == IncidentState.DRAFT)
    for incident, ministry in asked.session.execute(rows):
        wrote = frozenset({incident.reporter_id} - {None})
        yield _of_incident(
            ReminderEvent.INCIDENT_REPORT, incident, ministry, incident.report_due, internal=True, people=wrote
        )


def notifications(asked: Asked) -> Iterator[Subject]:
    """Yield the incidents that the secretariat has not been told of yet."""
    rows = _incidents(asked).where(Incident.state.in_((IncidentState.REPORTED, IncidentState.RECEIVED)))
    for incident, ministry in asked.session.execute(rows.where(Incident.notified_at.is_(None))):
        yield _of_incident(ReminderEvent.INCIDENT_NOTIFY, incident, ministry, incident.notify_due, internal=True)


def silences(asked: Asked) -> Iterator[Subject]:
    """Yield the incidents at work, by the day of the ministry's next word to the secretariat (``incidents.silent``)."""
    rows = _incidents(asked).where(Incident.state.in_(INCIDENT_AT_WORK), Incident.notified_at.is_not(None))
    for incident, ministry in asked.session.execute(rows):
        heard = incident.heard_at.astimezone(TOKYO).date()
        day = workdays.add(heard, asked.terms.follow_up.get(incident.grade or "", asked.terms.follow_up[""]))
        yield _of_incident(ReminderEvent.INCIDENT_SILENCE, incident, ministry, day)


def reviews(asked: Asked) -> Iterator[Subject]:
    """Yield the judgments that hold and are to be made anew some day, until another one has begun."""
    begun = select(Assessment.use_case_id).where(Assessment.state.in_(ASSESSMENT_OPEN))
    columns: tuple[Any, ...] = (
        Assessment.id,
        Assessment.public_id,
        Assessment.number,
        Assessment.review_due,
        UseCase.case_no,
        Ministry,
    )
    rows = select(*columns).join(UseCase, UseCase.id == Assessment.use_case_id)
    rows = rows.join(Ministry, Ministry.id == Assessment.ministry_id).where(*asked.own(Assessment.ministry_id))
    rows = rows.where(Assessment.state == AssessmentState.DECIDED, Assessment.review_due.is_not(None))
    rows = rows.where(UseCase.lifecycle != Lifecycle.RETIRED, Assessment.use_case_id.not_in(begun))
    for number, public_id, count, day, case_no, ministry in asked.session.execute(rows):
        yield Subject(
            ReminderEvent.ASSESSMENT_REVIEW,
            f"assessment:{number}",
            day,
            {"number": f"{case_no}-HR{count}", "ministry": ministry_text(ministry), "day": day},
            Page("assessments.show", {"assessment": str(public_id)}),
            ministry_id=ministry.id,
        )


def notices(asked: Asked) -> Iterator[Subject]:
    """Yield the notices that a ministry has not answered."""
    due: Any = due_by()
    rows = select(NoticeRecipient, Notice, Ministry, due).join(Notice, Notice.id == NoticeRecipient.notice_id)
    rows = rows.join(Ministry, Ministry.id == NoticeRecipient.ministry_id).where(*asked.own(Ministry.id))
    rows = rows.where(Notice.state == NoticeState.ISSUED, unconfirmed(), due.is_not(None))
    for recipient, notice, ministry, day in asked.session.execute(rows):
        yield Subject(
            ReminderEvent.NOTICE_UNANSWERED,
            f"recipient:{recipient.id}",
            day,
            {"number": notice.audit_label, "ministry": ministry_text(ministry), "day": day},
            Page("notice_answers.show", {"recipient": str(recipient.public_id)}),
            ministry_id=ministry.id,
            overseen=Page("notices.board", {"notice": str(notice.public_id)}),
        )


def questions(asked: Asked) -> Iterator[Subject]:
    """Yield the open questions of the check, together for each ministry and day on which they were put to it.

    A first check of a large register asks thousands at once: one reminder for each would be none.
    """
    put = (
        select(QuestionEvent.question_id, func.max(QuestionEvent.at).label("at"))
        .where(QuestionEvent.deed.in_(PUT))
        .group_by(QuestionEvent.question_id)
        .subquery()
    )
    rows = select(Ministry, Question.internal, func.coalesce(put.c.at, Question.opened_at))
    rows = rows.select_from(Question).join(Ministry, Ministry.id == Question.ministry_id)
    rows = rows.outerjoin(put, put.c.question_id == Question.id)
    rows = rows.where(Question.state == QuestionState.OPEN, *asked.own(Question.ministry_id))
    counts: dict[tuple[Any, bool, dt.date], int] = defaultdict(int)
    for ministry, internal, at in asked.session.execute(rows):
        counts[ministry, internal, counting_day(at)] += 1
    for (ministry, internal, day), count in counts.items():
        yield Subject(
            ReminderEvent.QUESTION_OPEN,
            f"ministry:{ministry.id}{':internal' if internal else ''}",
            day,
            {"count": count, "ministry": ministry_text(ministry)},
            Page("questions.index", {"state": QuestionState.OPEN.value}),
            ministry_id=ministry.id,
            internal=internal,
        )


def _incidents(asked: Asked) -> AnySelect:
    joined = select(Incident, Ministry).join(Ministry, Ministry.id == Incident.ministry_id)
    return joined.where(*asked.own(Incident.ministry_id)).order_by(Incident.id)


def _of_incident(event: ReminderEvent, incident: Incident, ministry: Ministry, day: dt.date, **more: Any) -> Subject:
    return Subject(
        event,
        f"incident:{incident.id}",
        day,
        {"number": incident.incident_no, "ministry": ministry_text(ministry), "day": day},
        Page("incidents.show", {"incident": str(incident.public_id)}),
        ministry_id=ministry.id,
        **more,
    )
