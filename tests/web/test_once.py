"""A deed happens once: forms sent twice, in turn or at the same moment, and people who save at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from register import audit
from register.authz import Actor
from register.db import Database
from register.models import AISystem, LifecycleEvent, RequestToken, UseCase
from register.services import use_cases
from tests.support import html
from tests.support.client import Client, filled, find_form
from tests.support.databases import KINDS
from tests.support.round_files import FORMS

ClientOf = Callable[[str], Client]
ActorOf = Callable[[str], Actor]
PATIENCE = 30
both = pytest.mark.parametrize("database_kind", KINDS, indirect=True)


@pytest.fixture
def case(database: Database, actor: ActorOf) -> UseCase:
    """A planned case of ministry A with what a start asks for."""
    known = {"title": "元の題", "usage_type": "G1", "user_scope": "1", "confidentiality": "1"}
    with database.writing() as session:
        return use_cases.create(session, form=FORMS["v2"], values=known, by=actor("reporter"))


def opened(client: Client, address: str) -> dict[str, object]:
    """Open a page and return what a browser would send of its form."""
    tree, _ = html.parse(client.get(address).text)
    return filled(find_form(tree, None))


def second_window(app: Flask, client: Client) -> Client:
    """Return another client in the same session, as a second thread may use it."""
    cookie = client.get_cookie("register")
    assert cookie is not None
    made = app.test_client()
    assert isinstance(made, Client)
    made.set_cookie("register", cookie.value)
    return made


def counts(database: Database) -> tuple[int, int, int]:
    """Return how many cases, steps of lives and AI systems there are."""
    with database.reading() as session:
        one, two, three = (
            session.scalar(select(func.count()).select_from(model)) or 0
            for model in (UseCase, LifecycleEvent, AISystem)
        )
    return one, two, three


class Thread(threading.Thread):
    """A thread that hands out its result, or raises what went wrong in it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.work, self.value, self.error = work, None, None
        self.start()

    def run(self) -> None:
        try:
            self.value = self.work()
        except BaseException as error:  # noqa: BLE001 raised again by result
            self.error = error

    def result(self) -> Any:
        """Wait for the end and return what came of it."""
        self.join(PATIENCE)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error
        return self.value


@both
@pytest.mark.parametrize("deed", ["new", "edit", "move", "system"])
def test_a_form_sent_again_is_carried_out_once(
    client_of: ClientOf, database: Database, case: UseCase, deed: str
) -> None:
    client = client_of("reporter")
    address, typed = {
        "new": ("/use-cases/new", {"title": "新しい題"}),
        "edit": (f"/use-cases/{case.public_id}/edit", {"title": "改めた題"}),
        "move": (f"/use-cases/{case.public_id}/move?to=production", {}),
        "system": ("/ai-systems/new", {"name": "対話支援"}),
    }[deed]
    data = opened(client, address) | typed
    first = client.post(address, data=data)
    after = counts(database)
    second = client.post(address, data=data)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert counts(database) == after
    assert client.get(second.location).status_code == 200
    with database.reading() as session:
        assert session.get_one(UseCase, case.id).version == (2 if deed in {"edit", "move"} else 1)


