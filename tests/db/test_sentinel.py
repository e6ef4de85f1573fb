"""The consistency check on both databases: what it asks, that it says so once, and what becomes of an answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from register import audit, authz
from register.authz import Actor
from register.db import Database
from register.errors import Forbidden, Invalid, NotNow, Stale
from register.models import AuditEntry, Question, QuestionEvent, UseCase
from register.queries import questions as queries
from register.queries import sentinel_facts, worklist
from register.sentinel import BY_CODE, AssessmentFacts, AxisFacts
from register.services import ai_systems, jobs, questions, sentinel, use_cases
from register.services.jobs import Work
from register.states import question_steps
from register.vocab import IncidentState, Lifecycle, Need, QuestionDeed, QuestionState
from tests.support.assessments import SHEETS
from tests.support.data import STAFF
from tests.support.incidents import RISK, TODAY, Desk
from tests.support.questions import LIMITS, SYSTEM, WAYS, asked, check, move, one, trail, walk
from tests.support.round_files import SECOND
from tests.support.running_round import LIBRARY, Office

DAY = dt.timedelta(days=1)
TRAINED = {"usage_type": "S2", "confidentiality": "2"}


@pytest.fixture
def office(session: Session) -> Iterator[Office]:
    """The people at their desks; what they did must be told in the log in the end."""
    yield Office(session)
    session.commit()
    assert audit.verify(session).finding is None


@pytest.fixture(autouse=True)
def without_judgments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is judged here; what the check asks about judgments has its own tests."""
    monkeypatch.setattr(sentinel_facts, "LOADED", sentinel_facts.LOADED - {Need.ASSESSMENTS})


def edit(session: Session, case: UseCase, who: str = "reporter", **changes: Any) -> None:
    """Change what the register says of a case."""
    values = {name: getattr(case, name) for name in use_cases.EDITABLE} | changes
    by = Desk(session).people[who]
    use_cases.edit(session, case, form=LIBRARY.newest, values=values, version=case.version, by=by)


def test_a_question_is_asked_once_and_settled_by_itself(office: Office) -> None:
    session, case = office.session, office.case(**TRAINED)
    assert check(session) == {"ask": 1}
    question = one(session, "C05")
    assert (question.use_case_id, question.ministry_id, question.internal) == (case.id, case.ministry_id, False)
    assert question.facts == {"usage_type": "S2", "confidentiality": "2"}
    assert check(session) == {}
    edit(session, case, confidentiality="4")
    assert check(session) == {"settle": 1}
    assert question.state is QuestionState.FIXED
    last = session.scalars(select(QuestionEvent).order_by(QuestionEvent.id.desc())).first()
    assert last is not None
    assert last.changes == {"confidentiality": ["2", "4"]}
    assert check(session) == {}


def test_a_question_that_comes_back_keeps_its_trail(office: Office) -> None:
    session, case = office.session, office.case(**TRAINED)
    for confidentiality in ("4", "2"):
        check(session)
        edit(session, case, confidentiality=confidentiality)
    assert check(session) == {"reopen": 1}
    assert trail(session, one(session, "C05")) == [("ask", "open"), ("settle", "fixed"), ("reopen", "open")]


def test_an_explanation_that_was_accepted_holds_until_the_facts_change(office: Office) -> None:
    session, case = office.session, office.case(**TRAINED)
    check(session)
    question = walk(session, one(session, "C05"), WAYS[QuestionState.ACCEPTED])
    assert check(session) == {}
    edit(session, case, purpose="別の用途")
    assert check(session) == {}
    edit(session, case, confidentiality="3")
    assert check(session) == {"reopen": 1}
    assert (question.state, question.facts["confidentiality"]) == (QuestionState.OPEN, "3")
    edit(session, case, confidentiality="1")
    assert check(session) == {"revise": 1}
    assert check(session) == {}


