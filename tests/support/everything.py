"""Rows of every kind for both ministries, stored past the services: in every state that a row can have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import cycle
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.formspec.loader import load_library
from register.models import (
    AISystem,
    Assessment,
    BuiltTable,
    Disclosure,
    Edition,
    FormVersion,
    HighRiskFlag,
    Incident,
    IncidentFile,
    Job,
    JobRun,
    LifecycleEvent,
    Measure,
    Ministry,
    NilReport,
    Notice,
    NoticeAnswer,
    NoticeRecipient,
    Question,
    Referral,
    Remark,
    Reminder,
    Round,
    Submission,
    SubmissionItem,
    Upload,
    UseCase,
    User,
)
from register.vocab import (
    AssessmentState,
    AudienceKind,
    ChoreName,
    DisclosureClass,
    DisclosurePart,
    DisclosureState,
    EditionState,
    IncidentKind,
    IncidentState,
    JobState,
    Lifecycle,
    NoticeState,
    Precision,
    QuestionState,
    ReferralState,
    RemarkKind,
    ReminderEvent,
    ReminderState,
    ReminderTone,
    Reply,
    ReplyState,
    RiskResult,
    RoundState,
    RunState,
    Source,
    SubmissionState,
    Variant,
)
from tests.support import snapshots
from tests.support.calendars import add_calendars
from tests.support.data import NOW, staffed
from tests.support.outbox import add_messages
from tests.support.sources import ROOT
from tests.support.webhooks import add_webhooks

BY = Actor.system("tests")
TODAY = dt.date(2025, 11, 10)


def rows_of_everything(url: str) -> None:
    """Build rows of every kind for both ministries: a round per state of a return, a job per person."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        ministries = session.scalars(select(Ministry).order_by(Ministry.key)).all()
        rounds = add_rounds(session)
        for ministry in ministries:
            add_cases(session, ministry)
            add_returns(session, ministry, rounds)
            add_incidents(session, ministry)
            add_assessments(session, ministry)
            add_referrals(session, ministry)
            add_notices(session, ministry)
            add_questions(session, ministry)
            add_disclosures(session, ministry)
            add_reminders(session, ministry)
        add_calendars(session)
        add_webhooks(session)
        add_editions(session, rounds[0])
        add_tables(session)
        add_jobs(session)
        add_messages(session)
        add_snapshots(session, ministries, rounds[0])
        # Deeds without a row: one of a person of a ministry, one of nobody's.
        approver = session.scalars(select(User).where(User.email == "approver@example.go.jp")).one()
        audit.record(session, audit.Event.USE_CASES_EXPORTED, None, by=Actor.of(approver))
        audit.record(session, audit.Event.DEMO_SEEDED, None, by=BY)
    database.engine.dispose()


def add_snapshots(session: Session, ministries: Iterable[Ministry], round: Round) -> None:
    """Add what every kind of reader may and may not see: public or not, of nobody, of a ministry, known to it alone."""
    kept = [
        snapshots.row(
            round_id=round.id,
            ministry_id=ministry.id if ministry else None,
            internal=internal,
            variant=variant,
            file_name=f"{ministry.key if ministry else 'all'}-{internal}-{variant}-ja.pdf",
        )
        for ministry in (None, *ministries)
        for internal in ((False, True) if ministry else (False,))
        for variant in Variant
    ]
    named(session, audit.Event.SNAPSHOT_MADE, kept)


def named(session: Session, deed: audit.Event, rows: Iterable[Any]) -> None:
    """Store audited rows, each under its deed."""
    for row in rows:
        session.add(row)
        audit.record(session, deed, row, by=BY)


def add_rounds(session: Session) -> list[Round]:
    """Store a round for every state that a return can have."""
    spec = load_library(ROOT / "config", "periodic").newest
    form = FormVersion(form=spec.form, version=spec.version, canonical=spec.canonical, sha256=spec.digest)
    form.published_at = NOW
    named(session, audit.Event.FORM_PUBLISHED, [form])
    rounds = [
        Round(fiscal_year=2025, number=number, as_of=TODAY, state=state, form_version_id=form.id)
        for number, (_, state) in enumerate(zip(SubmissionState, cycle(RoundState), strict=False), 1)
    ]
    named(session, audit.Event.ROUND_CREATED, rounds)
    return rounds


