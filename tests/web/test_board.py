"""The board of a running round: where each ministry stands, what is late, the file, a later deadline for one."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from xml.etree.ElementTree import Element

import pytest
from sqlalchemy import select

from register import audit
from register.clock import FixedClock
from register.db import Database
from register.models import AuditEntry, Ministry
from register.services import rounds
from register.vocab import RoundDeed
from tests.support import html
from tests.support.client import Client
from tests.support.databases import KINDS, Build
from tests.support.reviews import handed_in
from tests.support.rounds import FORMS, SYSTEM, opened, planned, submission_of

ClientOf = Callable[[str], Client]
both = pytest.mark.parametrize("database_kind", KINDS, indirect=True)
ROUND = "/rounds/2025-3"
# The day after the deadline of 17 November, in the morning.
AFTER = dt.datetime(2025, 11, 18, 1, 0, tzinfo=dt.UTC)


@pytest.fixture
def content() -> Build:
    return opened


@pytest.fixture
def office(client_of: ClientOf) -> Client:
    """The secretariat's browser."""
    return client_of("secretariat")


def text_of(element: Element) -> str:
    """Return what stands in an element, on one line."""
    return " ".join("".join(element.itertext()).split())


def board(client: Client, query: str = "") -> dict[str, dict[str, str]]:
    """Return the rows of the board by ministry, each by the heading of its column."""
    tree, _ = html.parse(client.get(f"{ROUND}{query}").text)
    table = next((one for one in tree.iter("table") if text_of(one).startswith("提出状況")), None)
    if table is None:
        return {}
    heads, *lines = [[text_of(cell) for cell in row if cell.tag in {"td", "th"}] for row in table.iter("tr")]
    rows = [dict(zip(heads, line, strict=True)) for line in lines]
    return {row["府省庁"]: row for row in rows}


@both
def test_every_ministry_stands_on_the_board_with_its_counts(office: Client) -> None:
    rows = board(office)
    assert list(rows) == ["府省庁A", "府省庁B", "合計"]
    assert (rows["府省庁A"]["状態"], rows["府省庁A"]["案件数"], rows["府省庁A"]["未確認"]) == ("未着手", "3", "3")
    assert rows["府省庁B"]["案件数"] == "0"
    assert rows["府省庁A"]["提出期限"] == "令和7年11月17日あと5開庁日"
    assert rows["合計"]["状態"] == "2府省庁"
    assert rows["合計"]["未確認"] == "3"
    # What was not handed in cannot be read, only given more time.
    assert rows["府省庁A"]["次にすること"] == "期限を延ばす（府省庁A）"


def test_what_is_late_is_said_and_can_be_looked_for(office: Client, clock: FixedClock, database: Database) -> None:
    assert "期限を過ぎたもの" in office.get(ROUND).text
    assert "期限超過" not in board(office)["府省庁A"]["状態"]
    with database.writing() as session:
        rounds.return_of(session, submission_of(session).round, "b").due_on = dt.date(2025, 11, 28)
        audit.record(session, audit.Event.SUBMISSION_EXTENDED, submission_of(session, "b"), by=SYSTEM)
    clock.moment = AFTER
    rows = board(office)
    assert rows["府省庁A"]["状態"] == "未着手 期限超過"
    assert rows["府省庁A"]["提出期限"] == "令和7年11月17日1開庁日の超過"
    assert rows["府省庁B"]["状態"] == "未着手"
    assert "延長" in rows["府省庁B"]["提出期限"]
    assert list(board(office, "?late=1")) == ["府省庁A", "合計"]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?state=not_started", ["府省庁A", "府省庁B", "合計"]),
        ("?state=accepted", []),
        ("?state=nonsense&late=x", ["府省庁A", "府省庁B", "合計"]),
        ("?late=1", []),
    ],
)
def test_the_board_is_narrowed_by_its_address(office: Client, query: str, shown: list[str]) -> None:
    assert list(board(office, query)) == shown
    assert ("条件に合う府省庁はありません。" in office.get(f"{ROUND}{query}").text) == (not shown)


