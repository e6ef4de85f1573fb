"""The pages of one use case, used as a person uses them: register, read, edit, move, and what they say when refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from register.authz import Actor
from register.db import Database
from register.models import AISystem, AuditEntry, LifecycleEvent, UseCase
from register.services import ai_systems, use_cases
from register.vocab import Lifecycle
from tests.support import html
from tests.support.client import Client, filled, find_form
from tests.support.round_files import FORMS

ClientOf = Callable[[str], Client]
ActorOf = Callable[[str], Actor]
FORM = FORMS["v2"]
TYPED = {
    "title": "議事録の要約",
    "unit": "相談局",
    "purpose": "職員が議事録の下書きを作る。\r\n外部には出さない。",
    "usage_type": "G2",
    "user_scope": "1",
    "confidentiality": "1",
    "planned_stage": "V",
    "start_on": "令和7年12月1日",
    "goal_kind": "QL",
    "goal_text": "作成時間を短くする。",
    "output_type": "1",
    "model_usage": "商用LLM-A",
}


@pytest.fixture
def case(database: Database, actor: ActorOf) -> UseCase:
    """A planned case of ministry A with what a start asks for."""
    known = {"title": "元の題", "usage_type": "G1", "user_scope": "1", "confidentiality": "1"}
    with database.writing() as session:
        return use_cases.create(session, form=FORM, values=known, by=actor("reporter"))


def address(case: UseCase, page: str = "") -> str:
    """Return where a page of the case stands."""
    return f"/use-cases/{case.public_id}{page}"


def stored(database: Database, case: UseCase) -> UseCase:
    """Return the case as it stands in the database."""
    with database.reading() as session:
        return session.get_one(UseCase, case.id)


def form_of(answer: TestResponse) -> dict[str, object]:
    """Return what a browser would send of the one form in the page's main part."""
    tree, _ = html.parse(answer.text)
    return filled(find_form(tree, None))


def facts(answer: TestResponse) -> dict[str, str]:
    """Return the page's summary list: its labels with their texts."""
    tree, _ = html.parse(answer.text)
    return {
        "".join(row.find("dt").itertext()).strip(): "".join(row.find("dd").itertext()).strip()  # type: ignore[union-attr]
        for row in tree.iter("div")
        if row.get("class") == "sum__row"
    }


def count(database: Database, model: type[Any]) -> int:
    """Return how many rows there are."""
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_case_is_registered_edited_and_brought_into_use(client_of: ClientOf, database: Database) -> None:
    client = client_of("reporter")
    made = client.submit("/use-cases/new", TYPED)
    assert made.status_code == 303
    page = client.get(made.location)
    assert "案件を登録しました。" in page.text
    assert "a-2025-0001" in page.text
    assert facts(page) | {
        "府省庁": "府省庁A", "部局・課室": "相談局", "利用類型": "汎用型２", "取扱情報の機密性": "機密性１情報のみ取り扱う",
        "導入段階（予定を含む）": "検証段階", "利用開始（予定）日": "令和7年12月1日", "出力データの種類": "テキスト出力のみ",
        "成果目標": "定性成果目標あり作成時間を短くする。", "モデル利用状況": "商用LLM-A",
        "利用用途": "職員が議事録の下書きを作る。外部には出さない。",
    } == facts(page)  # fmt: skip
    changed = client.submit(f"{made.location}/edit", {"title": "会議録の要約", "start_on": ""})
    page = client.get(changed.location)
    assert changed.status_code == 303
    assert "案件を保存しました。" in page.text
    assert "会議録の要約" in page.text
    assert facts(page)["利用開始（予定）日"] == "未回答"
    assert facts(page)["利用用途"] == "職員が議事録の下書きを作る。外部には出さない。"
    for to, day, word in (
        ("verification", "２０２５年１１月１０日", "検証段階"),
        ("production", "R7.11.10", "常用段階"),
    ):
        moved = client.submit(f"{made.location}/move?to={to}", {"on": day, "reason": "準備が整った"})
        assert (moved.status_code, moved.location) == (303, made.location)
        page = client.get(moved.location)
        assert "案件の状態を変えました。" in page.text
        assert word in page.text
    with database.reading() as session:
        states = session.scalars(select(LifecycleEvent.to_state).order_by(LifecycleEvent.id)).all()
        events = session.scalars(select(AuditEntry.event).where(AuditEntry.subject_table == "use_case")).all()
    assert states == [Lifecycle.PLANNED, Lifecycle.VERIFICATION, Lifecycle.PRODUCTION]
    assert sorted(events) == ["use_case.created", "use_case.edited", "use_case.moved", "use_case.moved"]


