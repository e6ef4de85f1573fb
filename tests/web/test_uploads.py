"""The Excel channel on its pages: the workbook out, the file in, what it would do, and taking it over."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable

import pytest
from sqlalchemy import select

from register.db import Database
from register.models import AuditEntry, SubmissionItem, Upload
from register.services import rounds
from register.vocab import Confirmation, RoundDeed
from tests.support import workbooks
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.form_files import FormFile
from tests.support.rounds import FORMS, SYSTEM, item_of, opened, person, submission_of

ClientOf = Callable[[str], Client]
ONE, TWO, THREE = "a-2025-0001", "a-2025-0002", "a-2025-0003"
FILES = sorted(path for path in workbooks.REFERENCE.rglob("*") if path.suffix in {".xlsx", ".xls", ".ods", ".csv"})


@pytest.fixture
def content() -> Build:
    return opened


@pytest.fixture
def address(database: Database) -> str:
    """Where the return of ministry a stands."""
    with database.reading() as session:
        return f"/submissions/{submission_of(session).public_id}"


@pytest.fixture
def reporter(client_of: ClientOf) -> Client:
    return client_of("reporter")


def form(client: Client, address: str) -> FormFile:
    """Download the workbook."""
    answer = client.get(f"{address}/workbook.xlsx")
    assert answer.status_code == 200
    return FormFile(answer.data)


def hand_in(client: Client, address: str, data: bytes, name: str = "報告.xlsx") -> str:
    """Upload a file that can be read; return where its result stands."""
    answer = client.submit(f"{address}/upload", {"file": (io.BytesIO(data), name)})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def confirmations(database: Database) -> dict[str, Confirmation]:
    """Return what was said of each case of ministry a."""
    with database.reading() as session:
        own = select(SubmissionItem).where(SubmissionItem.submission_id == submission_of(session).id)
        return {item.case_no: item.confirmation for item in session.scalars(own)}


def test_a_workbook_that_nobody_touched_changes_nothing(reporter: Client, address: str) -> None:
    page = reporter.get(hand_in(reporter, address, form(reporter, address).xlsx())).text
    assert "この様式で変わるところはありません。" in page
    assert "取り込む</button>" not in page


def test_the_whole_way_from_the_workbook_to_the_register(reporter: Client, database: Database, address: str) -> None:
    file = form(reporter, address)
    file.set(ONE, confirmation="変更なし")
    file.set(TWO, confirmation="変更あり", purpose="＝窓口の照会\n😀に用いる", start_on=dt.date(2025, 6, 1))
    file.set(THREE, confirmation="利用終了", ended_on="令和7年10月31日", ended_reason="契約の終了")
    file.add(title="新しい案件", usage_type="汎用型１", confirmation="新規", risk_case_count=0)
    place = hand_in(reporter, address, file.xlsx())
    page = reporter.get(place).text
    for text in (
        "新しく加える案件",
        "まだ何も変わっていません。",
        "照会への回答に用いる",
        "契約の終了",
        "この4件を取り込む",
    ):
        assert text in page, text
    assert set(confirmations(database).values()) == {Confirmation.UNCONFIRMED}
    answer = reporter.submit(place)
    assert answer.status_code == 303
    assert answer.location == address
    assert confirmations(database) == {
        ONE: Confirmation.UNCHANGED,
        TWO: Confirmation.CHANGED,
        THREE: Confirmation.ENDED,
        "a-2025-0004": Confirmation.NEW,
    }
    with database.reading() as session:
        two, new = item_of(session, TWO), item_of(session, "a-2025-0004")
        assert two.answers["purpose"] == "＝窓口の照会\n😀に用いる"
        assert two.answers["start_on"] == "2025-06-01"
        assert (new.answers["usage_type"], new.answers["risk_case_count"]) == ("G1", 0)
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
        assert entry is not None
        assert entry.event == "submission.uploaded"
        assert "報告" not in entry.body
    assert "取り込みました" in reporter.get(place).text
    again = reporter.get(hand_in(reporter, address, form(reporter, address).xlsx())).text
    assert "変わるところはありません" in again


def test_the_same_file_again_adds_nothing_twice(reporter: Client, address: str) -> None:
    data = form(reporter, address).add(title="新しい案件").xlsx()
    place = hand_in(reporter, address, data)
    assert reporter.submit(place).status_code == 303
    page = reporter.get(hand_in(reporter, address, data)).text
    assert "同じ内容の新しい案件 a-2025-0004 が、すでにあります。" in page


def test_what_was_shown_is_what_is_taken_over_or_nothing(reporter: Client, database: Database, address: str) -> None:
    place = hand_in(reporter, address, form(reporter, address).set(ONE, confirmation="変更なし").xlsx())
    reporter.get(place)
    other = hand_in(reporter, address, form(reporter, address).set(ONE, confirmation="変更あり", title="別名").xlsx())
    token = reporter.get(place).text.split('name="seen" type="hidden" value="')[1].split('"')[0]
    assert reporter.submit(other).status_code == 303
    answer = reporter.submit(place, {"seen": token})
    assert answer.status_code == 409
    assert "確かめた後に、回答が変わりました。" in answer.text
    assert confirmations(database)[ONE] is Confirmation.CHANGED
    page = reporter.get(place).text
    assert "「変更なし」の案件ですが、前回の回答と違います。" not in page
    assert "ダウンロード後に変更あり" in page


def test_an_upload_is_taken_over_once(reporter: Client, database: Database, address: str) -> None:
    place = hand_in(reporter, address, form(reporter, address).set(ONE, confirmation="変更なし").xlsx())
    seen = reporter.get(place).text.split('name="seen" type="hidden" value="')[1].split('"')[0]
    assert reporter.submit(place).status_code == 303
    other = hand_in(reporter, address, form(reporter, address).set(TWO, confirmation="変更なし").xlsx())
    token = reporter.get(other).text.split('name="csrf_token" type="hidden" value="')[-1].split('"')[0]
    answer = reporter.post(f"{place}/apply", data={"csrf_token": token, "seen": seen, "request_token": "x"})
    assert answer.status_code == 409
    assert "すでに取り込みました。" in answer.text


def test_mistakes_are_listed_and_come_back_in_the_workbook(reporter: Client, database: Database, address: str) -> None:
    file = form(reporter, address)
    file.set(ONE, confirmation="変更あり", usage_type="汎用型９", start_on="いつか")
    file.set(TWO, confirmation="変更なし")
    place = hand_in(reporter, address, file.xlsx())
    page = reporter.get(place).text
    assert "直すところが2件あります。" in page
    assert "選択肢にない値です。" in page
    assert "日付として読めません。" in page
    assert "汎用型９" in page
    assert "取り込む</button>" not in page
    back = reporter.get(f"{place}/reasons.xlsx")
    returned = FormFile(back.data)
    heading = returned.table.sheet.by_number[returned.table.ids_row - 2].cells
    assert heading[-1] == "誤りの理由"
    told = returned.table.sheet.at(returned.rows[ONE], len(heading))
    assert "選択肢にない値です。次のいずれかを選んでください：汎用型１" in str(told)
    assert returned.at(ONE, "usage_type") == "汎用型９"
    returned.set(ONE, usage_type="汎用型１", start_on="R7.6.1")
    mended = reporter.get(hand_in(reporter, address, returned.xlsx())).text
    assert "この2件を取り込む" in mended
    assert set(confirmations(database).values()) == {Confirmation.UNCONFIRMED}


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "a.xlsx", "ファイルが空です。"),
        (b"PK\x03\x04broken", "a.xlsx", "壊れている"),
        (workbooks.xlsx(), "a.xlsx", "記入用の様式ではありません"),
        ("件名,備考\r\nあ,い\r\n".encode("cp932"), "a.csv", "記入用の様式ではありません"),
        (b"case_no,confirmation,title,title\r\n", "a.csv", "同じ名前の列が2つあります"),
    ],
)
def test_a_file_that_is_no_form_is_refused_beside_the_field(
    reporter: Client, database: Database, address: str, data: bytes, name: str, sentence: str
) -> None:
    answer = reporter.submit(f"{address}/upload", {"file": (io.BytesIO(data), name)})
    assert answer.status_code == 422
    assert sentence in answer.text
    with database.reading() as session:
        assert session.scalars(select(Upload)).all() == []


def test_nothing_chosen_is_told(reporter: Client, address: str) -> None:
    answer = reporter.submit(f"{address}/upload")
    assert answer.status_code == 422
    assert "ファイルを選んでください。" in answer.text


def test_a_large_file_is_let_in_here_and_nowhere_else(reporter: Client, client: Client, address: str) -> None:
    page = reporter.get(f"{address}/upload").text
    token = page.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]

    def send(who: Client, place: str, size: int) -> int:
        data = b"x" * (size * 1024 * 1024)
        head = f'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
        head += '--b\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\n'
        body = head.encode() + data + b"\r\n--b--\r\n"
        return who.post(f"{address}/{place}", data=body, content_type="multipart/form-data; boundary=b").status_code

    assert send(reporter, "upload", 7) == 422
    assert send(reporter, "upload", 33) == 413
    assert send(reporter, "nil", 7) == 413
    assert send(client, "upload", 7) == 413


@pytest.mark.parametrize("kind", ["csv", "cp932.csv", "ods"])
def test_a_form_that_was_saved_in_another_format_is_the_same(
    reporter: Client, database: Database, address: str, kind: str
) -> None:
    file = form(reporter, address).set(ONE, confirmation="変更なし")
    data = {
        "csv": file.csv,
        "cp932.csv": lambda: file.csv("cp932"),
        "ods": lambda: workbooks.ods(file.ods()),
    }[kind]()
    place = hand_in(reporter, address, data, f"報告.{kind}")
    assert "この1件を取り込む" in reporter.get(place).text
    assert reporter.submit(place).status_code == 303
    assert confirmations(database)[ONE] is Confirmation.UNCHANGED


def test_the_table_for_machines_comes_back(reporter: Client, database: Database, address: str) -> None:
    data = reporter.get(f"{address}/workbook.csv").data
    place = hand_in(reporter, address, data, "form.csv")
    assert "変わるところはありません" in reporter.get(place).text
    changed = data.replace(b"unconfirmed", b"unchanged", 1)
    place = hand_in(reporter, address, changed, "form.csv")
    assert reporter.submit(place).status_code == 303
    assert confirmations(database)[ONE] is Confirmation.UNCHANGED


def test_a_file_of_another_ministry_is_told(
    client_of: ClientOf, reporter: Client, database: Database, address: str
) -> None:
    other = client_of("other")
    with database.reading() as session:
        theirs = f"/submissions/{submission_of(session, 'b').public_id}"
    page = reporter.get(hand_in(reporter, address, form(other, theirs).xlsx())).text
    assert "ほかの府省庁の様式です（b）。" in page


def test_an_upload_is_seen_by_reporters_of_its_own_ministry_alone(
    client_of: ClientOf, reporter: Client, address: str
) -> None:
    place = hand_in(reporter, address, form(reporter, address).xlsx())
    assert client_of("other").get(place).status_code == 404
    assert client_of("approver").get(place).status_code == 404
    assert client_of("secretariat").get(place).status_code == 404
    assert client_of("approver").get(f"{address}/upload").status_code == 403
    assert client_of("approver").get(f"{address}/workbook.xlsx").status_code == 403


def test_a_closed_round_takes_no_file(reporter: Client, database: Database, address: str) -> None:
    place = hand_in(reporter, address, form(reporter, address).set(ONE, confirmation="変更なし").xlsx())
    with database.writing() as session:
        rounds.move(session, submission_of(session).round, RoundDeed.CLOSE, forms=FORMS, by=SYSTEM)
    assert "今は、この提出に入力できません。" in reporter.get(f"{address}/upload").text
    assert "今は、この提出に入力できません。" in reporter.get(place).text
    assert reporter.get(f"{place}/reasons.xlsx").status_code == 409
    assert reporter.get(f"{address}/workbook.xlsx").status_code == 409


def test_a_file_that_is_gone_from_the_store_is_told(reporter: Client, database: Database, address: str) -> None:
    place = hand_in(reporter, address, form(reporter, address).xlsx())
    with database.writing() as session:
        session.scalars(select(Upload)).one().path = "uploads/none"
    answer = reporter.get(place)
    assert answer.status_code == 409
    assert "もう一度アップロードしてください。" in answer.text


def test_a_wrong_word_leads_back_to_the_result(reporter: Client, address: str) -> None:
    place = hand_in(reporter, address, form(reporter, address).set(ONE, confirmation="変更なし").xlsx())
    answer = reporter.submit(place, {"seen": "0" * 64})
    assert answer.status_code == 409


def test_who_fills_by_a_file_may_not_approve(reporter: Client, database: Database, address: str) -> None:
    place = hand_in(reporter, address, form(reporter, address).set(ONE, confirmation="変更なし").xlsx())
    assert reporter.submit(place).status_code == 303
    with database.reading() as session:
        own = submission_of(session)
        assert own.active_at is not None
        assert person(session, "reporter").user_id is not None
        assert own.state == "in_progress"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_awkward_files_are_answered_with_a_sentence(reporter: Client, address: str, path: object) -> None:
    answer = reporter.submit(f"{address}/upload", {"file": (io.BytesIO(path.read_bytes()), path.name)})
    assert answer.status_code == 422
    assert 'class="field__err"' in answer.text
