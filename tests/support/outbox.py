"""Messages for tests: queued rows, the number of a leader, as much of a runtime as delivery needs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from config.settings import Settings
from register.clock import Clock
from register.db import Database
from register.formats.mail import Item, Letter
from register.models import Message, User
from register.services import outbox
from register.services.jobs import Lost, packed
from register.states import MESSAGE_FLAGGED
from register.vocab import MessageState

HOST = "register.example.go.jp"
SENDER = outbox.Sender(HOST, "a key of the tests that is long enough")
KIND = "test"


class Numbered:
    """The number of a leader, kept in a row: a stand-in for the real one."""

    def __init__(self, number: int) -> None:
        self.number = number

    def hold(self, session: Session) -> None:
        lock = " FOR SHARE" if session.get_bind().dialect.name == "postgresql" else ""
        if session.scalar(text(f"SELECT number FROM stand_in_leader{lock}")) != self.number:
            raise Lost("another leads")


def make_leaders(database: Database) -> None:
    """Make the table of the stand-in."""
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE stand_in_leader (number INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO stand_in_leader VALUES (0)"))


def led(database: Database) -> Numbered:
    """Lead from now on."""
    with database.engine.begin() as connection:
        number = connection.scalar(text("UPDATE stand_in_leader SET number = number + 1 RETURNING number"))
    assert number is not None
    return Numbered(number)


@dataclass(frozen=True)
class Sending:
    """As much of a runtime as delivery needs."""

    settings: Settings
    database: Database
    clock: Clock


def sending(database: Database, port: int | None, *, seconds: float = 5.0) -> Any:
    """Return the runtime that delivers to a server on ``port``, or to none."""
    url = SecretStr(f"smtp://127.0.0.1:{port}") if port is not None else None
    settings = Settings(
        mail_url=url, mail_from=f"AI案件台帳 <register@{HOST}>", mail_seconds=seconds, public_url=f"https://{HOST}"
    )
    return Sending(settings, database, database.clock)


def queue(session: Session, address: str, key: str = "", **more: Any) -> bool:
    """Queue one message to ``address``."""
    values = {"user_id": None, "language": "ja", "day": dt.date(2025, 11, 14), "sender": SENDER} | more
    return outbox.add(session, key=key or f"mail|{address}|2025-11-14", kind=KIND, address=address, **values)


def letter(_run: Any, _session: Session, one: outbox.Envelope) -> Letter | None:
    """Write what every test message says; ``{"over": True}`` has nothing left to say."""
    if one.params.get("over"):
        return None
    if one.params.get("broken"):
        raise ValueError("cannot be written")
    items = (Item("定期報告に答える", "府省庁担当者に届いています。", f"https://{HOST}/rounds/2025-2"),)
    return Letter("定期報告の締切", "次のことをお願いします。", items, f"https://{HOST}/stop/1", f"https://{HOST}/")


def put(row: Message, state: MessageState) -> None:
    """Make a queued message one in ``state``; with what has ended nothing remains to do."""
    row.state = state
    if state in (MessageState.SENT, MessageState.SUPERSEDED):
        row.next_at = None


def add_messages(session: Session) -> None:
    """Queue a message in every state to somebody, and mark an address that mail does not reach."""
    person = session.scalars(select(User).order_by(User.id)).first()
    assert person is not None
    for state in MessageState:
        queue(session, person.email, f"mail|{state.value}", user_id=person.id)
        row = session.scalars(select(Message).where(Message.key == f"mail|{state.value}")).one()
        put(row, state)
        if state in MESSAGE_FLAGGED:
            row.error, row.detail = packed(outbox.REFUSED), "550 5.1.1 unknown"
    outbox.mark_dead(session, f"old-{person.email}", person.id, outbox.REFUSED, "550 5.1.1 unknown")


LETTERS = {KIND: letter}
