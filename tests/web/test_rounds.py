"""The pages of rounds and submissions: the board for those who oversee, the own return for the ministries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from register.clock import FixedClock
from register.db import Database
from register.models import Ministry, Submission, SubmissionItem
from register.runtime import runtime_of
from register.vocab import SubmissionState
from tests.support import html
from tests.support.client import Client
from tests.support.data import NOW, staffed
from tests.support.databases import Build
from tests.support.round_files import FIRST, file_of, load

ROWS = [
    {"title": "府省庁Aの案件", "purpose": "一行目\n二行目"},
    {
        "case_no": "b-1",
        "ministry": "府省庁B",
        "title": "府省庁Bの案件",
        "stage": "",
        "usage_type": "G1",
        "output_type": "",
    },
]
ClientOf = Callable[[str], Client]


def reported(url: str) -> None:
    """Build two rounds that both ministries answered, and a third body that answered none."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        load(session, file_of(*ROWS, version="v1"), number=1, version="v1", as_of=FIRST)
        load(session, file_of(*ROWS, {"ministry": "府省庁C", "case_no": "c-1"}), create=True)
    database.engine.dispose()


@pytest.fixture
def content() -> Build:
    """Rounds that two ministries answered."""
    return reported


def address(app: Flask, ministry: str, number: int = 2) -> tuple[str, str]:
    """Return the addresses of a ministry's submission in a round, and of its first item."""
    with runtime_of(app).database.reading() as session:
        submission = session.scalars(
            select(Submission).join(Ministry).where(Ministry.name == ministry, Submission.round.has(number=number))
        ).one()
        item = session.scalars(select(SubmissionItem).where(SubmissionItem.submission_id == submission.id)).first()
        assert item is not None
        return f"/submissions/{submission.public_id}", f"/submissions/items/{item.public_id}"


@pytest.mark.parametrize("name", ["secretariat", "auditor"])
def test_the_board_shows_every_ministry_in_official_order(client_of: ClientOf, name: str) -> None:
    text = client_of(name).get("/rounds/2025-1").get_data(as_text=True)
    places = [text.index(ministry) for ministry in ("府省庁A", "府省庁B", "府省庁C")]
    assert places == sorted(places)
    assert SubmissionState.NOT_STARTED.ja in text
    assert text.count("回答を見る") == 2


@pytest.mark.parametrize("name", ["reporter", "approver"])
def test_a_ministry_sees_its_own_return_alone(client_of: ClientOf, name: str) -> None:
    text = client_of(name).get("/rounds/2025-2").get_data(as_text=True)
    assert "府省庁A" in text
    assert "府省庁B" not in text
    assert "府省庁C" not in text
    assert text.count("回答を見る") == 1


def test_the_list_leads_to_the_rounds(client_of: ClientOf) -> None:
    text = client_of("reporter").get("/rounds").get_data(as_text=True)
    assert text.index("/rounds/2025-2") < text.index("/rounds/2025-1")


def test_the_administrator_sees_no_content(app: Flask, client_of: ClientOf) -> None:
    admin = client_of("admin")
    assert admin.get("/rounds").status_code == 403
    for page in ("/rounds/2025-2", *address(app, "府省庁A")):
        assert admin.get(page).status_code == 404


@pytest.mark.parametrize("code", ["2025-9", "2024-2", "2025-0", "0000-1", "2025-99"])
def test_an_unknown_round_is_not_there(client_of: ClientOf, code: str) -> None:
    assert client_of("auditor").get(f"/rounds/{code}").status_code == 404


def test_another_ministrys_return_is_not_there(app: Flask, client_of: ClientOf) -> None:
    reporter = client_of("reporter")
    for page in address(app, "府省庁B"):
        hidden = reporter.get(page)
        assert hidden.status_code == 404
        assert "府省庁B" not in hidden.get_data(as_text=True)
    for page in address(app, "府省庁A"):
        assert reporter.get(page).status_code == 200


def test_a_return_lists_its_cases(app: Flask, client_of: ClientOf) -> None:
    page, item = address(app, "府省庁B")
    text = client_of("secretariat").get(page).get_data(as_text=True)
    assert "府省庁Bの案件" in text
    assert item in text
    assert "府省庁Aの案件" not in text


def test_an_item_shows_every_question_and_why_one_has_no_answer(app: Flask, client_of: ClientOf) -> None:
    text = client_of("auditor").get(address(app, "府省庁B")[1]).get_data(as_text=True)
    assert "指示文やファイルを直接入力する形でのみ生成AIを利用している" in text
    assert "一行目<br>二行目" not in text
    for state in ("未回答", "対象外", "設問なし"):
        assert state in text
    assert "追加学習の有無" in text


def test_an_item_of_form_1_keeps_what_form_2_dropped(app: Flask, client_of: ClientOf) -> None:
    text = client_of("reporter").get(address(app, "府省庁A", 1)[1]).get_data(as_text=True)
    for label in ("追加学習の有無", "参照データの範囲", "リスクケースの詳細"):
        assert label in text
    assert "業務に即したプロンプト等による生成AI利用" in text
    assert "一行目<br>二行目" in text
    not_asked = text[text.index("この様式では尋ねていない項目") :]
    for label in ("取扱情報の機密性", "成果目標", "出力データの種類"):
        assert label in not_asked


def test_an_item_speaks_english(app: Flask, client_of: ClientOf) -> None:
    client = client_of("auditor")
    client.set_cookie("language", "en")
    text = client.get(address(app, "府省庁A")[1]).get_data(as_text=True)
    assert '<html lang="en">' in text
    for part in ("Usage type", "Not applicable", "Not asked", "1 April 2025"):
        assert part in text


@pytest.mark.parametrize("number", ["2", "0", "-1", "x", "9999999999", "１"])
def test_any_page_number_is_answered(app: Flask, client_of: ClientOf, number: str) -> None:
    page = address(app, "府省庁A")[0]
    assert client_of("reporter").get(page, query_string={"page": number}).status_code == 200


@pytest.mark.parametrize(
    "rest", ["", "/2025-2", "/2025-2/report", "/2025-2/report/cases?table=output_type&row=1&column=count"]
)
def test_the_menu_shows_where_a_page_lies(client_of: ClientOf, rest: str) -> None:
    tree, _ = html.parse(client_of("secretariat").get(f"/rounds{rest}").text)
    marked = [link.text for link in tree.iter("a") if link.get("aria-current") == "true"]
    assert marked == ["定期報告"]
