"""Both languages: how a person switches, and English pages in which only what people wrote is Japanese."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from register import audit
from register.authz import Actor
from register.db import Database
from register.models import Incident, Job, Ministry, Round, UseCase, User
from register.services import measures, sentinel, snapshots, use_cases
from register.vocab import JobState
from tests.support import html
from tests.support import snapshots as snapshot_rows
from tests.support.application import demo
from tests.support.client import Client, filled, find_form
from tests.support.data import NOW
from tests.support.databases import Build
from tests.support.english_pages import ADMIN, EVERYONE, FILES, READ
from tests.support.notices import ask_for_consent
from tests.support.round_files import FORMS
from tests.support.running_round import LIBRARY
from tests.support.webhooks import add_webhooks

ClientOf = Callable[[str], Client]
SWITCH = "/language"
# ※, Japanese punctuation, kana, kanji, and the full-width forms that only Japanese text is set in.
JAPANESE = re.compile(r"[\u203b\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
SAID = ("aria-label", "alt", "title")
HERE = "/use-cases?q=%E8%B3%87%E6%96%99&sort=title"
# How many pages of an endpoint a person reads: they differ in their rows only.
ENOUGH = 6


@pytest.fixture
def content() -> Build:
    """The demo data."""
    return demo


def person(session: Session, name: str) -> User:
    """Return the person of the demo with this name before the @."""
    return session.scalars(select(User).where(User.email == f"{name}@demo.example")).one()


@pytest.fixture
def browser_of(app: Flask, database: Database) -> ClientOf:
    """``browser_of("auditor")`` returns that person's browser, in Japanese as at first."""

    def make(name: str) -> Client:
        client = app.test_client()
        assert isinstance(client, Client)
        with database.reading() as session:
            return client.sign_in(person(session, name))

    return make


@pytest.fixture
def english(browser_of: ClientOf) -> ClientOf:
    """The same, switched to English."""

    def make(name: str) -> Client:
        client = browser_of(name)
        assert switch(client, "/").status_code == 303
        return client

    return make


@pytest.fixture
def more(database: Database) -> None:
    """What the demo lacks: a snapshot, jobs, a measure done, a text to clear, a ministry to add, English names of bodies."""
    with database.writing() as session:
        secretariat = person(session, "secretariat")
        current = session.scalars(select(Round).where(Round.number == 2)).one()
        session.add(kept := snapshot_rows.row(round_id=current.id))
        audit.record(session, audit.Event.SNAPSHOT_MADE, kept, by=Actor.of(secretariat))
        for state in JobState:
            asked = {"asked_by_id": secretariat.id, "asked_by": secretariat.name, "asked_at": NOW}
            params = {"kind": "report", "subject": {"round_id": current.id}, "language": "en"}
            session.add(Job(kind=snapshots.KIND, key=state.value, state=state, params=params, total=3, **asked))
            session.add(Job(kind=sentinel.KIND, key=f"check {state.value}", state=state, params={}, total=3, **asked))
        approver = Actor.of(person(session, "approver.k"))
        miss = session.scalars(select(Incident).where(Incident.ministry_id == approver.ministry_id)).one()
        _, done = (
            measures.add(session, miss, body=body, owner="総務課", due_on=NOW.date(), by=approver)
            for body in ("入力の前に氏名を消す。", "研修をする。")
        )
        measures.done(session, done, on=miss.detected_on, version=done.version, by=approver)
        ask_for_consent(session, miss, approver, Actor.of(secretariat))
        for ministry in session.scalars(select(Ministry).where(Ministry.key.in_(["A", "D", "K"]))):
            if ministry.key == "D":  # which had no case that the notice of the demo is about
                known = {"title": "照会への回答案の作成", "usage_type": "S1"}
                use_cases.create(
                    session, form=LIBRARY.newest, values=known, by=replace(approver, ministry_id=ministry.id)
                )
            ministry.name_en = f"Ministry {ministry.key}"
            audit.record(session, audit.Event.MINISTRY_CREATED, ministry, by=Actor.of(secretariat))


def switch(client: Client, page: str, language: str = "en", **values: str) -> TestResponse:
    """Press the switch that stands on ``page``."""
    return client.submit(page, {"language": language, **values}, button=SWITCH)


def root_language(client: Client, address: str = "/") -> str | None:
    """Return which language a page says that it is in."""
    return html.parse(client.get(address).text)[0].get("lang")


def walk(element: Element, language: str = "") -> Iterator[tuple[Element, str, str]]:
    """Yield every text of the page that a person reads or hears, with its element and its language."""
    language = element.get("lang", language)
    if element.tag in {"script", "style", "title"}:
        return
    yield from ((element, language, element.get(name, "")) for name in SAID)
    yield element, language, element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            yield from walk(child, language)
        yield element, language, child.tail or ""


