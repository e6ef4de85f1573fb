"""The log's pages: who sees which entries, the filter, one entry in words."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import pytest
from sqlalchemy import delete, func, select

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.models import AISystem, AuditClear, AuditEntry, AuditHead
from register.services import ai_systems
from register.vocab import IncidentState
from tests.support import html
from tests.support.client import Client
from tests.support.incidents import Desk

ClientOf = Callable[[str], Client]


@pytest.fixture
def system(database: Database, actor: Callable[[str], Actor]) -> AISystem:
    """An AI system of ministry A whose note was changed once."""
    by = actor("approver")
    first = {"name": "対話支援", "vendor": "", "model_usage": "", "note": "最初の備考", "shared": False}
    with database.writing() as session:
        made = ai_systems.create(session, values=first, by=by)
    with database.writing() as session:
        row = session.get_one(AISystem, made.id)
        changed = {**first, "note": "次の備考", "shared": True}
        return ai_systems.edit(session, row, values=changed, version=row.version, by=by)


def newest(database: Database, event: audit.Event) -> AuditEntry:
    with database.reading() as session:
        statement = select(AuditEntry).where(AuditEntry.event == event.value).order_by(AuditEntry.seq.desc())
        return session.scalars(statement).first()


@pytest.mark.parametrize("name", ["secretariat", "auditor"])
def test_the_log_is_read_by_secretariat_and_auditor(client_of: ClientOf, database: Database, name: str) -> None:
    page = client_of(name).get("/audit").get_data(as_text=True)
    with database.reading() as session:
        head = session.execute(select(AuditHead)).scalar_one()
    assert head.hash in page
    assert f"{head.seq}件" in page


@pytest.mark.parametrize("name", ["reporter", "admin"])
def test_others_may_not_read_the_log(client_of: ClientOf, database: Database, name: str) -> None:
    client = client_of(name)
    assert client.get("/audit").status_code == 403
    entry = newest(database, audit.Event.USER_CREATED)
    assert client.get(f"/audit/{entry.hash}").status_code == 404


def test_nobody_reads_it_without_signing_in(client: Client) -> None:
    assert client.get("/audit").status_code == 302


def test_an_approver_sees_the_entries_of_the_own_ministry_only(
    client_of: ClientOf, database: Database, system: AISystem
) -> None:
    entry = newest(database, audit.Event.AI_SYSTEM_EDITED)
    own, other = client_of("approver"), client_of("other-approver")
    assert f"/audit/{entry.hash}" in own.get("/audit").get_data(as_text=True)
    assert f"/audit/{entry.hash}" not in other.get("/audit").get_data(as_text=True)
    assert own.get(f"/audit/{entry.hash}").status_code == 200
    hidden, missing = other.get(f"/audit/{entry.hash}"), other.get("/audit/" + "0" * 64)
    assert hidden.status_code == missing.status_code == 404


def test_an_approver_learns_nothing_of_how_long_the_chain_is(
    client_of: ClientOf, database: Database, system: AISystem
) -> None:
    with database.reading() as session:
        head = session.execute(select(AuditHead)).scalar_one()
    pages = [client_of("approver").get(path).get_data(as_text=True) for path in ("/audit", f"/audit/{head.hash}")]
    assert head.hash not in pages[0].replace(f"/audit/{head.hash}", "")
    assert "番号</dt><dd>" not in pages[1].replace("問合せ番号", "")


def test_an_entry_shows_what_changed_in_words(client_of: ClientOf, database: Database, system: AISystem) -> None:
    entry = newest(database, audit.Event.AI_SYSTEM_EDITED)
    page = client_of("auditor").get(f"/audit/{entry.hash}").get_data(as_text=True)
    for text in (
        "AIシステムを編集した",
        "備考",
        "最初の備考",
        "次の備考",
        "ほかの府省庁と共同で使う",
        "はい",
        entry.hash,
        entry.prev,
    ):
        assert text in page


def test_an_entry_shows_nobody_what_serves_the_register_itself(
    client_of: ClientOf, database: Database, system: AISystem
) -> None:
    told = {}
    for event in (audit.Event.AI_SYSTEM_CREATED, audit.Event.AI_SYSTEM_EDITED):
        entry = newest(database, event)
        fields = json.loads(entry.body)["changes"][0]["fields"]
        assert "version" in fields
        tree = html.parse(client_of("auditor").get(f"/audit/{entry.hash}").text)[0]
        told[event] = {(cell.text or "").strip() for cell in tree.findall(".//tbody//th")}
    # The vendor was left empty: the log holds that too.
    assert told[audit.Event.AI_SYSTEM_CREATED] == {"名称", "備考", "府省庁", "ほかの府省庁と共同で使う"}
    assert told[audit.Event.AI_SYSTEM_EDITED] == {"備考", "ほかの府省庁と共同で使う"}


def test_a_change_that_tells_people_nothing_is_left_out(
    client_of: ClientOf, database: Database, system: AISystem, actor: Callable[[str], Actor]
) -> None:
    with database.writing() as session:
        row = session.get_one(AISystem, system.id)
        row.updated_at += dt.timedelta(days=1)
        audit.record(session, audit.Event.AI_SYSTEM_EDITED, row, by=actor("approver"))
    page = client_of("auditor").get(f"/audit/{newest(database, audit.Event.AI_SYSTEM_EDITED).hash}").text
    assert "台帳の内容は変わっていません" in page


def test_what_was_purged_is_shown_as_such(client_of: ClientOf, database: Database, system: AISystem) -> None:
    entry = newest(database, audit.Event.AI_SYSTEM_EDITED)
    with database.writing() as session:
        session.execute(delete(AuditClear).where(AuditClear.seq == entry.seq))
    page = client_of("auditor").get(f"/audit/{entry.hash}").get_data(as_text=True)
    assert "消去済み" in page
    assert "次の備考" not in page


def test_the_filter_narrows_by_each_of_its_fields(
    client_of: ClientOf, database: Database, system: AISystem, clock: FixedClock, actor: Callable[[str], Actor]
) -> None:
    clock.moment += dt.timedelta(days=2)
    with database.writing() as session:
        audit.record(session, audit.Event.USE_CASES_EXPORTED, None, by=actor("other"))
    client = client_of("auditor")

    def count(query: str) -> int:
        page = client.get(f"/audit?{query}").get_data(as_text=True)
        return page.count('href="/audit/')

    with database.reading() as session:
        everything = session.scalar(select(func.count()).select_from(AuditEntry))
    assert count("") == everything
    assert count("event=ai_system.edited") == 1
    assert count("who=APPROVER") == 2
    assert count("subject=府省庁B") == 1
    assert count("ministry=b&event=use_case.exported") == 1
    assert count("since=2025-11-12") == 1
    assert count("until=令和7年11月10日") == everything - 1
    assert count("since=2025-11-11&until=2025-11-11") == 0
    assert count("who=%25") == 0


def test_a_filter_that_finds_nothing_says_what_to_do(client_of: ClientOf) -> None:
    page = client_of("auditor").get("/audit?who=nobody").get_data(as_text=True)
    assert "条件に合う記録はありません。" in page


@pytest.mark.parametrize("query", ["since=yesterday", "event=nothing", "ministry=zz", "until=2025-02-30"])
def test_a_bad_filter_is_refused_and_kept(client_of: ClientOf, query: str) -> None:
    answer = client_of("auditor").get(f"/audit?{query}")
    assert answer.status_code == 422
    assert "入力内容に1件の誤りがあります" in answer.get_data(as_text=True)


def test_the_log_is_paged(client_of: ClientOf, database: Database, actor: Callable[[str], Actor]) -> None:
    with database.writing() as session:
        for _ in range(60):
            audit.record(session, audit.Event.USE_CASES_EXPORTED, None, by=actor("other"))
    client = client_of("auditor")
    first = client.get("/audit?event=use_case.exported").get_data(as_text=True)
    assert first.count('href="/audit/') == 50
    assert "/audit?event=use_case.exported&amp;page=2" in first
    assert client.get("/audit?event=use_case.exported&page=2").get_data(as_text=True).count('href="/audit/') == 10


def test_the_log_tells_others_no_word_of_an_incident_that_they_were_not_told_of(
    client_of: ClientOf, database: Database
) -> None:
    with database.writing() as session:
        desk = Desk(session)
        for state, title in ((IncidentState.RECEIVED, "省内の出来事"), (IncidentState.IN_RESPONSE, "知らせた出来事")):
            desk.at(state, title=title)
    for name, seen in (("approver", {"省内の出来事", "知らせた出来事"}), ("auditor", {"知らせた出来事"})):
        client = client_of(name)
        page = html.parse(client.get("/audit?event=incident.entered").text)[0]
        links = {link.get("href") or "" for link in page.iter("a")}
        told = [client.get(link).text for link in links if link.startswith("/audit/")]
        assert {title for title in ("省内の出来事", "知らせた出来事") if any(title in text for text in told)} == seen
