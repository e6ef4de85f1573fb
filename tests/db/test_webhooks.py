"""From the plan to the receiver: one signed post for each room and day, that names nobody and is made once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from register.audit import Event
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.errors import Forbidden, NotNow
from register.factory import create_app
from register.formats.webhook import Refused, admitted_of, secret_of
from register.jobs import outbox, reminders
from register.models import AuditEntry, Message, Ministry, User, Webhook
from register.queries import webhooks as queries
from register.runtime import Runtime, runtime_of
from register.services import webhooks
from register.vocab import Channel, MessageState
from tests.support.application import settings_for
from tests.support.databases import Build
from tests.support.outbox import HOST
from tests.support.postbox import Alone, nothing
from tests.support.receiver import Desk, desk
from tests.support.reviews import fill, hand_in
from tests.support.rounds import opened as opened_round

KEY = "a key of the tests that is long enough"
HOSTS, NETWORKS = ["127.0.0.1"], ["127.0.0.0/8"]


@pytest.fixture
def content() -> Build:
    return opened_round


@pytest.fixture
def run(database: Database, database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Runtime]:
    """The runtime of a register that posts to this machine."""
    named = {
        "webhook_hosts": HOSTS,
        "webhook_networks": NETWORKS,
        "public_url": f"https://{HOST}",
        "secret_key": SecretStr(KEY),
    }
    app = create_app(settings_for(database_url, tmp_path).model_copy(update=named), clock, TESTING=True)
    yield runtime_of(app)
    runtime_of(app).database.engine.dispose()


@pytest.fixture
def receiver() -> Iterator[tuple[Desk, str]]:
    with desk() as found:
        yield found


@pytest.fixture
def hook(run: Runtime, receiver: tuple[Desk, str], actor: Callable[[str], Actor]) -> str:
    """The webhook of the ministry ``a``; its id for addresses."""
    with run.database.writing() as session:
        ministry = session.scalars(select(Ministry).where(Ministry.key == "a")).one()
        made = webhooks.add(session, ministry, receiver[1], admitted_of(HOSTS, NETWORKS), by=actor("admin"))
        session.flush()
        return str(made.public_id)


def messages(run: Runtime) -> list[Message]:
    with run.database.reading() as session:
        return list(session.scalars(select(Message).where(Message.channel == Channel.WEBHOOK)))


def test_a_room_is_told_once_what_its_people_are_told(run: Runtime, hook: str, receiver: tuple[Desk, str]) -> None:
    assert reminders.make(run, Alone(), nothing)["posts"] == 1
    assert reminders.make(run, Alone(), nothing)["posts"] == 0
    assert outbox.make(run, Alone(), nothing) == {"sent": 1}
    assert outbox.make(run, Alone(), nothing) == {}
    ((headers, body),) = receiver[0].heard
    told = json.loads(body)
    assert (told["type"], told["data"]["ministry"]["key"]) == ("reminders.told", "a")
    assert told["data"]["url"] == f"https://{HOST}/inbox"
    opening = next(one for one in told["data"]["reminders"] if "has opened" in one["text"]["en"])
    assert (opening["event"], opening["people"]) == ("round_opened", 2)
    assert "2025年度第3回" in opening["text"]["ja"]
    with run.database.reading() as session:
        names = session.scalars(select(User.name)).all()
    assert not [name for name in names if name.encode() in body]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret_of(KEY, hook).removeprefix("whsec_"))
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"


def test_the_newest_post_of_each_webhook_is_shown(run: Runtime, hook: str, actor: Callable[[str], Actor]) -> None:
    by = actor("admin")
    with run.database.writing() as session:
        webhooks.add(session, None, "http://127.0.0.1:9/", admitted_of(HOSTS, NETWORKS), by=by)
        own = session.scalars(select(Webhook).where(Webhook.public_id == uuid.UUID(hook))).one()
        for about in ("first", "second"):
            webhooks.queue(session, own, about, webhooks.TRIAL, sender=run.sender)
    with run.database.reading() as session:
        shown = {line.hook.ministry_id: line.newest and line.newest.key for line in queries.lines(session, by)}
    assert sorted(map(str, shown.values())) == ["None", f"webhook|{own.id}|trial|second"]


def test_what_was_done_meanwhile_is_not_posted(run: Runtime, hook: str, receiver: tuple[Desk, str]) -> None:
    reminders.make(run, Alone(), nothing)
    with run.database.writing() as session:
        fill(session)
        hand_in(session, "a")
    assert outbox.make(run, Alone(), nothing) == {"superseded": 1}
    assert receiver[0].heard == []


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, MessageState.SENT),
        (503, MessageState.QUEUED),
        (410, MessageState.FAILED),
        (302, MessageState.FAILED),
        (0, MessageState.UNCERTAIN),
    ],
)
def test_an_answer_decides_whether_it_is_posted_again(
    run: Runtime, hook: str, receiver: tuple[Desk, str], status: int, state: MessageState
) -> None:
    reminders.make(run, Alone(), nothing)
    receiver[0].status = status
    outbox.make(run, Alone(), nothing)
    (message,) = messages(run)
    assert message.state is state
    outbox.make(run, Alone(), nothing)
    assert len(receiver[0].heard) == 1, "what may have arrived, or must wait, is not posted again at once"


def test_a_room_that_is_away_is_asked_again_and_holds_nobody_up(
    run: Runtime, hook: str, receiver: tuple[Desk, str], clock: FixedClock, actor: Callable[[str], Actor]
) -> None:
    with run.database.writing() as session:
        away = webhooks.add(session, None, "http://127.0.0.1:9/x", admitted_of(HOSTS, NETWORKS), by=actor("admin"))
        session.flush()
        webhooks.try_out(session, away, run.sender, by=actor("admin"))
        own = session.scalars(select(Webhook).where(Webhook.id != away.id)).one()
        webhooks.try_out(session, own, run.sender, by=actor("admin"))
    assert outbox.make(run, Alone(), nothing) == {"refused": 1, "sent": 1}
    states = {row.params["webhook"]: row.state for row in messages(run)}
    assert set(states.values()) == {MessageState.QUEUED, MessageState.SENT}
    assert json.loads(receiver[0].heard[0][1])["type"] == "register.trial"


def test_a_stopped_webhook_gets_nothing(
    run: Runtime, hook: str, receiver: tuple[Desk, str], actor: Callable[[str], Actor]
) -> None:
    reminders.make(run, Alone(), nothing)
    with run.database.writing() as session:
        webhooks.stop(session, session.scalars(select(Webhook)).one(), by=actor("admin"))
    assert outbox.make(run, Alone(), nothing) == {"superseded": 1}
    assert receiver[0].heard == []
    with run.database.writing() as session:
        row = session.scalars(select(Webhook)).one()
        for deed in (webhooks.stop, lambda *one, by: webhooks.try_out(*one, run.sender, by=by)):
            with pytest.raises(NotNow):
                deed(session, row, by=actor("admin"))
        session.rollback()


def test_only_the_administrator_says_where_to_and_only_what_is_admitted(
    run: Runtime, database: Database, actor: Callable[[str], Actor]
) -> None:
    admitted = admitted_of(["chat.example.go.jp"], [])
    for url in ("https://elsewhere.example/x", "http://chat.example.go.jp/x", "https://u:p@chat.example.go.jp/x", "x"):
        with database.writing() as session, pytest.raises(Refused):
            webhooks.add(session, None, url, admitted, by=actor("admin"))
    with database.writing() as session, pytest.raises(Forbidden):
        webhooks.add(session, None, "https://chat.example.go.jp/x", admitted, by=actor("secretariat"))


def test_the_log_does_not_hold_the_address(run: Runtime, hook: str) -> None:
    with run.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.event == Event.WEBHOOK_MADE)).one()
        assert "/hook" not in entry.body
        assert "127.0.0.1" in entry.body