def strays(text: str) -> list[str]:
    """Return what is Japanese in a page and not marked as such."""
    tree, _ = html.parse(text)
    found = [said.strip() for _, language, said in walk(tree) if language != "ja" and JAPANESE.search(said)]
    # A title has no elements: what people wrote may stand there, but the words around it are ours.
    title = tree.findtext("head/title") or ""
    return found if title.endswith(" | AI case register") else [*found, title]


def mismarked(text: str) -> list[str]:
    """Return what is marked as Japanese in an English page and is not."""
    tree, _ = html.parse(text)
    marked = [element for element in tree.iter() if isinstance(element.tag, str) and element.get("lang") == "ja"]
    return [
        "".join(element.itertext())
        for element in marked
        if not JAPANESE.search("".join(element.itertext()) + element.get("value", ""))
    ]


def links(text: str) -> list[str]:
    """Return the addresses of ours that a page leads to."""
    tree, _ = html.parse(text)
    return [href for link in tree.iter("a") if (href := link.get("href") or "").startswith("/")]


def endpoint(app: Flask, address: str) -> str:
    """Return what answers a GET of ``address``; nothing for what is no page of ours."""
    try:
        return str(app.url_map.bind("localhost").match(address.partition("?")[0])[0])
    except HTTPException:
        return ""


def test_the_person_comes_back_to_the_page_in_the_chosen_language(browser_of: ClientOf) -> None:
    client = browser_of("auditor")
    assert root_language(client) == "ja"
    answer = switch(client, HERE)
    assert (answer.status_code, answer.location) == (303, HERE)
    assert root_language(client, answer.location) == "en"
    assert ">Use cases</h1>" in client.get(HERE).text
    assert switch(client, HERE, "ja").location == HERE
    assert root_language(client, HERE) == "ja"


def test_the_choice_is_kept_for_a_year_out_of_reach_of_scripts(browser_of: ClientOf) -> None:
    client = browser_of("auditor")
    kept = next(line for line in switch(client, "/").headers.getlist("Set-Cookie") if line.startswith("language=en"))
    assert {"Max-Age=31536000", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(kept.split("; "))
    client.submit("/", button="/logout")
    assert root_language(client, "/login") == "en"


def test_who_has_not_signed_in_may_switch_too(client: Client) -> None:
    answer = switch(client, "/login")
    assert (answer.status_code, answer.location) == (303, "/login")
    assert root_language(client, "/login") == "en"


@pytest.mark.parametrize(
    "foreign",
    [
        "https://other.example/",
        "//other.example/",
        "/\\other.example",
        "/\t/other.example",
        "\t//other.example",
        "/\n/other.example",
        "/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "use-cases",
        "",
    ],
)
def test_an_address_that_is_not_ours_leads_to_the_first_page(client: Client, foreign: str) -> None:
    answer = switch(client, "/login", next=foreign)
    assert (answer.status_code, answer.location) == (303, "/")


@pytest.mark.parametrize("language", ["fr", "EN", "", "en; ja"])
def test_an_unknown_language_is_refused(client: Client, language: str) -> None:
    answer = switch(client, "/login", language)
    assert answer.status_code == 400
    assert not any(line.startswith("language=") for line in answer.headers.getlist("Set-Cookie"))
    assert root_language(client, "/login") == "ja"


def test_an_unknown_choice_in_the_cookie_is_no_choice(client: Client) -> None:
    client.set_cookie("language", "fr")
    assert root_language(client, "/login") == "ja"


def test_a_switch_without_the_token_of_the_page_is_refused(client: Client) -> None:
    assert client.post(SWITCH, data={"language": "en", "next": "/"}).status_code == 400
    assert root_language(client, "/login") == "ja"


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("ja", "メールアドレスとパスワードを確認して、もう一度入力してください。"),
        ("en", "Check your email address and password, and enter them again."),
    ],
)
@pytest.mark.parametrize("email", ["auditor@demo.example", "nobody@demo.example", "x", ""])
def test_a_failed_sign_in_is_told_in_our_words_only(client: Client, language: str, sentence: str, email: str) -> None:
    client.set_cookie("language", language)
    tree, _ = html.parse(client.submit("/login", {"email": email, "password": "wrong"}).text)
    told = [element for element in tree.iter("div") if element.get("role") == "alert"]
    assert ["".join(item.itertext()) for item in told[0].iter("li")] == [sentence]
    assert [element.get("class") for element in tree.iter("p") if "err" in (element.get("class") or "")] == []


