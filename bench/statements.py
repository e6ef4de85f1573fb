"""The promise of the statements: a page asks the database a fixed, small number of questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import Engine, event, func, select

from bench.data import Installation
from bench.measure import Count
from bench.serve import ACCOUNTS, token
from config.settings import Settings
from register.db import Database
from register.factory import create_app
from register.models import SubmissionItem, UseCase
from register.runtime import runtime_of

REPORT = "/rounds/2025-2/report"


def measure(installation: Installation, password: str) -> list[Count]:
    """Count the statements of each page as the secretariat asks for it."""
    database = Database(installation.database_url)
    case = _case(database)
    database.engine.dispose()
    named = {"report page of the reference round": (REPORT, 6), "page of a case": (f"/use-cases/{case}", 12)}
    return pages(installation, password, named)


def pages(installation: Installation, password: str, named: Mapping[str, tuple[str, int]]) -> list[Count]:
    """Count the statements of pages: of each its address, and the most that it may send."""
    app = _app(installation)
    database = runtime_of(app).database
    client = _signed_in(app, password)
    lines = []
    for what, (path, most) in named.items():
        # What is counted of a settled round is kept when its report is opened for the first time.
        client.get(path)
        with _statements(database.engine) as seen:
            status = client.get(path).status_code
        if status != 200:
            raise RuntimeError(f"{path} was answered with {status}")
        lines.append(Count(f"statements: {what}", len(seen), most))
    database.engine.dispose()
    return lines


def _app(installation: Installation) -> Flask:
    settings = Settings(
        database_url=installation.database_url,
        files_url=str(installation.folder / "files"),
        secret_key=SecretStr(installation.secret_key),
        cookie_secure=False,
    )
    return create_app(settings)


def _signed_in(app: Flask, password: str) -> FlaskClient:
    client = app.test_client()
    csrf = token(client.get("/login").get_data(as_text=True))
    values = {"csrf_token": csrf, "email": ACCOUNTS["secretariat"], "password": password}
    if client.post("/login", data=values).status_code != 302:
        raise RuntimeError("the secretariat could not sign in")
    return client


def _case(database: Database) -> Any:
    """Return the case with the most to show: an AI system, and answers in several rounds."""
    answers = select(func.count()).where(SubmissionItem.use_case_id == UseCase.id).scalar_subquery()
    rich = select(UseCase.public_id).where(UseCase.ai_system_id.is_not(None)).order_by(answers.desc(), UseCase.id)
    with database.reading() as session:
        return session.scalars(rich.limit(1)).one()


@contextmanager
def _statements(engine: Engine) -> Iterator[list[str]]:
    """Collect what is sent to the database; the BEGIN that only SQLite is sent does not count."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)
