"""What a statement shows and what a row allows are one rule, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from typing import Any

import pytest
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from register import audit
from register.authz import SIGHT, Actor, can, sight, visible
from register.clock import FixedClock
from register.db import Base, Database
from register.formspec.loader import load_library
from register.models import (
    AISystem,
    Assessment,
    AuditEntry,
    BuiltTable,
    FormVersion,
    HighRiskFlag,
    Incident,
    IncidentFile,
    Job,
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
    Round,
    Snapshot,
    Submission,
    SubmissionItem,
    Upload,
    UseCase,
    User,
)
from register.vocab import (
    AssessmentState,
    AudienceKind,
    IncidentKind,
    IncidentState,
    JobState,
    Lifecycle,
    NoticeState,
    Precision,
    QuestionState,
    ReferralState,
    RemarkKind,
    Reply,
    ReplyState,
    RiskResult,
    RoundState,
    Source,
    SubmissionState,
)
from tests.support.data import NOW, STAFF, staffed
from tests.support.databases import Build
from tests.support.sources import ROOT

BY = Actor.system("tests")
TODAY = dt.date(2025, 11, 10)
NOBODY = Actor.system("nobody")
RISK = (Incident, Measure, IncidentFile, NilReport, Assessment, HighRiskFlag, Referral)
TOLD = (Assessment, Incident, Measure, IncidentFile, Referral)
RISK = (Incident, Measure, IncidentFile, NilReport, NoticeRecipient, NoticeAnswer)
RISK = (Incident, Measure, IncidentFile, NilReport, Question)
HANDED_IN = {"submitted", "returned", "accepted", "frozen"}


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
        add_tables(session)
        add_jobs(session)
        snapshot = Snapshot(round_id=rounds[0].id, language="ja", file_name="a.pdf", path="a", size=1, pages=1)
        snapshot.sha256 = snapshot.data_sha256 = snapshot.audit_head = "0" * 64
        snapshot.audit_seq, snapshot.made_at, snapshot.made_by = 1, NOW, "secretariat"
        named(session, audit.Event.SNAPSHOT_MADE, [snapshot])
        # Deeds without a row: one of a person of a ministry, one of nobody's.
        approver = session.scalars(select(User).where(User.email == "approver@example.go.jp")).one()
        audit.record(session, audit.Event.USE_CASES_EXPORTED, None, by=Actor.of(approver))
        audit.record(session, audit.Event.DEMO_SEEDED, None, by=BY)
    database.engine.dispose()


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


@pytest.fixture
def content() -> Build:
    """Rows of every kind, of both ministries."""
    return rows_of_everything


@pytest.fixture
def reading(database: Database) -> Iterator[Session]:
    """A session that only reads."""
    with database.reading() as session:
        yield session


def key_of(model: type[Base]) -> Any:
    """Return the column that names a row."""
    return inspect(model).primary_key[0]


def shown(session: Session, model: type[Base], actor: Actor) -> set[int]:
    """Return the rows that a statement shows to ``actor``."""
    return set(session.scalars(visible(select(key_of(model)), model, actor)))


def allowed(session: Session, model: type[Base], actor: Actor) -> set[int]:
    """Return the rows that ``actor`` may read, asked one by one."""
    name = key_of(model).name
    return {getattr(row, name) for row in session.scalars(select(model)) if can(actor, SIGHT[model], row)}


def test_there_are_rows_of_every_kind_that_sight_is_asked_of(reading: Session) -> None:
    for model in SIGHT:
        assert reading.scalar(select(func.count()).select_from(model)), model
    for model in (UseCase, AISystem, LifecycleEvent, Submission, SubmissionItem, Remark, Upload, *RISK):
        assert len(set(reading.scalars(select(model.ministry_id)))) == 2
    assert set(reading.scalars(select(Submission.state))) == set(SubmissionState)
    assert set(reading.scalars(select(Round.state))) == set(RoundState)
    assert None in set(reading.scalars(select(AuditEntry.ministry_id)))


def test_a_statement_shows_what_may_be_read_one_by_one(reading: Session, actor: Callable[[str], Actor]) -> None:
    people = {name: actor(name) for name in STAFF}
    told_apart = [
        (name, model.__name__)
        for name, person in people.items()
        for model in SIGHT
        if shown(reading, model, person) != allowed(reading, model, person)
    ]
    assert told_apart == []


def test_a_condition_counts_what_may_be_read_one_by_one(reading: Session, actor: Callable[[str], Actor]) -> None:
    # A count joins nothing, so the condition must stand by itself.
    people = {name: actor(name) for name in STAFF}
    for name, person in people.items():
        for model in SIGHT:
            counted = select(func.count()).select_from(model).where(sight(model, person))
            assert reading.scalar(counted) == len(allowed(reading, model, person)), (name, model)


def test_a_command_of_the_system_is_shown_nothing(reading: Session) -> None:
    assert not any(shown(reading, model, NOBODY) | allowed(reading, model, NOBODY) for model in SIGHT)


@pytest.mark.parametrize("name", [name for name, (_, key) in STAFF.items() if key])
def test_people_of_a_ministry_are_shown_its_rows_and_shared_systems(
    reading: Session, actor: Callable[[str], Actor], name: str
) -> None:
    person, key = actor(name), STAFF[name][1]
    for model in (UseCase, LifecycleEvent, Submission, SubmissionItem, Remark, *RISK):
        statement = visible(select(Ministry.key).join(model, model.ministry_id == Ministry.id), model, person)
        assert set(reading.scalars(statement)) == {key}
    systems = visible(select(Ministry.key, AISystem.shared).join(AISystem.ministry), AISystem, person)
    assert set(map(tuple, reading.execute(systems))) == {("a", True), ("b", True), (key, False)}
    assert not shown(reading, Snapshot, person) | shown(reading, Job, person)
    # An approver reads what was done in the ministry; a reporter reads nothing of the log.
    entries = set(reading.scalars(visible(select(AuditEntry.ministry_id), AuditEntry, person)))
    assert entries == ({person.ministry_id} if "approver" in name else set())


def test_the_secretariat_is_shown_returns_once_handed_in_and_its_own_jobs(
    reading: Session, actor: Callable[[str], Actor]
) -> None:
    person = actor("secretariat")
    states = visible(select(Submission.state), Submission, person)
    assert {state.value for state in reading.scalars(states)} == HANDED_IN
    items = visible(select(Submission.state).join(SubmissionItem.submission), SubmissionItem, person)
    assert {state.value for state in reading.scalars(items)} == HANDED_IN
    remarks = visible(select(Submission.state).join(Remark, Remark.submission_id == Submission.id), Remark, person)
    assert {state.value for state in reading.scalars(remarks)} == HANDED_IN
    assert not shown(reading, Upload, person)
    assert set(reading.scalars(visible(select(Job.asked_by), Job, person))) == {"secretariat"}


def test_a_built_table_is_shown_to_others_while_it_is_shared(reading: Session, actor: Callable[[str], Actor]) -> None:
    seen = {"secretariat": 3, "admin": 0}
    for name in STAFF:
        assert len(shown(reading, BuiltTable, actor(name))) == seen.get(name, 1), name


def test_a_round_is_no_secret_once_it_is_announced(reading: Session, actor: Callable[[str], Actor]) -> None:
    for name, (_, key) in STAFF.items():
        states = set(reading.scalars(visible(select(Round.state), Round, actor(name))))
        assert states == (set(RoundState) - ({RoundState.DRAFT} if key else set()) if name != "admin" else set()), name


def test_the_secretariat_and_the_auditor_are_shown_what_they_were_told_of(
    reading: Session, actor: Callable[[str], Actor]
) -> None:
    for name in ("secretariat", "auditor"):
        seen = set(reading.scalars(visible(select(Incident.notified_at), Incident, actor(name))))
        assert len(seen) == 1
        assert None not in seen
        for model in TOLD:
            assert len(shown(reading, model, actor(name))) == 2
        internal = set(reading.scalars(visible(select(Question.internal), Question, actor(name))))
        assert internal == {False}


def test_a_notice_is_shown_to_who_received_or_cleared_it_and_its_answers_once_confirmed(
    reading: Session, actor: Callable[[str], Actor]
) -> None:
    for name in ("reporter", "approver", "other", "other-approver"):
        person = actor(name)
        origins = set(reading.scalars(visible(select(Notice.origin_ministry_id), Notice, person)))
        assert origins == {None, person.ministry_id}
        # Four that it was asked for are shown: not the draft, and not the one withdrawn before it was asked.
        assert len(shown(reading, Notice, person)) == 4 + len(ReplyState)
        assert len(shown(reading, NoticeAnswer, person)) == len(ReplyState)
    for name in ("secretariat", "auditor"):
        assert len(shown(reading, NoticeRecipient, actor(name))) == 2 * len(ReplyState)
        assert len(shown(reading, NoticeAnswer, actor(name))) == 2


def test_the_auditor_is_shown_everything_but_what_waits_in_a_ministry_and_the_administrator_nothing(
    reading: Session, actor: Callable[[str], Actor]
) -> None:
    assert shown(reading, Upload, actor("auditor")) == set()
    for model in set(SIGHT) - {Upload}:
        if model not in {*TOLD, NoticeAnswer, Question, BuiltTable}:
            assert shown(reading, model, actor("auditor")) == set(reading.scalars(select(key_of(model)))), model
        assert shown(reading, model, actor("admin")) == set(), model
