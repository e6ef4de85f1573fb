"""The pages of reminders: the ledger, one day, what was told, a person's own, what they stop, the days of a round."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import pytest
from flask import Flask
from sqlalchemy import event, select

from register.audit import Event
from register.clock import FixedClock
from register.db import Database
from register.jobs.reminders import make
from register.models import AuditEntry, Reminder, ReminderStop, Round, RoundReminder, User
from register.runtime import runtime_of
from register.services import incidents
from register.vocab import ReminderEvent
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.peopled import RISK
from tests.support.postbox import Alone, nothing
from tests.support.running_round import OPENS, Office, busy

ClientOf = Callable[[str], Client]


@pytest.fixture
def content() -> Build:
    return busy


@pytest.fixture
def opened(database: Database, clock: FixedClock, app: Flask) -> str:
    """A round that opened today, of which everybody was told; the code of it."""
    with database.writing() as session:
        office = Office(session)
        office.on(OPENS)
        code = office.opened().code
    planned(app)
    return code


def planned(app: Flask) -> Mapping[str, int]:
    return make(runtime_of(app), Alone(), nothing)


def test_a_person_reads_what_they_were_told(client_of: ClientOf, opened: str, database: Database) -> None:
    reporter = client_of("reporter")
    assert "お知らせ （未読1件）" in " ".join(reporter.get("/").text.split())
    page = reporter.get("/inbox").text
    assert "2025年度第3回の定期報告の受付が始まりました。提出期限は令和7年11月28日です。" in page
    assert "提出がまだ済んでいないため" in page
    assert "府省庁担当者として" in page
    link = page.split('<li class="task">')[1].split('href="')[1].split('"')[0]
    assert reporter.get(link).status_code == 200
    with database.reading() as session:
        row = session.scalars(select(Reminder).join(User).where(User.name == "reporter")).one()
    assert reporter.submit("/inbox", button=f"/{row.public_id}/read").location == "/inbox"
    assert "未読" not in reporter.get("/inbox").text.split("<ul")[-1].split("</ul>")[0].replace("未読0件", "")
    assert client_of("colleague").submit("/inbox", button="/inbox/read").location == "/inbox"
    assert "（未読1件）" not in client_of("colleague").get("/").text


def test_nobody_reads_for_another(client_of: ClientOf, opened: str, database: Database) -> None:
    with database.reading() as session:
        rows = {row.user.name: row.public_id for row in session.scalars(select(Reminder))}
    token = {"csrf_token": "x"}
    client_of("reporter").application.config["WTF_CSRF_ENABLED"] = False
    assert client_of("reporter").post(f"/inbox/{rows['colleague']}/read", data=token).status_code == 403
    assert client_of("reporter").post(f"/inbox/{rows['other']}/read", data=token).status_code == 404


def test_what_is_done_is_marked(client_of: ClientOf, opened: str, database: Database) -> None:
    with database.writing() as session:
        office = Office(session)
        submission = office.nil(office.submission(session.scalars(select(Round)).one()))
        office.approve(submission)
    page = client_of("reporter").get("/inbox").text
    assert "済み" in page
    assert "/submissions/" not in page.split('<ul class="tasks">')[1]


def test_the_ledger_says_who_when_and_why(client_of: ClientOf, opened: str, app: Flask) -> None:
    page = " ".join(client_of("secretariat").get("/reminders").text.split())
    assert "令和7年11月13日" in page
    assert "に3人へ" in page
    assert "理由：提出も、該当なしの報告も、まだ済んでいないため" in page
    day = client_of("auditor").get("/reminders/on/2025-11-13").text
    assert "2025年度第3回の定期報告の提出期限は令和7年11月28日です。" in day
    assert client_of("auditor").get("/reminders/on/2030-01-01").status_code == 404
    own = client_of("reporter").get("/reminders").text
    assert "府省庁B" not in own.split("<main")[1]
    assert "知らせるものはありません" in client_of("secretariat").get("/reminders?event=approval").text
    assert "府省庁A" not in client_of("secretariat").get("/reminders?ministry=b").text.split("<h2")[1]
    told = client_of("secretariat").get(f"/reminders/told?round={opened}").text
    assert "通知済み" in told
    dry = app.test_cli_runner().invoke(args=["reminders", "foretell", "--days", "10", "--round", opened])
    assert "2025-11-13  3 people" in dry.stdout
    assert app.test_cli_runner().invoke(args=["reminders", "foretell", "--round", "1999-1"]).exit_code == 2


def test_what_only_a_ministry_knows_is_in_nobody_elses_ledger(client_of: ClientOf, database: Database) -> None:
    with database.writing() as session:
        office = Office(session)
        values = {"title": "出来事", "detected_on": dt.date(2025, 11, 10), "categories": ["RC01"]}
        report = incidents.Report({**values, "unregistered": "試行"})
        made = incidents.enter(session, report, terms=RISK, draft=True, by=office.people["reporter"])
        number = made.incident_no
    assert "リスクケースの報告期限" in client_of("approver").get("/reminders").text
    for name in ("secretariat", "auditor", "other"):
        page = client_of(name).get("/reminders").text
        assert "リスクケースの報告期限" not in page.split("</form>")[-1]
        assert number not in client_of(name).get("/reminders/on/2025-11-12").text


def test_a_person_stops_what_may_be_stopped(client_of: ClientOf, database: Database) -> None:
    reporter = client_of("reporter")
    assert reporter.submit("/inbox/choice", {"stopped": ["round_opened", "round_due"]}).location == "/inbox/choice"
    with database.reading() as session:
        found = session.scalars(select(ReminderStop.event)).all()
    assert set(found) == {ReminderEvent.ROUND_OPENED, ReminderEvent.ROUND_DUE}
    page = reporter.get("/inbox/choice").text
    assert page.count(" checked") == 3
    assert "止められません" in page
    refused = reporter.submit("/inbox/choice", {"stopped": ["approval"]})
    assert (refused.status_code, "止められるお知らせの中から" in refused.text) == (422, True)
    assert reporter.submit("/inbox/choice", {"stopped": []}).status_code == 303


def test_a_person_chooses_the_language_of_their_mail(client_of: ClientOf, database: Database) -> None:
    reporter = client_of("reporter")
    assert reporter.submit("/inbox/choice", {"language": "en"}).status_code == 303
    assert reporter.submit("/inbox/choice", {}).status_code == 303
    with database.reading() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.event == Event.USER_LANGUAGE)).one()
        assert session.get_one(User, told.actor_id).language == "en"
        assert set(session.scalars(select(User.language).where(User.id != told.actor_id))) == {"ja"}
    assert reporter.submit("/inbox/choice", {"language": "fr"}).status_code == 422


def test_the_secretariat_sets_the_days_of_a_round(client_of: ClientOf, opened: str, database: Database) -> None:
    secretariat, address = client_of("secretariat"), f"/rounds/{opened}/reminders"
    assert address in secretariat.get(f"/rounds/{opened}").text
    assert secretariat.submit(address, {"offset_due_10": "８"}).location == address
    assert "令和7年11月17日" in secretariat.get(address).text
    for typed, why in (("十", "半角の整数"), ("0", "1から250まで"), ("999", "1から250まで")):
        wrong = secretariat.submit(address, {"offset_due_10": typed, "offset_due_5": "4"})
        assert (wrong.status_code, why in wrong.text, 'value="4"' in wrong.text) == (422, True, True)
    late = secretariat.submit(address, {"offset_due_10": "7", "seen": "{}"})
    assert (late.status_code, "ほかの人が先に保存しました" in late.text) == (409, True)
    with database.reading() as session:
        assert [(one.stage, one.offset) for one in session.scalars(select(RoundReminder))] == [("due_10", -8)]
    assert client_of("reporter").get(address).status_code == 403


def test_the_chore_plans_under_its_fence(app: Flask, opened: str, clock: FixedClock) -> None:
    clock.moment = dt.datetime(2025, 11, 13, 0, tzinfo=dt.UTC)
    held, steps = [], []

    class Fence:
        def hold(self, session: object) -> None:
            held.append(session)

    counts = make(runtime_of(app), Fence(), lambda done, total: steps.append((done, total)))
    assert counts == {"told": 3, "people": 3, "superseded": 0, "mails": 0, "posts": 0}
    assert (len(held), steps) == (1, [(0, 1), (1, 1)])
    assert planned(app)["told"] == 0


def test_what_is_unread_is_counted_in_one_statement(client_of: ClientOf, opened: str, app: Flask) -> None:
    seen: list[str] = []
    event.listen(runtime_of(app).database.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    client_of("reporter").get("/guide")
    assert len([one for one in seen if "reminder" in one]) == 1
