"""The risk side of the registers that are measured: incidents, judgments, referrals, notices, questions.

A hundredth of everything waits for somebody, as in a register in use; the rest has come to its end.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from bench.rows import FIRST, SECONDS, fresh_id, moment, store
from register.clock import SystemClock
from register.models import (
    Assessment,
    FormVersion,
    HighRiskFlag,
    Incident,
    IncidentCase,
    Notice,
    NoticeAnswer,
    NoticeRecipient,
    Question,
    Referral,
    UseCase,
)
from register.states import INCIDENT_OPEN
from register.text import search_key
from register.vocab import (
    AssessmentState,
    AudienceKind,
    IncidentKind,
    IncidentState,
    Lifecycle,
    NoticeState,
    Precision,
    QuestionState,
    ReferralState,
    Reply,
    ReplyState,
    RiskResult,
    Stage,
)

CASES_PER_INCIDENT = 5
CASES_PER_NOTICE = 1_000
ANSWERS_PER_NOTICE = 10
WAITS = 100
# Incidents happened; everything else may be of years to come.
LAST = SystemClock().now()
STAGES = {Lifecycle.VERIFICATION: Stage.VERIFICATION, Lifecycle.PRODUCTION: Stage.PRODUCTION}
ANSWERS = {"A": "A1", "B": "B1", "C": "C1", "D": "D1"}


def fill(connection: Connection, chance: random.Random, bodies: Sequence[Row[int, str]]) -> None:
    """Add the risk side of all use cases that are there."""
    cases = connection.execute(select(UseCase).where(UseCase.created_at >= FIRST)).all()
    by_ministry: dict[int, list[int]] = {}
    for case in cases:
        by_ministry.setdefault(case.ministry_id, []).append(case.id)
    _incidents(connection, chance, len(cases) // CASES_PER_INCIDENT, bodies, by_ministry)
    _judgments(connection, chance, cases)
    store(connection, Question, (_question(chance, number, case) for number, case in enumerate(cases)))
    _notices(connection, chance, max(1, len(cases) // CASES_PER_NOTICE), bodies, by_ministry)


def _incidents(
    connection: Connection,
    chance: random.Random,
    size: int,
    bodies: Sequence[Row[int, str]],
    by_ministry: dict[int, list[int]],
) -> None:
    store(connection, Incident, (_incident(chance, number, bodies) for number in range(size)))
    made = connection.execute(select(Incident.id, Incident.ministry_id).where(Incident.reporter == "bench"))
    ties = [
        {"incident_id": one.id, "ministry_id": one.ministry_id, "use_case_id": chance.choice(cases)}
        for one in made
        if (cases := by_ministry.get(one.ministry_id))
    ]
    store(connection, IncidentCase, ties)


def _incident(chance: random.Random, number: int, bodies: Sequence[Row[int, str]]) -> dict[str, Any]:
    body = chance.choices(bodies, range(len(bodies), 0, -1))[0]
    # Within the months that are asked for, and before.
    at = LAST - dt.timedelta(seconds=chance.randrange(SECONDS))
    title = f"回答の誤りに気付いた事例（{number}）"
    days = dict.fromkeys(("detected_on", "report_due", "notify_due"), at.date())
    moments = dict.fromkeys(("reported_at", "notified_at", "heard_at", "created_at", "updated_at"), at)
    return {
        "public_id": fresh_id(chance),
        "ministry_id": body.id,
        "incident_no": f"{body.key}-RC0000-{number:06}",
        "kind": IncidentKind.RISK_CASE,
        "state": chance.choice(list(INCIDENT_OPEN)) if number % WAITS == 0 else IncidentState.CLOSED,
        "title": title,
        "categories": "RC01",
        "grade": chance.choice(("L1", "L2", "L3")),
        "occurred_precision": Precision.UNKNOWN,
        "affected_precision": Precision.UNKNOWN,
        "reporter": "bench",
        "search_key": search_key(title),
        "version": 1,
        **days,
        **moments,
    }


def _judgments(connection: Connection, chance: random.Random, cases: Sequence[Row[Any]]) -> None:
    """Add a judgment for each case, decided on the facts of today; a referral and a flag for each hundredth."""
    sheet = select(FormVersion.id).where(FormVersion.form == "high_risk").order_by(FormVersion.id.desc()).limit(1)
    form = connection.scalars(sheet).one()
    store(connection, Assessment, (_judgment(chance, number, case, form) for number, case in enumerate(cases)))
    referred = cases[::WAITS]
    store(connection, Referral, (_referral(chance, number, case) for number, case in enumerate(referred)))
    held = select(Assessment.id, Assessment.ministry_id, Assessment.use_case_id)
    held = held.where(Assessment.use_case_id.in_([case.id for case in referred]))
    flags = (
        {
            "ministry_id": one.ministry_id,
            "use_case_id": one.use_case_id,
            "since": FIRST.date(),
            "raised_by_id": one.id,
        }
        for one in connection.execute(held)
    )
    store(connection, HighRiskFlag, flags)


def _judgment(chance: random.Random, number: int, case: Row[Any], form: int) -> dict[str, Any]:
    changed = number % WAITS == 1
    at = moment(chance)
    return {
        "public_id": fresh_id(chance),
        "ministry_id": case.ministry_id,
        "use_case_id": case.id,
        "number": 1,
        "form_version_id": form,
        "state": AssessmentState.DECIDED,
        "causes": [],
        "answers": ANSWERS,
        "reasons": {},
        "evidence": {},
        "suggested": RiskResult.NOT_HIGH,
        "fact_user_scope": "9" if changed else case.user_scope,
        "fact_confidentiality": case.confidentiality,
        "fact_usage_type": case.usage_type,
        "fact_stage": _stage(case),
        "fact_model": f"{case.model_usage}\n",
        # More than there are: every risk case was known.
        "fact_incidents": 1_000,
        "decision": RiskResult.POSSIBLE_HIGH if number % WAITS == 0 else RiskResult.NOT_HIGH,
        "decided_on": at.date(),
        "decided_at": at,
        "decided_by": "bench",
        "review_due": FIRST.date() + dt.timedelta(days=3_650),
        "created_at": at,
        "updated_at": at,
        "version": 1,
    }


def _stage(case: Row[Any]) -> str:
    stage = case.planned_stage if case.lifecycle is Lifecycle.PLANNED else STAGES.get(case.lifecycle)
    return stage.value if stage else ""


def _referral(chance: random.Random, number: int, case: Row[Any]) -> dict[str, Any]:
    at = moment(chance)
    return {
        "public_id": fresh_id(chance),
        "ministry_id": case.ministry_id,
        "referral_no": f"bench-{number:06}",
        "use_case_id": case.id,
        "state": ReferralState.SENT if number % WAITS == 0 else ReferralState.CLOSED,
        "author_name": "bench",
        "sent_at": at,
        "created_at": at,
        "updated_at": at,
        "version": 1,
    }


def _question(chance: random.Random, number: int, case: Row[Any]) -> dict[str, Any]:
    """Return a question of a rule that is gone: the check would settle it, were it open."""
    at = moment(chance)
    return {
        "public_id": fresh_id(chance),
        "ministry_id": case.ministry_id,
        "rule": "BENCH",
        "subject": f"case:{case.id}",
        "use_case_id": case.id,
        "state": QuestionState.OPEN if number % WAITS == 0 else QuestionState.ACCEPTED,
        "facts": {"lifecycle": case.lifecycle.value},
        "fingerprint": f"{number:064}",
        "internal": False,
        "opened_at": at,
        "moved_at": at,
        "version": 1,
    }


def _notices(
    connection: Connection,
    chance: random.Random,
    size: int,
    bodies: Sequence[Row[int, str]],
    by_ministry: dict[int, list[int]],
) -> None:
    """Add notices to all ministries, each with answers of ten cases of each; the first ones wait for answers."""
    open_ones = max(1, size // WAITS)
    store(connection, Notice, (_notice(chance, number, number < open_ones) for number in range(size)))
    notices = connection.execute(select(Notice.id, Notice.state).where(Notice.author_name == "bench")).all()
    recipients = (_recipient(chance, notice, body.id) for notice in notices for body in bodies)
    store(connection, NoticeRecipient, recipients)
    made = select(NoticeRecipient.id, NoticeRecipient.ministry_id)
    made = made.where(NoticeRecipient.notice_id.in_([notice.id for notice in notices]))
    store(connection, NoticeAnswer, _answers(chance, connection.execute(made).all(), by_ministry))


def _notice(chance: random.Random, number: int, waits: bool) -> dict[str, Any]:
    at = moment(chance)
    return {
        "public_id": fresh_id(chance),
        "notice_no": f"bench-{number:04}",
        "state": NoticeState.ISSUED if waits else NoticeState.CLOSED,
        "title": f"回答の誤りについて（{number}）",
        "text": "回答の誤りに気付かず、そのまま説明に用いた例がありました。",
        "action": "出力の確認の手順を確かめてください。",
        "audience_kind": AudienceKind.ALL,
        "due_on": at.date(),
        "author_name": "bench",
        "issued_at": at,
        "created_at": at,
        "updated_at": at,
        "version": 1,
    }


def _recipient(chance: random.Random, notice: Row[Any], ministry_id: int) -> dict[str, Any]:
    waits = notice.state is NoticeState.ISSUED
    return {
        "public_id": fresh_id(chance),
        "notice_id": notice.id,
        "ministry_id": ministry_id,
        "state": ReplyState.OPEN if waits else ReplyState.CONFIRMED,
        "version": 1,
    }


def _answers(
    chance: random.Random, recipients: Sequence[Row[int, int]], by_ministry: dict[int, list[int]]
) -> Iterator[dict[str, Any]]:
    for recipient in recipients:
        cases = by_ministry.get(recipient.ministry_id, [])
        for case_id in chance.sample(cases, min(ANSWERS_PER_NOTICE, len(cases))):
            yield {
                "recipient_id": recipient.id,
                "ministry_id": recipient.ministry_id,
                "use_case_id": case_id,
                "reply": Reply.DONE,
                "at": FIRST,
                "author_name": "bench",
            }