@both
def test_a_form_sent_twice_at_once_is_carried_out_once(
    app: Flask,
    client_of: ClientOf,
    database: Database,
    database_kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = client_of("reporter")
    data = opened(client, "/use-cases/new") | {"title": "新しい題"}
    windows = [client, second_window(app, client)]
    gate, real = threading.Barrier(2), use_cases.create

    def create(*args: Any, **values: Any) -> UseCase:
        # Both have looked for the token and found none; SQLite lets the second one in only when the first is through.
        if database_kind == "postgresql":
            gate.wait(PATIENCE)
        return real(*args, **values)

    monkeypatch.setattr(use_cases, "create", create)
    threads = [Thread(lambda one=one: one.post("/use-cases/new", data=data)) for one in windows]
    answers = [thread.result() for thread in threads]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert counts(database)[:2] == (1, 1)
    with database.reading() as session:
        assert session.scalars(select(UseCase.case_no)).one() == "a-2025-0001"
        assert not audit.verify(session, []).finding
    monkeypatch.undo()
    made = client.submit("/use-cases/new", {"title": "次の題"})
    assert "a-2025-0002" in client.get(made.location).text


@both
@pytest.mark.parametrize(("person", "statuses"), [("approver", [303, 409]), ("reporter", [303, 303])])
def test_two_saves_at_once_never_overwrite_each_other(
    app: Flask,
    client_of: ClientOf,
    database: Database,
    database_kind: str,
    case: UseCase,
    monkeypatch: pytest.MonkeyPatch,
    person: str,
    statuses: list[int],
) -> None:
    address = f"/use-cases/{case.public_id}/edit"
    first = client_of("reporter")
    data = opened(first, address) | {"title": "先の題"}
    # The same form once more, or another person's.
    second = second_window(app, first) if person == "reporter" else client_of(person)
    other = data if person == "reporter" else opened(second, address) | {"title": "後の題"}
    real, late = use_cases.edit, []

    def edit(*args: Any, **values: Any) -> UseCase:
        if not late:
            late.append(Thread(lambda: second.post(address, data=other)))
            until_it_waits(database, late[0])
        return real(*args, **values)

    monkeypatch.setattr(use_cases, "edit", edit)
    answers = [first.post(address, data=data), late[0].result()]
    assert [answer.status_code for answer in answers] == statuses
    with database.reading() as session:
        stored = session.get_one(UseCase, case.id)
        assert (stored.title, stored.version) == ("先の題", 2)


def until_it_waits(database: Database, thread: Thread) -> None:
    """Return when the thread waits for the lock of a row, or is through; SQLite's writers come one by one anyway."""
    if database.dialect == "sqlite":
        return
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
    with database.engine.connect() as connection:
        for _ in range(20_000):
            if connection.scalar(waiting) or not thread.is_alive():
                return
            connection.rollback()
    raise AssertionError("the second save neither waits nor ends")


@both
@pytest.mark.parametrize("token", ["", "0", "字", "x" * 5000, "\ud800"])
def test_a_token_means_nothing_in_other_hands(client_of: ClientOf, database: Database, token: str) -> None:
    places = []
    for name in ("reporter", "approver", "other"):
        client = client_of(name)
        data = opened(client, "/ai-systems/new") | {"name": name, "request_token": token}
        if token == "\ud800":
            data["request_token"] = data["request_token"].encode("utf-8", "surrogatepass")
        answer = client.post("/ai-systems/new", data=data)
        assert answer.status_code == 303
        assert client.get(answer.location).status_code == 200
        places.append(answer.location)
    assert len(set(places)) == 3
    assert counts(database)[2] == 3


def test_a_refused_form_may_be_sent_again(client_of: ClientOf, database: Database) -> None:
    client = client_of("reporter")
    data = opened(client, "/use-cases/new")
    assert client.post("/use-cases/new", data=data).status_code == 422
    assert client.post("/use-cases/new", data=data | {"title": "題"}).status_code == 303
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RequestToken)) == 1


def test_every_form_has_a_token_of_its_own(client_of: ClientOf) -> None:
    client = client_of("reporter")
    tokens = {opened(client, "/use-cases/new")["request_token"] for _ in range(3)}
    assert len(tokens) == 3


class TestForeignForms:
    """A form that our page did not give to this person's session is not taken."""

    @pytest.mark.parametrize("address", ["/use-cases/new", "/ai-systems/new", "/language", "/logout", "/login"])
    @pytest.mark.parametrize("token", [None, "", "wrong", "字"])
    def test_without_a_token_nothing_happens(
        self, client_of: ClientOf, database: Database, address: str, token: str | None
    ) -> None:
        client = client_of("reporter")
        data = {"title": "題", "name": "名", "language": "en"} | ({} if token is None else {"csrf_token": token})
        answer = client.post(address, data=data)
        assert answer.status_code == 400
        assert "この操作を受け付けられませんでした" in answer.text
        assert counts(database) == (0, 0, 0)
        assert client.get("/use-cases").status_code == 200
        assert client.get_cookie("language") is None

    def test_the_token_of_another_session_is_none(self, client_of: ClientOf, database: Database) -> None:
        data = opened(client_of("approver"), "/use-cases/new") | {"title": "題"}
        client = client_of("reporter")
        client.get("/use-cases")
        assert client.post("/use-cases/new", data=data).status_code == 400
        assert counts(database) == (0, 0, 0)


@both
def test_a_form_sent_again_with_other_content_is_another_deed(client_of: ClientOf, case: UseCase) -> None:
    client, address = client_of("reporter"), f"/use-cases/{case.public_id}/edit"
    data = opened(client, address)
    assert client.post(address, data={**data, "title": "一つ目"}).status_code == 303
    second = client.post(address, data={**data, "title": "二つ目"})
    assert second.status_code == 409
    assert "一つ目" in second.text
    assert "二つ目" in second.text
