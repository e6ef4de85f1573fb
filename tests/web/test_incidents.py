"""The pages of incidents: a report in one page, the steps, files that are only ever saved, months, and no leak."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from register.db import Database
from register.errors import Invalid
from register.models import AuditEntry, Incident, IncidentFile, Measure, NilReport, UseCase
from register.services import incident_files
from register.vocab import IncidentState, Lifecycle
from tests.support import html
from tests.support.client import Client
from tests.support.incidents import Desk
from tests.support.running_round import Office

ClientOf = Callable[[str], Client]
FIVE = {"title": "誤った要約", "detected_on": "2025-11-10", "categories": ["RC01"], "unregistered": "試行"}


def entered(database: Database, state: IncidentState = IncidentState.IN_RESPONSE, **changes: Any) -> str:
    """Store an incident of ministry A and return its address."""
    with database.writing() as session:
        return f"/incidents/{Desk(session).at(state, **changes).public_id}"


def newest(database: Database, model: Any) -> Any:
    """Return the newest row."""
    with database.reading() as session:
        return session.scalars(select(model).order_by(*(key.desc() for key in model.__table__.primary_key))).first()


def errors(answer: TestResponse) -> list[str]:
    """Return the fields that the summary of errors leads to."""
    tree, _ = html.parse(answer.text)
    boxes = [box for box in tree.iter("div") if box.get("class") == "errors"]
    return [link.get("href", "") for box in boxes for link in box.iter("a")]


def test_a_report_is_one_page_and_five_fields(client_of: ClientOf, database: Database) -> None:
    answer = client_of("reporter").submit("/incidents/new", FIVE)
    made = newest(database, Incident)
    assert (answer.status_code, answer.location) == (303, f"/incidents/{made.public_id}")
    assert (made.state, made.title, made.categories) == (IncidentState.REPORTED, "誤った要約", "RC01")
    page = client_of("reporter").get("/incidents/new").text
    assert 1 <= page.count("※必須") <= 5


def test_nothing_typed_is_lost_when_something_is_missing(client_of: ClientOf, database: Database) -> None:
    values = {"title": "", "summary": "要約が誤っていた", "unregistered": "", "affected_count": "数人"}
    answer = client_of("reporter").submit("/incidents/new", values)
    assert answer.status_code == 422
    assert {"#title", "#detected_on", "#affected_count"} <= set(errors(answer))
    assert "要約が誤っていた" in answer.text
    assert 'value="数人"' in answer.text
    assert newest(database, Incident) is None
    again = client_of("reporter").submit("/incidents/new", {**FIVE, "unregistered": ""})
    assert errors(again) == ["#cases"]


def test_a_draft_stays_in_the_ministry(client_of: ClientOf, database: Database) -> None:
    client_of("reporter").submit("/incidents/new", {**FIVE, "draft": "1"})
    made = newest(database, Incident)
    assert made.state is IncidentState.DRAFT
    assert client_of("approver").get(f"/incidents/{made.public_id}").status_code == 200
    for name in ("secretariat", "auditor", "other", "admin"):
        assert client_of(name).get(f"/incidents/{made.public_id}").status_code in (403, 404)
        assert "誤った要約" not in client_of(name).get("/incidents").text


def test_a_report_from_the_page_of_a_case_names_it_and_can_suspend_it(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        case = Office(session).case()
    page = client_of("reporter").get(f"/use-cases/{case.public_id}").text
    assert f"/incidents/new?case={case.case_no}" in page
    answer = client_of("reporter").submit(
        f"/incidents/new?case={case.case_no}", {**FIVE, "unregistered": "", "suspend": "y"}
    )
    assert answer.status_code == 303
    assert newest(database, UseCase).lifecycle is Lifecycle.SUSPENDED
    assert "誤った要約" in client_of("reporter").get(f"/use-cases/{case.public_id}").text


def test_the_secretariat_enters_for_a_ministry(client_of: ClientOf, database: Database) -> None:
    client = client_of("secretariat")
    assert errors(client.submit("/incidents/new", FIVE)) == ["#ministry"]
    assert client.submit("/incidents/new", {**FIVE, "ministry": "b"}).status_code == 303
    made = newest(database, Incident)
    assert (made.incident_no, made.notified_at is not None) == ("b-RC2025-001", True)
    assert client_of("other").get(f"/incidents/{made.public_id}").status_code == 200
    assert client_of("reporter").get(f"/incidents/{made.public_id}").status_code == 404


def test_the_way_from_report_to_end(client_of: ClientOf, database: Database) -> None:
    client_of("reporter").submit("/incidents/new", {**FIVE, "grade": "L2"})
    page = f"/incidents/{newest(database, Incident).public_id}"
    approver, secretariat = client_of("approver"), client_of("secretariat")
    for client, deed, word in (
        (approver, "receive", ""),
        (approver, "notify", "報告します"),
        (secretariat, "comment", "確認しました"),
        (approver, "complete", ""),
        (secretariat, "close", "対策を確認"),
    ):
        answer = client.submit(f"{page}/step/{deed}", {"word": word})
        assert (answer.status_code, answer.location) == (303, page), deed
    shown = client_of("auditor").get(page).text
    assert all(text in shown for text in ("終結", "確認しました", "対策を確認", "期限内"))
    assert client_of("auditor").get(f"{page}/step/comment").status_code == 403
    assert client_of("reporter").get(f"{page}/step/nonsense").status_code == 404
    assert client_of("reporter").get(f"{page}/step/edit").status_code == 404
    assert approver.get(f"{page}/edit").status_code == 409


def test_a_step_without_its_words_is_asked_for_again(client_of: ClientOf, database: Database) -> None:
    page = entered(database, IncidentState.RECEIVED)
    answer = client_of("approver").submit(f"{page}/step/dismiss", {"word": " "})
    assert (answer.status_code, errors(answer)) == (422, ["#word"])


def test_a_stale_edit_shows_both_texts(client_of: ClientOf, database: Database) -> None:
    page = entered(database, IncidentState.REPORTED)
    client = client_of("reporter")
    assert client.submit(f"{page}/edit", {"title": "先の題", "categories": ["RC02"]}).status_code == 303
    stale = client.submit(f"{page}/edit", {"title": "後の題", "version": "1"})
    assert stale.status_code == 409
    assert all(text in stale.text for text in ("先の題", "後の題", "RC02", "要機密情報の漏えい"))


def test_measures_go_their_way_on_the_page(client_of: ClientOf, database: Database) -> None:
    page = entered(database)
    reporter, approver = client_of("reporter"), client_of("approver")
    assert errors(reporter.submit(f"{page}/measures/new", {"body": "", "due_on": "x"})) == [
        "#body",
        "#owner",
        "#due_on",
    ]
    measure = {"body": "点検する", "owner": "課", "due_on": "2025-12-01"}
    assert reporter.submit(f"{page}/measures/new", measure).status_code == 303
    own = f"/measures/{newest(database, Measure).public_id}"
    assert reporter.submit(f"{own}/edit", {"body": "点検を続ける"}).status_code == 303
    stale = reporter.submit(f"{own}/edit", {"body": "別の案", "version": "1"})
    assert (stale.status_code, "点検を続ける" in stale.text) == (409, True)
    assert reporter.submit(f"{own}/done", {"on": "2025-11-10"}).status_code == 303
    assert reporter.submit(f"{own}/verify").status_code == 403
    assert "実施した人" in reporter.submit(f"{own}/verify").text
    assert approver.submit(f"{own}/verify").status_code == 303
    assert approver.submit(f"{own}/take_up").status_code == 303
    assert client_of("secretariat").get(f"{page}/measures/new").status_code == 403
    assert "点検を続ける" in client_of("secretariat").get(page).text


def test_a_reference_names_another_register(client_of: ClientOf, database: Database) -> None:
    page = entered(database)
    client = client_of("secretariat")
    assert errors(client.submit(f"{page}/references/new", {"number": ""})) == ["#kind", "#number"]
    assert client.submit(f"{page}/references/new", {"kind": "vendor", "number": "T-12"}).status_code == 303
    assert "T-12" in client_of("reporter").get(page).text


def office(part: str) -> bytes:
    """Return a file of an office program, as far as it is looked at."""
    held = BytesIO()
    with ZipFile(held, "w") as archive:
        archive.writestr(part, "<x/>")
    return held.getvalue()


def sent(client: Client, page: str, data: bytes, name: str) -> TestResponse:
    """Attach a file."""
    return client.submit(f"{page}/files/new", {"file": (BytesIO(data), name)})


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"%PDF-1.7 x", "記録.pdf"),
        ("経過の記録".encode(), "経過.txt"),
        (office("word/document.xml"), "報告 書.docx"),
        (b"\x89PNG\r\n\x1a\n0", "図.PNG"),
    ],
)
def test_a_file_comes_back_as_it_was_and_is_never_shown(
    client_of: ClientOf, database: Database, data: bytes, name: str
) -> None:
    page = entered(database)
    assert sent(client_of("reporter"), page, data, name).status_code == 303
    kept = newest(database, IncidentFile)
    assert kept.file_name == name
    assert re.fullmatch(r"incidents/[0-9a-f]{32}", kept.path)
    answer = client_of("secretariat").get(f"/incident-files/{kept.public_id}")
    assert answer.data == data
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert newest(database, AuditEntry).event == "incident.file_read"
    for other in ("other", "admin"):
        assert client_of(other).get(f"/incident-files/{kept.public_id}").status_code in (403, 404)


def test_the_folder_of_whoever_sent_a_file_is_none_of_our_business() -> None:
    assert incident_files.examine(b"x", "C:\\fakepath\\記録.txt") == "記録.txt"
    assert incident_files.examine(b"x", "../../記録.txt") == "記録.txt"
    with pytest.raises(Invalid, match="5MBまで"):
        incident_files.examine(b"x" * (incident_files.LARGEST + 1), "a.txt")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "空.txt"),
        (b"<script>", "a.html"),
        (b"<svg/>", "a.svg"),
        (b"MZ", "a.exe"),
        (b"MZ\0", "a.txt"),
        (b"<html>", "a.pdf"),
        (b"PK\x03\x04", "a.docx"),
        (office("word/document.xml"), "a.xlsx"),
        (office("word/document.xml"), "a.docm"),
        (b"x", "noending"),
    ],
)
def test_what_may_not_be_attached_is_refused_with_a_sentence(
    client_of: ClientOf, database: Database, data: bytes, name: str
) -> None:
    page = entered(database)
    answer = sent(client_of("reporter"), page, data, name)
    assert (answer.status_code, errors(answer)) == (422, ["#file"])
    assert newest(database, IncidentFile) is None


def test_a_file_that_was_changed_in_the_store_is_not_handed_out(
    app: Flask, client_of: ClientOf, database: Database
) -> None:
    sent(client_of("reporter"), entered(database), b"x", "a.txt")
    kept = newest(database, IncidentFile)
    files = app.extensions["register"].files
    Path(files.path(kept.path)).write_bytes(b"y")
    assert client_of("reporter").get(f"/incident-files/{kept.public_id}").status_code == 409


def test_a_nil_report_is_two_clicks_from_the_first_page(client_of: ClientOf, database: Database) -> None:
    client = client_of("reporter")
    assert "/incidents/months" in client.get("/").text
    page = client.get("/incidents/months").text
    assert page.count("該当なしと報告する<") == 6
    token = html.parse(page)[0].find(".//main//input[@name='csrf_token']")
    assert token is not None
    data = {"csrf_token": token.get("value"), "month": "2025-10"}
    assert client.post("/incidents/months", data=data).status_code == 303
    assert newest(database, NilReport).month.isoformat() == "2025-10-01"
    assert client.get("/incidents/months").text.count("該当なしと報告する<") == 5
    assert client.post("/incidents/months", data={**data, "month": "2024-01"}).status_code == 404
    assert client.post("/incidents/months", data={**data, "month": "2025-11"}).status_code == 404
    assert "該当なし" in client_of("secretariat").get("/incidents/months").text
    assert "府省庁B" not in client.get("/incidents/months").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True), ("?q=要約", True), ("?q=ない", False), ("?state=open", True), ("?state=closed", False),
        ("?kind=near_miss", False), ("?grade=L1", True), ("?grade=none", False), ("?category=RC01", True),
        ("?category=RC02", False), ("?late=1", False), ("?state=nonsense", False), ("?sort=updated&page=9", True),
    ],
)  # fmt: skip
def test_the_list_is_narrowed_and_its_file_holds_the_same(
    client_of: ClientOf, database: Database, query: str, found: bool
) -> None:
    entered(database)
    client = client_of("secretariat")
    assert ("誤った要約" in client.get(f"/incidents{query}").text) is found
    assert ("誤った要約" in client.get(f"/incidents.csv{query}").text) is found
    assert client.get(f"/incidents.xlsx{query}").data.startswith(b"PK")
    assert newest(database, AuditEntry).event == "incident.exported"


def test_another_ministry_meets_no_word_and_no_number_of_an_incident(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        case = Office(session).case()
        made = Desk(session).at(IncidentState.IN_RESPONSE, title="印を付けた題", cases=case.case_no)
    marks = ("印を付けた題", made.incident_no, str(made.public_id))
    for name in ("other", "other-approver", "admin"):
        client = client_of(name)
        for page in (
            "/",
            "/incidents",
            "/incidents?q=印",
            "/incidents.csv",
            "/incidents/months",
            "/audit",
            "/use-cases",
        ):
            answer = client.get(page).text
            assert not [mark for mark in marks if mark in answer], (name, page)
