"""A register that sends mail to a real server, which keeps what it is handed."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from pydantic import SecretStr

from register.clock import Clock
from register.factory import create_app
from register.runtime import Runtime, runtime_of
from tests.support.application import settings_for
from tests.support.outbox import HOST

KEY = "a key of the tests that is long enough"


class Postbox:
    """Takes every mail that it is handed, each after ``pause`` seconds."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.pause = 0.0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.pause)
        self.mails.append(email.message_from_bytes(envelope.content, EmailMessage, policy=email.policy.default))
        return "250 OK"


class Alone:
    """The number of the only leader."""

    number = 1

    def hold(self, _session: Any) -> None:
        """Nobody else leads."""


def nothing(_done: int, _total: int) -> None:
    """Nobody looks on."""


@contextmanager
def listening() -> Iterator[tuple[Postbox, int]]:
    """Yield a postbox and the port at which it takes mail."""
    box = Postbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, port
    server.stop()


@contextmanager
def mailing(url: str, folder: Path, clock: Clock, port: int) -> Iterator[Runtime]:
    """Yield the runtime of a register that sends its mail to ``port``."""
    found = settings_for(url, folder).model_copy(
        update={
            "mail_url": SecretStr(f"smtp://127.0.0.1:{port}"),
            "mail_from": f"AI案件台帳 <register@{HOST}>",
            "public_url": f"https://{HOST}",
            "secret_key": SecretStr(KEY),
        }
    )
    run = runtime_of(create_app(found, clock, TESTING=True))
    yield run
    run.database.engine.dispose()
