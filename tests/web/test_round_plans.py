"""Planning a round on its pages: what is suggested, what is refused, two who plan at once, the steps of a round."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select

from register import audit
from register.db import Database
from register.models import Ministry, Round, Submission
from register.services import rounds
from register.vocab import RoundDeed, RoundState
from tests.support import html
from tests.support.client import Client, filled, find_form
from tests.support.databases import KINDS, Build
from tests.support.rounds import FORMS, SYSTEM, opened

ClientOf = Callable[[str], Client]
both = pytest.mark.parametrize("database_kind", KINDS, indirect=True)
NEW, PLAN = "/rounds/new", "/rounds/2025-4/plan"


@pytest.fixture
def content() -> Build:
    return opened


@pytest.fixture
def office(client_of: ClientOf) -> Client:
    """The secretariat's browser."""
    return client_of("secretariat")


def stored(database: Database, number: int = 4, *, rehearsal: bool = False) -> Round:
    """Return the round of fiscal 2025 with this number."""
    with database.reading() as session:
        own = select(Round).where(Round.number == number, Round.rehearsal.is_(rehearsal))
        found = session.scalars(own).one()
        assert found.form_version.version
        return found


def taking_part(database: Database, number: int = 4) -> set[str]:
    """Return the keys of the ministries that take part."""
    with database.reading() as session:
        own = select(Ministry.key).join(Submission, Submission.ministry_id == Ministry.id)
        return set(session.scalars(own.join(Round, Round.id == Submission.round_id).where(Round.number == number)))


def form_of(client: Client, page: str) -> dict[str, object]:
    """Return what a browser would send of the form on ``page``."""
    return filled(find_form(html.parse(client.get(page).text)[0], None))


def test_what_is_usual_is_filled_in(office: Client) -> None:
    form = form_of(office, NEW)
    assert (form["fiscal_year"], form["number"], form["form"]) == ("2025", "4", "v2")
    assert (form["as_of"], form["opens_on"]) == ("令和7年10月31日", "令和7年11月10日")
    assert form["ministries"] == ["a", "b"]
    # Twenty business days after 10 November; 23 November is a holiday, and so is the day after it.
    assert form["due_on"] == "令和7年12月9日"
    page = office.get(NEW).text
    assert "受付開始日から提出期限まで20開庁日です。" in page
    assert "受付開始日の10開庁日後：" in page
    assert "/forms/v1" in page


def test_a_round_is_planned(office: Client, database: Database) -> None:
    values = {"instructions": "一行目\r\n二行目", "contact": "内線１２３４", "ministries": "b", "rehearsal": "y"}
    answer = office.submit(NEW, values | {"number": "４"})
    assert (answer.status_code, answer.location) == (303, "/rounds/2025-4r")
    made = stored(database, rehearsal=True)
    assert (made.state, made.rehearsal, made.due_on) == (RoundState.DRAFT, True, dt.date(2025, 12, 9))
    assert made.instructions == "一行目\n二行目"
    assert taking_part(database) == {"b"}
    page = office.get(answer.location).text
    for text in ("演習", "予定を確定する", "予定を変える", "府省庁B"):
        assert text in page
    assert "府省庁A" not in page


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"fiscal_year": "7"}, "年度は西暦4桁で入力してください。"),
        ({"number": "回"}, "回は1から99までの数で入力してください。"),
        ({"number": "3"}, "この年度と回の定期報告はすでにあります。"),
        ({"as_of": "あした"}, "日付として読めません。"),
        ({"opens_on": "2025-11-23"}, "閉庁日です。令和7年11月25日以降の開庁日にしてください。"),
        ({"due_on": "2025-11-07"}, "提出期限は受付開始日以降の日付にしてください。"),
        ({"due_on": "8888-12-31"}, "2000年から2999年までの日付にしてください。"),
        ({"ministries": "nonsense"}, "参加する府省庁を選んでください。"),
        ({"form": "v9"}, "選択肢の中から選んでください。"),
        ({"instructions": "字" * 4001}, "4000文字以内で入力してください。"),
    ],
)
def test_a_bad_plan_is_refused_beside_the_field(
    office: Client, database: Database, values: dict[str, str], sentence: str
) -> None:
    answer = office.submit(NEW, values)
    assert answer.status_code == 422
    assert sentence in answer.text
    with database.reading() as session:
        assert session.scalars(select(Round).where(Round.number == 4)).all() == []