def add_cases(session: Session, ministry: Ministry) -> None:
    """Store a case with its first step, a shared system and one that is not."""
    stamps = {"ministry_id": ministry.id, "created_at": NOW, "updated_at": NOW}
    systems = [AISystem(name=f"基盤{number}", shared=bool(number), **stamps) for number in range(2)]
    named(session, audit.Event.AI_SYSTEM_CREATED, systems)
    case = UseCase(case_no=f"{ministry.key}-2025-0001", title="議事録の要約", search_key="", **stamps)
    case.lifecycle, case.lifecycle_since = Lifecycle.PLANNED, TODAY
    named(session, audit.Event.USE_CASE_CREATED, [case])
    step = LifecycleEvent(use_case_id=case.id, ministry_id=ministry.id, to_state=Lifecycle.PLANNED, on=TODAY)
    step.recorded_at, step.actor_name, step.source = NOW, "tests", Source.WEB
    named(session, audit.Event.USE_CASE_MOVED, [step])


def add_returns(session: Session, ministry: Ministry, rounds: list[Round]) -> None:
    """Store a return in every state, each with one case."""
    for state, holding in zip(SubmissionState, rounds, strict=True):
        submission = Submission(round_id=holding.id, ministry_id=ministry.id, state=state)
        named(session, audit.Event.SUBMISSION_IMPORTED, [submission])
        item = SubmissionItem(round_id=holding.id, ministry_id=ministry.id, submission_id=submission.id)
        item.case_no, item.answers, item.states = f"{ministry.key}-2025-0001", {}, {}
        named(session, audit.Event.SUBMISSION_IMPORTED, [item])
        of_return = {"submission_id": submission.id, "ministry_id": ministry.id, "at": NOW}
        question = Remark(item_id=item.id, kind=RemarkKind.QUESTION, body="質問", author_name="tests", **of_return)
        named(session, audit.Event.SUBMISSION_ASKED, [question])
        file = {"file_name": "a.xlsx", "path": "a", "size": 1, "sha256": "0" * 64}
        session.add(Upload(user_id=session.scalars(select(User.id).limit(1)).one(), **of_return, **file))


def add_incidents(session: Session, ministry: Ministry) -> None:
    """Store an incident that the secretariat was told of and one that it was not, each with a measure and a file."""
    stamps = {"created_at": NOW, "updated_at": NOW, "heard_at": NOW, "detected_on": TODAY, "report_due": TODAY}
    for number, told in enumerate((None, NOW)):
        incident = Incident(ministry_id=ministry.id, incident_no=f"{ministry.key}-RC2025-{number:03d}", title="題")
        for name, value in {**stamps, "notify_due": TODAY, "notified_at": told, "categories": "RC01"}.items():
            setattr(incident, name, value)
        incident.kind, incident.state = IncidentKind.RISK_CASE, IncidentState.REPORTED
        incident.occurred_precision = incident.affected_precision = Precision.UNKNOWN
        incident.reporter, incident.search_key = "tests", ""
        named(session, audit.Event.INCIDENT_ENTERED, [incident])
        own = {"incident_id": incident.id, "ministry_id": ministry.id}
        named(session, audit.Event.MEASURE_SET, [Measure(body="対策", owner="課", due_on=TODAY, **own)])
        file = {"file_name": "a.txt", "path": "a", "size": 1, "sha256": "0" * 64, "at": NOW, "author_name": "tests"}
        named(session, audit.Event.INCIDENT_FILE_KEPT, [IncidentFile(**own, **file)])
    nil = NilReport(ministry_id=ministry.id, month=TODAY.replace(day=1), at=NOW, actor_name="tests")
    named(session, audit.Event.NIL_DECLARED, [nil])


def add_assessments(session: Session, ministry: Ministry) -> None:
    """Store a judgment that was decided and one that was not, and the flag that the first one raised."""
    case = session.scalars(select(UseCase).where(UseCase.ministry_id == ministry.id)).one()
    form = session.scalars(select(FormVersion)).one()
    for number, (state, decided) in enumerate(((AssessmentState.DECIDED, NOW), (AssessmentState.DRAFT, None)), 1):
        one = Assessment(ministry_id=ministry.id, use_case=case, number=number, form_version=form, state=state)
        one.causes, one.answers, one.reasons, one.evidence = [], {}, {}, {}
        one.suggested, one.decided_at, one.created_at, one.updated_at = RiskResult.UNDETERMINED, decided, NOW, NOW
        named(session, audit.Event.ASSESSMENT_DRAFTED, [one])
        if decided:
            flag = HighRiskFlag(ministry_id=ministry.id, use_case_id=case.id, since=TODAY, raised_by_id=one.id)
            named(session, audit.Event.ASSESSMENT_DECIDED, [flag])


def add_referrals(session: Session, ministry: Ministry) -> None:
    """Store a referral that was sent and one that was not, of one case."""
    stamps = {"ministry_id": ministry.id, "created_at": NOW, "updated_at": NOW}
    for number, (sent_at, state) in enumerate(((None, ReferralState.WITHDRAWN), (NOW, ReferralState.RETURNED))):
        case = session.scalars(select(UseCase.id).where(UseCase.ministry_id == ministry.id)).one()
        referral = Referral(referral_no=f"{ministry.key}-AB2025-{number:03d}", use_case_id=case, state=state, **stamps)
        referral.sent_at, referral.author_name = sent_at, "tests"
        named(session, audit.Event.REFERRAL_DRAFTED, [referral])