def test_the_search_for_strays_finds_them() -> None:
    page = (
        '<!doctype html><html lang="en"><title>題 | AI case register</title><body aria-label="メニュー"><p>Cases（3）'
    )
    page += '<span lang="ja">題</span>、</p><p lang="ja">Title</p><p lang="ja">題<b lang="en">件</b></p></body></html>'
    assert strays(page) == ["メニュー", "Cases（3）", "、", "件"]
    assert strays(page.replace(" | ", "｜")) == ["メニュー", "Cases（3）", "、", "件", "題｜AI case register"]
    assert mismarked(page) == ["Title"]


def checked(client: Client, address: str) -> TestResponse:
    """Return a page after looking for what is not English in it."""
    answer = client.get(address)
    if answer.mimetype == "text/html":
        assert (strays(answer.text), mismarked(answer.text)) == ([], []), address
    return answer


def read_on(client: Client, app: Flask, waiting: list[str]) -> set[str]:
    """Follow the links from these pages on, to some pages of every endpoint; return the endpoints that were read."""
    seen, counted = set(waiting), Counter(endpoint(app, address) for address in waiting)
    while waiting:
        for link in links(checked(client, waiting.pop()).text):
            name = endpoint(app, link)
            if link not in seen and counted[name] < ENOUGH and name not in FILES:
                counted[name] += 1
                seen.add(link)
                waiting.append(link)
    return set(counted)


@pytest.mark.usefixtures("more")
@pytest.mark.parametrize("name", READ)
def test_an_english_page_is_japanese_only_where_people_wrote_it(
    name: str, english: ClientOf, app: Flask, database: Database
) -> None:
    client = english(name)
    with database.reading() as session:
        jobs = [f"/jobs/{job.public_id}" for job in session.scalars(select(Job))]
    start = ["/", HERE, "/use-cases?usage_type=S2&ministry=B&q=zzz", "/audit?since=x", "/nowhere", *jobs]
    start.append("/questions?state=explained")
    assert {*EVERYONE, *READ[name]} <= read_on(client, app, start)


def test_what_the_administrator_reads_is_english_too(english: ClientOf, app: Flask, database: Database) -> None:
    with database.writing() as session:
        add_webhooks(session)
    assert read_on(english("admin"), app, ["/"]) >= ADMIN


def test_every_kind_of_entry_of_the_log_is_read(english: ClientOf, app: Flask) -> None:
    client, read = english("auditor"), 0
    for event in audit.Event:
        shown = links(checked(client, f"/audit?event={event.value}").text)
        for entry in [link for link in shown if endpoint(app, link) == "audit.show"][:1]:
            checked(client, entry)
            read += 1
    assert read > 8


def test_what_a_page_refuses_is_said_in_english(english: ClientOf, database: Database) -> None:
    client = english("approver.k")
    with database.writing() as session:
        by = Actor.of(person(session, "approver.k"))
        case = use_cases.create(session, form=FORMS["v2"], values={"title": "新しい案件"}, by=by)
    address = f"/use-cases/{case.public_id}"
    wrong = client.submit(f"{address}/edit", {"title": "", "purpose": "用途", "start_on": "あした"})
    assert "There are 2 problems with what you entered" in wrong.text
    early = client.submit(f"{address}/move?to=verification")
    wanted = "Usage type, Scope of users, Confidentiality of the information"
    assert f"Before the use starts, enter: {wanted}." in early.text
    odd = client.get(f"{address}/move?to=suspended")
    assert "from “Planned” to “Suspended”" in odd.text
    for answer, status in ((wrong, 422), (early, 422), (odd, 409)):
        assert (answer.status_code, strays(answer.text), mismarked(answer.text)) == (status, [], [])


def test_a_stale_edit_shows_both_texts_as_what_they_are(english: ClientOf, database: Database) -> None:
    client = english("approver.k")
    with database.reading() as session:
        case = session.scalars(select(UseCase).where(UseCase.case_no == "K-2025-0001")).one()
    page = f"/use-cases/{case.public_id}/edit"
    old = filled(find_form(html.parse(client.get(page).text)[0], None))
    assert client.submit(page, {"title": "先の題"}).status_code == 303
    stale = client.post(page, data={**old, "title": "後の題"})
    assert (stale.status_code, strays(stale.text), mismarked(stale.text)) == (409, [], [])


def test_a_form_is_saved_in_english_as_it_was_opened(english: ClientOf, database: Database) -> None:
    client = english("approver.k")
    with database.writing() as session:
        by = Actor.of(person(session, "approver.k"))
        values = {"title": "題", "start_on": dt.date(2025, 12, 1)}
        case = use_cases.create(session, form=FORMS["v2"], values=values, by=by)
    page = f"/use-cases/{case.public_id}/edit"
    assert 'value="1 December 2025"' in client.get(page).text
    assert client.submit(page, {"title": "新しい題"}).status_code == 303
    with database.reading() as session:
        assert session.get_one(UseCase, case.id).start_on == dt.date(2025, 12, 1)