def test_what_was_said_to_be_corrected_is_looked_at(office: Office) -> None:
    session, case = office.session, office.case(**TRAINED)
    check(session)
    question = move(session, one(session, "C05"), "claim", who="reporter", word="")
    assert check(session) == {"reopen": 1}
    move(session, question, "claim", who="approver", word="直した")
    edit(session, case, usage_type="G2")
    assert check(session) == {"settle": 1}
    assert [state for _, state in trail(session, question)] == ["open", "claimed", "open", "claimed", "fixed"]


def test_who_takes_which_step_when(office: Office) -> None:
    session = office.session
    office.case(**TRAINED)
    check(session)
    session.commit()
    for state, way in WAYS.items():
        for (name, (_, _key)), deed in product(STAFF.items(), QuestionDeed):
            question = walk(session, one(session, "C05"), way)
            may = deed in authz.QUESTION_DEEDS and authz.can(office.people[name], authz.QUESTION_DEEDS[deed], question)
            now = deed in {step.deed for step in question_steps(state)}
            refusal = NotNow if deed not in authz.QUESTION_DEEDS else Forbidden if not may else None if now else NotNow
            if refusal is None:
                move(session, question, deed.value, who=name)
            else:
                with pytest.raises(refusal):
                    move(session, question, deed.value, who=name)
            session.rollback()


def test_a_step_is_refused_without_its_words_and_when_somebody_was_first(office: Office) -> None:
    session = office.session
    office.case(**TRAINED)
    check(session)
    question, by = one(session, "C05"), office.people["reporter"]
    for word in ("", "長" * (questions.LONGEST_WORD + 1)):
        with pytest.raises(Invalid):
            questions.move(session, question, QuestionDeed.EXPLAIN, word=word, version=question.version, by=by)
    with pytest.raises(Stale) as stale:
        questions.move(session, question, QuestionDeed.EXPLAIN, word="理由", version=0, by=by)
    assert stale.value.theirs == {"state": QuestionState.OPEN}


def test_a_rule_whose_facts_are_not_loaded_asks_nothing_and_settles_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, case = office.session, office.case(confidentiality="2")
    assert check(session) == {}
    monkeypatch.setattr(sentinel_facts, "LOADED", frozenset(Need))
    assert check(session) == {"ask": 1}
    assert one(session, "A01").use_case_id == case.id
    monkeypatch.undo()
    assert check(session) == {}
    monkeypatch.setattr(sentinel_facts, "LOADED", frozenset(Need))
    judged = AssessmentFacts(TODAY, "low", {"A": AxisFacts("A1", False)}, TODAY + DAY, open=False)
    monkeypatch.setattr(sentinel_facts, "assessments_of", lambda *_: {case.id: judged})
    assert check(session) == {"settle": 1}


