"""The pages of AI systems: register, edit, share; what a ministry that only uses a system learns of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.models import AISystem, AuditEntry, UseCase
from register.services import ai_systems, use_cases
from tests.support import html
from tests.support.client import Client, filled, find_form
from tests.support.round_files import FORMS

ClientOf = Callable[[str], Client]
ActorOf = Callable[[str], Actor]
TYPED = {
    "name": "対話支援システム",
    "vendor": "事業者甲",
    "model_usage": "商用LLM-A",
    "note": "契約は年度末まで。\r\n更新は未定。",
}


@pytest.fixture
def system(database: Database, actor: ActorOf) -> AISystem:
    """A shared system of ministry A, and an unshared one beside it; a case of each ministry uses the shared one."""
    with database.writing() as session:
        made = ai_systems.create(session, values={**TYPED, "shared": True}, by=actor("approver"))
        ai_systems.create(session, values={"name": "庁内だけの仕組み"}, by=actor("approver"))
        for name in ("reporter", "other"):
            tied = {"title": f"案件-{name}", "ai_system_id": made.id}
            use_cases.create(session, form=FORMS["v2"], values=tied, by=actor(name))
        return made


def stored(database: Database, system: AISystem) -> AISystem:
    """Return the system as it stands in the database."""
    with database.reading() as session:
        return session.get_one(AISystem, system.id)


def events(database: Database) -> list[str]:
    """Return the deeds on AI systems, oldest first."""
    with database.reading() as session:
        assert not audit.verify(session, []).finding
        statement = select(AuditEntry.event).where(AuditEntry.subject_table == "ai_system").order_by(AuditEntry.seq)
        return list(session.scalars(statement))


def opened(client: Client, address: str) -> dict[str, object]:
    """Open a page and return what a browser would send of its form."""
    tree, _ = html.parse(client.get(address).text)
    return filled(find_form(tree, None))


def test_a_system_is_registered_shared_and_taken_back(
    client_of: ClientOf, database: Database, actor: ActorOf, clock: FixedClock
) -> None:
    client, other = client_of("reporter"), client_of("other")
    made = client.submit("/ai-systems/new", TYPED)
    assert made.status_code == 303
    page = client.get(made.location).text
    for text in ("AIシステムを登録しました。", "対話支援システム", "事業者甲", "商用LLM-A", "更新は未定。"):
        assert text in page
    assert other.get(made.location).status_code == 404
    assert "対話支援システム" not in other.get("/ai-systems").text
    assert client.submit(f"{made.location}/edit", {"shared": "y"}).status_code == 303
    assert "AIシステムを保存しました。" in client.get(made.location).text
    assert other.get(made.location).status_code == 200
    form = opened(client, f"{made.location}/edit")
    assert form.pop("shared") == "y"
    assert client.post(f"{made.location}/edit", data=form).status_code == 303
    assert other.get(made.location).status_code == 404
    with database.reading() as session:
        row = session.scalars(select(AISystem)).one()
    assert (row.name, row.note, row.shared, row.version) == (
        TYPED["name"],
        "契約は年度末まで。\n更新は未定。",
        False,
        3,
    )
    assert (row.ministry_id, row.created_at) == (actor("reporter").ministry_id, clock.now())
    assert events(database) == ["ai_system.created", "ai_system.edited", "ai_system.edited"]


def test_a_ministry_that_uses_a_shared_system_learns_its_name_and_maker_only(
    client_of: ClientOf, system: AISystem
) -> None:
    address, other = f"/ai-systems/{system.public_id}", client_of("other")
    page = other.get(address).text
    assert ("対話支援システム" in page, "事業者甲" in page, "府省庁A" in page) == (True, True, True)
    for hidden in (
        "商用LLM-A",
        "契約は年度末まで。",
        "モデル利用状況",
        "備考",
        "案件-reporter",
        "a-2025-0001",
        f"{address}/edit",
    ):
        assert hidden not in page, hidden
    assert "案件-other" in page
    listed = other.get("/ai-systems").text
    assert "庁内だけの仕組み" not in listed
    assert counted(listed) == {"対話支援システム": "1"}


def counted(page: str) -> dict[str, str]:
    """Return the systems of the list with the number of their cases."""
    tree, _ = html.parse(page)
    rows = [row for body in tree.iter("tbody") for row in body.iter("tr")]
    texts = [["".join(cell.itertext()).strip() for cell in row] for row in rows]
    return {cells[0]: cells[-1] for cells in texts}


@pytest.mark.parametrize(
    ("name", "cases"),
    [("reporter", "1"), ("approver", "1"), ("secretariat", "2"), ("auditor", "2")],
)
def test_who_may_see_all_of_it_does(client_of: ClientOf, system: AISystem, name: str, cases: str) -> None:
    client, address = client_of(name), f"/ai-systems/{system.public_id}"
    page = client.get(address).text
    assert ("商用LLM-A" in page, "更新は未定。" in page, "案件-reporter" in page) == (True, True, True)
    assert ("案件-other" in page) == (cases == "2")
    assert (f"{address}/edit" in page) == (name in {"reporter", "approver"})
    assert counted(client.get("/ai-systems").text) == {"対話支援システム": cases, "庁内だけの仕組み": "0"}


def test_only_its_own_ministry_edits_a_system(client_of: ClientOf, database: Database, system: AISystem) -> None:
    address = f"/ai-systems/{system.public_id}/edit"
    data = opened(client_of("reporter"), address) | {"name": "改めた名"}
    for name, status in (
        ("other", 403),
        ("other-approver", 403),
        ("secretariat", 403),
        ("auditor", 403),
        ("admin", 404),
    ):
        client = client_of(name)
        assert client.get(address).status_code == status, name
        # With a token of the person's own session, so that it is the table that refuses.
        home, _ = html.parse(client.get("/").text)
        token = next(one.get("value") for one in home.iter("input") if one.get("name") == "csrf_token")
        assert client.post(address, data=data | {"csrf_token": token}).status_code == status, name
    assert stored(database, system).name == TYPED["name"]
    assert client_of("reporter").submit(address, {"name": "改めた名"}).status_code == 303
    assert stored(database, system).name == "改めた名"


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"name": " 　"}, "name", "AIシステムの名称を入力してください。"),
        ({"name": "字" * 201}, "name", "200文字以内で入力してください。"),
        ({"vendor": "字" * 201}, "vendor", "200文字以内で入力してください。"),
        ({"model_usage": "字" * 1001}, "model_usage", "1000文字以内で入力してください。"),
        ({"note": "字" * 4001}, "note", "4000文字以内で入力してください。"),
    ],
)
def test_a_refused_form_keeps_what_was_typed(
    client_of: ClientOf, database: Database, system: AISystem, values: dict[str, str], field: str, sentence: str
) -> None:
    before = len(events(database))
    for address in ("/ai-systems/new", f"/ai-systems/{system.public_id}/edit"):
        typed = TYPED | {"shared": "y"} | values
        answer = client_of("reporter").submit(address, typed)
        assert answer.status_code == 422
        tree, _ = html.parse(answer.text)
        links = {
            (link.get("href") or "")[1:]: "".join(link.itertext())
            for box in tree.iter("div") if box.get("class") == "errors" for link in box.iter("a")
        }  # fmt: skip
        assert list(links) == [field]
        assert links[field].endswith(sentence)
        kept = filled(find_form(tree, None))
        assert {name: kept[name] for name in typed} == {
            name: value.replace("\r\n", "\n") for name, value in typed.items()
        }
    assert len(events(database)) == before


def test_an_edit_that_changes_nothing_records_nothing(
    client_of: ClientOf, database: Database, system: AISystem, clock: FixedClock
) -> None:
    before, first = events(database), stored(database, system).updated_at
    clock.moment = clock.moment.replace(hour=5)
    assert client_of("reporter").submit(f"/ai-systems/{system.public_id}/edit").status_code == 303
    assert events(database) == before
    row = stored(database, system)
    assert (row.version, row.updated_at) == (1, first)


def test_a_stale_edit_shows_both_texts_and_a_second_save_goes_through(
    client_of: ClientOf, database: Database, system: AISystem
) -> None:
    address, late = f"/ai-systems/{system.public_id}/edit", client_of("reporter")
    data = opened(late, address) | {"name": "後の名"}
    data.pop("shared")
    assert client_of("approver").submit(address, {"name": "先の名", "note": ""}).status_code == 303
    answer = late.post(address, data=data)
    assert answer.status_code == 409
    tree, _ = html.parse(answer.text)
    rows = {
        row.findtext("th") or "": ["".join(cell.itertext()) for cell in row.iter("td")]
        for row in tree.iter("tr") if row.get("class") == "table__diff"
    }  # fmt: skip
    assert rows == {
        "名称": ["後の名", "先の名"], "備考": ["契約は年度末まで。更新は未定。", ""], "ほかの府省庁と共用する": ["いいえ", "はい"],
    }  # fmt: skip
    assert stored(database, system).name == "先の名"
    assert late.post(address, data=filled(find_form(tree, None))).status_code == 303
    row = stored(database, system)
    assert (row.name, row.shared, row.version) == ("後の名", False, 3)


def test_a_tie_outlives_the_sharing_until_somebody_takes_it_away(
    client_of: ClientOf, database: Database, system: AISystem, actor: ActorOf
) -> None:
    with database.writing() as session:
        row = session.get_one(AISystem, system.id)
        unshared = {name: getattr(row, name) for name in ai_systems.EDITABLE} | {"shared": False}
        ai_systems.edit(session, row, values=unshared, version=row.version, by=actor("approver"))
    with database.reading() as session:
        case = session.scalars(select(UseCase).where(UseCase.title == "案件-other")).one()
    address, other = f"/use-cases/{case.public_id}/edit", client_of("other")
    page = other.get(address).text
    assert "対話支援システム" not in page
    assert "（共用が終わったAIシステム）" in page
    assert other.submit(address, {"title": "新しい名前"}).status_code == 303
    assert tie(database, case) == ("新しい名前", system.id)
    assert other.submit(address, {"ai_system_id": str(system.public_id)}).status_code == 422
    assert other.submit(address, {"ai_system_id": ""}).status_code == 303
    assert tie(database, case) == ("新しい名前", None)
    assert "（共用が終わったAIシステム）" not in other.get(address).text


def tie(database: Database, case: UseCase) -> tuple[str, int | None]:
    """Return the case's title and system as they stand in the database."""
    with database.reading() as session:
        row = session.get_one(UseCase, case.id)
        return row.title, row.ai_system_id
