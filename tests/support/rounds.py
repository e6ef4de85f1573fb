"""A round in progress for tests: ministry a reported three cases in 2025-2, and 2025-3 is open for a and b."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import workdays
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.formspec.loader import load_library
from register.models import Ministry, Round, Submission, SubmissionItem, User
from register.services import rounds
from register.services.round_import import RoundFacts, import_round
from register.vocab import RoundDeed
from tests.support.data import NOW, staffed
from tests.support.sources import ROOT

FORMS = load_library(ROOT / "config", "periodic")
SPEC = FORMS.newest
AS_OF = dt.date(2025, 10, 31)
ROWS = """a-2025-0001,府省庁A,相談課,議事録の要約,会議の記録に用いる,G1,1,2025-04-01,1,R,1,,,,,0
a-2025-0002,府省庁A,相談課,回答案の作成,照会への回答に用いる,G2,1,2025-05-01,1,V,1,NO,,1,商用LLM-A,0
a-2025-0003,府省庁A,広報課,翻訳,資料の翻訳に用いる,S1,4,2026-05-01,2,V,2,QN,翻訳時間を半分にする,1,商用LLM-B,0"""
SYSTEM = Actor.system("tests")


def opened(url: str) -> None:
    """Build two ministries with their people, the round before, and the round that is open."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        reported(session)
        planned(session, *session.scalars(select(Ministry.id)))
    database.engine.dispose()


def reported(session: Session) -> Round:
    """Load round 2025-2 with the cases of ministry a."""
    data = "\n".join([",".join(SPEC.columns), ROWS]).encode()
    facts = RoundFacts(2025, 2, dt.date(2025, 9, 30))
    return import_round(session, facts, data, spec=SPEC, create_ministries=False, roster={}, by=SYSTEM).round


def planned(session: Session, *ministries: int, number: int = 3, rehearsal: bool = False, form: str = "v2") -> Round:
    """Plan a round and open it for ``ministries``."""
    today = NOW.date()
    wanted = rounds.Plan(
        2025,
        number,
        rehearsal=rehearsal,
        as_of=AS_OF,
        opens_on=today,
        due_on=workdays.add(today, 5),
        form=form,
        ministries=ministries,
    )
    made = rounds.plan(session, wanted, forms=FORMS, by=SYSTEM)
    for deed in (RoundDeed.SCHEDULE, RoundDeed.OPEN):
        rounds.move(session, made, deed, forms=FORMS, by=SYSTEM)
    return made


def submission_of(session: Session, key: str = "a") -> Submission:
    """Return the return of a ministry in the round that is open."""
    statement = (
        select(Submission)
        .join(Ministry, Ministry.id == Submission.ministry_id)
        .join(Round, Round.id == Submission.round_id)
        .where(Ministry.key == key, Round.number == 3)
    )
    return session.scalars(statement).one()


def item_of(session: Session, case_no: str) -> SubmissionItem:
    """Return the item of a case in the round that is open."""
    statement = select(SubmissionItem).join(Round, Round.id == SubmissionItem.round_id)
    return session.scalars(statement.where(SubmissionItem.case_no == case_no, Round.number == 3)).one()


def person(session: Session, name: str) -> Actor:
    """Return the actor that a person of ``data.STAFF`` is."""
    return Actor.of(session.scalars(select(User).where(User.email == f"{name}@example.go.jp")).one())