def test_a_ministry_that_did_not_stand_on_the_day_cannot_take_part(office: Client, database: Database) -> None:
    with database.writing() as session:
        ministry = session.scalars(select(Ministry).where(Ministry.key == "b")).one()
        ministry.valid_from = dt.date(2025, 11, 1)
        audit.record(session, audit.Event.MINISTRY_CREATED, ministry, by=SYSTEM)
    assert form_of(office, NEW)["ministries"] == "a"
    refused = office.submit(NEW, {"ministries": ["a", "b"]})
    assert refused.status_code == 422
    assert "基準日に置かれていない府省庁が選ばれています。" in refused.text
    later = office.submit(NEW, {"ministries": ["a", "b"], "as_of": "2025-11-05"})
    assert later.status_code == 303


def test_the_days_are_counted_without_saving(office: Client, database: Database) -> None:
    answer = office.submit(NEW, {"count": "1", "opens_on": "2025-12-01", "due_on": "2025-12-05", "number": "9"})
    assert answer.status_code == 200
    assert "受付開始日から提出期限まで4開庁日です。" in answer.text
    with database.reading() as session:
        assert session.scalars(select(Round).where(Round.number == 9)).all() == []
    assert office.submit(NEW, {"count": "1", "due_on": "9999-12-31", "opens_on": "1950-01-01"}).status_code == 200


@both
def test_two_who_change_a_plan_at_once_see_both_texts(office: Client, database: Database) -> None:
    assert office.submit(NEW).status_code == 303
    old = form_of(office, PLAN)
    assert "fiscal_year" not in old
    # The first takes a ministry out, which stands in other rows than the round.
    assert office.submit(PLAN, {"ministries": "a"}).status_code == 303
    stale = office.post(PLAN, data={**old, "contact": "後の人"})
    assert stale.status_code == 409
    assert "後の人" in stale.text
    assert "府省庁A<br>府省庁B" in stale.text
    assert taking_part(database) == {"a"}
    again = filled(find_form(html.parse(stale.text)[0], None))
    assert office.post(PLAN, data=again).status_code == 303
    assert taking_part(database) == {"a", "b"}
    assert stored(database).contact == "後の人"


def test_a_running_round_keeps_its_form_and_its_ministries(office: Client, database: Database) -> None:
    page = "/rounds/2025-3/plan"
    form = form_of(office, page)
    assert {"as_of", "opens_on", "form", "ministries"} & form.keys() == set()
    values = {"due_on": "2025-11-28", "contact": "新しい窓口", "as_of": "2020-01-01", "ministries": "a"}
    assert office.submit(page, values).status_code == 303
    changed = stored(database, 3)
    assert (changed.due_on, changed.contact, changed.as_of) == (
        dt.date(2025, 11, 28),
        "新しい窓口",
        dt.date(2025, 10, 31),
    )
    assert taking_part(database, 3) == {"a", "b"}


def test_a_settled_round_has_no_plan_to_change(office: Client) -> None:
    answer = office.get("/rounds/2025-2/plan")
    assert answer.status_code == 409
    assert "確定した回の予定は変えられません。" in answer.text
    assert "予定を変える" not in office.get("/rounds/2025-2").text


def test_a_round_goes_from_draft_to_open(office: Client, client_of: ClientOf, database: Database) -> None:
    assert office.submit(NEW).status_code == 303
    assert client_of("reporter").get("/rounds/2025-4").status_code == 404
    assert office.submit("/rounds/2025-4/move?to=schedule").status_code == 303
    assert client_of("reporter").get("/rounds/2025-4").status_code == 200
    page = office.get("/rounds/2025-4/move?to=open").text
    assert "2府省庁の受付を始めます。" in page
    assert "台帳の案件3件を" in page
    assert office.submit("/rounds/2025-4/move?to=open").status_code == 303
    assert stored(database).state is RoundState.OPEN
    assert "この回を「受付中」にしました。" in office.get("/rounds/2025-4").text