def test_the_page_offers_the_moves_that_the_person_may_make(client_of: ClientOf, case: UseCase) -> None:
    moves = {"verification", "production"}
    for name, offered in (
        ("reporter", moves),
        ("approver", moves | {"retired"}),
        ("auditor", set()),
        ("secretariat", set()),
    ):
        page = client_of(name).get(address(case)).text
        assert {state.value for state in Lifecycle if f"/move?to={state.value}" in page} == offered, name
        assert (f"{case.public_id}/edit" in page) == bool(offered), name


def test_an_approver_ends_a_use_and_nothing_leads_back(client_of: ClientOf, database: Database, case: UseCase) -> None:
    client = client_of("approver")
    assert "元の状態に戻せません" in client.get(address(case, "/move?to=retired")).text
    assert client.submit(address(case, "/move?to=retired"), {"reason": "見送り"}).status_code == 303
    assert stored(database, case).lifecycle is Lifecycle.RETIRED
    page = client.get(address(case)).text
    assert "見送り" in page
    assert "/move?to=" not in page


def test_a_reporter_may_not_end_a_use(client_of: ClientOf, database: Database, case: UseCase) -> None:
    client = client_of("reporter")
    assert client.get(address(case, "/move?to=retired")).status_code == 403
    data = form_of(client.get(address(case, "/move?to=verification"))) | {"to": "retired", "reason": "見送り"}
    assert client.post(address(case, "/move"), data=data).status_code == 403
    assert stored(database, case).lifecycle is Lifecycle.PLANNED


