"""The pages of the consistency check: list, one question, answers, rules, a check on demand, and no leak."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from register.db import Database
from register.jobs.runner import Runner
from register.models import AISystem, AuditEntry, Job, Question
from register.queries import sentinel_facts
from register.sentinel import RULES
from register.services import ai_systems
from register.vocab import IncidentState, JobState, Need, QuestionState
from tests.support.client import Client
from tests.support.incidents import Desk
from tests.support.questions import WAYS, check, one, walk
from tests.support.running_round import Office

ClientOf = Callable[[str], Client]
TRAINED = {"usage_type": "S2", "confidentiality": "2"}


@pytest.fixture(autouse=True)
def without_judgments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is judged here; what the check asks about judgments has its own tests."""
    monkeypatch.setattr(sentinel_facts, "LOADED", sentinel_facts.LOADED - {Need.ASSESSMENTS})


def asked(database: Database, state: QuestionState = QuestionState.OPEN, **changes: str) -> str:
    """Let a case of ministry A be asked about and bring the question to ``state``; return its address."""
    with database.writing() as session:
        Office(session).case(**TRAINED | changes)
        check(session)
        return f"/questions/{walk(session, one(session, 'C05'), WAYS[state]).public_id}"


def state_of(database: Database) -> QuestionState:
    """Return where the question about the case stands."""
    with database.reading() as session:
        return one(session, "C05").state


def test_a_question_is_read_answered_and_accepted(client_of: ClientOf, database: Database) -> None:
    address = asked(database)
    reporter, secretariat = client_of("reporter"), client_of("secretariat")
    page = reporter.get(address).text
    assert (
        "利用類型は特化型２ですが、取扱情報の機密性は「機密性２情報や個人情報を利用者が指示文に入力する」です。" in page
    )
    answer = reporter.submit(f"{address}/explain", {"word": "公開情報だけを学習に用いている。"})
    assert (answer.status_code, answer.location) == (303, address)
    assert "公開情報だけを学習に用いている。" in secretariat.get(f"{address}/accept").text
    assert secretariat.submit(f"{address}/ask_back", {"word": "学習の記録はありますか。"}).status_code == 303
    assert "学習の記録はありますか。" in reporter.get(address).text
    assert reporter.submit(f"{address}/explain", {"word": "あります。"}).status_code == 303
    assert secretariat.submit(f"{address}/accept").status_code == 303
    assert state_of(database) is QuestionState.ACCEPTED
    with database.reading() as session:
        events = list(session.scalars(select(AuditEntry.event).order_by(AuditEntry.seq)))[-4:]
    assert events == ["question.answered", "question.reviewed", "question.answered", "question.reviewed"]


def test_an_answer_without_words_is_shown_again(client_of: ClientOf, database: Database) -> None:
    address = asked(database)
    answer = client_of("reporter").submit(f"{address}/explain", {"word": " "})
    assert answer.status_code == 422
    assert "内容を入力してください。" in answer.text
    assert client_of("approver").submit(f"{address}/claim").status_code == 303
    assert state_of(database) is QuestionState.CLAIMED


@pytest.mark.parametrize(
    ("name", "deed", "status"),
    [
        ("reporter", "accept", 403),
        ("secretariat", "explain", 403),
        ("auditor", "accept", 403),
        ("other", "explain", 404),
        ("admin", "explain", 404),
        ("reporter", "settle", 404),
        ("reporter", "nothing", 404),
        ("secretariat", "accept", 409),
    ],
)
def test_who_may_not_or_not_now_is_told_so(
    client_of: ClientOf, database: Database, name: str, deed: str, status: int
) -> None:
    assert client_of(name).get(f"{asked(database)}/{deed}").status_code == status


def test_the_list_is_narrowed_by_state_rule_and_ministry(client_of: ClientOf, database: Database) -> None:
    asked(database)
    with database.writing() as session:
        Office(session).case(who="other", user_scope="8", title="府省庁Bの案件")
        check(session)
    client = client_of("secretariat")

    def rules(query: str) -> list[str]:
        body = client.get(f"/questions{query}").text.partition("<tbody>")[2]
        return sorted(re.findall(r'<td class="nowrap">\s*([A-Z]\d\d)', body))

    assert rules("") == ["C05", "C09"]
    assert rules("?rule=C05") == rules("?ministry=a") == rules("?state=unsettled&ministry=a") == ["C05"]
    assert rules("?state=explained") == rules("?rule=R01") == []
    assert "条件に合う質問はありません。" in client.get("/questions?state=accepted").text
    own = client_of("other").get("/questions").text
    assert "C09" in own
    assert "議事録の要約" not in own
    assert ">1件</h2>" in own


def test_the_case_the_board_the_return_and_the_first_page_tell_of_questions(
    client_of: ClientOf, database: Database
) -> None:
    with database.writing() as session:
        office = Office(session)
        case = office.case(**TRAINED)
        submission = office.submission(office.opened())
        check(session)
        places = (f"/use-cases/{case.public_id}", f"/submissions/{submission.public_id}", "/rounds/2025-3", "/")
    reporter = client_of("reporter")
    for place, word in zip(
        places, ("特化型２ですが", "答えを待つ確認の質問が1件", "state=open", "確認の質問に答える"), strict=True
    ):
        assert word in reporter.get(place).text, place
    board = client_of("secretariat").get("/rounds/2025-3").text
    assert "/questions?state=open&amp;ministry=a" in board
    assert "/questions?state=open&amp;ministry=b" not in board
    assert "特化型２ですが" not in client_of("other").get(places[0]).text
    assert "確認の質問に答える" not in client_of("other").get("/").text