def test_only_the_steps_that_are_possible_are_offered(office: Client) -> None:
    page = office.get("/rounds/2025-3").text
    assert "受付を終える" in page
    for verb in ("予定を確定する", "受付を再開する", "確定する", "公表済みにする"):
        assert f">{verb}</a>" not in page
    for deed in ("freeze", "open", "nonsense", ""):
        assert office.get(f"/rounds/2025-3/move?to={deed}").status_code == 409


def test_closing_reopening_and_freezing_say_what_they_do(office: Client, database: Database) -> None:
    assert "提出していない府省庁が2あります。" in office.get("/rounds/2025-3/move?to=close").text
    assert office.submit("/rounds/2025-3/move?to=close").status_code == 303
    silent = office.submit("/rounds/2025-3/move?to=reopen")
    assert silent.status_code == 422
    assert "理由を入力してください。" in silent.text
    assert office.submit("/rounds/2025-3/move?to=reopen", {"reason": "延ばすため"}).status_code == 303
    assert office.submit("/rounds/2025-3/move?to=close").status_code == 303
    page = office.get("/rounds/2025-3/move?to=freeze").text
    assert "受理していない府省庁が2あります。" in page
    assert "府省庁A" in page
    assert office.submit("/rounds/2025-3/move?to=freeze").status_code == 422
    assert office.submit("/rounds/2025-3/move?to=freeze", {"reason": "試すため"}).status_code == 303
    assert stored(database, 3).state is RoundState.FROZEN
    # A round is published by an edition of its report, and this one has no case to report of.
    assert "/rounds/2025-3/report/editions" in office.get("/rounds/2025-3").text
    assert office.submit("/rounds/2025-3/move?to=publish").status_code == 409
    assert stored(database, 3).state is RoundState.FROZEN


@pytest.mark.parametrize("name", ["reporter", "approver", "auditor"])
def test_nobody_else_plans(client_of: ClientOf, name: str) -> None:
    client = client_of(name)
    assert client.get(NEW).status_code == 403
    assert client.get("/rounds/2025-3/plan").status_code == 403
    assert client.get("/rounds/2025-3/move?to=close").status_code == 403
    assert "次の回を計画する" not in client.get("/rounds").text
    assert "受付を終える" not in client.get("/rounds/2025-3").text


@pytest.mark.parametrize("address", ["/rounds/2025-3/form", "/forms/v2"])
@pytest.mark.parametrize("name", ["secretariat", "reporter"])
def test_the_form_shows_every_question_and_what_changed(client_of: ClientOf, name: str, address: str) -> None:
    page = client_of(name).get(address).text
    spec = FORMS.newest
    for question in spec.questions:
        assert question.label("ja") in page
        assert all(option.definition("ja") in page for option in question.options)
    for text in (
        "前の版からの変更",
        "業務に即したプロンプト等による生成AI利用",
        "範囲を狭めた",
        "廃止",
        "追加学習の有無",
    ):
        assert text in page
    assert "{" not in page


def test_the_first_form_has_nothing_before_it(office: Client) -> None:
    page = office.get("/forms/v1").text
    assert "追加学習の有無" in page
    assert "前の版からの変更" not in page
    assert office.get("/forms/v9").status_code == 404
    assert office.get("/forms/v1").status_code == 200


def test_a_rehearsal_is_marked_wherever_it_stands(office: Client, database: Database) -> None:
    with database.writing() as session:
        plan = rounds.Plan(
            2025,
            3,
            True,
            dt.date(2025, 10, 31),
            dt.date(2025, 11, 10),
            dt.date(2025, 11, 20),
            "v2",
            tuple(session.scalars(select(Ministry.id))),
        )
        made = rounds.plan(session, plan, forms=FORMS, by=SYSTEM)
        rounds.move(session, made, RoundDeed.SCHEDULE, forms=FORMS, by=SYSTEM)
    assert "演習" in office.get("/rounds").text
    for page in ("/rounds/2025-3r", "/rounds/2025-3r/plan", "/rounds/2025-3r/move?to=open", "/rounds/2025-3r/form"):
        assert "演習" in office.get(page).text, page
    assert "演習" not in office.get("/rounds/2025-3").text