class TestWhatIsWrong:
    """A refused form keeps what was typed and leads to each field."""

    @pytest.mark.parametrize(
        ("values", "fields"),
        [
            ({"title": "　"}, {"title": "案件名を入力してください。"}),
            ({"title": "字" * 201}, {"title": "200文字以内で入力してください。"}),
            ({"start_on": "あした"}, {"start_on": "日付として読めません。2025-09-30 や 令和7年9月30日 のように入力してください。"}),
            ({"start_on": "平成31年5月1日", "usage_type": "ZZ"}, {"usage_type": "選択肢の中から選んでください。", "start_on": "日付として読めません。2025-09-30 や 令和7年9月30日 のように入力してください。"}),
            ({"ai_system_id": str(uuid.uuid4())}, {"ai_system_id": "選択肢の中から選んでください。"}),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("kind", ["new", "edit"])
    def test_the_case_forms(
        self, client_of: ClientOf, database: Database, case: UseCase, kind: str, values: dict[str, str], fields: dict[str, str]
    ) -> None:  # fmt: skip
        where = "/use-cases/new" if kind == "new" else address(case, "/edit")
        answer = client_of("reporter").submit(where, TYPED | values)
        assert answer.status_code == 422
        tree, _ = html.parse(answer.text)
        assert (tree.findtext("head/title") or "").startswith("エラー：")
        summary = next(one for one in tree.iter("div") if one.get("class") == "errors")
        links = {(link.get("href") or "")[1:]: "".join(link.itertext()) for link in summary.iter("a")}
        assert list(links) == list(fields)
        controls = {one.get("id"): one for one in tree.iter() if one.get("id") in fields}
        for name, sentence in fields.items():
            assert links[name].endswith(f"：{sentence}")
            assert controls[name].get("aria-invalid") == "true"
            assert f"{name}-err" in (controls[name].get("aria-describedby") or "").split()
        kept = form_of(answer)
        typed = {name: value.replace("\r\n", "\n") for name, value in (TYPED | values).items() if name in TYPED}
        choices = {"usage_type"} if values.get("usage_type") == "ZZ" else set()
        assert {name: kept[name] for name in typed if name not in choices} == {
            name: value for name, value in typed.items() if name not in choices
        }
        assert count(database, UseCase) == 1
        assert stored(database, case).version == 1

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"on": ""}, "on"),
            ({"on": "あした"}, "on"),
            ({"on": "2025-11-11"}, "on"),
            ({"on": "2025-11-09"}, "on"),
            ({"reason": " \r\n"}, "reason"),
        ],
    )
    def test_the_move(
        self, client_of: ClientOf, database: Database, case: UseCase, values: dict[str, str], field: str
    ) -> None:
        typed = {"on": "2025-11-10", "reason": "見送り"} | values
        answer = client_of("approver").submit(address(case, "/move?to=retired"), typed)
        assert answer.status_code == 422
        assert f'<a href="#{field}">' in answer.text
        kept = form_of(answer)
        assert (kept["to"], kept["on"], str(kept["reason"]).strip()) == (
            "retired",
            typed["on"],
            typed["reason"].strip(),
        )
        assert stored(database, case).lifecycle is Lifecycle.PLANNED

    @pytest.mark.parametrize(("to", "mark"), [("retired", "※必須"), ("production", "任意")])
    def test_the_reason_is_marked_as_the_move_asks_for_it(
        self, client_of: ClientOf, case: UseCase, to: str, mark: str
    ) -> None:
        tree, _ = html.parse(client_of("approver").get(address(case, f"/move?to={to}")).text)
        (label,) = [label for label in tree.iter("label") if label.get("for") == "reason"]
        assert "".join(label.itertext()).strip().endswith(mark)

    def test_a_move_with_two_mistakes_names_both(self, client_of: ClientOf, case: UseCase) -> None:
        answer = client_of("approver").submit(address(case, "/move?to=retired"), {"on": "2025-11-11", "reason": ""})
        assert answer.status_code == 422
        assert all(f'<a href="#{field}">' in answer.text for field in ("on", "reason"))

    def test_a_start_before_the_facts_are_known(self, client_of: ClientOf, database: Database) -> None:
        client = client_of("reporter")
        made = client.submit("/use-cases/new", {"title": "題だけ"})
        answer = client.submit(f"{made.location}/move?to=verification")
        assert answer.status_code == 422
        assert "利用を始める前に、利用類型、利用者の範囲、取扱情報の機密性を入力してください。" in answer.text


