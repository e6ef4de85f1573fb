"""Rows of every kind for two ministries, built through the real services: what every endpoint is asked of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.documents.language import speakers
from register.formspec.loader import load_library
from register.formspec.reminders import load_reminders
from register.formspec.risk import load_risk
from register.models import (
    EditionText,
    Incident,
    Job,
    JobRun,
    Ministry,
    Question,
    Remark,
    Round,
    Submission,
    SubmissionItem,
    Upload,
    UseCase,
    User,
)
from register.reports.builder import declare
from register.services import (
    ai_systems,
    assessments,
    built_tables,
    disclosures,
    editions,
    incident_files,
    incidents,
    measures,
    notices,
    referrals,
    reminders,
    use_cases,
)
from register.services.edition_check import inspect
from register.services.referral_words import Words
from register.services.round_import import RoundFacts, import_round
from register.vocab import (
    ChoreName,
    DisclosureClass,
    DisclosurePart,
    EditionState,
    IncidentDeed,
    IncidentState,
    JobState,
    NoticeDeed,
    QuestionState,
    ReferralDeed,
    RemarkKind,
    RiskResult,
    Role,
    RunState,
)
from tests.support import snapshots
from tests.support.assessments import SHEETS, filled
from tests.support.calendars import add_calendars
from tests.support.data import NOW, staffed
from tests.support.outbox import add_messages
from tests.support.sources import ROOT
from tests.support.webhooks import add_webhooks

FORMS = load_library(ROOT / "config", "periodic")
RISK = load_risk(ROOT / "config")
HEADING = ",".join(FORMS.newest.columns)
ROWS = """a-2025-0001,府省庁A,課,題A,用途,G1,1,,1,R,1,NO,,1,,0
b-2025-0001,府省庁B,課,題B,用途,G1,1,,1,R,1,NO,,1,,0"""


def peopled(url: str) -> None:
    """Build rows of every kind for two ministries."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        facts = RoundFacts(2025, 2, NOW.date().replace(month=9))
        data = f"{HEADING}\n{ROWS}\n".encode()
        system = Actor.system("tests")
        import_round(session, facts, data, spec=FORMS.newest, create_ministries=False, roster={}, by=system)
        for name in ("approver", "other-approver"):
            by = Actor.of(session.scalars(select(User).where(User.email == f"{name}@example.go.jp")).one())
            use_cases.create(session, form=FORMS.newest, values={"title": "新しい案件"}, by=by)
            ai_systems.create(session, values={"name": "仕組み"}, by=by)
        _documents(session)
        _tables(session)
        _remarks(session)
        _uploads(session)
        _incidents(session)
        _assessments(session)
        _referrals(session)
        _notices(session)
        _questions(session)
        _disclosures(session)
        _editions(session)
        add_messages(session)
        _reminders(session)
        add_calendars(session)
        add_webhooks(session)
    database.engine.dispose()


def _documents(session: Session) -> None:
    secretariat = session.scalars(select(User).where(User.email == "secretariat@example.go.jp")).one()
    round_id = session.scalars(select(Round.id)).one()
    of_both = session.scalars(select(Ministry.id).order_by(Ministry.key)).all()
    kept = [snapshots.row(round_id=round_id)]
    kept += [
        snapshots.row(ministry_id=ministry, internal=internal, file_name=f"case-{ministry}-{internal:d}-ja.pdf")
        for ministry in of_both
        for internal in (False, True)
    ]
    for snapshot in kept:
        session.add(snapshot)
        audit.record(session, audit.Event.SNAPSHOT_MADE, snapshot, by=Actor.of(secretariat))
    session.add(
        Job(
            kind="snapshot",
            key="k",
            params={},
            state=JobState.QUEUED,
            asked_by_id=secretariat.id,
            asked_by=secretariat.name,
            asked_at=NOW,
        )
    )
    failed = {"chore": ChoreName.AUDIT, "state": RunState.PARKED, "attempts": 8, "fence": 1, "counts": {}}
    session.add(JobRun(**failed, slot=NOW, started_at=NOW))


def _tables(session: Session) -> None:
    """Keep a table that everybody may see, and one that only the secretariat may."""
    secretariat = session.scalars(select(User).where(User.email == "secretariat@example.go.jp")).one()
    for name, shared in (("公開の表", True), ("事務局の表", False)):
        definition = declare({"rows": "usage_type"})
        built_tables.save(session, definition, name=name, shared=shared, by=Actor.of(secretariat))


def _uploads(session: Session) -> None:
    """Let the reporter of every ministry have handed a workbook in."""
    for submission in session.scalars(select(Submission)):
        reporters = select(User.id).where(User.ministry_id == submission.ministry_id, User.role == Role.REPORTER)
        session.add(
            Upload(
                submission_id=submission.id,
                ministry_id=submission.ministry_id,
                user_id=session.scalars(reporters).first(),
                file_name="様式.xlsx",
                path="none.xlsx",
                size=1,
                sha256="0" * 64,
                at=NOW,
            )
        )


def _incidents(session: Session) -> None:
    """Let both ministries have a draft and an incident that the secretariat knows, with a measure and a file."""
    people = {user.name: Actor.of(user) for user in session.scalars(select(User))}
    for reporter, approver in (("reporter", "approver"), ("other", "other-approver")):
        by, values = people[reporter], {"title": "出来事", "detected_on": NOW.date(), "categories": ["RC01"]}
        report = incidents.Report({**values, "grade": "L1", "unregistered": "試行"})
        incidents.enter(session, report, terms=RISK, draft=True, by=by)
        known = incidents.enter(session, report, terms=RISK, by=by)
        measures.add(session, known, body="点検", owner="課", due_on=NOW.date(), by=by)
        stored = incident_files.Stored("記録.txt", "none.txt", 1, "0" * 64)
        incident_files.attach(session, known, stored, by=by)
        for deed in (IncidentDeed.RECEIVE, IncidentDeed.NOTIFY):
            incidents.move(session, known, deed, word="", version=known.version, by=people[approver])


