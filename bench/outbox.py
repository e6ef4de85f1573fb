"""The promise of the outbox: 10,000 messages leave at no less than half the rate of a bare smtplib loop.

Both hand their mail in turns to the same server, which has a process of its own. The loop sends ready bytes of the same
length over one connection and keeps nothing; the outbox writes each mail, commits before every step that
cannot be taken back, and ends with every row marked sent.
"""

from __future__ import annotations

import random
import smtplib
import time
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bench.data import Installation
from bench.measure import Line
from bench.rows import fresh_id, store
from bench.sink import sink
from config.settings import Settings
from register.factory import create_app
from register.formats.mail import Item, Letter
from register.jobs import outbox as jobs
from register.jobs.chores import Fence
from register.jobs.leader import Led
from register.jobs.letters import Writer, written
from register.models import Message
from register.runtime import Runtime, runtime_of
from register.services import leadership, outbox
from register.services.outbox import Envelope
from register.vocab import Channel, MessageState

MESSAGES, TURNS = 10_000, 4
MOST = 2.0
SENDER = "register@bench.example"
ITEMS = tuple(
    Item(
        f"令和7年度第2回の定期報告に答える（{number}）",
        "府省庁担当者に届いています。",
        "https://bench.example/rounds/2025-2",
    )
    for number in range(3)
)


def measure(installation: Installation) -> list[Line]:
    """Drain the outbox and run the loop in turns; every row must then be marked sent."""
    with sink() as port:
        settings = Settings(
            database_url=installation.database_url,
            files_url=str(installation.folder / "files"),
            mail_url=SecretStr(f"smtp://127.0.0.1:{port}"),
            mail_from=SENDER,
            public_url="https://bench.example",
        )
        run = runtime_of(create_app(settings))
        content = written(run, _letter(run), _envelope(run))
        with run.database.writing() as session:
            led = Led(run, leadership.take(session, "bench"))
        floor = ours = 0.0
        for turn in range(TURNS):
            floor += _loop(port, content, MESSAGES // TURNS)
            with run.database.engine.begin() as connection:
                store(connection, Message, _rows(run, turn * MESSAGES // TURNS, MESSAGES // TURNS))
                if run.database.dialect == "postgresql":
                    # What its autovacuum does within a minute of so many new rows.
                    connection.execute(text("ANALYZE message"))
            ours += _drained(run, led)
        _check(run)
    each = 1000 / MESSAGES
    return [Line(f"outbox: {MESSAGES:,} messages sent", floor * each, ours * each, MOST, "ms each")]


def _letter(_run: Runtime, _session: Session | None = None, _one: Envelope | None = None) -> Letter:
    return Letter(
        "定期報告の締切が近づいています",
        "次のことをお願いします。",
        ITEMS,
        "https://bench.example/stop/1",
        "https://bench.example/",
    )


LETTERS: Mapping[str, Writer] = {"bench": _letter}


def _loop(port: int, content: bytes, count: int) -> float:
    begun = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as smtp:
        for number in range(count):
            smtp.sendmail(SENDER, [f"person{number}@bench.example"], content)
    return time.perf_counter() - begun


def _drained(run: Runtime, led: Led) -> float:
    begun = time.perf_counter()
    jobs.make(led.run, Fence(led, run.clock.now()), lambda _done, _total: None, LETTERS)
    return time.perf_counter() - begun


def _envelope(run: Runtime) -> Envelope:
    address, name = "person1@bench.example", outbox.message_id("bench", run.sender)
    return Envelope(1, "bench", {}, None, address, "ja", run.clock.today(), name, 1, 0)


def _rows(run: Runtime, first: int, count: int) -> Iterator[dict[str, Any]]:
    chance, now, sender = random.Random(first), run.clock.now(), run.sender
    for number in range(first, first + count):
        key = f"bench|{number}"
        yield {
            "public_id": fresh_id(chance), "key": key, "channel": Channel.MAIL, "kind": "bench", "params": {},
            "user_id": None, "address": f"person{number}@bench.example", "language": "ja", "day": run.clock.today(),
            "message_id": outbox.message_id(key, sender), "state": MessageState.QUEUED, "attempts": 0,
            "refusals": 0, "fence": 0, "queued_at": now, "next_at": now, "error": "", "detail": "", "again": 0,
        }  # fmt: skip


def _check(run: Runtime) -> None:
    with run.database.reading() as session:
        counted = session.execute(select(Message.state, func.count()).group_by(Message.state)).all()
    if [tuple(row) for row in counted] != [(MessageState.SENT, MESSAGES)]:
        raise RuntimeError(f"not every message was sent: {counted}")
    run.database.engine.dispose()