class TestMeanwhile:
    """Somebody else saved in between."""

    def test_a_stale_edit_shows_both_texts_and_a_second_save_goes_through(
        self, client_of: ClientOf, database: Database, case: UseCase
    ) -> None:
        late, early = client_of("reporter"), client_of("approver")
        data = form_of(late.get(address(case, "/edit"))) | {"title": "後の題", "start_on": "2025-12-01"}
        assert early.submit(address(case, "/edit"), {"title": "先の題", "unit": "先の課"}).status_code == 303
        answer = late.post(address(case, "/edit"), data=data)
        assert answer.status_code == 409
        assert "ほかの人が先に保存しました。" in answer.text
        tree, _ = html.parse(answer.text)
        rows = {
            "".join(row.findtext("th") or ""): ["".join(cell.itertext()) for cell in row.iter("td")]
            for row in tree.iter("tr") if row.get("class") == "table__diff"
        }  # fmt: skip
        assert rows == {
            "案件名": ["後の題", "先の題"], "部局・課室": ["", "先の課"], "利用開始（予定）日": ["令和7年12月1日", ""],
        }  # fmt: skip
        assert stored(database, case).title == "先の題"
        again = form_of(answer)
        assert (again["title"], again["start_on"]) == ("後の題", "2025-12-01")
        assert late.post(address(case, "/edit"), data=again).status_code == 303
        assert (stored(database, case).title, stored(database, case).unit) == ("後の題", "")

    def test_a_stale_edit_that_breaks_a_rule_is_told_so_first(
        self, client_of: ClientOf, database: Database, case: UseCase
    ) -> None:
        late = client_of("reporter")
        data = form_of(late.get(address(case, "/edit"))) | {"title": ""}
        client_of("approver").submit(address(case, "/edit"), {"title": "先の題"})
        answer = late.post(address(case, "/edit"), data=data)
        assert answer.status_code == 422
        assert late.post(address(case, "/edit"), data=form_of(answer) | {"title": "後"}).status_code == 409

    @pytest.mark.parametrize("version", ["", "0", "-1", "2", "１", "1e0", "9" * 40])
    def test_a_version_that_was_tampered_with_is_stale(
        self, client_of: ClientOf, database: Database, case: UseCase, version: str
    ) -> None:
        client = client_of("reporter")
        for page in ("/edit", "/move?to=production"):
            assert client.submit(address(case, page), {"version": version, "title": "題"}).status_code == 409
        assert stored(database, case).version == 1

    def test_a_stale_move_changes_nothing(self, client_of: ClientOf, database: Database, case: UseCase) -> None:
        late = client_of("reporter")
        data = form_of(late.get(address(case, "/move?to=production")))
        client_of("approver").submit(address(case, "/move?to=verification"))
        answer = late.post(address(case, "/move?to=production"), data=data)
        assert answer.status_code == 409
        assert "ほかの人が先に保存しました。" in answer.text
        assert stored(database, case).lifecycle is Lifecycle.VERIFICATION

    @pytest.mark.parametrize("to", ["suspended", "planned", "", "no-such-state"])
    def test_a_move_that_cannot_be_made_now(
        self, client_of: ClientOf, database: Database, case: UseCase, to: str
    ) -> None:
        client = client_of("reporter")
        data = form_of(client.get(address(case, "/move?to=production"))) | {"to": to, "reason": "理由"}
        sentence = "へは移せません" if to in set(Lifecycle) else "移す先の状態が選ばれていません"
        for answer in (client.get(address(case, f"/move?to={to}")), client.post(address(case, "/move"), data=data)):
            assert answer.status_code == 409
            assert sentence in answer.text
        assert stored(database, case).lifecycle is Lifecycle.PLANNED


class TestAISystems:
    """A case is tied to a system that its people see."""

    @pytest.fixture
    def systems(self, database: Database, actor: ActorOf) -> dict[str, AISystem]:
        """Systems by the words for who owns them."""
        owners = {"own": ("approver", False), "shared": ("other", True), "hidden": ("other", False)}
        with database.writing() as session:
            return {
                key: ai_systems.create(session, values={"name": f"仕組み-{key}", "shared": shared}, by=actor(name))
                for key, (name, shared) in owners.items()
            }

    def test_what_is_offered_and_taken(
        self, client_of: ClientOf, database: Database, case: UseCase, systems: dict[str, AISystem]
    ) -> None:
        client = client_of("reporter")
        page = client.get(address(case, "/edit")).text
        assert ["仕組み-own" in page, "仕組み-shared" in page, "仕組み-hidden" in page] == [True, True, False]
        for key, status in (("own", 303), ("hidden", 422), ("shared", 303)):
            answer = client.submit(address(case, "/edit"), {"ai_system_id": str(systems[key].public_id)})
            assert answer.status_code == status, key
        assert stored(database, case).ai_system_id == systems["shared"].id
        assert "仕組み-shared" in client.get(address(case)).text
        # The tie is kept by an edit of something else, and taken away when somebody says so.
        client.submit(address(case, "/edit"), {"title": "別の題"})
        assert stored(database, case).ai_system_id == systems["shared"].id
        client.submit(address(case, "/edit"), {"ai_system_id": ""})
        assert stored(database, case).ai_system_id is None
