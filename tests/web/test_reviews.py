"""The secretariat's way through a return on its pages: read beside the round before, ask, return, accept one or several."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from sqlalchemy import select

from register import audit
from register.authz import Actor
from register.db import Database
from register.models import AuditEntry, Remark, Submission, SubmissionItem, UseCase
from register.queries import reviews as queries
from register.services import remarks, rounds, submissions, use_cases
from register.vocab import Lifecycle, RemarkKind, RoundDeed, SubmissionState
from tests.support import html
from tests.support.client import Client
from tests.support.data import NOW
from tests.support.databases import KINDS, Build
from tests.support.reviews import NEW, handed_in, new_item
from tests.support.rounds import FORMS, SPEC, SYSTEM, item_of, person, submission_of

ClientOf = Callable[[str], Client]
both = pytest.mark.parametrize("database_kind", KINDS, indirect=True)


@pytest.fixture
def content() -> Build:
    return handed_in


@pytest.fixture
def address(database: Database) -> str:
    """Where the return of ministry a stands."""
    with database.reading() as session:
        return f"/submissions/{submission_of(session).public_id}"


@pytest.fixture
def case(database: Database) -> str:
    """Where the case stands that ministry a changed."""
    with database.reading() as session:
        return f"/submissions/items/{item_of(session, 'a-2025-0002').public_id}"


def stored(database: Database, key: str = "a") -> Submission:
    """Return the return as it is stored."""
    with database.reading() as session:
        return submission_of(session, key)


def rows_of(text: str, cell: str) -> list[str]:
    """Return the texts of the cells of the first table row that holds ``cell``."""
    tree, _ = html.parse(text)
    for row in tree.iter("tr"):
        cells = [" ".join("".join(one.itertext()).split()) for one in row if one.tag in {"td", "th"}]
        if any(cell in one for one in cells):
            return cells
    raise AssertionError(f"no row with {cell}")


def suspended(database: Database) -> None:
    """Suspend the first case in the register after it was reported as running."""
    with database.writing() as session:
        use_case = session.scalars(select(UseCase).where(UseCase.case_no == "a-2025-0001")).one()
        by = person(session, "approver")
        step = {"to": Lifecycle.SUSPENDED, "on": NOW.date(), "reason": "点検のため", "version": use_case.version}
        use_cases.move(session, use_case, form=SPEC, by=by, **step)


def test_the_list_says_what_changed_and_what_is_odd(client_of: ClientOf, database: Database, address: str) -> None:
    suspended(database)
    page = client_of("secretariat").get(f"{address}/review").text
    changed, first = rows_of(page, "a-2025-0002"), rows_of(page, "a-2025-0001")
    # The purpose is another one, the models are no longer told.
    assert changed[2:4] == ["変更あり", "2"]
    assert "回答を控えた項目 モデル利用状況" in changed[4]
    assert first[2:4] == ["変更なし", "0"]
    assert "台帳では停止中の案件を、利用開始済みと報告" in first[4]
    assert rows_of(page, NEW["title"])[3] == "－"
    assert "未回答の項目 出力データの種類、モデル利用状況" in rows_of(page, NEW["title"])[4]
    assert "2025年度第2回" in page


@pytest.mark.parametrize(("part", "count"), [("changed", 1), ("warned", 2), ("asked", 0), ("", 4), ("nonsense", 4)])
def test_the_list_is_narrowed(client_of: ClientOf, address: str, part: str, count: int) -> None:
    page = client_of("secretariat").get(f"{address}/review?part={part}").text
    assert f'<h3 class="count">{count}件</h3>' in page


def test_a_case_is_read_field_by_field_beside_the_last_round(client_of: ClientOf, case: str) -> None:
    page = client_of("secretariat").get(f"{case}/review").text
    purpose = rows_of(page, "利用用途")
    assert purpose[1:5] == ["利用用途", "照会への回答案と要約に用いる", "照会への回答に用いる", "変更"]
    models = rows_of(page, "モデル利用状況")
    assert models[2:5] == ["回答を控える 契約の相手との約束のため", "商用LLM-A", "回答がなくなった"]
    assert rows_of(page, "利用者の範囲")[4] == ""


def test_a_new_case_has_nothing_beside_it(client_of: ClientOf, database: Database) -> None:
    with database.reading() as session:
        page = f"/submissions/items/{new_item(session).public_id}/review"
    text = client_of("secretariat").get(page).text
    assert "前回の報告にない案件です。" in text
    assert ">違い</th>" not in text


def test_an_answer_of_a_round_that_runs_is_not_called_frozen(client_of: ClientOf, database: Database) -> None:
    with database.reading() as session:
        page = f"/submissions/items/{new_item(session).public_id}"
    for who in ("secretariat", "auditor"):
        text = client_of(who).get(page).text
        assert "まだ確定していない回答です。" in text
        assert "この回で確定した回答です。" not in text


def test_a_case_that_the_return_does_not_name_is_shown(client_of: ClientOf, database: Database, address: str) -> None:
    with database.writing() as session:
        item = item_of(session, "a-2025-0001")
        session.delete(item)
        audit.record(session, audit.Event.SUBMISSION_FILLED, item.submission, by=SYSTEM)
    page = client_of("secretariat").get(f"{address}/review").text
    assert "前回報告され、この回に出ていない案件が1件あります。" in page
    assert rows_of(page, "a-2025-0001") == ["a-2025-0001", "議事録の要約", "常用段階", rows_of(page, "a-2025-0001")[3]]
    # What was approved is not what stands there: it cannot be accepted.
    assert "承認された内容と今の内容が違います。" in page
    assert "/accept" not in page


def test_a_question_goes_to_the_ministry_and_is_settled_after_its_reply(
    client_of: ClientOf, database: Database, address: str, case: str
) -> None:
    office = client_of("secretariat")
    empty = office.submit(f"{case}/ask?field=purpose", {"body": "  "})
    assert empty.status_code == 422
    assert "質問を入力してください。" in empty.text
    asked = office.submit(f"{case}/ask?field=purpose", {"body": "要約はだれが使いますか。"})
    assert (asked.status_code, asked.location) == (303, f"{case}/review#t-purpose")
    assert 'id="t-purpose"' in office.get(f"{case}/review").text
    assert rows_of(office.get(f"{address}/review").text, "a-2025-0002")[5] == "1"
    with database.reading() as session:
        remark = session.scalars(select(Remark)).one()
        found = queries.threads(session, submission_of(session))
        assert [thread.remark.id for thread in found[remark.item_id, "purpose"]] == [remark.id]
        assert queries.open_count(found) == queries.open_count(found, remark.item_id) == 1
    reply = f"/remarks/{remark.public_id}/reply"
    answered = client_of("reporter").submit(reply, {"body": "相談課の職員です。"})
    assert (answered.status_code, answered.location) == (303, case)
    page = office.get(f"{case}/review").text
    assert "相談課の職員です。" in page
    settled = office.submit(f"{case}/review", button=f"/remarks/{remark.public_id}/settle")
    assert settled.status_code == 303
    assert "解決済みにする" not in office.get(f"{case}/review").text
    assert rows_of(office.get(f"{address}/review").text, "a-2025-0002")[5] == "0"
    late = client_of("reporter").get(reply)
    assert late.status_code == 409
    assert "この質問は解決済みです。" in late.text


def test_who_may_ask_reply_and_settle(client_of: ClientOf, database: Database, case: str) -> None:
    with database.writing() as session:
        item = item_of(session, "a-2025-0002")
        remark = remarks.ask(session, item.submission, item.id, "", "全体の質問", by=person(session, "secretariat"))
    reply, settle = f"/remarks/{remark.public_id}/reply", f"/remarks/{remark.public_id}/settle"
    assert client_of("secretariat").get(reply).status_code == 403
    assert client_of("other").get(reply).status_code == 404
    assert client_of("reporter").get(f"{case}/ask").status_code == 403
    assert client_of("auditor").get(f"{case}/ask").status_code == 403
    assert "質問する" not in client_of("auditor").get(f"{case}/review").text
    token = {"csrf_token": html_token(client_of("reporter"), reply)}
    assert client_of("reporter").post(settle, data=token).status_code in {400, 403}


def html_token(client: Client, page: str) -> str:
    """Return the form token of a page."""
    tree, _ = html.parse(client.get(page).text)
    return next(one.get("value", "") for one in tree.iter("input") if one.get("name") == "csrf_token")


@pytest.mark.parametrize("field", ["nonsense", "case_no", "x" * 80])
def test_a_field_that_the_form_does_not_ask_is_not_there(client_of: ClientOf, case: str, field: str) -> None:
    assert client_of("secretariat").get(f"{case}/ask?field={field}").status_code == 404


def test_a_return_goes_back_with_a_reason_and_findings(
    client_of: ClientOf, database: Database, address: str, case: str
) -> None:
    office, item = client_of("secretariat"), case.rpartition("/")[2]
    page = office.get(f"{address}/return?at={item}/purpose&at={item}/nonsense&at=x").text
    assert page.count(f'<option selected value="{item}"') == 1
    assert page.count('<option selected value="purpose"') == 1
    values = {
        "reason": "用途を詳しく書いてください。",
        "item_0": item,
        "field_0": "purpose",
        "body_0": "だれが使うかを書いてください。",
        "item_2": item,
        "body_2": "題と合いません。",
    }
    answer = office.submit(f"{address}/return", values)
    assert answer.status_code == 303
    assert stored(database).state is SubmissionState.RETURNED
    with database.reading() as session:
        found = session.scalars(select(Remark).order_by(Remark.id)).all()
        assert [(one.field_id, one.kind) for one in found] == [
            ("purpose", RemarkKind.FINDING),
            ("", RemarkKind.FINDING),
        ]
    assert "用途を詳しく書いてください。" in client_of("reporter").get(address).text


def test_what_is_wrong_with_a_finding_is_said_beside_it(
    client_of: ClientOf, database: Database, address: str, case: str
) -> None:
    office, item = client_of("secretariat"), case.rpartition("/")[2]
    values = {"reason": "", "body_0": "案件のない指摘", "item_1": item, "item_2": "nonsense", "body_2": "指摘"}
    answer = office.submit(f"{address}/return", values)
    assert answer.status_code == 422
    for sentence in (
        "差し戻す理由を入力してください。",
        "指摘する案件を選んでください。",
        "指摘の内容を入力してください。使わない行は、案件を空に戻してください。",
        "選択肢の中から選んでください。",
    ):
        assert sentence in answer.text
    assert stored(database).state is SubmissionState.SUBMITTED


def test_there_is_room_for_more_findings(client_of: ClientOf, database: Database, address: str) -> None:
    more = client_of("secretariat").submit(f"{address}/return", {"more": "1", "body_0": "ここまで書きました"})
    assert more.status_code == 200
    assert "指摘6" in more.text
    assert "ここまで書きました" in more.text
    assert stored(database).state is SubmissionState.SUBMITTED


def test_a_return_is_accepted_after_a_page_that_says_what_will_happen(
    client_of: ClientOf, database: Database, address: str
) -> None:
    office = client_of("secretariat")
    page = office.get(f"{address}/accept").text
    assert "注意がある案件が2件あります。" in page
    answer = office.submit(f"{address}/accept")
    assert (answer.status_code, answer.location) == (303, f"{address}/review")
    assert stored(database).state is SubmissionState.ACCEPTED
    assert "受理しました。台帳：新規1件" in office.get(f"{address}/review").text
    again = office.get(f"{address}/accept")
    assert again.status_code == 409


@both
def test_several_are_accepted_at_once_each_for_itself(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        broken = item_of(session, "a-2025-0001")
        broken.notes = {"title": "承認の後に変わった"}
        audit.record(session, audit.Event.SUBMISSION_FILLED, broken, by=SYSTEM)
    office = client_of("secretariat")
    both = "&".join(f"submission={stored(database, key).public_id}" for key in "ab")
    page = office.get(f"/rounds/2025-3/accept?{both}&submission=nonsense").text
    assert "2府省庁の提出を受理する" in page
    answer = office.submit(f"/rounds/2025-3/accept?{both}")
    assert answer.status_code == 303
    text = office.get(answer.location).text
    assert "成功1・失敗1" in text
    assert "承認された内容と今の内容が違います。" in text
    assert stored(database, "a").state is SubmissionState.SUBMITTED
    assert stored(database, "b").state is SubmissionState.ACCEPTED
    with database.reading() as session:
        assert audit.verify(session).finding is None
        assert session.scalars(select(UseCase).where(UseCase.title == NEW["title"])).all() == []


def test_nothing_chosen_is_told(client_of: ClientOf) -> None:
    answer = client_of("secretariat").get("/rounds/2025-3/accept")
    assert answer.status_code == 422
    assert "受理する提出が選ばれていません。" in answer.text


def test_what_is_not_handed_in_is_not_named(client_of: ClientOf, database: Database, address: str) -> None:
    with database.writing() as session:
        submissions.send_back(
            session, submission_of(session), reason="直す", findings=[], by=person(session, "secretariat")
        )
    office = client_of("secretariat")
    page = office.get(f"{address}/review").text
    assert "受理する</a>" not in page
    assert office.get(f"{address}/return").status_code == 409
    listed = office.get(f"/rounds/2025-3/accept?submission={stored(database).public_id}").text
    assert "提出が「差戻し」のため" in listed


def test_a_closed_round_is_reviewed_and_a_frozen_one_is_not(
    client_of: ClientOf, database: Database, address: str, case: str
) -> None:
    with database.writing() as session:
        current = submission_of(session).round
        rounds.move(session, current, RoundDeed.CLOSE, forms=FORMS, by=SYSTEM)
    office = client_of("secretariat")
    assert office.get(f"{address}/accept").status_code == 200
    with database.writing() as session:
        current = submission_of(session).round
        rounds.move(session, current, RoundDeed.FREEZE, forms=FORMS, reason="除く", by=SYSTEM)
    assert "質問する" not in office.get(f"{case}/review").text
    for page in (f"{address}/accept", f"{address}/return", f"{case}/ask"):
        assert office.get(page).status_code == 409


def test_neighbours_lead_through_the_return(client_of: ClientOf, database: Database) -> None:
    office = client_of("secretariat")
    with database.reading() as session:
        own = select(SubmissionItem).where(SubmissionItem.submission_id == submission_of(session).id)
        ids = [item.public_id for item in session.scalars(own.order_by(SubmissionItem.case_no))]
    for here, later in pairwise(ids):
        page = office.get(f"/submissions/items/{here}/review").text
        assert f'href="/submissions/items/{later}/review" rel="next"' in page


def test_the_deeds_stand_in_the_log(client_of: ClientOf, database: Database, case: str) -> None:
    assert client_of("secretariat").submit(f"{case}/ask", {"body": "全体の質問"}).status_code == 303
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
        assert entry is not None
        assert (entry.event, entry.actor_name) == (audit.Event.SUBMISSION_ASKED, "secretariat")


def test_the_ministry_reads_its_own_review_and_no_other(
    client_of: ClientOf, address: str, actor: Callable[[str], Actor]
) -> None:
    assert client_of("reporter").get(f"{address}/review").status_code == 200
    assert client_of("other").get(f"{address}/review").status_code == 404