class TestHandedIn:
    """The board once both have handed in."""

    @pytest.fixture
    def content(self) -> Build:
        return handed_in

    def test_what_waits_can_be_reviewed_and_chosen(self, office: Client) -> None:
        rows = board(office)
        assert rows["府省庁A"]["次にすること"] == "確認して受理する（府省庁A）"
        assert "該当なし" in rows["府省庁B"]["状態"]
        counts = [rows["府省庁A"][one] for one in ("案件数", "未確認", "変更なし", "変更あり", "新規", "利用終了")]
        assert counts == ["4", "0", "1", "1", "1", "1"]
        assert "確認に回した人：reporter" in rows["府省庁A"]["最後の操作"]
        assert "承認した人：approver" in rows["府省庁A"]["最後の操作"]
        page = office.get(ROUND).text
        assert page.count('name="submission"') == 2
        assert "選んだ府省庁の提出をまとめて受理する" in page

    def test_the_auditor_reads_and_does_nothing(self, client_of: ClientOf) -> None:
        auditor = client_of("auditor")
        page = auditor.get(ROUND).text
        assert 'name="submission"' not in page
        assert board(auditor)["府省庁A"]["次にすること"] == "回答を見る（府省庁A）"
        assert auditor.get(f"{ROUND}/accept").status_code == 403
        assert auditor.get(f"{ROUND}/extensions/a").status_code == 403

    def test_a_ministry_sees_its_own_row_alone(self, client_of: ClientOf) -> None:
        page = client_of("reporter").get(ROUND).text
        assert "府省庁A" in page
        assert "府省庁B" not in page
        assert "提出" in page
        assert client_of("reporter").get(f"{ROUND}/board.csv").status_code == 403

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_the_board_is_taken_out_as_a_file_and_that_is_noted(
        self, office: Client, database: Database, kind: str
    ) -> None:
        answer = office.get(f"{ROUND}/board.{kind}?state=submitted")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == f'attachment; filename="board-2025-3.{kind}"'
        with database.reading() as session:
            entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
            assert entry is not None
            assert (entry.event, entry.subject_label) == (audit.Event.BOARD_EXPORTED, "2025-3")
            told = json.loads(entry.body)["details"]
            assert told == {"kind": kind, "rows": 2, "filtered": True}

    def test_the_file_holds_what_the_page_holds(self, office: Client) -> None:
        lines = office.get(f"{ROUND}/board.csv").data.decode("utf-8-sig").splitlines()
        assert lines[0].startswith("府省庁,状態,該当なし,案件数,未確認,変更なし,変更あり,新規,利用終了,提出期限")
        assert lines[1].startswith("府省庁A,提出,,4,0,1,1,1,1,2025-11-17,,,,2025-11-10T10:00:00")
        assert lines[1].endswith("reporter,approver")
        assert lines[2].startswith("府省庁B,提出,該当なし,0,")
        assert len(lines) == 3
        assert len(office.get(f"{ROUND}/board.csv?state=accepted").data.decode().splitlines()) == 1


def test_a_deadline_is_extended_for_one_ministry_with_a_reason(
    office: Client, client_of: ClientOf, database: Database
) -> None:
    page = f"{ROUND}/extensions/a"
    assert "議事録の要約" not in office.get(page).text
    answer = office.submit(page, {"due_on": "令和7年11月28日", "reason": "担当者が代わったため"})
    assert (answer.status_code, answer.location) == (303, ROUND)
    rows = board(office)
    assert "令和7年11月28日 延長" in rows["府省庁A"]["提出期限"]
    assert "延長の理由：担当者が代わったため" in rows["府省庁A"]["提出期限"]
    assert "延長" not in rows["府省庁B"]["提出期限"]
    with database.reading() as session:
        assert submission_of(session).due_on == dt.date(2025, 11, 28)
    assert "令和7年11月28日" in client_of("reporter").get(ROUND).text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"due_on": "", "reason": "理由"}, "新しい期限を入力してください。"),
        ({"due_on": "2025-11-28", "reason": " "}, "理由を入力してください。"),
        ({"due_on": "2025-11-17", "reason": "理由"}, "今の期限より後で"),
        ({"due_on": "2025-11-24", "reason": "理由"}, "閉庁日です。"),
        ({"due_on": "9999-12-31", "reason": "理由"}, "2000年から2999年までの日付にしてください。"),
    ],
)
def test_a_bad_extension_is_refused_beside_the_field(
    office: Client, database: Database, values: dict[str, str], sentence: str
) -> None:
    answer = office.submit(f"{ROUND}/extensions/a", values)
    assert answer.status_code == 422
    assert sentence in answer.text
    with database.reading() as session:
        assert submission_of(session).due_on is None


def test_an_extension_lets_a_ministry_hand_in_after_closing(office: Client, database: Database) -> None:
    with database.writing() as session:
        rounds.move(session, submission_of(session).round, RoundDeed.CLOSE, forms=FORMS, by=SYSTEM)
    answer = office.submit(f"{ROUND}/extensions/b", {"due_on": "2025-11-28", "reason": "通信の障害のため"})
    assert answer.status_code == 303
    with database.reading() as session:
        assert submission_of(session, "b").may_still(dt.date(2025, 11, 20))
        assert not submission_of(session, "a").may_still(dt.date(2025, 11, 20))


def test_what_cannot_be_extended_is_told(office: Client) -> None:
    assert office.get(f"{ROUND}/extensions/nobody").status_code == 404
    settled = office.get("/rounds/2025-2/extensions/a")
    assert settled.status_code == 409


def test_a_ministry_that_takes_no_part_is_told_so(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        other = session.scalars(select(Ministry.id).where(Ministry.key == "b")).one()
        planned(session, other, number=4)
    page = client_of("reporter").get("/rounds/2025-4").text
    assert "自分の府省庁は、この回に参加していません。" in page
    assert "府省庁A" not in client_of("secretariat").get("/rounds/2025-4").text


def test_the_report_is_offered_to_those_who_may_read_it(client_of: ClientOf) -> None:
    for name, running in (("reporter", False), ("secretariat", True)):
        client = client_of(name)
        assert ("集計を見る" in client.get(ROUND).text) is running
        assert "集計を見る" in client.get("/rounds/2025-2").text
        listed = client.get("/rounds").text
        assert ("/rounds/2025-3/report" in listed) is running
        assert "/rounds/2025-2/report" in listed


def test_the_list_counts_who_handed_in(office: Client) -> None:
    tree, _ = html.parse(office.get("/rounds").text)
    counts = {text_of(row[0]): text_of(row[5]) for row in tree.iter("tr") if row[0].get("scope") == "row"}
    assert counts == {"2025年度第3回": "0／2", "2025年度第2回": "1／1"}
