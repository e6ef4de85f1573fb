"""What cannot be answered: missing pages, wrong methods, bodies too large, hostile input; never a crash, always a page."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.factory import MAX_FORM_MEMORY, MAX_REQUEST, create_app
from register.models import UseCase
from register.services import use_cases
from register.web.headers import CSP, FIXED
from tests.support import html
from tests.support.application import settings_for
from tests.support.client import Client, filled, find_form
from tests.support.databases import KINDS
from tests.support.round_files import FORMS

ClientOf = Callable[[str], Client]
both = pytest.mark.parametrize("database_kind", KINDS, indirect=True)
LONG = "%E5%AD%97" * 5000
# In a query: NUL, what is no UTF-8, half a surrogate pair, very much, very many words.
VALUES = ("%00", "%FF%FE", "%ED%A0%80", "%", LONG, "+".join(f"{number:x}" for number in range(1500)), "{{7*7}}", "'--")
NUMBERS = ("99999999999999999999", "-1", "0", "1e3", "%D9%A3", "%EF%BC%92", "%00", "1000000", "")
FIELDS = ("q", "lifecycle", "usage_type", "ministry", "sort", "round", "no_such")
LOG_FIELDS = ("event", "subject", "who", "ministry")
# The same in a form, as the bytes that a client may send.
BYTES = (b"a\0b", b"\xff\xfe", b"\xed\xa0\x80", "字".encode() * 5000, "𠮷{{7*7}}".encode())
TEXTS = {"title", "unit", "purpose", "goal_text", "model_usage", "reason", "name", "vendor", "note"}


@pytest.fixture
def case(database: Database, actor: Callable[[str], Actor]) -> UseCase:
    """A planned case of ministry A."""
    with database.writing() as session:
        return use_cases.create(session, form=FORMS["v2"], values={"title": "元の題"}, by=actor("reporter"))


def safe(answer: TestResponse) -> TestResponse:
    """Say that this answer has the headers that every answer has."""
    assert {name: answer.headers.get(name) for name in FIXED} == FIXED, answer.request.path
    assert answer.headers["Cache-Control"] == "no-store", answer.request.path
    return answer


@both
def test_no_address_is_too_hostile(client_of: ClientOf, case: UseCase) -> None:
    client = client_of("auditor")
    addresses = [f"/use-cases?{'&'.join(f'{name}={value}' for name in FIELDS)}" for value in VALUES if value != LONG]
    addresses += [f"/audit?{'&'.join(f'{name}={value}' for name in LOG_FIELDS)}" for value in VALUES if value != LONG]
    addresses += [
        f"{path}{value}" for path in ("/use-cases.csv?q=", "/use-cases?q=", "/audit?since=") for value in VALUES
    ]
    addresses += [f"{path}?page={value}" for path in ("/use-cases", "/audit") for value in NUMBERS]
    paths = (
        "/use-cases/{}",
        f"/use-cases/{case.public_id}/move?to={{}}",
        "/rounds/{}",
        "/audit/{}",
        "/static/{}",
        "/{}",
    )
    addresses += [path.format(value) for path in paths for value in ("%00", "%0D%0A", "%FF", "..", "%5C", "%E5%AD%97")]
    addresses += [f"/audit/{'%00' * 64}", f"/audit/{'%FF' * 64}"]
    for address in addresses:
        assert client.get(address).status_code < 500, address


@both
def test_no_form_is_too_hostile(client_of: ClientOf, case: UseCase) -> None:
    client, own = client_of("approver"), f"/use-cases/{case.public_id}"
    for address in ("/use-cases/new", f"{own}/edit", f"{own}/move?to=retired", "/ai-systems/new"):
        tree, _ = html.parse(client.get(address).text)
        form = filled(find_form(tree, None))
        for value in BYTES:
            for names in (TEXTS, form.keys() - TEXTS - {"csrf_token"}):
                data = {**form, "title": "題", **{name: value for name in names if name in form}}
                assert client.post(address, data=data).status_code in {303, 400, 409, 422}, (address, names, value[:9])


@both
def test_the_sign_in_page_takes_anything(client: Client) -> None:
    for value in BYTES:
        for name in ("email", "password"):
            answer = client.submit("/login", {"email": "reporter@example.go.jp", "password": "x", name: value})
            assert answer.status_code in {200, 400}, (name, value[:9])
    for value in VALUES:
        assert client.get(f"/login?next={value}").status_code < 500
        assert client.get(f"/use-cases?q={value}").status_code == (400 if value == "%00" else 302)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b'{"title": "x"}', "application/json"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"\xff" * 100, "multipart/form-data"),
        (b"=&=&%%%&\xff=\xff", "application/x-www-form-urlencoded"),
        (b"a=1&" * 2000, "application/x-www-form-urlencoded"),
        (b"", ""),
    ],
)
def test_a_body_that_is_no_form_is_refused(client_of: ClientOf, database: Database, body: bytes, kind: str) -> None:
    for address in ("/use-cases/new", "/login", "/language"):
        answer = client_of("reporter").post(address, data=body, content_type=kind)
        assert answer.status_code in {400, 413, 415}, address
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(UseCase)) == 0


@pytest.mark.parametrize(
    ("address", "method", "status"),
    [
        (f"/use-cases/{uuid.UUID(int=0)}", "GET", 404),
        (f"/use-cases/{uuid.UUID(int=0)}/edit", "GET", 404),
        ("/use-cases/1", "GET", 404),
        ("/use-cases/not-a-uuid", "GET", 404),
        ("/use-cases/NEW", "GET", 404),
        ("/use-cases.pdf", "GET", 404),
        ("/no-such-page", "GET", 404),
        ("/static/no-such-file", "GET", 404),
        ("/use-cases", "POST", 405),
        ("/use-cases/new", "DELETE", 405),
        ("/logout", "GET", 405),
        ("/language", "GET", 405),
    ],
)
def test_what_is_not_there_has_a_page(client_of: ClientOf, address: str, method: str, status: int) -> None:
    client = client_of("reporter")
    tree, _ = html.parse(client.get("/use-cases/new").text)
    token = {"csrf_token": filled(find_form(tree, None))["csrf_token"]}
    answer = client.open(address, method=method, data=token if method != "GET" else None)
    assert answer.status_code == status
    assert "AI案件台帳" in answer.text
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("size", "kind"),
    [
        (MAX_REQUEST + 1, "application/x-www-form-urlencoded"),
        (MAX_REQUEST + 1, "multipart/form-data; boundary=x"),
        (MAX_FORM_MEMORY + 1, "multipart/form-data; boundary=x"),
    ],
)
def test_a_body_that_is_too_large_is_refused(client_of: ClientOf, size: int, kind: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n%b\r\n--x--\r\n' % (b"x" * size)
    answer = client_of("reporter").post("/use-cases/new", data=part, content_type=kind)
    assert answer.status_code == 413
    assert "AI案件台帳" in safe(answer).text


def test_every_kind_of_answer_has_the_security_headers(client_of: ClientOf, client: Client, case: UseCase) -> None:
    reporter, admin = client_of("reporter"), client_of("admin")
    answers = {
        200: reporter.get(f"/use-cases/{case.public_id}"),
        302: client.get("/use-cases"),
        303: reporter.submit("/use-cases/new", {"title": "題"}),
        400: reporter.post("/use-cases/new"),
        403: admin.get("/use-cases"),
        404: reporter.get("/no-such-page"),
        405: reporter.get("/logout"),
        409: reporter.get(f"/use-cases/{case.public_id}/move?to=suspended"),
        413: reporter.post("/use-cases/new", data={"purpose": "x" * (MAX_REQUEST + 1)}),
        422: reporter.submit("/use-cases/new", {"title": ""}),
    }
    assert {status: safe(answer).status_code for status, answer in answers.items()} == {one: one for one in answers}
    for address in ("/use-cases.csv", "/use-cases.xlsx", "/login", "/health", "/"):
        safe(reporter.get(address))


def test_a_crash_has_a_page_with_its_number_and_the_headers(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("秘密の題")

    monkeypatch.setattr(use_cases, "create", broken)
    client = client_of("reporter")
    tree, _ = html.parse(client.get("/use-cases/new").text)
    data = filled(find_form(tree, None)) | {"title": "題"}
    answer = FlaskClient.open(client, "/use-cases/new", method="POST", data=data)
    assert answer.status_code == 500
    assert html.problems(answer.text) == []
    assert "秘密の題" not in safe(answer).text
    number = caplog.records[-1].getMessage().split()[1]
    assert f"<code>{number}</code>" in answer.text


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    rules = dict(rule.split(" ", 1) for rule in CSP.split("; "))
    assert set(rules.values()) == {"'self'", "'none'"}
    assert (rules["default-src"], rules["frame-ancestors"], rules["base-uri"]) == ("'none'",) * 3


def test_only_files_whose_address_holds_their_digest_are_kept(client: Client) -> None:
    page, _ = html.parse(client.get("/login").text)
    script = next(one.get("src") or "" for one in page.iter("script"))
    kept = client.get(script, buffered=True)
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert {name: kept.headers.get(name) for name in FIXED} == FIXED
    assert "immutable" not in client.get(script.partition("?")[0], buffered=True).headers.get("Cache-Control", "")
    assert "immutable" not in client.get("/static/no-such-file?v=1", buffered=True).headers.get("Cache-Control", "")


def test_transport_security_is_asked_for_over_tls_only(client: Client) -> None:
    assert "Strict-Transport-Security" not in client.get("/login").headers
    secure = client.get("/login", base_url="https://localhost")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_another_host_name_is_refused(database_url: str, tmp_path: Path, clock: FixedClock) -> None:
    settings = settings_for(database_url, tmp_path).model_copy(update={"trusted_hosts": ["register.example"]})
    made = create_app(settings, clock, TESTING=True)
    made.test_client_class = Client
    client = made.test_client()
    assert client.get("/login", base_url="http://register.example").status_code == 200
    for host in ("evil.example", "register.example.evil.example", "localhost"):
        assert safe(client.get("/login", base_url=f"http://{host}")).status_code == 400
    made.extensions["register"].database.engine.dispose()


def test_json_is_no_form(client_of: ClientOf, client: Client, case: UseCase) -> None:
    for one, address in ((client, "/login"), (client_of("reporter"), f"/use-cases/{case.public_id}/edit")):
        for body in ({"title": 5}, [1], "x", {"password": 5, "email": "a@example.go.jp"}):
            assert one.post(address, json=body).status_code == 415