def _assessments(session: Session) -> None:
    """Let both ministries have a judgment that was decided and one that is a draft."""
    people = {user.name: Actor.of(user) for user in session.scalars(select(User))}
    for reporter, approver in (("reporter", "approver"), ("other", "other-approver")):
        by = people[reporter]
        case = session.scalars(select(UseCase).where(UseCase.ministry_id == by.ministry_id)).first()
        assert case is not None
        own: dict[str, Any] = {"library": SHEETS, "by": by}
        made = assessments.start(session, case, filled(), propose=True, **own)
        decision = assessments.Decision(RiskResult.NOT_HIGH, NOW.date())
        assessments.decide(session, made, decision, version=made.version, library=SHEETS, by=people[approver])
        assessments.start(session, case, filled(), **own)


def _referrals(session: Session) -> None:
    """Let both ministries have a draft and a referral that was sent."""
    people = {user.name: Actor.of(user) for user in session.scalars(select(User))}
    package = dict.fromkeys(("details", "purpose", "mitigation", "quality"), "内容")
    for name in ("approver", "other-approver"):
        by = people[name]
        for case in session.scalars(select(UseCase).where(UseCase.ministry_id == by.ministry_id).order_by(UseCase.id)):
            made = referrals.draft(session, case, package, by=by)
        session.flush()
        referrals.move(session, made, ReferralDeed.SEND, Words(), version=made.version, by=by)


def _notices(session: Session) -> None:
    """Let every ministry have a notice that it was asked to clear, and one that only it received."""
    people = {user.name: Actor.of(user) for user in session.scalars(select(User))}
    by = people["secretariat"]
    written = {"title": "題", "text": "文", "action": "対応"}
    for incident in session.scalars(select(Incident).where(Incident.state == IncidentState.IN_RESPONSE)):
        asked = notices.write(session, written, form=FORMS.newest, incident=incident, by=by)
        notices.move(session, asked, NoticeDeed.ASK, version=asked.version, by=by)
    for name, vendor in (("approver", "甲社"), ("other-approver", "乙社")):
        case = session.scalars(select(UseCase).where(UseCase.ministry_id == people[name].ministry_id)).first()
        assert case is not None
        system = ai_systems.create(session, values={"name": "基盤", "vendor": vendor}, by=people[name])
        case.ai_system_id = system.id
        audit.record(session, audit.Event.USE_CASE_EDITED, case, by=people[name])
        addressed = {**written, "audience_kind": "vendor", "audience_value": vendor}
        made = notices.write(session, addressed, form=FORMS.newest, by=by)
        notices.issue(session, made, due_on=None, terms=RISK, version=made.version, by=by)


def _questions(session: Session) -> None:
    """Ask both ministries something that the secretariat sees, and something that it does not."""
    for ministry in session.scalars(select(Ministry)):
        for internal in (False, True):
            question = Question(rule="C01", subject=f"{ministry.key}:{internal}", ministry_id=ministry.id)
            question.internal, question.state, question.facts = internal, QuestionState.OPEN, {}
            question.fingerprint, question.opened_at, question.moved_at = "0" * 64, NOW, NOW
            session.add(question)
            audit.record(session, audit.Event.QUESTION_CHECKED, question, by=Actor.system("tests"))


def _disclosures(session: Session) -> None:
    """Let both ministries have proposed what of a case is public."""
    for name in ("approver", "other-approver"):
        by = Actor.of(session.scalars(select(User).where(User.email == f"{name}@example.go.jp")).one())
        case = session.scalars(select(UseCase).where(UseCase.ministry_id == by.ministry_id)).first()
        assert case is not None
        values = {"level": DisclosureClass.PUBLIC}
        disclosures.propose(session, case, DisclosurePart.TITLE, values, version=0, by=by)


def _editions(session: Session) -> None:
    """Let a round have an edition that is drafted and one that is out."""
    round_ = session.scalars(select(Round)).one()
    by = Actor.of(session.scalars(select(User).where(User.email == "secretariat@example.go.jp")).one())
    out = editions.begin(session, round_, by=by)
    session.flush()
    out.state = EditionState.PUBLISHED
    for (variant, language), content in inspect(session, out, FORMS, speakers(ROOT / "translations")).texts.items():
        session.add(EditionText(edition_id=out.id, variant=variant, language=language, content=content))
    session.flush()
    editions.begin(session, round_, by=by)


def _reminders(session: Session) -> None:
    """Tell both ministries, and the secretariat, what waits for them: also what only a ministry knows."""
    session.flush()
    reminders.plan(session, load_reminders(ROOT / "config"), RISK, NOW.date())


def _remarks(session: Session) -> None:
    """Ask every ministry something about a case of its return."""
    secretariat = session.scalars(select(User).where(User.email == "secretariat@example.go.jp")).one()
    for item in session.scalars(select(SubmissionItem)):
        remark = Remark(
            submission_id=item.submission_id,
            ministry_id=item.ministry_id,
            item_id=item.id,
            field_id="title",
            kind=RemarkKind.QUESTION,
            body="題は正しいですか。",
            author_id=secretariat.id,
            author_name=secretariat.name,
            at=NOW,
            settled_at=None,
        )
        session.add(remark)
        audit.record(session, audit.Event.SUBMISSION_ASKED, item.submission, by=Actor.of(secretariat))
