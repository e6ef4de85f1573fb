"""Deeds of every part of the register, to be drawn at random: each finds its row by a number and may be refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.models import (
    AISystem,
    Assessment,
    Incident,
    Measure,
    Round,
    Submission,
    UseCase,
    User,
)
from register.services import ai_systems, measures, rounds, use_cases
from register.vocab import Confirmation, IncidentDeed, Lifecycle, RoundDeed
from tests.support import assessments, questions
from tests.support.audit_log import VALUES
from tests.support.data import NOW
from tests.support.incidents import Desk
from tests.support.round_files import FIRST, PLAIN, file_of, load
from tests.support.running_round import FACTS, FULL, LIBRARY, Office, busy

BY = Actor.system("tests")
# What a deed is given: a number to choose by, and a text to write.
numbers = st.integers(0, 11)
texts = st.sampled_from(["", "一", "二\n三", "\U0001f600 “½”", "長い文。" * 9, '{"hmac": "0"}'])
Deed = Callable[[Session, int, str], object]


def begun(url: str) -> None:
    """Build a register with a round on form 1, cases, and a round that ministries answer."""
    busy(url)
    database = Database(url, FixedClock(NOW))
    v1 = {name: PLAIN[name] for name in PLAIN if name != "case_no"}
    with database.writing() as session:
        data = file_of(*(v1 | {"case_no": f"a-2025-000{number}"} for number in (1, 2)), version="v1")
        load(session, data, number=1, version="v1", as_of=FIRST)
        office = Office(session)
        office.case()
        office.opened()
    database.engine.dispose()


def one_of(session: Session, model: Any, number: int, *conditions: Any) -> Any:
    """Return a row of ``model`` by its place; None where there is none."""
    found = session.scalars(select(model).where(*conditions).order_by(model.id)).all()
    return found[number % len(found)] if found else None


def new_case(session: Session, number: int, text: str) -> None:
    Office(session).case([None, *Lifecycle][number % 4], title=f"題{text}", purpose=text)


def edit_case(session: Session, number: int, text: str) -> None:
    office, case = Office(session), one_of(session, UseCase, number)
    known = {name: FULL[name] for name in FACTS} | {"title": f"題{number}", "purpose": text, "start_on": FIRST}
    values = known | {"usage_type": ["", "G1", "G2"][number % 3]}
    own: dict[str, Any] = {"version": case.version, "by": office.people["reporter"]}
    use_cases.edit(session, case, form=LIBRARY.newest, values=values, **own)


def move_case(session: Session, number: int, _text: str) -> None:
    Office(session).move(one_of(session, UseCase, number), list(Lifecycle)[number % len(Lifecycle)])


def enter_incident(session: Session, number: int, text: str) -> None:
    case = one_of(session, UseCase, number).case_no if number % 2 else ""
    Desk(session).enter(draft=number % 3 == 0, cases=case, suspend=number % 5 == 0, summary=text, grade=None)


def edit_incident(session: Session, number: int, text: str) -> None:
    """Tell of an incident anew, of other cases than before."""
    cases = session.scalars(select(UseCase.case_no).order_by(UseCase.id)).all()
    if incident := one_of(session, Incident, number):
        Desk(session).edit(incident, cases=" ".join(cases[number % 3 : number % 4]), cause=text, affected_count=number)


def move_incident(session: Session, number: int, text: str) -> None:
    deeds = [deed for deed in IncidentDeed if deed not in (IncidentDeed.EDIT, IncidentDeed.REVISE)]
    if incident := one_of(session, Incident, number // 3):
        Desk(session).move(incident, deeds[number % len(deeds)], who=["reporter", "approver"][number % 2], word=text)


def measure(session: Session, number: int, _text: str) -> None:
    desk = Desk(session)
    if one := one_of(session, Measure, number):
        own: dict[str, Any] = {"by": desk.people["approver"], "version": one.version}
        if number % 2:
            measures.done(session, one, on=session.info["clock"].today(), **own)
        else:
            measures.verify(session, one, **own)
    elif incident := one_of(session, Incident, number):
        desk.measure(incident)


def system(session: Session, number: int, text: str) -> None:
    """Make an AI system, change it, or remove it so that the next one takes its number."""
    office, one = Office(session), one_of(session, AISystem, number)
    by, values = office.people["approver"], VALUES | {"note": text, "shared": bool(number % 2)}
    if one is None or number % 3 == 0:
        ai_systems.create(session, values=values, by=by)
    elif number % 3 == 1:
        ai_systems.edit(session, one, values=values, version=one.version, by=by)
    else:
        session.delete(one)
        session.flush()
        audit.record(session, audit.Event.AI_SYSTEM_EDITED, None, by=BY)


def plan_a_round(session: Session, number: int, text: str) -> None:
    """Plan a round, or revise its plan with fewer ministries or more."""
    office, planned = Office(session), one_of(session, Round, 0, Round.number == 4)
    ministries = office.plan().ministries[: 1 + number % 2]
    wanted = office.plan(number=4, ministries=ministries, instructions=text)
    if planned is None:
        rounds.plan(session, wanted, forms=LIBRARY, by=office.people["secretariat"])
    else:
        own: dict[str, Any] = {"version": planned.version, "by": office.people["secretariat"]}
        rounds.revise(session, planned, wanted, forms=LIBRARY, **own)


def import_a_round(session: Session, number: int, text: str) -> None:
    """Load a round of an earlier year, two ministries at once."""
    rows = [
        {"ministry": f"府省庁{key.upper()}", "case_no": f"{key}-2025-000{place}", "purpose": text or "文"}
        for key in "ab"
        for place in range(1, 2 + number % 3)
    ]
    load(session, file_of(*rows), number=5 + number % 3, as_of=dt.date(2025, 9, 1 + number))


def answer(session: Session, number: int, text: str) -> None:
    """Do something with the cases of the round that runs."""
    office = Office(session)
    running = select(Round).where(Round.number == 3)
    submission = office.submission(session.scalars(running).one(), "ab"[number % 5 == 4])
    items = office.items(submission)
    item = items[number % len(items)] if items else None
    who = "reporter" if number % 5 != 4 else "other"
    if item is None or number % 6 == 0:
        office.add(submission, who=who, purpose=text or "文")
    elif item.confirmation is Confirmation.NEW and number % 6 < 3:
        office.remove(item, who=who)
    elif number % 6 < 3:
        office.save(item, "use", {"purpose": text, "usage_type": "G2"}, who=who, causes={"usage_type": "actual"})
    elif number % 6 == 3:
        office.end(item, who=who)
    else:
        office.confirm(submission, item, who=who)


def hand_in(session: Session, number: int, _text: str) -> None:
    """Take a return a step further, or back; or ask about one of its cases."""
    office = Office(session)
    submission = one_of(session, Submission, number, Submission.round_id == Round.id, Round.number == 3)
    items = office.items(submission)
    if number % 4 < 2:
        office.handed_in(submission)
    elif number % 4 == 2:
        office.give_back(submission)
    elif items and number > 5:
        office.ask(items[0], "title", "質問")
    else:
        office.accept(submission)


def end_the_round(session: Session, number: int, _text: str) -> None:
    current = session.scalars(select(Round).where(Round.number == 3)).one()
    Office(session).go(current, [RoundDeed.CLOSE, RoundDeed.FREEZE][number % 2], reason="理由")


def judge(session: Session, number: int, text: str) -> None:
    """Begin a judgment, change it, or decide it."""
    panel, one = assessments.Panel(session), one_of(session, Assessment, number)
    if one is None or number % 3 == 0:
        panel.start(one_of(session, UseCase, number))
    elif number % 3 == 1:
        panel.edit(one, assessments.LOW)
    else:
        panel.decided(one_of(session, UseCase, number), reason=text)


def check(session: Session, _number: int, _text: str) -> None:
    questions.check(session)


def change_a_password(session: Session, number: int, text: str) -> None:
    person = one_of(session, User, number)
    person.password, person.active, person.email = text, not person.active, f"{text[:1]}{person.email}"
    audit.record(session, audit.Event.PASSWORD_REHASHED, person, by=BY)


DEEDS: Mapping[str, Deed] = {
    deed.__name__: deed
    for deed in (
        new_case, edit_case, move_case, enter_incident, edit_incident, move_incident, measure, system, plan_a_round,
        import_a_round, answer, hand_in, end_the_round, judge, check, change_a_password,
    )
}  # fmt: skip
