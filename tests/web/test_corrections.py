"""Correcting a frozen case on its page: a reason, the version before beside it, and two who correct at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from register.db import Database
from register.models import ItemVersion
from tests.support import html
from tests.support.client import Client, filled, find_form
from tests.support.databases import Build
from tests.support.reviews import settled
from tests.support.rounds import item_of

ClientOf = Callable[[str], Client]


@pytest.fixture
def content() -> Build:
    return settled


@pytest.fixture
def case(database: Database) -> str:
    """Where a frozen case stands."""
    with database.reading() as session:
        return f"/submissions/items/{item_of(session, 'a-2025-0002').public_id}"


def versions(database: Database) -> list[ItemVersion]:
    """Return the earlier versions that are kept."""
    with database.reading() as session:
        return list(session.scalars(select(ItemVersion).order_by(ItemVersion.id)))


def opened(client: Client, page: str) -> dict[str, object]:
    """Return what a browser would send of the form on ``page``."""
    return filled(find_form(html.parse(client.get(page).text)[0], None))


def test_a_correction_keeps_what_was_there_with_the_reason(client_of: ClientOf, database: Database, case: str) -> None:
    office = client_of("secretariat")
    assert "確定後の回答を訂正する" in office.get(f"{case}/review").text
    values = {"answer_usage_type": "G1", "answer_unit": "総務課", "reason": "府省庁から連絡があったため"}
    answer = office.submit(f"{case}/correct", values)
    assert (answer.status_code, answer.location) == (303, f"{case}/review")
    [kept] = versions(database)
    assert (kept.answers["usage_type"], kept.answers["unit"]) == ("G2", "相談課")
    page = office.get(f"{case}/review").text
    part = page[page.index("確定後の訂正") :]
    for text in ("府省庁から連絡があったため", "汎用型２", "汎用型１", "相談課", "総務課"):
        assert text in part
    with database.reading() as session:
        item = item_of(session, "a-2025-0002")
        # What was not touched stays as it was, the declined answer with its reason too.
        assert (item.answers["usage_type"], item.answers["unit"]) == ("G1", "総務課")
        assert item.notes == {"model_usage": "契約の相手との約束のため"}
        assert item.states["model_usage"] == "declined"
    # The page of the fixed answers leads to what they were.
    for who in ("reporter", "auditor"):
        assert f'href="{case}/review#corrections"' in client_of(who).get(case).text


def test_an_ended_case_shows_its_end_and_no_open_questions(client_of: ClientOf, database: Database) -> None:
    with database.reading() as session:
        ended = f"/submissions/items/{item_of(session, 'a-2025-0003').public_id}"
    page = client_of("auditor").get(ended).text
    assert "契約が終わったため" in page
    assert "未回答" not in page
    assert "#corrections" not in page


def test_a_correction_without_a_reason_or_with_a_bad_value_is_refused(
    client_of: ClientOf, database: Database, case: str
) -> None:
    office = client_of("secretariat")
    for values, sentence in (
        ({"answer_unit": "総務課"}, "訂正の理由を入力してください。"),
        ({"answer_start_on": "あした", "reason": "誤記"}, "日付として読めません。"),
        ({"answer_title": "", "reason": "誤記"}, "「案件名」を入力してください。"),
    ):
        answer = office.submit(f"{case}/correct", values)
        assert answer.status_code == 422
        assert sentence in answer.text
    assert office.submit(f"{case}/correct", {"reason": "誤記"}).status_code == 409
    assert versions(database) == []


def test_two_who_correct_at_once_see_both_texts(client_of: ClientOf, database: Database, case: str) -> None:
    office, page = client_of("secretariat"), f"{case}/correct"
    old = opened(office, page)
    assert office.submit(page, {"answer_unit": "先の課", "reason": "一人目"}).status_code == 303
    stale = office.post(page, data={**old, "answer_unit": "後の課", "reason": "二人目"})
    assert stale.status_code == 409
    assert "先の課" in stale.text
    assert "後の課" in stale.text
    again = filled(find_form(html.parse(stale.text)[0], None))
    assert office.post(page, data=again).status_code == 303
    assert [version.reason for version in versions(database)] == ["一人目", "二人目"]


def test_an_ended_case_and_a_ministry_correct_nothing(client_of: ClientOf, database: Database, case: str) -> None:
    with database.reading() as session:
        ended = f"/submissions/items/{item_of(session, 'a-2025-0003').public_id}"
    office = client_of("secretariat")
    assert "訂正する" not in office.get(f"{ended}/review").text
    assert "契約が終わったため" in office.get(f"{ended}/review").text
    assert client_of("reporter").get(f"{case}/correct").status_code == 403
    assert client_of("auditor").get(f"{case}/correct").status_code == 403