def test_a_question_of_a_rule_that_is_no_more_is_settled(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    session = office.session
    office.case(**TRAINED)
    check(session)
    monkeypatch.delitem(BY_CODE, "C05")  # type: ignore[arg-type]
    monkeypatch.setattr(sentinel, "runnable", lambda _loaded: ())
    assert check(session) == {"settle": 1}
    page = queries.list_page(
        session, office.people["auditor"], queries.ListState(), queries.Teller(LIBRARY.newest, RISK)
    )
    assert str(page.rows[0].sentence) == "この確認（C05）は、今は行っていません。"


def test_a_count_that_the_log_does_not_bear_out_is_asked_about(office: Office) -> None:
    session, case, desk = office.session, office.case(), Desk(office.session)
    submission = office.submission(office.opened())
    office.confirm(submission)
    assert check(session) == {}
    desk.at(IncidentState.IN_RESPONSE, cases=case.case_no, detected_on=SECOND)
    assert check(session) == {"ask": 1}
    question = one(session, "R01")
    assert question.facts == {"round": "2025-3", "said_count": 0, "logged_count": 1}
    # Nothing of a return is known to the secretariat before it was handed in.
    assert question.internal
    teller = queries.Teller(LIBRARY.newest, RISK)
    page = queries.question_page(session, question, office.people["reporter"], teller)
    assert page.item is office.item(submission, case)


def test_a_case_that_the_newest_return_leaves_out_is_asked_about(office: Office) -> None:
    session = office.session
    office.accept(office.handed_in(office.ready()))
    assert check(session) == {}
    forgotten = office.case(title="前からある案件")
    office.case(Lifecycle.PLANNED, title="やめた案件")
    assert check(session) == {"ask": 2}
    assert asked(session, "R05")[0].use_case_id == forgotten.id
    assert asked(session, "R05")[0].facts == {"lifecycle": "production", "left_out": "2025-3"}


def test_each_ministry_is_asked_about_a_shared_system_in_its_own_words(office: Office) -> None:
    session = office.session
    owner = office.people["other"]
    shared = ai_systems.create(
        session,
        values={"name": "共通基盤", "vendor": "株式会社甲", "model_usage": "商用LLM-A", "shared": True},
        by=owner,
    )
    own, theirs = office.case(confidentiality="1"), office.case(who="other", confidentiality="3")
    edit(session, own, ai_system_id=shared.id)
    assert check(session) == {}
    edit(session, theirs, who="other", ai_system_id=shared.id)
    assert check(session) == {"ask": 2}
    told = {question.ministry_id: question.facts for question in asked(session, "Y01")}
    assert told == {
        own.ministry_id: {"own_confidentiality": ["1"]},
        theirs.ministry_id: {"own_confidentiality": ["3"]},
    }
    # What another ministry changes about its own cases opens no explanation again.
    mine = next(question for question in asked(session, "Y01") if question.ministry_id == own.ministry_id)
    walk(session, mine, WAYS[QuestionState.ACCEPTED])
    edit(session, theirs, who="other", confidentiality="2")
    assert check(session) == {"revise": 1}
    assert mine.state is QuestionState.ACCEPTED


def test_the_name_of_a_shared_system_has_one_vendor(office: Office) -> None:
    session = office.session
    shared = {"name": "共通基盤", "vendor": "株式会社甲", "shared": True}
    ai_systems.create(session, values=shared, by=office.people["other"])
    ai_systems.create(session, values=shared | {"vendor": "株式会社乙", "shared": False}, by=office.people["reporter"])
    assert check(session) == {"ask": 1}
    question = one(session, "Y03")
    assert question.ministry_id == office.people["reporter"].ministry_id
    assert question.facts == {"vendor": "株式会社乙", "shared_vendor": "株式会社甲"}


def test_what_rests_on_an_incident_that_was_not_told_is_the_ministrys(office: Office) -> None:
    session, desk = office.session, Desk(office.session)
    case = office.case()
    made = desk.at(IncidentState.RECEIVED, cases=case.case_no, grade="L3")
    assert check(session) == {"ask": 1}
    question, secretariat = one(session, "I01"), office.people["secretariat"]
    assert question.internal
    assert queries.waiting(session, secretariat) == {}
    assert queries.waiting(session, office.people["reporter"]) == {case.ministry_id: 1}
    desk.move(made, "notify")
    assert check(session) == {}
    assert not question.internal
    assert queries.waiting(session, secretariat) == {case.ministry_id: 1}
    assert queries.waiting(session, office.people["other"]) == {}


def test_incidents_are_asked_about_by_themselves(office: Office) -> None:
    session, desk = office.session, Desk(office.session)
    made = desk.at(IncidentState.IN_RESPONSE)
    measure = desk.measure(made, due_on=TODAY)
    desk.on(TODAY + DAY)
    assert check(session) == {"ask": 1}
    assert one(session, "I05").incident_id == made.id
    assert measure.incident_id == made.id
    desk.on(TODAY + 31 * DAY)
    assert check(session) == {"ask": 1}
    assert one(session, "I06").facts == {"incident_no": made.incident_no, "detected_on": TODAY.isoformat()}


def test_twins_name_each_other(office: Office) -> None:
    first, second = office.case(), office.case()
    office.case(who="other")
    assert check(office.session) == {"ask": 2}
    told = {question.use_case_id: question.facts["twin"] for question in asked(office.session, "C07")}
    assert told == {first.id: second.case_no, second.id: first.case_no}


def test_the_worklist_tells_what_waits(office: Office) -> None:
    session = office.session
    office.case(**TRAINED)

    def told(name: str) -> list[tuple[str, int, str]]:
        tasks = worklist.tasks(session, office.people[name], RISK, SHEETS, TODAY)
        return [(str(t.text), t.count, t.args["state"]) for t in tasks if t.endpoint == "questions.index"]

    check(session)
    assert told("reporter") == told("approver") == [("確認の質問に答える", 1, "open")]
    assert told("secretariat") == told("other") == told("auditor") == told("admin") == []
    move(session, one(session, "C05"), "explain", who="reporter")
    assert told("reporter") == []
    assert told("secretariat") == [("確認の質問への説明を確かめる", 1, "explained")]


def test_a_check_is_told_in_the_log_to_each_ministry(office: Office) -> None:
    session = office.session
    for who in ("reporter", "other"):
        office.case(who=who, **TRAINED)
    check(session)
    session.flush()
    session.commit()
    entries = session.execute(select(AuditEntry.event, AuditEntry.ministry_id).order_by(AuditEntry.seq)).all()
    checked = [row.ministry_id for row in entries if row.event == "question.checked"]
    assert sorted(checked) == sorted({office.people[name].ministry_id for name in ("reporter", "other")})
    assert [row.ministry_id for row in entries if row.event == "sentinel.run"] == [None]


def test_a_check_takes_the_same_statements_for_one_case_and_for_many(office: Office, database: Database) -> None:
    session, seen = office.session, list[str]()
    event.listen(database.engine, "before_cursor_execute", lambda _c, _u, text, *_: seen.append(text))

    def statements() -> int:
        seen.clear()
        assert check(session) == {}
        return len(seen)

    office.case()
    check(session)
    few = statements()
    for number in range(5):
        office.case(title=f"案件{number}")
    check(session)
    assert statements() == few < 30


def test_a_register_larger_than_a_chunk_is_looked_at_whole(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    session, desk = office.session, Desk(office.session)
    monkeypatch.setattr(sentinel_facts, "CHUNK", 2)
    cases = [office.case(title=f"案件{number}", **TRAINED) for number in range(5)]
    for _ in range(3):
        desk.at(IncidentState.RECEIVED, grade="L3")
    desk.on(TODAY + 10 * DAY)
    assert check(session) == {"ask": 8}
    assert {question.use_case_id for question in asked(session, "C05")} == {case.id for case in cases}
    assert len(asked(session, "I02")) == 3
    assert check(session) == {}
    for case in cases[::2]:
        edit(session, case, confidentiality="4")
    assert check(session) == {"settle": 3}
    assert check(session) == {}


def test_a_check_is_asked_for_once(session: Session, actor: Callable[[str], Actor]) -> None:
    by = actor("secretariat")
    job = sentinel.ask(session, by=by)
    assert sentinel.ask(session, by=by).id == job.id
    with pytest.raises(Forbidden):
        sentinel.ask(session, by=actor("approver"))
    work = jobs.claim(session)
    assert isinstance(work, Work)
    assert work.kind == "sentinel"
    session.rollback()


def test_two_checks_at_once_ask_once(office: Office) -> None:
    session = office.session
    office.case(**TRAINED)
    part = sentinel.look(session, sentinel.Cursor(), sentinel_facts.ground(session), LIMITS)
    assert len(part.changes) == 1
    assert sentinel.settle(session, part, by=SYSTEM) == {QuestionDeed.ASK: 1}
    # The other one has looked at the same moment; it compares again when its turn comes.
    assert sentinel.settle(session, part, by=SYSTEM) == {}


def test_a_suspension_and_a_start_grow_old(office: Office) -> None:
    session = office.session
    office.case(Lifecycle.SUSPENDED, title="停止")
    office.case(Lifecycle.PLANNED, title="予定", start_on=TODAY)
    assert check(session) == {"ask": 1}
    assert one(session, "C04").facts["lifecycle"] == "suspended"
    office.on(TODAY + (LIMITS.start_passed + 1) * DAY)
    assert check(session) == {"ask": 1}
    assert one(session, "C02").facts == {"lifecycle": "planned", "start_on": TODAY.isoformat()}
    assert session.scalar(select(func.count()).select_from(Question)) == 2
