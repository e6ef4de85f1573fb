"""What a mail leads to that stops it: without a sign-in, by a person or by the mail program itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from register.formats.tokens import sealed
from register.models import AuditEntry, ReminderStop, User
from register.services.reminders import STOP_LINK
from register.vocab import ReminderEvent
from tests.support import html
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.rounds import opened


@pytest.fixture
def content() -> Build:
    return opened


def address(app: Flask, *events: ReminderEvent, purpose: str = STOP_LINK) -> str:
    with app.extensions["register"].database.reading() as session:
        person = session.scalars(select(User).where(User.name == "reporter")).one()
    named = {"user": str(person.public_id), "events": [event.value for event in events]}
    return f"/reminders/stop/{sealed(str(app.secret_key), purpose, named)}"


def stopped(app: Flask) -> list[tuple[str, ReminderEvent]]:
    with app.extensions["register"].database.reading() as session:
        rows = session.execute(select(User.name, ReminderStop.event).join(User, User.id == ReminderStop.user_id))
        return [(row[0], row[1]) for row in rows]


def test_looking_stops_nothing(app: Flask, client: Client) -> None:
    assert client.get(address(app, ReminderEvent.ROUND_OPENED)).status_code == 200
    assert stopped(app) == []


def test_a_person_stops_it_on_the_page(app: Flask, client: Client) -> None:
    page = client.submit(address(app, ReminderEvent.ROUND_OPENED))
    assert "お知らせを止めました" in page.text
    assert stopped(app) == [("reporter", ReminderEvent.ROUND_OPENED)]
    with app.extensions["register"].database.reading() as session:
        newest = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
    assert newest is not None
    assert (newest.event, newest.actor_name) == ("reminder_stop.chosen", "reporter")


def test_a_mail_program_stops_it_with_one_post(app: Flask) -> None:
    program = app.test_client()
    place = address(app, ReminderEvent.ROUND_OPENED)
    for _ in range(2):
        assert program.post(place, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert stopped(app) == [("reporter", ReminderEvent.ROUND_OPENED)]


def test_the_page_to_undo_it_has_the_name_that_it_is_called(app: Flask, client_of: Callable[[str], Client]) -> None:
    client = client_of("reporter")
    client.submit("/", {"language": "en"}, button="/language")
    name = html.parse(client.get("/inbox/choice").text)[0].findtext(".//h1")
    page = html.parse(client.get(address(app, ReminderEvent.ROUND_OPENED)).text)[0]
    assert f'under "{name}"' in "".join(page.itertext())


def test_what_may_not_be_stopped_is_not(app: Flask, client: Client) -> None:
    client.post(address(app, ReminderEvent.INCIDENT_NOTIFY))
    assert stopped(app) == []


@pytest.mark.parametrize("purpose", ["calendar", ""])
def test_a_token_for_something_else_stops_nothing(app: Flask, client: Client, purpose: str) -> None:
    place = address(app, ReminderEvent.ROUND_OPENED, purpose=purpose)
    assert client.get(place).status_code == client.post(place).status_code == 404


@pytest.mark.parametrize("token", ["x", "W10.x", "%00"])
def test_a_token_that_is_made_up_stops_nothing(client: Client, token: str) -> None:
    assert client.post(f"/reminders/stop/{token}").status_code in (400, 404)
