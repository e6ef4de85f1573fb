"""When the database is busy for too long, or away, the person is told to come back; nothing was stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, render_template, template_rendered
from flask.testing import FlaskClient
from jinja2 import Template
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from register import db
from register.authz import Actor
from register.db import Database
from register.models import AISystem, UseCase
from register.services import ai_systems, use_cases
from tests.support import html
from tests.support.client import Client, filled, find_form
from tests.support.round_files import FORMS

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


@pytest.fixture
def case(database: Database, actor: Callable[[str], Actor]) -> UseCase:
    """A planned case of ministry A."""
    with database.writing() as session:
        return use_cases.create(session, form=FORMS["v2"], values={"title": "元の題"}, by=actor("reporter"))


@pytest.fixture
def drawn(app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The pages that were drawn while everybody else could write."""
    pages: list[str] = []

    def write(_app: Flask, template: Template, **_: object) -> None:
        with database.engine.begin():
            pages.append(template.name or "")

    with monkeypatch.context() as patch, template_rendered.connected_to(write, app):
        patch.setattr(db, "LONGEST_WAIT", 0)
        yield pages


REFUSED: dict[str, tuple[str, dict[str, object], int, str]] = {
    "a new case": ("/use-cases/new", {"title": "題" * 201}, 422, "use_cases/edit.html"),
    "an edit": ("{case}/edit", {"title": "題" * 201}, 422, "use_cases/edit.html"),
    "a stale edit": ("{case}/edit", {"title": "題", "version": "7"}, 409, "use_cases/edit.html"),
    "a step that is not possible": ("{case}/move?to=production", {"on": "2025-01-01"}, 422, "use_cases/move.html"),
    "a stale step": ("{case}/move?to=production", {"version": "7"}, 409, "errors/409.html"),
    "an AI system": ("/ai-systems/new", {"name": "名" * 201}, 422, "ai_systems/edit.html"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_a_service_refuses_is_told_while_others_may_write(
    client_of: Callable[[str], Client], case: UseCase, drawn: list[str], what: str
) -> None:
    page, values, status, template = REFUSED[what]
    answer = client_of("reporter").submit(page.format(case=f"/use-cases/{case.public_id}"), values)
    assert answer.status_code == status
    assert drawn[-1] == template


def crash(client: Client) -> int:
    """Register an AI system past the check of every page, which takes no crash; return the status."""
    tree, _ = html.parse(client.get("/ai-systems/new").text)
    data = filled(find_form(tree, None)) | NAME
    return FlaskClient.open(client, "/ai-systems/new", method="POST", data=data).status_code


def test_a_crash_is_told_while_others_may_write(
    client_of: Callable[[str], Client], drawn: list[str], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(session: Session, **_: object) -> None:
        session.connection()
        raise RuntimeError

    monkeypatch.setattr(ai_systems, "create", broken)
    assert crash(client_of("reporter")) == 500
    assert drawn[-1] == "errors/500.html"


def test_a_view_that_draws_a_page_cannot_say_that_its_deed_is_done(
    client_of: Callable[[str], Client], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the deed would be lost without anybody learning of it."""
    monkeypatch.setattr("register.web.ai_systems.redirect", lambda *_: render_template("errors/409.html"))
    assert crash(client_of("reporter")) == 500
    assert count(database) == 0


def test_a_database_that_is_away_has_the_same_page(app: Flask, client_of: Callable[[str], Client]) -> None:
    client, engine = client_of("reporter"), app.extensions["register"].database.engine

    def away(_connection: object) -> None:
        raise OperationalError("BEGIN", None, Exception("the server closed the connection"))

    event.listen(engine, "begin", away)
    assert client.get("/use-cases").status_code == 503
    event.remove(engine, "begin", away)
    assert client.get("/use-cases").status_code == 200
