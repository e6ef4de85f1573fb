"""Signing in and out through the real page: what is said, what is recorded, how long it lasts, where it leads."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask_security import hash_password
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from register import audit, db
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.factory import create_app
from register.models import AuditEntry, User
from tests.support import html
from tests.support.application import settings_for
from tests.support.client import Client
from tests.support.data import NOW

PASSWORD = "正しい馬 battery staple"
EMAIL = "reporter@example.go.jp"
MINUTE = dt.timedelta(minutes=1)
SESSION_EVENTS = ("session.signed_in", "session.sign_in_failed", "session.signed_out", "user.password_rehashed")


def change(database: Database, **values: object) -> None:
    """Change the reporter's account as an administrator's command would."""
    with database.writing() as session:
        person = session.scalars(select(User).where(User.email == EMAIL)).one()
        for name, value in values.items():
            setattr(person, name, value)
        audit.record(session, audit.Event.USER_CREATED, person, by=Actor.system("tests"))


@pytest.fixture
def account(app: Flask, database: Database) -> Database:
    """The reporter with a password."""
    with app.app_context():
        change(database, password=hash_password(PASSWORD))
    return database


def sign_in(client: Client, email: str = EMAIL, password: str = PASSWORD, address: str = "/login") -> TestResponse:
    """Fill and send the sign-in page."""
    return client.submit(address, {"email": email, "password": password})


def inside(client: Client) -> bool:
    """Tell whether this client may read the list."""
    return client.get("/use-cases").status_code == 200


def recorded(database: Database) -> list[tuple[str, str]]:
    """Return what the log says of sessions: the deed and whose it was."""
    with database.reading() as session:
        assert not audit.verify(session, []).finding
        rows = session.scalars(select(AuditEntry).where(AuditEntry.event.in_(SESSION_EVENTS)).order_by(AuditEntry.seq))
        return [(row.event, row.subject_label) for row in rows]


def test_the_right_password_leads_in_and_out_again(account: Database, client: Client) -> None:
    assert not inside(client)
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (302, "/")
    assert inside(client)
    assert client.get("/login").location == "/"
    answer = client.submit("/use-cases", button="/logout")
    assert (answer.status_code, answer.location) == (302, "/login")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not inside(client)
    assert recorded(account) == [("session.signed_in", EMAIL), ("session.signed_out", EMAIL)]
    with account.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.event.in_(SESSION_EVENTS))).all()
        assert not any(PASSWORD in entry.body or "argon2" in entry.body for entry in entries)


def test_the_case_of_the_address_does_not_matter(account: Database, client: Client) -> None:
    assert sign_in(client, "REPORTER@Example.GO.jp").status_code == 302
    assert inside(client)


WRONG = {
    "another password": (EMAIL, "wrong"),
    "another case": (EMAIL, PASSWORD.upper()),
    "no password": (EMAIL, ""),
    "a very long password": (EMAIL, PASSWORD * 500),
    "an unknown address": ("nobody@example.go.jp", PASSWORD),
    "no address": ("", PASSWORD),
    "what is no address": ("reporter", PASSWORD),
    "somebody without a password": ("approver@example.go.jp", PASSWORD),
}


def without_what_was_typed(answer: TestResponse) -> str:
    """Return the page without its token and the address that was typed into it."""
    return re.sub(r'(name="csrf_token"[^>]* value|type="email"[^>]* value)="[^"]*"', r"\1", answer.text)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_whatever_is_wrong_the_answer_is_the_same(account: Database, client: Client, language: str) -> None:
    client.set_cookie("language", language)
    answers = {name: sign_in(client, *typed) for name, typed in WRONG.items()}
    change(account, active=False)
    answers["an account switched off"] = sign_in(client)
    assert {answer.status_code for answer in answers.values()} == {200}
    page = without_what_was_typed(answers["another password"])
    assert [name for name, answer in answers.items() if without_what_was_typed(answer) != page] == []
    page = answers["another password"].text
    assert f'<html lang="{language}">' in page
    assert ("サインインできませんでした" in page) == (language == "ja")
    assert all(PASSWORD not in answer.text for answer in answers.values())
    assert not inside(client)


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("another password", [("session.sign_in_failed", EMAIL)]),
        ("somebody without a password", [("session.sign_in_failed", "approver@example.go.jp")]),
        ("an unknown address", [("session.sign_in_failed", "")]),
        ("what is no address", []),
    ],
)
def test_a_failed_sign_in_is_recorded_for_the_account(
    account: Database, client: Client, name: str, entries: list[tuple[str, str]]
) -> None:
    sign_in(client, *WRONG[name])
    assert recorded(account) == entries


def test_of_an_unknown_address_nothing_is_kept_but_that_it_was_tried(account: Database, client: Client) -> None:
    sign_in(client, "nobody@example.go.jp")
    with account.reading() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
        assert (entry.event, entry.actor_id, entry.actor_name) == ("session.sign_in_failed", None, "登録のない利用者")
        assert "nobody@example.go.jp" not in entry.body
        assert PASSWORD not in entry.body


BOTH = {"known": (EMAIL, "wrong"), "unknown": ("nobody@example.go.jp", "wrong")}


def test_a_known_and_an_unknown_address_ask_the_database_alike(account: Database, app: Flask, client: Client) -> None:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    pages, asked = {}, {}
    event.listen(app.extensions["register"].database.engine, "before_cursor_execute", note)
    for name, typed in BOTH.items():
        client.get("/login")
        pages[name] = sign_in(client, *typed)
        asked[name] = seen.copy()
        seen.clear()
    assert asked["known"] == asked["unknown"]
    assert any(statement.startswith("INSERT INTO audit_entry") for statement in asked["unknown"])
    assert without_what_was_typed(pages["known"]) == without_what_was_typed(pages["unknown"])


@pytest.mark.parametrize("name", BOTH)
def test_a_busy_database_does_not_tell_which_addresses_are_known(
    account: Database, client: Client, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(db, "LONGEST_WAIT", 0)
    with account.engine.begin():
        assert sign_in(client, *BOTH[name]).status_code == 503
    assert sign_in(client, *BOTH[name]).status_code == 200


def test_an_account_that_is_switched_off_stays_out_with_the_right_password(account: Database, client: Client) -> None:
    change(account, active=False)
    sign_in(client)
    assert not inside(client)
    assert ("session.signed_in", EMAIL) not in recorded(account)


@pytest.mark.parametrize("secure", [True, False])
def test_the_cookie_is_for_this_site_alone(
    database_url: str, account: Database, tmp_path: Path, clock: FixedClock, secure: bool
) -> None:
    settings = settings_for(database_url, tmp_path).model_copy(update={"cookie_secure": secure})
    made = create_app(settings, clock, TESTING=True)
    made.test_client_class = Client
    client = made.test_client()
    assert isinstance(client, Client)
    header = sign_in(client).headers["Set-Cookie"]
    name, *flags = [part.strip() for part in header.split(";")]
    assert name.startswith("register=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert ("Secure" in flags) == secure
    assert not any(flag.startswith("Domain") for flag in flags)
    made.extensions["register"].database.engine.dispose()


@pytest.mark.parametrize("minutes", [30, 5])
def test_a_session_ends_when_nothing_was_asked_for_so_long(
    database_url: str, account: Database, tmp_path: Path, clock: FixedClock, minutes: int
) -> None:
    settings = settings_for(database_url, tmp_path).model_copy(update={"session_minutes": minutes})
    made = create_app(settings, clock, TESTING=True)
    made.test_client_class = Client
    client = made.test_client()
    assert isinstance(client, Client)
    with time_machine.travel(NOW, tick=False) as traveller:
        # What a browser remembers is asked for too: there is no way to stay signed in for longer.
        client.submit("/login", {"email": EMAIL, "password": PASSWORD, "remember": "y"})
        assert client.get_cookie("remember_token") is None
        for _ in range(3):
            traveller.shift((minutes - 1) * MINUTE)
            assert inside(client)
        traveller.shift((minutes + 1) * MINUTE)
        assert not inside(client)
    made.extensions["register"].database.engine.dispose()


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/use-cases?q=%E8%A6%81%E7%B4%84&sort=title", "/use-cases?q=%E8%A6%81%E7%B4%84&sort=title"),
        ("/audit", "/audit"),
        ("", "/"),
    ],
)
def test_a_person_comes_to_the_page_that_was_wanted(account: Database, client: Client, wanted: str, led: str) -> None:
    address = client.get(wanted).location if wanted else "/login"
    assert urlsplit(address).path == "/login"
    assert sign_in(client, address=address).location == led


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        " //evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "https://localhost@evil.example/",
        "https://localhost.evil.example/",
    ],
)
def test_nobody_is_led_to_another_site(account: Database, client: Client, wanted: str) -> None:
    answer = sign_in(client, address=f"/login?next={quote(wanted)}")
    if answer.status_code == 200:
        assert not inside(client)
        return
    # As a browser reads it: tabs and line ends are dropped, a backslash is a slash.
    read = re.sub(r"[\t\r\n]", "", answer.location.strip()).replace("\\", "/")
    assert urlsplit(urljoin("http://localhost/login", read))[:2] == ("http", "localhost")


def test_signing_out_wants_the_form(account: Database, client: Client) -> None:
    sign_in(client)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 400
    assert inside(client)


def test_a_new_mark_of_the_account_ends_its_sessions(account: Database, client: Client) -> None:
    sign_in(client)
    assert inside(client)
    change(account, fs_uniquifier="0" * 32)
    assert not inside(client)


def test_a_weakly_hashed_password_is_hashed_anew(account: Database, client: Client) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    change(account, password=weak)
    assert sign_in(client, password="wrong").status_code == 200
    assert stored_password(account) == weak
    assert sign_in(client).status_code == 302
    strong = stored_password(account)
    assert strong != weak
    assert strong.startswith("$argon2id$")
    assert inside(client)
    client.submit("/use-cases", button="/logout")
    assert sign_in(client).status_code == 302
    assert stored_password(account) == strong
    assert [event for event, _ in recorded(account)] == [
        "session.sign_in_failed", "session.signed_in", "user.password_rehashed", "session.signed_out", "session.signed_in",
    ]  # fmt: skip


def stored_password(database: Database) -> str:
    """Return the reporter's hash."""
    with database.reading() as session:
        return session.scalars(select(User.password).where(User.email == EMAIL)).one() or ""


def test_the_page_may_not_be_kept_and_asks_for_what_password_managers_know(client: Client) -> None:
    answer = client.get("/login")
    assert answer.headers["Cache-Control"] == "no-store"
    tree, _ = html.parse(answer.text)
    fields = {one.get("name"): one.get("autocomplete") for one in tree.iter("input")}
    assert (fields["email"], fields["password"]) == ("username", "current-password")
    assert tree.find(".//nav[@class='nav']") is None
