"""The pages of notices: from an incident to the last answer, a consent, a board, and no word of where it comes from."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from register.db import Database
from register.models import AuditEntry, Notice, NoticeAnswer, NoticeRecipient
from register.vocab import NoticeState, Reply, ReplyState
from tests.support import html
from tests.support.client import Client, filled, find_form
from tests.support.notices import Bureau
from tests.support.running_round import Office

ClientOf = Callable[[str], Client]
TEXT = {"title": "要約の確認", "text": "要約に誤りがあった。", "action": "出力を確かめる。"}
G1 = {"audience_kind": "usage_type", "audience_value": "G1"}


def stored(database: Database, state: NoticeState, cases: int = 0, **changes: Any) -> str:
    """Store a notice from an incident of ministry A, and cases of both that it is about; return its address."""
    with database.writing() as session:
        for _ in range(cases):
            Office(session).case(usage_type="G1")
            Office(session).case(usage_type="G1", who="other")
        return f"/notices/{Bureau(session).noticed(state, **changes).public_id}"


def newest(database: Database, model: Any) -> Any:
    """Return the newest row."""
    with database.reading() as session:
        return session.scalars(select(model).order_by(*(key.desc() for key in model.__table__.primary_key))).first()


def own_answer(client: Client, page: str) -> str:
    """Return the address of the ministry's answer, as the page of the notice leads to it."""
    found = re.search(r'href="(/notices/answers/[0-9a-f-]+)"', client.get(page).text)
    assert found is not None
    return found[1]


def errors(answer: TestResponse) -> list[str]:
    """Return what the summary of errors leads to."""
    tree, _ = html.parse(answer.text)
    boxes = [box for box in tree.iter("div") if box.get("class") == "errors"]
    return [link.get("href", "") for box in boxes for link in box.iter("a")]


def controls(text: str, kind: str) -> list[str]:
    """Return the names of the controls of the answers."""
    return re.findall(rf'name="({kind}-[^"]+)"', text)


