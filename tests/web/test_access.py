"""Every endpoint x every person x own, other and missing rows, compared with the table of rules.

The table says who may; the rows are built through the real services. A row that a person may not see must be answered
byte for byte like one that does not exist.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from register import audit, authz
from register.authz import SIGHT, Actor
from register.db import Database
from register.models import (
    AISystem,
    Assessment,
    AuditEntry,
    BuiltTable,
    DeadAddress,
    Disclosure,
    Edition,
    Incident,
    IncidentFile,
    Measure,
    Message,
    Ministry,
    Notice,
    NoticeRecipient,
    Question,
    Referral,
    Remark,
    Reminder,
    Round,
    Snapshot,
    Submission,
    SubmissionItem,
    UseCase,
    User,
    Webhook,
)
from register.services import incidents
from register.vocab import AssessmentDeed, IncidentDeed, QuestionDeed, ReferralDeed
from register.web.guard import access_of, refuse_undeclared
from tests.support.client import Client
from tests.support.data import STAFF
from tests.support.peopled import peopled

# What names no row in a URL, by the argument; anything else is a random id.
MISSING = {"round": "1999-9", "entry": "f" * 64}
# A value for each part of a URL that names no row.
PLAIN = {"kind": "csv", "section": "use", "ministry": "a", "version": "v2", "deed": "withdraw", "word": "take_up"}
PLAIN |= {"turn": "discard", "part": "title", "thing": "report", "variant": "public"}
PLAIN |= {"act": "withdraw", "day": "2025-11-20", "move": "withdraw", "answer": "explain"}
# What the permission depends on beside the page: the deed in the URL, or the state of the row.
BY_DEED: dict[str, Callable[[Any], authz.Permission]] = {
    "incidents.step": lambda _row: authz.INCIDENT_DEEDS[IncidentDeed(PLAIN["deed"])],
    "incidents.edit": lambda row: authz.INCIDENT_DEEDS[incidents.editing(row)],
    "assessments.step": lambda _row: authz.ASSESSMENT_DEEDS[AssessmentDeed(PLAIN["deed"])],
    "questions.step": lambda _row: authz.QUESTION_DEEDS[QuestionDeed(PLAIN["answer"])],
    "referrals.step": lambda _row: authz.REFERRAL_DEEDS[ReferralDeed(PLAIN["act"])],
}
# What a person may not know of.
HIDDEN = {UseCase, AISystem, Submission, SubmissionItem, Remark, Incident, Measure, IncidentFile}
HIDDEN |= {Disclosure, Edition, Snapshot, Message, DeadAddress, Reminder}
HIDDEN |= {Webhook}
HIDDEN |= {Assessment, Referral, Notice, NoticeRecipient, Question, BuiltTable}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def content() -> Callable[[str], None]:
    return peopled


@pytest.fixture
def app(app: Flask) -> Flask:
    """The same application without form tokens: this is about who may, and every form has its own tests."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def rows(session: Session, model: Any) -> list[Any]:
    """Return every row of ``model``, of both ministries where it belongs to one."""
    return list(session.scalars(select(model)))


def value_of(row: Any) -> Any:
    """Return what names ``row`` in a URL."""
    if isinstance(row, Round):
        return row.code
    return row.hash if isinstance(row, AuditEntry) else row.public_id


