"""Calendars for people's own programs: addresses let out and taken back, and what the feed shows without a sign-in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from register.models import CalendarFeed, User
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.reviews import fill, hand_in
from tests.support.rounds import opened, submission_of

People = Callable[[str], Client]
PLACE = "/inbox/calendars"


@pytest.fixture
def content() -> Build:
    return opened


def let_out(client: Client, path: str = PLACE) -> str:
    """Let an address out and return its path."""
    client.submit(PLACE, button=path)
    (found,) = re.findall(r"http://[^<\"]+(/calendar/[^<\"]+\.ics)", client.get(PLACE).text)
    return str(found)


def events(app: Flask, path: str) -> list[tuple[str, dt.date]]:
    """Read the feed as a program does that knows nothing but its address."""
    answer = app.test_client().get(path)
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    found = Calendar.from_ical(answer.data)
    return [(str(one["SUMMARY"]), one["DTSTART"].dt) for one in found.walk("VEVENT")]


def test_a_deadline_is_in_the_calendar_until_it_is_met(app: Flask, client_of: People) -> None:
    path = let_out(client_of("reporter"))
    database = app.extensions["register"].database
    with database.reading() as session:
        own = submission_of(session)
        due = own.round.due_on
    assert ("2025年度第3回の定期報告の提出期限", due) in events(app, path)
    with database.writing() as session:
        fill(session)
        hand_in(session, "a")
    assert events(app, path) == []


def test_a_round_has_a_calendar_of_its_own(app: Flask, client_of: People) -> None:
    path = let_out(client_of("reporter"), "/rounds/2025-3/calendar")
    assert {title for title, _ in events(app, path)} == {
        "2025年度第3回の定期報告の受付開始",
        "2025年度第3回の定期報告の提出期限",
    }


def test_who_oversees_has_one_entry_for_all_ministries(app: Flask, client_of: People) -> None:
    titles = [title for title, _ in events(app, let_out(client_of("secretariat")))]
    assert titles.count("2025年度第3回の定期報告の提出期限") == 1


def test_an_address_that_was_taken_back_leads_nowhere(app: Flask, client_of: People) -> None:
    client = client_of("reporter")
    path = let_out(client)
    with app.extensions["register"].database.reading() as session:
        feed = session.scalars(select(CalendarFeed.public_id)).one()
    client.submit(PLACE, button=f"{feed}/revoke")
    assert app.test_client().get(path).status_code == 404
    assert let_out(client) != path


def test_nobody_elses_address_can_be_taken_back(app: Flask, client_of: People) -> None:
    path = let_out(client_of("reporter"))
    with app.extensions["register"].database.reading() as session:
        feed = session.scalars(select(CalendarFeed.public_id)).one()
    other = client_of("other")
    token = re.search(r'name="csrf_token" value="([^"]+)"', other.get(PLACE).text)
    assert token is not None
    assert other.post(f"{PLACE}/{feed}/revoke", data={"csrf_token": token[1]}).status_code == 404
    assert app.test_client().get(path).status_code == 200


@pytest.mark.parametrize("token", ["x", "IjEi.AAAA", "ImE5NDk0M2YyIg.x"])
def test_an_address_that_is_made_up_leads_nowhere(client: Client, token: str) -> None:
    assert client.get(f"/calendar/{token}.ics").status_code == 404


def test_who_may_not_sign_in_any_more_has_no_calendar(app: Flask, client_of: People) -> None:
    path = let_out(client_of("reporter"))
    with app.extensions["register"].database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE \"user\" SET active = 0 WHERE name = 'reporter'")
    assert app.test_client().get(path).status_code == 404


def test_an_address_is_let_out_once(app: Flask, client_of: People) -> None:
    client = client_of("reporter")
    page = client.get(PLACE).text
    let_out(client)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    assert client.post(PLACE, data={"csrf_token": token[1]}).status_code == 409


def test_it_speaks_the_persons_language(app: Flask, client_of: People) -> None:
    with app.extensions["register"].database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE \"user\" SET language = 'en' WHERE name = 'reporter'")
    with app.extensions["register"].database.reading() as session:
        assert session.scalars(select(User.language).where(User.name == "reporter")).one() == "en"
    titles = {title for title, _ in events(app, let_out(client_of("reporter"), "/rounds/2025-3/calendar"))}
    assert all(title.isascii() for title in titles)
