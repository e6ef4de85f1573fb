"""The pages of referrals: the way through, nothing typed is lost, no leak, and every reading is in the log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from register.db import Database
from register.models import AuditEntry, Referral, User
from register.vocab import ReferralState
from tests.support import html
from tests.support.client import Client, filled, find_form
from tests.support.referrals import MEETING, MEETING_NAME, PACKAGE, TODAY, Table
from tests.support.running_round import Office

ClientOf = Callable[[str], Client]
EVERYBODY_ELSE = ("other", "other-approver", "admin")


def stored(database: Database, state: ReferralState = ReferralState.SENT, **changes: Any) -> str:
    """Store a referral of ministry A and return its address; the clock is set back."""
    with database.writing() as session:
        table = Table(session)
        address = f"/referrals/{table.at(state, **changes).public_id}"
        table.on(TODAY)
        return address


def case_page(database: Database) -> str:
    """Store a case of ministry A and return its address."""
    with database.writing() as session:
        return f"/use-cases/{Office(session).case().public_id}"


def newest(database: Database) -> Referral:
    """Return the newest referral."""
    with database.reading() as session:
        return session.scalars(select(Referral).order_by(Referral.id.desc())).first()


def readings(database: Database) -> list[tuple[str, str]]:
    """Return who read or took out what, in order."""
    wanted = ("referral.read", "referral.exported")
    with database.reading() as session:
        rows = select(AuditEntry).where(AuditEntry.event.in_(wanted)).order_by(AuditEntry.seq)
        return [(row.actor_name, row.subject_label) for row in session.scalars(rows)]


def errors(answer: TestResponse) -> list[str]:
    """Return the fields that the summary of errors leads to."""
    tree, _ = html.parse(answer.text)
    boxes = [box for box in tree.iter("div") if box.get("class") == "errors"]
    return [link.get("href", "") for box in boxes for link in box.iter("a")]


def at_noon(clock: Any, day: dt.date) -> None:
    """Let it be noon of ``day`` in Japan."""
    clock.moment = dt.datetime(day.year, day.month, day.day, 3, tzinfo=dt.UTC)


def test_the_way_from_draft_to_end(client_of: ClientOf, database: Database, clock: Any) -> None:
    reporter, approver, secretariat = (client_of(name) for name in ("reporter", "approver", "secretariat"))
    case = case_page(database)
    assert f"{case}/referrals/new" in reporter.get(case).text
    begun = reporter.submit(f"{case}/referrals/new", {**PACKAGE, "quality": "", "publicity": "open"})
    page = f"/referrals/{newest(database).public_id}"
    assert (begun.status_code, begun.location) == (303, page)
    assert errors(approver.submit(f"{page}/step/send")) == ["#word"]
    assert reporter.submit(f"{page}/edit", PACKAGE).status_code == 303
    at_noon(clock, TODAY)
    steps: list[tuple[Client, str, dict[str, str]]] = [
        (approver, "send", {"word": "お願いします"}),
        (secretariat, "return", {"word": "図を加えてください"}),
        (approver, "send", {}),
        (secretariat, "schedule", {"word": MEETING_NAME, "on": "令和7年11月20日"}),
        (
            secretariat,
            "advise",
            {"word": "進めてよい", "on": "2025-11-20", "conditions": "報告する", "publicity": "partly"},
        ),
        (approver, "respond", {"word": "承知した", "condition_1": "5月に報告する"}),
        (secretariat, "close", {"word": "十分である"}),
    ]
    for client, deed, words in steps:
        at_noon(clock, MEETING if deed == "advise" else clock.today())
        answer = client.submit(f"{page}/step/{deed}", words)
        assert (answer.status_code, answer.location) == (303, page), deed
    shown = client_of("auditor").get(page).text
    for text in (
        *PACKAGE.values(),
        "図を加えてください",
        MEETING_NAME,
        "進めてよい",
        "報告する",
        "一部非公開",
        "承知した",
    ):
        assert text in shown
    assert "5月に報告する" in shown
    assert "十分である" in shown
    assert f"{page}/step/" not in shown


def test_nothing_typed_is_lost_when_something_is_missing(client_of: ClientOf, database: Database, clock: Any) -> None:
    page = stored(database, ReferralState.SCHEDULED)
    at_noon(clock, MEETING)
    typed = {"word": "長い意見", "on": "きのう", "conditions": "一つ\n二つ", "publicity": ""}
    answer = client_of("secretariat").submit(f"{page}/step/advise", typed)
    assert (answer.status_code, errors(answer)) == (422, ["#on"])
    assert all(text in answer.text for text in ("長い意見", 'value="きのう"', "一つ\n二つ"))
    again = client_of("secretariat").submit(f"{page}/step/advise", {**typed, "on": "2025-11-20"})
    assert errors(again) == ["#publicity"]
    long = client_of("reporter").submit(
        f"{case_page(database)}/referrals/new", {**PACKAGE, "details": "字" * 8001, "purpose": "残る"}
    )
    assert (long.status_code, errors(long)) == (422, ["#details"])
    assert "残る" in long.text


def test_every_condition_is_answered_beside_its_text(client_of: ClientOf, database: Database) -> None:
    page = stored(database, ReferralState.ADVISED)
    step = client_of("approver").get(f"{page}/step/respond").text
    assert all(text in step for text in ("進めてよい。", "半年後に報告する", "苦情の窓口を置く"))
    answer = client_of("approver").submit(f"{page}/step/respond", {"word": "進める", "condition_1": "報告する"})
    assert (answer.status_code, errors(answer)) == (422, ["#condition_2"])
    assert filled(find_form(html.parse(answer.text)[0], None))["condition_1"] == "報告する"


def test_a_stale_edit_shows_both_texts(client_of: ClientOf, database: Database) -> None:
    page = stored(database, ReferralState.DRAFT)
    client = client_of("reporter")
    old = filled(find_form(html.parse(client.get(f"{page}/edit").text)[0], None))
    assert client_of("approver").submit(f"{page}/edit", {"details": "先の概要"}).status_code == 303
    stale = client.post(f"{page}/edit", data={**old, "details": "後の概要", "publicity": "closed"})
    assert stale.status_code == 409
    assert all(text in stale.text for text in ("先の概要", "後の概要", "非公開"))
    fresh = filled(find_form(html.parse(stale.text)[0], None))
    assert client.post(f"{page}/edit", data=fresh).status_code == 303
    assert newest(database).details == "後の概要"


def test_a_step_in_sight_of_an_older_version_is_refused(client_of: ClientOf, database: Database) -> None:
    page = stored(database, ReferralState.DRAFT)
    client = client_of("approver")
    old = filled(find_form(html.parse(client.get(f"{page}/step/send").text)[0], None))
    client_of("reporter").submit(f"{page}/edit", {"details": "変えた概要"})
    assert client.post(f"{page}/step/send", data=old).status_code == 409
    assert newest(database).state is ReferralState.DRAFT


def test_what_is_not_possible_now_is_said_before_anything_is_typed(
    client_of: ClientOf, database: Database, clock: Any
) -> None:
    page = stored(database, ReferralState.SCHEDULED)
    assert client_of("secretariat").get(f"{page}/step/advise").status_code == 409
    assert f"{page}/step/advise" not in client_of("secretariat").get(page).text
    assert client_of("reporter").get(f"{page}/edit").status_code == 409
    at_noon(clock, MEETING)
    assert client_of("approver").get(f"{page}/step/withdraw").status_code == 409
    for act in ("edit", "nonsense"):
        assert client_of("approver").get(f"{page}/step/{act}").status_code == 404


def test_a_case_with_an_open_referral_has_no_second(client_of: ClientOf, database: Database) -> None:
    page = stored(database)
    with database.reading() as session:
        case = f"/use-cases/{session.scalars(select(Referral)).one().use_case.public_id}"
    shown = client_of("approver").get(case).text
    assert page in shown
    assert f"{case}/referrals/new" not in shown
    assert client_of("approver").get(f"{case}/referrals/new").status_code == 409
    assert page in client_of("secretariat").get(case).text


def test_a_draft_stays_in_the_ministry_and_a_referral_with_those_who_may_know(
    client_of: ClientOf, database: Database
) -> None:
    draft = stored(database, ReferralState.DRAFT)
    sent = stored(database)
    for name in ("secretariat", "auditor"):
        assert client_of(name).get(draft).status_code == 404
        assert client_of(name).get(sent).status_code == 200
        listed = client_of(name).get("/referrals").text
        assert draft not in listed
        assert sent in listed
    for name in EVERYBODY_ELSE:
        assert {client_of(name).get(page).status_code for page in (draft, sent)} <= {403, 404}
        assert "a-AB2025" not in client_of(name).get("/referrals").text


def test_what_was_not_sent_is_not_read_by_the_secretariat(client_of: ClientOf, database: Database) -> None:
    page = stored(database, ReferralState.RETURNED)
    client_of("reporter").submit(f"{page}/edit", {"details": "まだ送らない概要"})
    assert "まだ送らない概要" in client_of("approver").get(page).text
    for name in ("secretariat", "auditor"):
        text = client_of(name).get(page).text
        assert "まだ送らない概要" not in text
        assert PACKAGE["details"] in text


def test_every_reading_is_in_the_log(client_of: ClientOf, database: Database) -> None:
    page = stored(database, ReferralState.RETURNED)
    for name in ("reporter", "approver", "secretariat", "auditor"):
        assert client_of(name).get(page).status_code == 200
    client_of("reporter").get(f"{page}/edit")
    client_of("approver").get(f"{page}/step/send")
    expected = ["reporter", "approver", "secretariat", "auditor", "reporter", "approver"]
    assert readings(database) == [(name, "a-AB2025-001") for name in expected]


def test_what_shows_no_text_and_what_is_refused_is_no_reading(client_of: ClientOf, database: Database) -> None:
    page = stored(database)
    with database.reading() as session:
        case = f"/use-cases/{session.scalars(select(Referral)).one().use_case.public_id}"
    for address in ("/", "/referrals", case):
        assert client_of("secretariat").get(address).status_code == 200
    for name in EVERYBODY_ELSE:
        client_of(name).get(page)
    client_of("auditor").get(f"{page}/step/return")
    assert readings(database) == []


def test_the_ministry_sees_in_its_log_who_read(client_of: ClientOf, database: Database) -> None:
    client_of("auditor").get(stored(database))
    address = "/audit?event=referral.read"
    assert "報告・相談を閲覧した" in client_of("approver").get(address).text
    assert "a-AB2025-001" in client_of("approver").get(address).text
    assert "a-AB2025-001" not in client_of("other-approver").get(address).text


def entries(client: Client, event: str) -> list[str]:
    """Return the pages of the entries of an event, newest first."""
    shown = html.parse(client.get(f"/audit?event={event}").text)[0]
    found = [link.get("href") or "" for link in shown.iter("a")]
    return list(dict.fromkeys(link for link in found if link.startswith("/audit/")))


def test_the_log_tells_others_no_word_that_was_not_sent(client_of: ClientOf, database: Database) -> None:
    stored(database, ReferralState.DRAFT, details="下書きの概要")
    page = stored(database, ReferralState.RETURNED, details="送った概要")
    client_of("reporter").submit(f"{page}/edit", {"details": "直している概要"})
    for name, may in (("approver", True), ("secretariat", False), ("auditor", False)):
        client = client_of(name)
        told = [
            client.get(link).text for event in ("drafted", "edited") for link in entries(client, f"referral.{event}")
        ]
        assert len(told) == 3
        for text in ("下書きの概要", "送った概要", "直している概要"):
            assert any(text in one for one in told) is may, (name, text)
        assert any("府省庁の中だけの内容のため、表示しません" in one for one in told) is not may
        moved = [client.get(link).text for link in entries(client, "referral.moved")]
        assert any("送った概要" in one for one in moved)


def test_reading_it_in_the_log_is_logged_too(client_of: ClientOf, database: Database) -> None:
    stored(database)
    client = client_of("auditor")
    (sent,) = entries(client, "referral.moved")
    assert readings(database) == []
    client.get(sent)
    assert readings(database) == [("auditor", "a-AB2025-001")]
    (drafted,) = entries(client, "referral.drafted")
    (read,) = entries(client, "referral.read")
    for link in (drafted, read):
        client.get(link)
    assert len(readings(database)) == 1


def test_the_names_of_the_log_are_those_of_the_referral(client_of: ClientOf, database: Database) -> None:
    stored(database)
    shown = client_of("approver").get("/audit?event=referral.drafted")
    link = next(one.get("href") for one in html.parse(shown.text)[0].iter("a") if "/audit/" in (one.get("href") or ""))
    entry = client_of("approver").get(str(link)).text
    assert all(f">{name}</th>" in entry for name in ("概要", "目的", "リスク軽減策"))
    assert "利用用途" not in entry


@pytest.mark.parametrize("name", ["reporter", "approver", "auditor", "other", "admin"])
def test_the_papers_are_the_secretariats(name: str, client_of: ClientOf, database: Database) -> None:
    stored(database, ReferralState.SCHEDULED)
    for address in ("/agendas", f"/agendas/{MEETING}.pdf"):
        assert client_of(name).get(address).status_code == 403
    assert readings(database) == []


def test_a_day_without_a_meeting_has_no_papers(client_of: ClientOf, database: Database) -> None:
    stored(database)
    client = client_of("secretariat")
    assert "予定された会議はありません" in client.get("/agendas").text
    assert client.get("/agendas/2025-11-20.pdf").status_code == 404
    assert client.get("/agendas/2025-13-20.pdf").status_code == 404


def test_a_person_finds_the_waiting_ones_on_the_first_page(client_of: ClientOf, database: Database) -> None:
    stored(database, ReferralState.SCHEDULED)
    page = client_of("secretariat").get("/").text
    assert "アドバイザリーボードの意見を記録する" in page
    assert "令和7年11月20日" in page
    assert "/referrals?state=scheduled" in page
    with database.reading() as session:
        assert session.scalars(select(User)).all()
    assert "アドバイザリーボードの意見を記録する" not in client_of("other").get("/").text