def calls(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Yield every guarded rule with every method that it takes."""
    for rule in app.url_map.iter_rules():
        access = access_of(app, rule.endpoint)
        assert access is not None
        if access.permission is not None:
            for method in sorted((rule.methods or set()) & ({"GET"} | UNSAFE)):
                yield rule, method


def plain_values(rule: Rule) -> dict[str, Any]:
    """Return a value for the parts of a URL that name no row."""
    return {name: value for name, value in PLAIN.items() if name in rule.arguments}


def call(client: Client, app: Flask, rule: Rule, method: str, values: dict[str, Any]) -> Any:
    """Ask for ``rule`` and return the answer; nothing may end in a crash."""
    with app.test_request_context():
        url = rule.build(values, append_unknown=False)
    assert url is not None, rule
    answer = client.open(url[1], method=method, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code < 500, (rule.rule, method, answer.status_code)
    return answer


def expected(actor: Actor, permission: authz.Permission, named: tuple[Any, ...]) -> set[int]:
    """Return which refusals the table asks for; empty when the deed is allowed, which is asked of the last row named."""
    if not all(authz.can(actor, SIGHT[type(row)], row) for row in named):
        return {404}
    return set() if authz.can(actor, permission, named[-1] if named else None) else {403}


@pytest.mark.parametrize("name", STAFF)
def test_every_endpoint_follows_the_table(
    name: str, app: Flask, database: Database, client_of: Callable[[str], Client], actor: Callable[[str], Actor]
) -> None:
    client, asking, asked = client_of(name), actor(name), 0
    for rule, method in calls(app):
        access = access_of(app, rule.endpoint)
        assert access is not None
        assert access.permission is not None
        with database.reading() as session:
            found = [rows(session, model) for model in access.loads.values()]
            assert all(found), rule
            for named in product(*found):
                values = plain_values(rule) | dict(zip(access.loads, map(value_of, named), strict=True))
                by_deed = BY_DEED.get(rule.endpoint)
                permission = by_deed(*named) if by_deed else access.permission
                refusals = expected(asking, permission, named)
                status = call(client, app, rule, method, values).status_code
                asked += 1
                where = (name, method, rule.rule, [getattr(row, "ministry_id", None) for row in named], status)
                assert status in refusals if refusals else status not in {401, 403}, where
    assert asked > 25


def masked(body: str, value: object) -> str:
    """Return a page without its form tokens and without the address that was asked for."""
    return re.sub(r'name="(csrf_token|next)" value="[^"]*"', r'name="\1"', body).replace(str(value), "*")


@pytest.mark.parametrize("name", ["reporter", "other-approver", "secretariat"])
def test_a_hidden_row_is_answered_like_a_missing_one(
    name: str, app: Flask, database: Database, client_of: Callable[[str], Client], actor: Callable[[str], Actor]
) -> None:
    client, asking, compared = client_of(name), actor(name), 0
    client.get("/use-cases")  # the first answer sets the session's cookie
    for rule, method in calls(app):
        access = access_of(app, rule.endpoint)
        assert access is not None
        for argument, model in access.loads.items():
            if model not in HIDDEN:
                continue
            with database.reading() as session:
                hidden = [row for row in rows(session, model) if not authz.can(asking, SIGHT[model], row)]
            with database.reading() as session:
                beside = {one: value_of(rows(session, kind)[0]) for one, kind in access.loads.items()}
            for row in hidden:
                absent = uuid.uuid4()
                one = call(client, app, rule, method, plain_values(rule) | beside | {argument: row.public_id})
                other = call(client, app, rule, method, plain_values(rule) | beside | {argument: absent})
                assert one.status_code == other.status_code == 404
                assert masked(one.text, row.public_id) == masked(other.text, absent)
                assert sorted(one.headers.keys()) == sorted(other.headers.keys())
                compared += 1
    assert compared > 5 or name == "secretariat"


def test_nobody_enters_without_signing_in(app: Flask, client: Client, database: Database) -> None:
    for rule, method in calls(app):
        access = access_of(app, rule.endpoint)
        assert access is not None
        values = plain_values(rule) | {name: MISSING.get(name, uuid.uuid4()) for name in access.loads}
        answer = call(client, app, rule, method, values)
        assert answer.status_code == 302, (rule.rule, method)
        assert "/login" in answer.location, (rule.rule, method)


def test_an_endpoint_that_declares_nothing_stops_the_start(app: Flask) -> None:
    app._got_first_request = False
    app.add_url_rule("/forgotten", "forgotten", lambda: "")
    with pytest.raises(RuntimeError, match="forgotten"):
        refuse_undeclared(app)


def test_a_person_who_was_switched_off_is_out_at_the_next_request(
    app: Flask, client_of: Callable[[str], Client], database: Database, user: Callable[[str], User]
) -> None:
    client = client_of("reporter")
    assert client.get("/use-cases").status_code == 200
    with database.writing() as session:
        person = session.get_one(User, user("reporter").id)
        person.active = False
        audit.record(session, audit.Event.USER_CREATED, person, by=Actor.system("tests"))
    assert client.get("/use-cases").status_code == 302


def test_counts_and_searches_tell_a_ministry_nothing_of_others(
    client_of: Callable[[str], Client], database: Database
) -> None:
    own = client_of("reporter")
    with database.reading() as session:
        assert session.scalars(select(Ministry)).all()
    for address in ("/", "/use-cases", "/use-cases?q=題", "/use-cases?ministry=b", "/ai-systems"):
        page = own.get(address).text
        assert [word for word in ("題B", "b-2025-0001", "府省庁B") if word in page] == [], address
