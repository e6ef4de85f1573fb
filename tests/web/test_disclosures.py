"""The pages on which it is proposed and decided what of a case is public."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from register.db import Database
from register.models import Disclosure, Ministry, UseCase
from register.vocab import DisclosureState
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.peopled import peopled

ClientOf = Callable[[str], Client]
PARTLY = {"level": "partly", "ground": "6", "review_on": "2030-04-01", "public_text": "〇〇の要約"}


@pytest.fixture
def content() -> Build:
    """Rows of every kind for two ministries."""
    return peopled


@pytest.fixture
def case(database: Database) -> str:
    """The address of what of a case of ministry A is public; nothing was said of it yet."""
    with database.reading() as session:
        said = select(Disclosure.use_case_id)
        own = select(UseCase.public_id).join(Ministry, Ministry.id == UseCase.ministry_id)
        found = session.scalars(own.where(Ministry.key == "a", UseCase.id.not_in(said))).first()
        return f"/use-cases/{found}/disclosure"


def test_the_ministry_proposes_and_the_secretariat_decides(client_of: ClientOf, case: str) -> None:
    approver, secretariat = client_of("approver"), client_of("secretariat")
    assert case in approver.get(case.removesuffix("/disclosure")).text
    assert approver.submit(f"{case}/goal_text", PARTLY).location == case
    page = approver.get(case).text
    assert "決定待ち" in page
    assert "第6号（事務・事業）" in page
    assert "〇〇の要約" in page
    page = secretariat.get("/disclosures").text
    decide = page.split("/decide")[-2].rsplit('"', 1)[-1] + "/decide"
    assert "〇〇の要約" in secretariat.get(decide).text
    assert secretariat.submit(decide).location == "/disclosures"
    assert "決定済み" in approver.get(case).text
    assert secretariat.get(decide).status_code == 409


def test_a_proposal_is_sent_back_with_a_reason(client_of: ClientOf, database: Database) -> None:
    secretariat = client_of("secretariat")
    with database.reading() as session:
        row = session.scalars(select(Disclosure).order_by(Disclosure.id)).first()
        assert row is not None
        decide = f"/disclosures/{row.public_id}/decide"
    refused = secretariat.submit(decide, {"decline": "1"})
    assert (refused.status_code, "差し戻す理由を入力してください" in refused.text) == (422, True)
    assert secretariat.submit(decide, {"decline": "1", "word": "広すぎるため"}).location == "/disclosures"
    with database.reading() as session:
        assert session.get_one(Disclosure, row.id).state is DisclosureState.DECLINED
    assert "差し戻された公開の区分を直す" in client_of("approver").get("/").text


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "公開の区分を選んでください"),
        ({"level": "closed"}, "公開しない根拠を選んでください"),
        ({**PARTLY, "public_text": ""}, "公開する文を入力してください"),
        ({**PARTLY, "review_on": "いつか"}, "日付として読めません"),
        ({**PARTLY, "review_on": "2020-01-01"}, "明日以降の日付"),
        ({**PARTLY, "level": "zzz"}, "選択肢の中から"),
    ],
)
def test_what_is_wrong_is_told_and_stays(client_of: ClientOf, case: str, said: dict[str, str], why: str) -> None:
    sent = client_of("approver").submit(f"{case}/title", said)
    assert (sent.status_code, why in sent.text) == (422, True)
    assert said.get("public_text", "") in sent.text


def test_who_was_overtaken_is_told(client_of: ClientOf, case: str) -> None:
    approver = client_of("approver")
    assert approver.submit(f"{case}/title", {"level": "public"}).status_code == 303
    late = approver.submit(f"{case}/title", {"level": "public", "version": "0"})
    assert (late.status_code, "ほかの人が先に保存しました" in late.text) == (409, True)


def test_a_part_that_there_is_not_has_no_page(client_of: ClientOf, case: str) -> None:
    assert client_of("approver").get(f"{case}/nothing").status_code == 404


@pytest.mark.parametrize(("who", "status"), [("reporter", 403), ("secretariat", 403), ("other-approver", 404)])
def test_others_propose_nothing(client_of: ClientOf, case: str, who: str, status: int) -> None:
    assert client_of(who).get(f"{case}/title").status_code == status


def test_nothing_waits_is_said(client_of: ClientOf) -> None:
    secretariat = client_of("secretariat")
    while (rest := secretariat.get("/disclosures").text).count("/decide"):
        secretariat.submit(rest.split("/decide")[0].rsplit('"', 1)[-1] + "/decide")
    assert "待っているものはありません" in rest
