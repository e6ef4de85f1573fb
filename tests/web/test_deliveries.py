"""The page of deliveries: who sees it, what stands on it, and the deeds of the secretariat."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from config.settings import Settings
from register.db import Database
from register.errors import Unusable
from register.factory import create_app
from register.models import DeadAddress, Message
from register.vocab import MessageState
from tests.support.client import Client
from tests.support.outbox import add_messages, put, queue

REPORT = """From: MAILER-DAEMON@mx.example.go.jp
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

sorry
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.go.jp

Final-Recipient: rfc822; a@example.go.jp
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 unknown

--b
Content-Type: text/rfc822-headers

Message-ID: NAME

--b--
"""

SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def filled(database: Database) -> None:
    """A message in every state, and a dead address."""
    with database.writing() as session:
        add_messages(session)


def message(database: Database, state: MessageState) -> Message:
    with database.reading() as session:
        return session.scalars(select(Message).where(Message.key == f"mail|{state.value}")).one()


@pytest.mark.usefixtures("filled")
def test_who_sees_what(client_of: Callable[[str], Client]) -> None:
    for name, deeds in (("secretariat", True), ("auditor", False), ("admin", False)):
        page = client_of(name).get("/deliveries").text
        assert "届いたか不明" in page
        assert "メールサーバーが設定されていない" in page
        assert ("もう一度送る" in page) is deeds
    assert client_of("reporter").get("/deliveries").status_code == 403
    page = client_of("secretariat").get("/deliveries?state=sent").text
    assert "もう一度送る<" not in page
    assert "メールが届かない宛先を直す" in client_of("secretariat").get("/").text


@pytest.mark.usefixtures("filled")
def test_the_secretariat_sends_again_lets_go_and_revives(
    app: Flask, client_of: Callable[[str], Client], database: Database
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = client_of("secretariat")
    with database.reading() as session:
        dead = session.scalars(select(DeadAddress)).one()
    states = (MessageState.UNCERTAIN, MessageState.FAILED, MessageState.SENT, MessageState.QUEUED)
    uncertain, failed, sent, queued = (message(database, state) for state in states)
    assert f"/deliveries/{queued.public_id}/drop" in client.get("/deliveries").text
    assert f"/deliveries/{queued.public_id}/again" not in client.get("/deliveries").text
    for address, state in (
        (f"/deliveries/{uncertain.public_id}/again", MessageState.QUEUED),
        (f"/deliveries/{failed.public_id}/drop", MessageState.SUPERSEDED),
        (f"/deliveries/{queued.public_id}/drop", MessageState.SUPERSEDED),
    ):
        assert client.post(address, headers=SAME).status_code == 303
        with database.reading() as session:
            assert [row.state for row in session.scalars(select(Message)) if str(row.public_id) in address] == [state]
    assert client.post(f"/deliveries/{sent.public_id}/again", headers=SAME).status_code == 409
    assert client.post(f"/deliveries/addresses/{dead.public_id}/revive", headers=SAME).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(DeadAddress)).all() == []


def test_mail_that_came_back_is_recorded(app: Flask, database: Database, tmp_path: Path) -> None:
    with database.writing() as session:
        queue(session, "a@example.go.jp", "mail|sent")
        row = session.scalars(select(Message)).one()
        put(row, MessageState.SENT)
    runner = app.test_cli_runner()
    done = runner.invoke(args=["outbox", "bounce"], input=REPORT.replace("NAME", row.message_id))
    assert (done.exit_code, done.stdout) == (0, "came back: a@example.go.jp\n")
    assert message(database, MessageState.SENT).state is MessageState.FAILED
    assert dead(database) == ["a@example.go.jp"]


def dead(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(DeadAddress.address)))


@pytest.mark.parametrize("name", ["<x@y>", ""])
def test_a_report_that_names_only_a_person_silences_nobody(
    app: Flask, database: Database, tmp_path: Path, name: str
) -> None:
    with database.writing() as session:
        queue(session, "a@example.go.jp", "mail|sent")
        row = session.scalars(select(Message)).one()
        put(row, MessageState.SENT)
        row.sent_at = row.queued_at
    path = tmp_path / "strange"
    path.write_text(REPORT.replace("NAME", name))
    done = app.test_cli_runner().invoke(args=["outbox", "bounce", str(path)])
    assert (done.exit_code, done.stderr.strip()) == (1, "台帳が送ったメールではありません。")
    assert (message(database, MessageState.SENT).state, dead(database)) == (MessageState.SENT, [])


@pytest.mark.parametrize(
    ("status", "said", "gone"),
    [
        ("5.1.1", "smtp; 550 5.1.1 unknown", ["a@example.go.jp"]),
        ("5.2.1 (disabled)", "", ["a@example.go.jp"]),
        ("4.4.7", "smtp; 550 5.1.1 unknown", []),
        ("4.2.2", "smtp; 452 4.2.2 full", []),
        ("5.7.1", "smtp; 554 5.7.1 policy", []),
        ("5.0.0", "x", []),
        ("", "smtp; 550 5.1.1 unknown", ["a@example.go.jp"]),
        ("", "smtp; 554 5.7.1 policy", []),
        ("", "x", []),
    ],
)
def test_only_what_speaks_of_the_address_marks_it_dead(
    app: Flask, database: Database, status: str, said: str, gone: list[str]
) -> None:
    with database.writing() as session:
        queue(session, "a@example.go.jp", "mail|sent")
        row = session.scalars(select(Message)).one()
        put(row, MessageState.SENT)
    report = REPORT.replace("NAME", row.message_id).replace("smtp; 550 5.1.1 unknown", said)
    report = report.replace("Status: 5.1.1", f"Status: {status}")
    assert app.test_cli_runner().invoke(args=["outbox", "bounce"], input=report).exit_code == 0
    found = message(database, MessageState.SENT)
    assert (found.state, dead(database)) == (MessageState.FAILED, gone)
    assert found.detail == f"{status} {said}".strip()


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\0" * 100,
        b"Subject: hello\n\nworld",
        b"x" * 1_000_001,
        REPORT.replace("failed", "delayed").encode(),
        b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(2000)),
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 1000 + b"--b--\n",
        b"Content-Type: message/delivery-status\n\nFinal-Recipient: \xff\xfe\nAction: \xff",
    ],
)
def test_hostile_mail_is_refused_with_a_sentence(app: Flask, mail: bytes) -> None:
    done = app.test_cli_runner().invoke(args=["outbox", "bounce"], input=mail)
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"mail_url": "http://x"}, "REGISTER_MAIL_URL"),
        ({"mail_url": "smtp://"}, "REGISTER_MAIL_URL"),
        ({"mail_url": "smtp://h:x"}, "REGISTER_MAIL_URL"),
        ({"mail_url": "smtp://h", "mail_from": "nobody"}, "REGISTER_MAIL_FROM"),
        ({"mail_url": "smtp://h", "mail_from": "a@b", "public_url": ""}, "REGISTER_PUBLIC_URL"),
    ],
)
def test_mail_that_could_not_be_sent_stops_the_start(tmp_path: Path, change: dict[str, str], told: str) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/x.sqlite3", **change)  # type: ignore[arg-type]
    with pytest.raises(Unusable, match=told):
        create_app(settings)
