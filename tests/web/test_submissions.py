"""The ministry's way through a round on its pages: many at once, nil, check, send, approve, give back, the receipt."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import pikepdf
import pytest
from sqlalchemy import select

from register import audit
from register.db import Database
from register.models import AuditEntry, Submission, SubmissionItem
from register.services import items, rounds
from register.vocab import Confirmation, RoundDeed, SubmissionState
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.rounds import FORMS, SPEC, SYSTEM, opened, person, submission_of

ClientOf = Callable[[str], Client]


@pytest.fixture
def content() -> Build:
    return opened


@pytest.fixture
def address(database: Database) -> str:
    """Where the return of ministry a stands."""
    with database.reading() as session:
        return f"/submissions/{submission_of(session).public_id}"


def state(database: Database, key: str = "a") -> Submission:
    """Return the return as it is stored."""
    with database.reading() as session:
        return submission_of(session, key)


def confirmations(database: Database) -> dict[str, Confirmation]:
    """Return what was said of each case of ministry a, by its number."""
    with database.reading() as session:
        own = select(SubmissionItem).where(SubmissionItem.submission_id == submission_of(session).id)
        return {item.case_no: item.confirmation for item in session.scalars(own)}


def confirmed(database: Database) -> None:
    """Confirm every case of ministry a."""
    with database.writing() as session:
        own = submission_of(session)
        ids = list(session.scalars(select(SubmissionItem.id).where(SubmissionItem.submission_id == own.id)))
        items.confirm(session, own, ids, spec=SPEC, forms=FORMS, by=person(session, "reporter"))


def sent(client_of: ClientOf, database: Database, address: str) -> None:
    """Confirm every case and send the return to the approver."""
    confirmed(database)
    assert client_of("reporter").submit(f"{address}/check").status_code == 303


def test_the_first_page_leads_to_the_return(client_of: ClientOf, address: str) -> None:
    for name in ("reporter", "approver"):
        assert f'href="{address}"' in client_of(name).get("/").text
    assert "府省庁が受理を待っています" not in client_of("secretariat").get("/").text


def test_the_task_list_says_what_is_left(client_of: ClientOf, address: str) -> None:
    page = client_of("reporter").get(address).text
    assert "まだ確認していない案件があります：3件" in page
    assert "変更のない案件をまとめて確認する（3件）" in page
    assert "承認する人に回す" not in page


def test_many_cases_are_confirmed_after_a_page_that_lists_them(
    client_of: ClientOf, database: Database, address: str
) -> None:
    reporter = client_of("reporter")
    page = reporter.get(f"{address}/confirm").text
    assert all(number in page for number in ("a-2025-0001", "a-2025-0002", "a-2025-0003"))
    assert reporter.submit(f"{address}/confirm").status_code == 303
    assert set(confirmations(database).values()) == {Confirmation.UNCHANGED}
    assert "3件を変更なしで確認しました。" in reporter.get(address).text


def test_only_the_chosen_cases_are_confirmed(client_of: ClientOf, database: Database, address: str) -> None:
    with database.reading() as session:
        own = select(SubmissionItem).where(SubmissionItem.case_no == "a-2025-0002")
        chosen = session.scalars(own.where(SubmissionItem.submission_id == submission_of(session).id)).one()
    reporter = client_of("reporter")
    page = f"{address}/confirm?item={chosen.public_id}&item=nonsense"
    assert "a-2025-0001" not in reporter.get(page).text
    assert reporter.submit(page).status_code == 303
    assert confirmations(database) == {
        "a-2025-0001": Confirmation.UNCONFIRMED,
        "a-2025-0002": Confirmation.UNCHANGED,
        "a-2025-0003": Confirmation.UNCONFIRMED,
    }


def test_nothing_chosen_is_told(client_of: ClientOf, address: str) -> None:
    answer = client_of("reporter").submit(f"{address}/confirm", {"item": "nonsense"})
    assert answer.status_code == 422
    assert "確認する案件を選んでください。" in answer.text


def test_a_return_is_sent_only_when_nothing_is_open(client_of: ClientOf, database: Database, address: str) -> None:
    reporter = client_of("reporter")
    page = reporter.get(f"{address}/check").text
    assert "まだ回せません。" in page
    assert "確認に回す</button>" not in page
    token = reporter.get(f"{address}/nil")
    assert token.status_code == 200
    refused = reporter.submit(f"{address}/nil")
    assert refused.status_code == 409
    assert "この回には案件が3件あります。" in refused.text
    assert state(database).state is SubmissionState.NOT_STARTED


def test_the_whole_way_from_confirmation_to_the_receipt(client_of: ClientOf, database: Database, address: str) -> None:
    sent(client_of, database, address)
    assert state(database).state is SubmissionState.IN_REVIEW
    approver = client_of("approver")
    page = approver.get(f"{address}/approval").text
    assert "議事録の要約" in page
    answer = approver.submit(f"{address}/approval")
    assert answer.status_code == 303
    assert answer.location == f"{address}/receipt"
    stored = state(database)
    assert stored.state is SubmissionState.SUBMITTED
    assert not stored.late
    receipt = approver.get(f"{address}/receipt").text
    assert stored.approved_sha256 in receipt
    assert "今の内容は、承認されたときと同じです。" in receipt
    assert "1府省庁が受理を待っています" in client_of("secretariat").get("/").text
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
        assert entry is not None
        assert entry.event == audit.Event.SUBMISSION_APPROVED


def test_an_approval_of_what_was_not_seen_is_refused(client_of: ClientOf, database: Database, address: str) -> None:
    sent(client_of, database, address)
    answer = client_of("approver").submit(f"{address}/approval", {"seen": "0" * 64})
    assert answer.status_code == 409
    assert "内容が変わりました" in answer.text
    assert state(database).state is SubmissionState.IN_REVIEW


def test_a_reporter_cannot_approve_and_an_approver_cannot_fill(client_of: ClientOf, address: str) -> None:
    assert client_of("reporter").get(f"{address}/approval").status_code == 403
    assert client_of("approver").get(f"{address}/check").status_code == 403
    assert client_of("approver").get(f"{address}/confirm").status_code == 403
    assert client_of("other").get(address).status_code == 404


def test_an_approver_gives_back_with_a_reason(client_of: ClientOf, database: Database, address: str) -> None:
    sent(client_of, database, address)
    approver = client_of("approver")
    refused = approver.submit(f"{address}/decline", {"reason": "  "})
    assert refused.status_code == 422
    assert "理由を入力してください。" in refused.text
    assert approver.submit(f"{address}/decline", {"reason": "件名を直してください。"}).status_code == 303
    assert state(database).state is SubmissionState.IN_PROGRESS
    assert "件名を直してください。" in client_of("reporter").get(address).text


def test_a_nil_return_is_a_deed_of_its_own(client_of: ClientOf, database: Database) -> None:
    other = client_of("other")
    home = other.get("/").text
    assert "該当なしと報告する" in home
    with database.reading() as session:
        own = f"/submissions/{submission_of(session, 'b').public_id}"
    assert other.submit(f"{own}/nil").status_code == 303
    stored = state(database, "b")
    assert (stored.state, stored.nil) == (SubmissionState.IN_REVIEW, True)
    assert client_of("other-approver").submit(f"{own}/approval").status_code == 303
    assert "該当なし（報告する案件はありません）" in client_of("other-approver").get(f"{own}/receipt").text


def test_a_closed_round_takes_nothing_more(client_of: ClientOf, database: Database, address: str) -> None:
    with database.writing() as session:
        rounds.move(session, submission_of(session).round, RoundDeed.CLOSE, forms=FORMS, by=SYSTEM)
    reporter = client_of("reporter")
    assert "まとめて確認する" not in reporter.get(address).text
    answer = reporter.submit(f"{address}/confirm")
    assert answer.status_code == 409
    assert "受付は終わりました。" in answer.text


def test_a_case_of_the_register_that_came_later_is_laid_in(
    client_of: ClientOf, database: Database, address: str
) -> None:
    reporter = client_of("reporter")
    made = reporter.submit("/use-cases/new", {"title": "あとから登録した案件"})
    assert made.status_code == 303
    assert "受付開始後に台帳に登録された案件が1件あります。" in reporter.get(address).text
    assert reporter.submit(address, button="/lay-out").status_code == 303
    assert "あとから登録した案件" in reporter.get(address).text


def test_the_receipt_is_a_file_to_keep(client_of: ClientOf, database: Database, address: str) -> None:
    approver = client_of("approver")
    assert approver.get(f"{address}/receipt.pdf").status_code == 409
    sent(client_of, database, address)
    assert approver.submit(f"{address}/approval").status_code == 303
    answer = approver.get(f"{address}/receipt.pdf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="receipt-2025-3-a.pdf"'
    with pikepdf.open(io.BytesIO(answer.data)) as document:
        attached = document.attachments["return.json"].get_file().read_bytes()
    assert hashlib.sha256(attached).hexdigest() == state(database).approved_sha256
    assert client_of("secretariat").get(f"{address}/receipt.pdf").data == answer.data
    assert client_of("other").get(f"{address}/receipt.pdf").status_code == 404
