"""Kill -9 of a worker in the middle of writes: what was acknowledged is there, nothing is half there or there twice."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from register import audit
from register.authz import Actor
from register.db import Database
from register.formspec.loader import load_library
from register.models import AuditEntry, ChangeMark, RequestToken, UseCase
from register.services import use_cases
from tests.support import html
from tests.support.client import Client, filled, find_form
from tests.support.sources import ROOT

KILLS = 40
CLIENTS = 3
PATIENCE_SECONDS = 30
FORM = load_library(ROOT / "config", "periodic").newest


def until(holds: Callable[[], bool]) -> None:
    """Return when ``holds`` does; fail when it never does."""
    for _ in range(PATIENCE_SECONDS * 100):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("nothing moves any more")


@dataclass(frozen=True)
class Server:
    """A running server: where it answers, and the process that keeps its workers."""

    port: int
    pid: int

    def workers(self) -> list[int]:
        """Return the process numbers of the workers."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(number) for number in children.split()]

    def wait(self) -> None:
        """Return when the server answers."""
        until(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@dataclass
class Writer:
    """Somebody who edits one case again and again, and tries again with the same form until there is an answer."""

    port: int
    person: dict[str, str]
    address: str
    form: dict[str, object]
    acknowledged: list[str] = field(default_factory=list)
    answers: set[int] = field(default_factory=set)

    def write(self, stop: threading.Event) -> None:
        """Edit until told to stop; the last edit is carried to its answer."""
        while not stop.is_set():
            number = len(self.acknowledged) + 1
            title = f"{self.form['title']} {number}"
            values = {**self.form, "title": title, "version": number, "request_token": f"{self.address}-{number}"}
            while not self._send({name: str(value) for name, value in values.items()}):
                pass
            self.acknowledged.append(title)

    def _send(self, values: dict[str, str]) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {**self.person, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request("POST", self.address, urllib.parse.urlencode(values), headers)
            self.answers.add(connection.getresponse().status)
        except (OSError, http.client.HTTPException):
            return False  # killed before it could answer: nobody knows whether the edit was made
        finally:
            connection.close()
        return True


@pytest.fixture
def server(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Server]:
    """A real server with two workers on the test's database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = int(probe.getsockname()[1])
    settings = {
        "REGISTER_DATABASE_URL": database_url,
        "REGISTER_FILES_URL": str(tmp_path / "files"),
        "REGISTER_SECRET_KEY": app.config["SECRET_KEY"],
        "REGISTER_COOKIE_SECURE": "false",
        "REGISTER_WORKERS": "2",
        "REGISTER_LOG_LEVEL": "critical",
        "PORT": str(number),
    }
    # Loaded before the workers are forked, so that a new one takes no time.
    command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--preload", "app:app"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings}) as process:
        try:
            running = Server(number, process.pid)
            running.wait()
            yield running
        finally:
            process.terminate()


@pytest.fixture
def writers(
    server: Server, database: Database, client_of: Callable[[str], Client], actor: Callable[[str], Actor]
) -> list[Writer]:
    """People who each edit a case of their own, with the form as the page gave it to them."""
    made = []
    for number in range(CLIENTS):
        with database.writing() as session:
            case = use_cases.create(session, form=FORM, values={"title": f"案件{number}"}, by=actor("reporter"))
            address = f"/use-cases/{case.public_id}/edit"
        client = client_of("reporter")
        tree, _ = html.parse(client.get(address).text)
        cookie = client.get_cookie("register")
        assert cookie is not None
        person = {"Cookie": f"register={cookie.value}", "User-Agent": client.environ_base["HTTP_USER_AGENT"]}
        made.append(Writer(server.port, person, address, filled(find_form(tree, None))))
    return made


def test_what_was_acknowledged_survives_the_death_of_workers(
    server: Server, writers: list[Writer], database: Database
) -> None:
    stop = threading.Event()
    threads = [threading.Thread(target=writer.write, args=[stop]) for writer in writers]
    for thread in threads:
        thread.start()
    killed: set[int] = set()
    while len(killed) < KILLS:
        # Some work between two deaths, however busy the machine is; then somewhere in the middle of the next.
        until(lambda: done(writers) > 2 * len(killed) and bool(set(server.workers()) - killed))
        time.sleep(random.uniform(0, 0.03))
        victim = random.choice(sorted(set(server.workers()) - killed))
        os.kill(victim, signal.SIGKILL)
        killed.add(victim)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert {status for writer in writers for status in writer.answers} == {303}
    check(database, writers)


def done(writers: list[Writer]) -> int:
    """Return how many edits were acknowledged so far."""
    return sum(len(writer.acknowledged) for writer in writers)


def check(database: Database, writers: list[Writer]) -> None:
    """Compare what the people were told with what the database holds."""
    with database.reading() as session:
        assert session.scalar(text("pragma integrity_check")) == "ok"
        assert audit.verify(session).finding is None
        assert session.scalar(select(func.count()).select_from(ChangeMark)) == 0
        for writer in writers:
            public_id = writer.address.split("/")[2]
            case = next(one for one in session.scalars(select(UseCase)) if str(one.public_id) == public_id)
            edits = select(func.count()).where(
                AuditEntry.event == audit.Event.USE_CASE_EDITED, AuditEntry.subject_id == str(case.id)
            )
            used = select(func.count()).where(RequestToken.location == writer.address.removesuffix("/edit"))
            made = len(writer.acknowledged)
            assert (case.title, case.version) == (writer.acknowledged[-1], 1 + made)
            assert (session.scalar(edits), session.scalar(used)) == (made, made)