def test_the_way_from_an_incident_to_the_last_answer(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        Office(session).case(usage_type="G1", who="other")
        incident = f"/incidents/{Bureau(session).known().public_id}"
    secretariat, approver, other = (client_of(name) for name in ("secretariat", "approver", "other"))
    assert f"{incident}/notice" in secretariat.get(incident).text
    made = secretariat.submit(f"{incident}/notice", {**TEXT, "audience_kind": "usage_type:G1"})
    page = made.location
    assert made.status_code == 303
    assert approver.get(page).status_code == 404
    assert "了承を求めてください" in secretariat.get(f"{page}/issue").text
    assert secretariat.submit(f"{page}/ask", {"word": ""}).location == page
    assert f"{page}/consent" in approver.get(page).text
    assert page in approver.get(incident).text
    assert approver.submit(f"{page}/consent").location == page
    preview = secretariat.get(f"{page}/issue").text
    assert "宛先は1府省庁、当てはまる案件は1件です。" in preview
    assert secretariat.submit(f"{page}/issue", {"due_on": "2025-11-20"}).location == page
    assert newest(database, Notice).notice_no == "NT2025-001"
    read = other.get(page).text
    assert "あなたの府省庁の案件1件が、この注意喚起に当てはまります。" in read
    assert not [word for word in ("府省庁A", "a-RC2025", "もとのリスクケース", "了承") if word in read]
    answer = own_answer(other, page)
    choice = controls(other.get(f"{answer}/edit").text, "reply")
    assert other.submit(f"{answer}/edit", {choice[0]: "done"}).location == answer
    assert other.get(f"{answer}/confirm").status_code == 403
    assert client_of("other-approver").submit(f"{answer}/confirm").location == answer
    board = secretariat.get(f"{page}/board").text
    assert "府省庁B" in board
    assert "回答済み" in board
    assert secretariat.submit(f"{page}/close", {"word": "すべて回答された"}).location == page
    assert "すべて回答された" in other.get(page).text
    assert other.get(f"{answer}/edit").status_code == 409


def test_what_is_missing_is_said_and_nothing_typed_is_lost(client_of: ClientOf, database: Database) -> None:
    values = {"title": "", "text": "書きかけの文面", "action": "", "audience_kind": "model", "audience_value": "A"}
    answer = client_of("secretariat").submit("/notices/new", values)
    assert (answer.status_code, errors(answer)) == (422, ["#title", "#action"])
    assert "書きかけの文面" in answer.text
    again = client_of("secretariat").submit("/notices/new", {**TEXT, "audience_kind": "model", "audience_value": "A"})
    assert (again.status_code, errors(again)) == (422, ["#audience_value"])
    odd = client_of("secretariat").submit("/notices/new", {**TEXT, "audience_kind": "usage_type:G9"})
    assert (odd.status_code, errors(odd)) == (422, ["#audience_kind"])
    assert newest(database, Notice) is None


@pytest.mark.parametrize(
    ("chosen", "typed", "kind", "value"),
    [
        ("all", "残った言葉", "all", ""),
        ("vendor", "サンプル社", "vendor", "サンプル社"),
        ("confidentiality:3", "", "confidentiality", "3"),
    ],
)
def test_an_audience_comes_back_as_it_was_chosen(
    client_of: ClientOf, database: Database, chosen: str, typed: str, kind: str, value: str
) -> None:
    client = client_of("secretariat")
    page = client.submit("/notices/new", {**TEXT, "audience_kind": chosen, "audience_value": typed}).location
    made = newest(database, Notice)
    assert (made.audience_kind.value, made.audience_value) == (kind, value)
    shown = filled(find_form(html.parse(client.get(f"{page}/edit").text)[0], None))
    assert (shown["audience_kind"], shown["audience_value"]) == (chosen, typed if kind == "vendor" else "")


def test_consent_is_taken_back_by_an_edit_and_refused_with_words(client_of: ClientOf, database: Database) -> None:
    page = stored(database, NoticeState.ASKED)
    secretariat, approver = client_of("secretariat"), client_of("approver")
    assert "了承は取り消され" in secretariat.get(f"{page}/edit").text
    silent = approver.submit(f"{page}/consent", {"refuse": "1"})
    assert (silent.status_code, errors(silent)) == (422, ["#word"])
    assert approver.submit(f"{page}/consent", {"refuse": "1", "word": "課名を除いてください"}).location == "/notices"
    assert approver.get(page).status_code == 404
    assert "課名を除いてください" in secretariat.get(page).text
    secretariat.submit(f"{page}/edit", {"text": "直した文面"})
    secretariat.submit(f"{page}/ask")
    approver.submit(f"{page}/consent")
    assert newest(database, Notice).state is NoticeState.CLEARED
    secretariat.submit(f"{page}/edit", {"text": "後で変えた文面"})
    assert newest(database, Notice).state is NoticeState.DRAFT
    assert secretariat.submit(f"{page}/ask").location == page
    for name in ("reporter", "other-approver", "secretariat", "auditor"):
        assert client_of(name).get(f"{page}/consent").status_code in (403, 404)


def test_a_text_that_changed_meanwhile_is_not_cleared(client_of: ClientOf, database: Database) -> None:
    page = stored(database, NoticeState.ASKED)
    approver, secretariat = client_of("approver"), client_of("secretariat")
    secretariat.submit(f"{page}/edit", {"text": "別の文面"})
    secretariat.submit(f"{page}/ask")
    assert approver.submit(f"{page}/consent", {"version": "2"}).status_code == 409
    assert newest(database, Notice).state is NoticeState.ASKED


def test_a_stale_edit_shows_both_texts(client_of: ClientOf, database: Database) -> None:
    page = stored(database, NoticeState.DRAFT, **G1)
    client = client_of("secretariat")
    client.submit(f"{page}/edit", {"title": "先の題"})
    stale = client.submit(f"{page}/edit", {"title": "後の題", "version": "1"})
    assert stale.status_code == 409
    assert all(text in stale.text for text in ("先の題", "後の題", "利用類型：汎用型１"))


def test_a_day_that_passed_and_an_audience_of_nobody_are_refused(client_of: ClientOf, database: Database) -> None:
    client = client_of("secretariat")
    page = stored(database, NoticeState.CLEARED)
    late = client.submit(f"{page}/issue", {"due_on": "2025-11-09"})
    assert (late.status_code, errors(late)) == (422, ["#due_on"])
    nobody = stored(database, NoticeState.CLEARED, **G1)
    empty = client.submit(f"{nobody}/issue")
    assert (empty.status_code, "宛先に当てはまる府省庁がありません" in empty.text) == (422, True)
    early = stored(database, NoticeState.DRAFT)
    assert client.get(f"{early}/close").status_code == 409
    assert client.submit(f"{page}/withdraw", {"word": ""}).status_code == 422


def test_all_is_answered_with_one_press(client_of: ClientOf, database: Database) -> None:
    page = stored(database, NoticeState.ISSUED, cases=2, **G1)
    client = client_of("reporter")
    answer = own_answer(client, page)
    assert "すべて該当なしとする" in client.get(f"{answer}/edit").text
    assert client.submit(f"{answer}/edit", {"rest": "1"}).location == answer
    with database.reading() as session:
        replies = [(row.reply, row.author_name) for row in session.scalars(select(NoticeAnswer))]
    assert replies == [(Reply.NOT_CONCERNED, "reporter")] * 2
    assert "すべて該当なしとする" not in client.get(f"{answer}/edit").text


def test_a_comment_alone_is_no_answer(client_of: ClientOf, database: Database) -> None:
    page = stored(database, NoticeState.ISSUED, cases=1, **G1)
    client = client_of("reporter")
    answer = own_answer(client, page)
    name = controls(client.get(f"{answer}/edit").text, "comment")[0]
    refused = client.submit(f"{answer}/edit", {name: "説明だけ"})
    assert (refused.status_code, errors(refused)) == (422, [f"#{name.replace('comment', 'reply')}"])
    assert 'value="説明だけ"' in refused.text
    assert newest(database, NoticeAnswer) is None


def test_a_confirmed_answer_that_is_changed_is_open_again(client_of: ClientOf, database: Database) -> None:
    page = stored(database, NoticeState.ISSUED, cases=1, **G1)
    reporter, approver = client_of("reporter"), client_of("approver")
    answer = own_answer(reporter, page)
    assert approver.get(f"{answer}/confirm").status_code == 409
    reply = controls(reporter.get(f"{answer}/edit").text, "reply")[0]
    reporter.submit(f"{answer}/edit", {reply: "in_progress", reply.replace("reply", "comment"): "点検しています"})
    assert "まだ確定されていません" in client_of("secretariat").get(answer).text
    assert approver.submit(f"{answer}/confirm").location == answer
    assert "点検しています" in client_of("secretariat").get(answer).text
    assert "確定前に戻ります" in reporter.get(f"{answer}/edit").text
    reporter.submit(f"{answer}/edit", {reply: "done"})
    assert newest(database, NoticeRecipient).state is not ReplyState.CONFIRMED
    assert "点検しています" not in client_of("auditor").get(answer).text
    assert "確定した後に変わりました" in approver.get(answer).text
    unchanged = reporter.submit(f"{answer}/edit")
    assert "変わった回答はありません" in reporter.get(unchanged.location).text


def test_a_stale_answer_shows_both(client_of: ClientOf, database: Database) -> None:
    page = stored(database, NoticeState.ISSUED, cases=1, **G1)
    reporter, approver = client_of("reporter"), client_of("approver")
    answer = own_answer(reporter, page)
    reply = controls(reporter.get(f"{answer}/edit").text, "reply")[0]
    approver.submit(f"{answer}/edit", {reply: "in_progress", reply.replace("reply", "comment"): "先の説明"})
    stale = reporter.submit(f"{answer}/edit", {reply: "done", "version": "1"})
    assert stale.status_code == 409
    assert "先の説明" in stale.text
    assert newest(database, NoticeAnswer).reply is Reply.IN_PROGRESS
    assert approver.submit(f"{answer}/confirm", {"version": "1"}).status_code == 409


def test_a_case_that_came_meanwhile_is_answered_before_the_confirmation(
    client_of: ClientOf, database: Database
) -> None:
    page = stored(database, NoticeState.ISSUED, cases=1, **G1)
    approver = client_of("approver")
    answer = own_answer(approver, page)
    approver.submit(f"{answer}/edit", {"rest": "1"})
    opened = html.parse(approver.get(f"{answer}/confirm").text)[0]
    hidden = {one.get("name", ""): one.get("value") for one in opened.iter("input") if one.get("type") == "hidden"}
    with database.writing() as session:
        Office(session).case(usage_type="G1")
    refused = approver.post(f"{answer}/confirm", data=hidden)
    assert (refused.status_code, "まだ回答していないものがあります" in refused.text) == (422, True)
    assert "この内容で回答を確定する" not in approver.get(f"{answer}/confirm").text
    approver.submit(f"{answer}/edit", {"rest": "1"})
    approver.submit(f"{answer}/confirm")
    with database.writing() as session:
        Office(session).case(usage_type="G1")
    assert "当てはまる案件が1件加わりました" in approver.get(answer).text


def test_many_cases_are_answered_page_by_page(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        for _ in range(51):
            Office(session).case(usage_type="G1")
    page = stored(database, NoticeState.ISSUED, **G1)
    client = client_of("reporter")
    answer = own_answer(client, page)
    first = client.submit(f"{answer}/edit")
    assert first.location == f"{answer}/edit?page=2"
    last = controls(client.get(first.location).text, "reply")
    assert len(last) == 1
    assert client.submit(first.location, {last[0]: "done"}).location == answer
    assert client.get(f"{answer}?page=2").text.count("該当あり・対応済") == 2


def test_the_board_is_a_file_too_and_who_took_it_is_recorded(client_of: ClientOf, database: Database) -> None:
    page = stored(database, NoticeState.ISSUED, cases=1, **G1)
    with database.writing() as session:
        bureau = Bureau(session)
        bureau.replied(session.scalars(select(Notice)).one(), ReplyState.CONFIRMED)
    for name in ("secretariat", "auditor"):
        client = client_of(name)
        assert client.get(f"{page}/board.xlsx").data.startswith(b"PK")
        rows = list(csv.reader(io.StringIO(client.get(f"{page}/board.csv").data.decode("utf-8-sig"))))
        assert [(row[2], row[3], row[7], row[-1]) for row in rows[1:]] == [
            ("府省庁A", "回答済み", "1", "1"),
            ("府省庁B", "未回答", "", "1"),
        ]
        entry = newest(database, AuditEntry)
        assert (entry.event, entry.actor_name, entry.subject_label) == ("notice.exported", name, "NT2025-001")
    for name in ("reporter", "approver"):
        assert client_of(name).get(f"{page}/board").status_code == 403


def test_what_is_withdrawn_stays_to_be_seen_with_its_reason(client_of: ClientOf, database: Database) -> None:
    page = stored(database, NoticeState.ISSUED, cases=1, **G1)
    client_of("secretariat").submit(f"{page}/withdraw", {"word": "事実と違ったため"})
    for name in ("other", "reporter", "auditor"):
        read = client_of(name).get(page).text
        assert "取下げ" in read
        assert "事実と違ったため" in read
    assert client_of("other").get("/notices").text.count("NT2025-001") == 1


def test_a_notice_to_others_is_not_there(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        Office(session).case(usage_type="S1", who="other")
        made = Bureau(session).issued(audience_kind="usage_type", audience_value="S1", title="宛先だけの題")
    page = f"/notices/{made.public_id}"
    answer = own_answer(client_of("other"), page)
    for address in (page, f"{page}/board", answer, f"{answer}/edit", f"{answer}/confirm"):
        assert client_of("approver").get(address).status_code == 404
    for address in ("/", "/notices", "/notices?reply=open", "/audit"):
        assert "宛先だけの題" not in client_of("approver").get(address).text
    assert "0件" in client_of("approver").get("/notices").text
    assert client_of("admin").get("/notices").status_code == 403
    assert "注意喚起に回答する" in client_of("other").get("/").text
    assert "注意喚起に回答する" not in client_of("approver").get("/").text