def add_notices(session: Session, ministry: Ministry) -> None:
    """Store a notice from the ministry in every state, and one that it received with its answer in every state."""
    own = {"title": "題", "text": "文", "action": "対応", "audience_kind": AudienceKind.ALL, "author_name": "tests"}
    stamps = {"created_at": NOW, "updated_at": NOW}
    for state in NoticeState:
        asked = NOW if state is not NoticeState.WITHDRAWN else None
        made = Notice(state=state, origin_ministry_id=ministry.id, asked_at=asked, **own, **stamps)
        named(session, audit.Event.NOTICE_WRITTEN, [made])
    for state in ReplyState:
        made = Notice(state=NoticeState.ISSUED, **own, **stamps)
        named(session, audit.Event.NOTICE_WRITTEN, [made])
        recipient = NoticeRecipient(notice_id=made.id, ministry_id=ministry.id, state=state)
        named(session, audit.Event.NOTICE_MOVED, [recipient])
        answer = NoticeAnswer(recipient_id=recipient.id, ministry_id=ministry.id, reply=Reply.DONE, at=NOW)
        answer.author_name = "tests"
        named(session, audit.Event.NOTICE_ANSWERED, [answer])


def add_questions(session: Session, ministry: Ministry) -> None:
    """Store a question that everybody concerned sees, and one that rests on what only the ministry knows."""
    for number, internal in enumerate((False, True)):
        question = Question(rule="C01", subject=f"{ministry.key}:{number}", ministry_id=ministry.id, internal=internal)
        question.state, question.facts, question.fingerprint = QuestionState.OPEN, {}, "0" * 64
        question.opened_at = question.moved_at = NOW
        named(session, audit.Event.QUESTION_CHECKED, [question])


def add_disclosures(session: Session, ministry: Ministry) -> None:
    """Store what was proposed of a case."""
    case = session.scalars(select(UseCase).where(UseCase.ministry_id == ministry.id)).one()
    row = Disclosure(use_case=case, ministry_id=ministry.id, part=DisclosurePart.TITLE, level=DisclosureClass.PUBLIC)
    row.state, row.proposed_at, row.proposed_by, row.text_sha256 = DisclosureState.PROPOSED, NOW, "tests", "0" * 64
    named(session, audit.Event.DISCLOSURE_PROPOSED, [row])


def add_reminders(session: Session, ministry: Ministry) -> None:
    """Store what each person was told of a matter of the ministry, known outside of it or not."""
    for person in session.scalars(select(User)):
        for internal in (False, True):
            key = f"{ministry.key}|{internal}|{person.id}"
            row = Reminder(key=key, user_id=person.id, ministry_id=ministry.id, internal=internal, subject=key)
            row.event, row.stage, row.tone = ReminderEvent.QUESTION_OPEN, "question", ReminderTone.NEWS
            row.anchor, row.day, row.planned_at, row.state = TODAY, TODAY, NOW, ReminderState.TOLD
            row.params, row.endpoint, row.args = {"count": 1}, "questions.index", {}
            session.add(row)


def add_editions(session: Session, holding: Round) -> None:
    """Store an edition in every state."""
    for number, state in enumerate(EditionState, 1):
        made = Edition(round_id=holding.id, number=number, state=state, threshold=0, author="tests", examples=[])
        made.created_at = made.updated_at = NOW
        named(session, audit.Event.EDITION_BEGUN, [made])


def add_tables(session: Session) -> None:
    """Store a built table that is shared, one that is not, and one that was shared and withdrawn."""
    for number, (shared, withdrawn_at) in enumerate(((True, None), (False, None), (True, NOW))):
        table = BuiltTable(name=str(number), shared=shared, created_at=NOW, updated_at=NOW, created_by="secretariat")
        table.withdrawn_at = withdrawn_at
        named(session, audit.Event.TABLE_SAVED, [table])


def add_jobs(session: Session) -> None:
    """Store a job that each person asked for, and one that a command did."""
    for person in [None, *session.scalars(select(User))]:
        name = person.name if person else "tests"
        job = Job(kind="test", key=name, params={}, state=JobState.QUEUED, asked_by=name, asked_at=NOW)
        job.asked_by_id = person.id if person else None
        session.add(job)
    run = {"state": RunState.DONE, "attempts": 1, "fence": 1, "counts": {}, "started_at": NOW, "ended_at": NOW}
    session.add(JobRun(chore=ChoreName.AUDIT, slot=NOW, **run))
