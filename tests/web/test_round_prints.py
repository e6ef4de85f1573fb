"""The pages of a published report: what it prints otherwise, and the secretariat that enters it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from register.db import Database
from register.models import AuditEntry, RoundPrint
from tests.support import html
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.prints import PRINTED
from tests.support.round_files import empty_round, reference_rounds

ClientOf = Callable[[str], Client]
PAGE, FIRST = "/rounds/2025-2/report/print", "/rounds/2025-1/report/print"
CONFIDENTIALITY = "confidentiality"


@pytest.fixture
def content() -> Build:
    """The reference rounds."""
    return reference_rounds


def whole(**values: object) -> dict[str, object]:
    """Return the fields of the form with the published report as a file."""
    return {"name": "概要", "file": (io.BytesIO(json.dumps(PRINTED).encode()), "公表.json"), **values}


def events(database: Database) -> list[str]:
    """Return what the log holds of prints."""
    with database.reading() as session:
        wanted = select(AuditEntry.event).where(AuditEntry.event.startswith("round_print")).order_by(AuditEntry.seq)
        return list(session.scalars(wanted))


@pytest.mark.parametrize("who", ["reporter", "approver", "secretariat", "auditor"])
def test_everyone_reads_what_is_printed_otherwise(client_of: ClientOf, who: str) -> None:
    page = client_of(who).get(PAGE).text
    assert page.count("公表資料との違い") == 3
    assert "台帳に備付けの公表資料" in page
    assert "4件、" not in page.split("<h1>")[0]
    assert ("公表資料を登録する" in page) is (who == "secretariat")
    assert "この登録を取り消す" not in page


def test_each_difference_leads_to_the_cases_that_explain_it(client_of: ClientOf) -> None:
    client = client_of("secretariat")
    tree, _ = html.parse(client.get(PAGE).text)
    links = [one.get("href", "") for one in tree.iter("a") if "".join(one.itertext()) == "もとになった案件"]
    assert len(links) == 3
    assert ["I-2025-0005" in client.get(link).text for link in links] == [True] * 3


def test_the_report_leads_to_the_page(client_of: ClientOf) -> None:
    tree, _ = html.parse(client_of("auditor").get("/rounds/2025-2/report").text)
    assert PAGE in [one.get("href") for one in tree.iter("a")]


def test_a_round_without_a_print_says_so(client_of: ClientOf) -> None:
    assert "公表資料はまだ登録されていません" in client_of("secretariat").get(FIRST).text


def test_a_whole_report_is_entered_as_a_file_and_withdrawn(client_of: ClientOf, database: Database) -> None:
    client = client_of("secretariat")
    assert client.submit(f"{PAGE}/new", whole(name="訂正後の概要")).location == PAGE
    page = client.get(PAGE).text
    assert "訂正後の概要" in page
    assert page.count("公表資料との違い") == 3
    assert "訂正後の概要" in client_of("auditor").get(PAGE).text
    assert client.submit(PAGE, button="/withdraw").location == PAGE
    assert "台帳に備付けの公表資料" in client.get(PAGE).text
    assert events(database) == ["round_print.entered", "round_print.withdrawn"]


def test_a_table_is_pasted_and_another_is_added(client_of: ClientOf, database: Database) -> None:
    client = client_of("secretariat")
    for table, text in ((CONFIDENTIALITY, "総計\t296"), ("output_type", "総計\t295")):
        sent = client.submit(f"{PAGE}/new", {"name": "概要", "table": table, "text": text})
        assert sent.status_code == 303
    page = client.get(PAGE).text
    assert "公表資料では296件、この集計では295件" in page
    with database.reading() as session:
        last = session.scalars(select(RoundPrint).order_by(RoundPrint.id.desc())).first()
        assert last is not None
        assert list(last.content["tables"]) == [CONFIDENTIALITY, "output_type"]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"text": ""}, "どちらか一方"),
        ({"text": "総計 1", "file": (io.BytesIO(b"x"), "a.csv")}, "どちらか一方"),
        ({"name": " ", "text": "総計 1"}, "資料の名前を入力してください"),
        ({"text": "総計 1", "table": ""}, "どの表かを選んでください"),
        ({"text": "無い行 1"}, "「無い行」という行は、この表にありません"),
        ({"text": "総計 1", "table": "zzz"}, "選んで"),
        ({"file": (io.BytesIO(b"{"), "a.json")}, "JSONとして読めません"),
        ({"file": (io.BytesIO(b"PK\x03\x04"), "a.xlsx")}, ""),
        ({"file": (io.BytesIO(b"a,b\n"), "a.csv"), "table": ""}, "どの表かを選んでください"),
    ],
)
def test_what_cannot_be_read_is_told_and_stays(
    client_of: ClientOf, database: Database, values: dict[str, object], why: str
) -> None:
    client = client_of("secretariat")
    sent = client.submit(f"{PAGE}/new", {"name": "概要", "table": CONFIDENTIALITY, **values})
    assert sent.status_code == 422
    assert why in sent.text
    assert str(values.get("text", "")) in sent.text
    assert events(database) == []


@pytest.mark.parametrize("who", ["reporter", "approver", "auditor", "admin"])
def test_others_enter_nothing(client_of: ClientOf, database: Database, who: str) -> None:
    client = client_of(who)
    assert client.get(f"{PAGE}/new").status_code in {403, 404}
    for path in ("new", "withdraw"):
        assert client.post(f"{PAGE}/{path}", data=whole()).status_code in {400, 403, 404}
    assert events(database) == []


def test_an_empty_round_is_compared_like_any_other(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        empty_round(session, number=3)
    client, page = client_of("secretariat"), "/rounds/2025-3/report/print"
    sent = client.submit(f"{page}/new", {"name": "概要", "table": CONFIDENTIALITY, "text": "総計\t3"})
    assert sent.status_code == 303
    assert "公表資料では3件、この集計では0件" in client.get(page).text
