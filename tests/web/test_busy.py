"""When the database is busy for too long, or away, the person is told to come back; nothing was stored."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from register import db
from register.db import Database
from register.models import AISystem
from tests.support.client import Client

NAME = {"name": "対話支援システム"}


def count(database: Database) -> int:
    """Return how many AI systems are stored."""
    with database.reading() as session:
        return session.query(AISystem).count()


@pytest.mark.parametrize(("language", "sentence"), [("ja", "ただいま混み合っています"), ("en", "The service is busy")])
def test_a_writer_who_waited_too_long_is_told_so(
    client_of: Callable[[str], Client],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    sentence: str,
) -> None:
    client = client_of("reporter")
    client.set_cookie("language", language)
    monkeypatch.setattr(db, "LONGEST_WAIT", 0)
    with database.engine.begin():
        answer = client.submit("/ai-systems/new", NAME)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert sentence in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert count(database) == 0
    assert client.submit("/ai-systems/new", NAME).status_code == 303
    assert count(database) == 1


def test_a_database_that_is_away_has_the_same_page(app: Flask, client_of: Callable[[str], Client]) -> None:
    client, engine = client_of("reporter"), app.extensions["register"].database.engine

    def away(_connection: object) -> None:
        raise OperationalError("BEGIN", None, Exception("the server closed the connection"))

    event.listen(engine, "begin", away)
    assert client.get("/use-cases").status_code == 503
    event.remove(engine, "begin", away)
    assert client.get("/use-cases").status_code == 200
