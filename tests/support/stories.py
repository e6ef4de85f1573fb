"""A case with all that may belong to it, and beside it what others may not read: for the documents that tell of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.clock import FixedClock
from register.db import Database
from register.models import Incident, Notice, Question, QuestionEvent, UseCase
from register.services import ai_systems, disclosures, incident_files, use_cases
from register.vocab import (
    AudienceKind,
    DisclosureClass,
    DisclosurePart,
    Ground,
    IncidentState,
    NoticeState,
    QuestionDeed,
    QuestionState,
    ReferralState,
    RoundDeed,
)
from tests.support.assessments import HIGH, LOW, Panel
from tests.support.data import NOW, staffed
from tests.support.everything import BY, named
from tests.support.incidents import Desk
from tests.support.referrals import Table
from tests.support.running_round import LIBRARY, Office

CASE, TOLD = "a-2025-0001", "a-RC2025-001"
# What only the ministry knows; of the second ministry nothing is for the first.
INTERNAL = ("知らせていない出来事", "下書きの理由", "戻された後の概要", "府省庁だけの説明", "府省庁だけの注意喚起")
FOREIGN = ("府省庁Bの案件名", "b-2025-0001", "府省庁Bの出来事")
JUDGED = dt.date(2025, 9, 1)


def storied(url: str) -> None:
    """Build the staff's database with the story."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        office = Office(session)
        case = office.case(title="窓口の案内 第1版", purpose="問合せに\n答える案を作る。", usage_type="S1")
        office.case(who="other", title="府省庁Bの案件名")
        _system(session, office, case)
        _judge(session, case)
        _round(office, case)
        _incidents(session, case)
        _refer(session, case)
        _ask(session, case)
        _disclose(session, office, case)
    database.engine.dispose()


def _system(session: Session, office: Office, case: UseCase) -> None:
    values = {"name": "共通基盤", "vendor": "株式会社見本", "model_usage": "モデルA", "note": "", "shared": True}
    system = ai_systems.create(session, values=values, by=office.people["approver"])
    session.flush()
    known: dict[str, Any] = {name: getattr(case, name) for name in use_cases.EDITABLE}
    known |= {"ai_system_id": system.id, "title": "窓口の案内"}
    change: dict[str, Any] = {"form": LIBRARY.newest, "version": case.version, "by": office.people["reporter"]}
    use_cases.edit(session, case, values=known, **change)


def _judge(session: Session, case: UseCase) -> None:
    panel = Panel(session)
    panel.decided(case, HIGH, on=JUDGED, reason="国民が直接使うため。")
    session.flush()
    draft = panel.start(case, LOW)
    draft.reasons = dict.fromkeys(LOW, "下書きの理由")
    audit.record(session, audit.Event.ASSESSMENT_DRAFTED, draft, by=panel.people["reporter"])


def _round(office: Office, case: UseCase) -> None:
    """Let both ministries hand in, freeze the round, and correct one answer."""
    held = office.opened()
    for key in ("a", "b"):
        office.accept(office.handed_in(office.submission(held, key)))
    item = office.item(office.submission(held), case)
    office.ask(item, "purpose", "だれが使うのか。")
    office.go(held, RoundDeed.CLOSE, RoundDeed.FREEZE)
    office.session.flush()
    office.correct(item, unit="訂正後の課")


def _incidents(session: Session, case: UseCase) -> None:
    desk = Desk(session)
    own = {"cases": case.case_no, "unregistered": ""}
    told = desk.at(
        IncidentState.IN_RESPONSE, title="知らせた出来事", summary="誤った案内をした。", cause="古い資料。", **own
    )
    desk.measure(told)
    desk.at(IncidentState.RECEIVED, title="知らせていない出来事", **own)
    desk.enter(who="other", title="府省庁Bの出来事")
    session.flush()
    stored = incident_files.Stored("資料.pdf", "incidents/x", 1234, "ab" * 32)
    incident_files.attach(session, told, stored, by=desk.people["reporter"])
    for state, title in ((NoticeState.ISSUED, "引用の確認"), (NoticeState.DRAFT, "府省庁だけの注意喚起")):
        made = Notice(state=state, title=title, text="文", action="対応", audience_kind=AudienceKind.ALL)
        made.incident_id, made.author_name, made.created_at, made.updated_at = told.id, "tests", NOW, NOW
        made.origin_ministry_id, made.asked_at = told.ministry_id, NOW if state is NoticeState.ISSUED else None
        made.notice_no = "NT2025-001" if state is NoticeState.ISSUED else None
        named(session, audit.Event.NOTICE_WRITTEN, [made])


def _refer(session: Session, case: UseCase) -> None:
    table = Table(session)
    first = table.at(ReferralState.CLOSED, case)
    session.info["clock"].moment = NOW
    again = table.at(ReferralState.RETURNED, case, details="二度目の概要")
    table.edit(again, details="戻された後の概要")
    assert first.referral_no == "a-AB2025-001"


def _ask(session: Session, case: UseCase) -> None:
    for internal, word in ((False, "理由を説明した。"), (True, "府省庁だけの説明")):
        question = Question(rule="C01", subject=f"case:{internal}", ministry_id=case.ministry_id, internal=internal)
        question.use_case_id, question.state = case.id, QuestionState.EXPLAINED
        question.facts, question.fingerprint, question.opened_at, question.moved_at = {}, "0" * 64, NOW, NOW
        named(session, audit.Event.QUESTION_CHECKED, [question])
        event = QuestionEvent(question_id=question.id, ministry_id=case.ministry_id, deed=QuestionDeed.EXPLAIN)
        event.to_state, event.at, event.actor_name, event.body, event.changes = (
            question.state,
            NOW,
            "reporter",
            word,
            {},
        )
        session.add(event)
        audit.record(session, audit.Event.QUESTION_ANSWERED, question, by=BY)


def _disclose(session: Session, office: Office, case: UseCase) -> None:
    again = dt.date(2026, 11, 10)
    values = {
        "level": DisclosureClass.PARTLY,
        "ground": Ground.AFFAIRS,
        "public_text": "窓口のこと",
        "review_on": again,
    }
    row = disclosures.propose(session, case, DisclosurePart.TITLE, values, version=0, by=office.people["approver"])
    session.flush()
    change: dict[str, Any] = {"word": "", "version": row.version, "by": office.people["secretariat"]}
    disclosures.decide(session, row, accept=True, **change)


def case_of(session: Session, case_no: str = CASE) -> UseCase:
    """Return a case by its number."""
    return session.scalars(select(UseCase).where(UseCase.case_no == case_no)).one()


def incident_of(session: Session, incident_no: str = TOLD) -> Incident:
    """Return an incident by its number."""
    return session.scalars(select(Incident).where(Incident.incident_no == incident_no)).one()
