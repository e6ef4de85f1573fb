"""The pages of one case of a return: sections, drafts, two people at once, end, add, take away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from register.db import Database
from register.models import AnswerDraft, SubmissionItem
from register.vocab import AnswerState, Confirmation
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.rounds import item_of, opened, submission_of

ClientOf = Callable[[str], Client]
G1, S1 = "a-2025-0001", "a-2025-0003"


@pytest.fixture
def content() -> Build:
    return opened


def address(database: Database, case_no: str, page: str = "") -> str:
    """Return where a page of a case stands."""
    with database.reading() as session:
        return f"/submissions/items/{item_of(session, case_no).public_id}{page}"


def stored(database: Database, case_no: str) -> SubmissionItem:
    """Return the item as it is stored."""
    with database.reading() as session:
        return item_of(session, case_no)


def hidden(page: str, name: str) -> str:
    """Return the value of a hidden field of the page's main form."""
    return page.split(f'name="{name}" type="hidden" value="')[1].split('"')[0]


def test_a_case_shows_its_sections_and_what_is_not_confirmed(client_of: ClientOf, database: Database) -> None:
    page = client_of("reporter").get(address(database, G1)).text
    for words in ("案件の特定", "利用の内容", "前回の回答・未確認", "残りは前回と同じ", "利用終了を報告する"):
        assert words in page, words
    # General-purpose 1 needs no goal, output or model, and none was reported: that section is not put.
    assert "成果目標と出力" not in page


def test_one_section_changes_and_the_rest_is_as_last_time(client_of: ClientOf, database: Database) -> None:
    reporter = client_of("reporter")
    section = address(database, G1, "/sections/use")
    page = reporter.get(section).text
    assert "会議の記録に用いる" in page
    answer = reporter.submit(section, {"answer_purpose": "会議と\r\n窓口の記録に用いる"})
    assert answer.status_code == 303
    item = stored(database, G1)
    assert item.answers == {"purpose": "会議と\n窓口の記録に用いる", "usage_type": "G1"}
    assert item.confirmation is Confirmation.UNCONFIRMED
    assert reporter.submit(address(database, G1), button="/rest").status_code == 303
    item = stored(database, G1)
    assert item.confirmation is Confirmation.CHANGED
    assert item.answers["title"] == "議事録の要約"
    assert item.states["output_type"] == AnswerState.NOT_APPLICABLE


def test_same_as_last_time_fills_in_and_saves_nothing(client_of: ClientOf, database: Database) -> None:
    reporter = client_of("reporter")
    section = address(database, G1, "/sections/use")
    answer = reporter.submit(section, {"answer_purpose": "別の用途", "same": "purpose"})
    assert answer.status_code == 200
    assert "別の用途" not in answer.text
    assert stored(database, G1).answers == {}


def test_a_bad_value_is_told_beside_its_question_and_kept(client_of: ClientOf, database: Database) -> None:
    section = address(database, S1, "/sections/operation")
    answer = client_of("reporter").submit(section, {"answer_start_on": "来年の春", "answer_user_scope": "99"})
    assert answer.status_code == 422
    assert "日付として読めません。" in answer.text
    assert "選択肢にない値です。" in answer.text
    assert "来年の春" in answer.text
    assert stored(database, S1).answers == {}


def test_a_question_can_be_declined_with_a_reason(client_of: ClientOf, database: Database) -> None:
    reporter = client_of("reporter")
    section = address(database, S1, "/sections/goals")
    values = {"answer_model_usage": "", "decline_model_usage": "y"}
    refused = reporter.submit(section, values)
    assert refused.status_code == 422
    assert "回答を控える理由を入力してください。" in refused.text
    assert reporter.submit(section, {**values, "note_model_usage": "契約上、公表できない。"}).status_code == 303
    item = stored(database, S1)
    assert item.states["model_usage"] == AnswerState.DECLINED
    assert item.notes == {"model_usage": "契約上、公表できない。"}
    assert "契約上、公表できない。" in reporter.get(address(database, S1)).text


def test_two_people_in_one_section_choose_per_question(client_of: ClientOf, database: Database) -> None:
    section = address(database, G1, "/sections/use")
    first, second = client_of("reporter"), client_of("reporter")
    seen = hidden(first.get(section).text, "seen")
    assert second.submit(section, {"answer_purpose": "二人目の用途"}).status_code == 303
    conflict = first.submit(section, {"answer_purpose": "一人目の用途", "seen": seen})
    assert conflict.status_code == 409
    for words in ("一人目の用途", "二人目の用途", "両方の内容から選んでください"):
        assert words in conflict.text
    assert stored(database, G1).answers["purpose"] == "二人目の用途"
    newest = hidden(conflict.text, "seen")
    kept = first.submit(section, {"answer_purpose": "一人目の用途", "seen": newest})
    assert kept.status_code == 303
    assert stored(database, G1).answers["purpose"] == "一人目の用途"