def test_every_rule_is_told_with_whether_it_is_run(client_of: ClientOf) -> None:
    page = client_of("auditor").get("/questions/rules").text
    assert all(f'id="{rule.code}"' in page and str(rule.checks) in page for rule in RULES)
    assert page.count("まだ確認していません") == len([rule for rule in RULES if rule.code.startswith("A")])


def test_the_secretariat_asks_for_a_check_and_the_runner_makes_it(
    app: Flask, client_of: ClientOf, database: Database
) -> None:
    with database.writing() as session:
        Office(session).case(**TRAINED)
    client = client_of("secretariat")
    answer = client.submit("/questions", button="/questions/check")
    assert answer.status_code == 303
    assert client.submit("/questions", button="/questions/check").location == answer.location
    assert "順番を待っています。" in client.get(answer.location).text
    runner = Runner(app.extensions["register"])
    assert runner.tick() == 1
    runner.close()
    page = client.get(answer.location).text
    assert "確認が終わりました。" in page
    assert "確認の質問を見る" in page
    assert state_of(database) is QuestionState.OPEN
    with database.reading() as session:
        assert session.scalars(select(Job.state)).one() is JobState.DONE
        events = list(session.scalars(select(AuditEntry.event).order_by(AuditEntry.seq)))
    assert events[-3:] == ["sentinel.asked", "question.checked", "sentinel.run"]
    assert "/questions/check" not in client_of("auditor").get("/questions").text


def test_the_command_tells_what_it_did(app: Flask, database: Database) -> None:
    with database.writing() as session:
        Office(session).case(**TRAINED)
    runner = app.test_cli_runner()
    first = runner.invoke(args=["sentinel", "run"])
    assert first.exit_code == 0
    assert first.output.splitlines() == [
        "looked at: 1",
        "questions asked: 1, reopened: 0, brought up to date: 0, settled: 0",
    ]
    assert "asked: 0" in runner.invoke(args=["sentinel", "run"]).output
    assert runner.invoke(args=["audit", "verify"]).exit_code == 0


def test_what_rests_on_an_untold_incident_is_not_met_by_the_secretariat(
    client_of: ClientOf, database: Database
) -> None:
    with database.writing() as session:
        case = Office(session).case()
        Desk(session).at(IncidentState.RECEIVED, cases=case.case_no, grade="L3")
        check(session)
        address = f"/questions/{one(session, 'I01').public_id}"
    assert "事務局と監査には見えません" in client_of("approver").get(address).text
    for name in ("secretariat", "auditor", "other", "admin"):
        assert client_of(name).get(address).status_code in (403, 404)
    for place in ("/questions", "/questions?rule=I01", "/questions?state=open&ministry=a"):
        page = client_of("secretariat").get(place).text
        assert "RC2025" not in page
        assert ">0件</h2>" in page


def test_the_incident_tells_of_its_questions(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        case = Office(session).case()
        incident = Desk(session).at(IncidentState.RECEIVED, cases=case.case_no, grade="L3")
        place = f"/incidents/{incident.public_id}"
    approver = client_of("approver")
    assert "確認の質問</h2>" not in approver.get(place).text
    with database.writing() as session:
        check(session)
        address = f"/questions/{one(session, 'I01').public_id}"
    page = approver.get(place).text
    assert "確認の質問</h2>" in page
    assert f'href="{address}"' in page
    with database.writing() as session:
        walk(session, one(session, "I01"), [("approver", "explain")])
    assert "説明あり" in approver.get(place).text


def test_a_system_that_is_shared_no_more_is_not_named(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        office = Office(session)
        by = office.people["other"]
        shared = ai_systems.create(session, values={"name": "府省庁Bの基盤", "shared": True}, by=by)
        office.case(confidentiality="3", ai_system_id=shared.id)
        office.case(who="other", ai_system_id=shared.id)
        check(session)
        address = next(
            f"/questions/{question.public_id}"
            for question in session.scalars(select(Question).where(Question.rule == "Y01"))
            if question.ministry_id != by.ministry_id
        )
        assert shared.shared
        place = f"/ai-systems/{shared.public_id}"
    reporter = client_of("reporter")
    assert "府省庁Bの基盤" in reporter.get(address).text
    assert f'href="{address}"' in reporter.get(place).text
    # What the other ministry is asked is another question, and not this reader's.
    assert reporter.get(place).text.count('href="/questions/') == 1
    with database.writing() as session:
        system = session.scalars(select(AISystem)).one()
        values = {"name": system.name, "shared": False}
        ai_systems.edit(session, system, values=values, version=system.version, by=by)
    for place in ("/questions", address):
        assert "府省庁Bの基盤" not in reporter.get(place).text, place