def test_two_people_in_two_sections_are_in_nobodys_way(client_of: ClientOf, database: Database) -> None:
    use, operation = (address(database, G1, f"/sections/{name}") for name in ("use", "operation"))
    first, second = client_of("reporter"), client_of("reporter")
    before = hidden(first.get(use).text, "seen")
    assert second.submit(operation, {"answer_user_scope": "2"}).status_code == 303
    assert first.submit(use, {"answer_purpose": "新しい用途", "seen": before}).status_code == 303
    item = stored(database, G1)
    assert (item.answers["purpose"], item.answers["user_scope"]) == ("新しい用途", "2")


def test_what_was_typed_is_kept_as_a_draft_of_one_person(client_of: ClientOf, database: Database) -> None:
    reporter = client_of("reporter")
    section = address(database, G1, "/sections/use")
    token = hidden(reporter.get(section).text, "csrf_token")
    kept = reporter.post(f"{section}/draft", data={"csrf_token": token, "answer_purpose": "書きかけ", "seen": "x"})
    assert kept.status_code == 200
    assert "下書きを保存しました" in kept.json["text"]
    assert "書きかけ" in reporter.get(section).text
    assert stored(database, G1).answers == {}
    gone = reporter.post(f"{section}/draft", data={"csrf_token": token, "discard": "1"})
    assert gone.status_code == 303
    assert "書きかけ" not in reporter.get(section).text


def test_saving_drops_the_draft(client_of: ClientOf, database: Database) -> None:
    reporter = client_of("reporter")
    section = address(database, G1, "/sections/use")
    page = reporter.get(section).text
    draft = {name: hidden(page, name) for name in ("csrf_token", "seen")} | {"answer_purpose": "書きかけ"}
    assert reporter.post(f"{section}/draft", data=draft).status_code == 200
    saved = reporter.post(section, data={**draft, "answer_usage_type": "G1"})
    assert saved.status_code == 303
    with database.reading() as session:
        assert session.scalars(select(AnswerDraft)).all() == []


def test_a_use_that_ended_is_reported_with_day_and_reason(client_of: ClientOf, database: Database) -> None:
    reporter = client_of("reporter")
    page = address(database, G1, "/end")
    refused = reporter.submit(page, {"on": "", "reason": ""})
    assert refused.status_code == 422
    assert "利用を終えた日を入力してください。" in refused.text
    early = reporter.submit(page, {"on": "2020-01-01", "reason": "契約が終わったため。"})
    assert early.status_code == 422
    assert reporter.submit(page, {"on": "令和7年10月20日", "reason": "契約が終わったため。"}).status_code == 303
    item = stored(database, G1)
    assert (item.confirmation, item.ended_reason) == (Confirmation.ENDED, "契約が終わったため。")
    section = reporter.submit(address(database, G1, "/sections/use"), {"answer_purpose": "続ける"})
    assert section.status_code == 409
    assert reporter.submit(address(database, G1, "/reopen")).status_code == 303
    item = stored(database, G1)
    assert (item.confirmation, item.ended_on) == (Confirmation.UNCONFIRMED, None)


def test_a_new_case_is_added_filled_in_and_taken_out(client_of: ClientOf, database: Database) -> None:
    reporter = client_of("reporter")
    with database.reading() as session:
        own = f"/submissions/{submission_of(session).public_id}"
    refused = reporter.submit(f"{own}/items/new", {"answer_title": ""})
    assert refused.status_code == 422
    assert "「案件名」を入力してください。" in refused.text
    made = reporter.submit(f"{own}/items/new", {"answer_title": "新しい相談窓口", "answer_unit": "相談課"})
    assert made.status_code == 303
    item = stored(database, "a-2025-0004")
    assert (item.confirmation, item.use_case_id) == (Confirmation.NEW, None)
    page = reporter.get(made.location).text
    assert "残りは前回と同じ" not in page
    assert "新しい案件 a-2025-0004 の入力が終わっていません。" in reporter.get(own).text
    assert reporter.submit(address(database, "a-2025-0004", "/remove")).status_code == 303
    assert "新しい相談窓口" not in reporter.get(own).text


def test_a_case_of_the_register_cannot_be_taken_out(client_of: ClientOf, database: Database) -> None:
    answer = client_of("reporter").submit(address(database, G1, "/remove"))
    assert answer.status_code == 409
    assert "台帳にある案件は取り除けません。" in answer.text


def test_a_section_that_asks_nothing_is_no_page(client_of: ClientOf, database: Database) -> None:
    reporter = client_of("reporter")
    for name in ("goals", "nonsense"):
        assert reporter.get(address(database, G1, f"/sections/{name}")).status_code == 404


def test_others_do_not_reach_a_case(client_of: ClientOf, database: Database) -> None:
    assert client_of("other").get(address(database, G1, "/sections/use")).status_code == 404
    assert client_of("approver").get(address(database, G1, "/sections/use")).status_code == 403
    assert client_of("approver").get(address(database, G1)).status_code == 200
