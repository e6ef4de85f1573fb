"""The burden of a round: what a ministry loads and clicks from the sign-in to "sent for approval", in a real browser.

The steps are those of a person at the screen: read the page, press what it offers. A test holds the same promises.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from bench.measure import Count
from config.settings import ROOT, Settings
from register import audit, migrate, workdays
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.factory import create_app
from register.formspec.loader import FormLibrary, load_library
from register.models import Ministry, User
from register.services import rounds
from register.services.round_import import RoundFacts, import_round
from register.vocab import Role, RoundDeed

CASES = 12
NOW = dt.datetime(2026, 5, 11, 1, 0, tzinfo=dt.UTC)
PASSWORD = "measured-burden-2026"
# Who answers what: a ministry with cases that did not change, and one without any.
UNCHANGED, NONE = "reporter@cases.example", "reporter@none.example"
BY = Actor.system("bench")
PROGRAM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",  # root has no sandbox; only pages of our own are opened
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@dataclass(frozen=True)
class Burden:
    """What one way through cost."""

    loads: int
    clicks: int


class Person:
    """Somebody at a browser, whose page loads and clicks are counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.loads = self.clicks = 0
        page.on("load", lambda _page: self._loaded())

    def _loaded(self) -> None:
        self.loads += 1

    def click(self, selector: str) -> None:
        """Press what ``selector`` finds first, and wait until the page stands."""
        self.clicks += 1
        self.page.locator(selector).first.click()
        self.page.wait_for_load_state("load")

    def sign_in(self, email: str) -> None:
        """Come to the register and sign in."""
        self.page.goto("/")
        self.page.fill("[name=email]", email)
        self.page.fill("[name=password]", PASSWORD)
        self.click("main button[type=submit]")

    @property
    def burden(self) -> Burden:
        """What it cost so far."""
        return Burden(self.loads, self.clicks)


def unchanged(person: Person) -> None:
    """Twelve cases as they were last time."""
    person.sign_in(UNCHANGED)
    person.click(".tasks a")
    person.click("a:has-text('まとめて確認する')")
    person.click("main button:has-text('変更なしで確認する')")
    _send(person)


def one_changed(person: Person) -> None:
    """Twelve cases, one of which is used for something else than last time."""
    person.sign_in(UNCHANGED)
    person.click(".tasks a")
    person.click("tbody th a")
    person.click(".tasks a:has-text('利用の内容')")
    person.page.fill("textarea", "窓口での説明文の作成にも使うようになった。")
    person.click("main button:has-text('保存する')")
    person.click("button:has-text('残りは前回と同じ')")
    person.click("a:has-text('まとめて確認する')")
    person.click("main button:has-text('変更なしで確認する')")
    _send(person)


def nil(person: Person) -> None:
    """A ministry that has no case."""
    person.sign_in(NONE)
    person.click("a:has-text('該当なしと報告する')")
    person.click("main button:has-text('該当なし')")
    _sent(person)


def _send(person: Person) -> None:
    person.click("a:has-text('承認する人に回す')")
    person.click("main button:has-text('確認に回す')")
    _sent(person)


def _sent(person: Person) -> None:
    if not person.page.locator(".tag:has-text('府省庁内確認')").count():
        raise RuntimeError("the return was not sent for approval")


# What is promised: page loads, and clicks where they are promised too.
WAYS: Mapping[str, tuple[Callable[[Person], None], int, int | None]] = {
    "12 unchanged cases": (unchanged, 8, 10),
    "nil return": (nil, 4, None),
    "one changed case of 12": (one_changed, 12, None),
}


def prepared(url: str, forms: FormLibrary) -> None:
    """Fill a new database: a round that one ministry reported, and the next, open for it and for one without cases."""
    database = Database(url, FixedClock(NOW))
    migrate.upgrade(database.engine, ROOT / "migrations")
    spec = forms.newest
    lines = [
        f"m-2025-{number:04d},府省庁M,相談課,議事録の要約{number},会議の記録に用いる,G1,1,2025-04-01,1,R,1,NO,,1,,0"
        for number in range(1, CASES + 1)
    ]
    data = "\n".join([",".join(spec.columns), *lines]).encode()
    with database.writing() as session:
        facts = RoundFacts(2025, 2, dt.date(2025, 9, 30))
        import_round(session, facts, data, spec=spec, create_ministries=True, roster={}, by=BY)
        session.add(Ministry(key="n", name="府省庁N", name_short="府省庁N", name_en="Ministry N", sort_no=99))
        audit.record(session, audit.Event.MINISTRY_CREATED, None, by=BY)
        ministries = {row.name: row.id for row in session.query(Ministry)}
        for email, name in ((UNCHANGED, "府省庁M"), (NONE, "府省庁N")):
            _account(email, ministries[name], session.add)
        audit.record(session, audit.Event.USER_CREATED, None, by=BY)
        today = NOW.date()
        plan = rounds.Plan(
            2026,
            1,
            rehearsal=False,
            as_of=dt.date(2026, 4, 30),
            opens_on=today,
            due_on=workdays.add(today, 10),
            form=spec.version,
            ministries=tuple(ministries.values()),
        )
        made = rounds.plan(session, plan, forms=forms, by=BY)
        for deed in (RoundDeed.SCHEDULE, RoundDeed.OPEN):
            rounds.move(session, made, deed, forms=forms, by=BY)
    database.engine.dispose()


def _account(email: str, ministry_id: int, add: Callable[[object], None]) -> None:
    hashed = PasswordHasher().hash(PASSWORD)
    person = User(email=email, name="担当", role=Role.REPORTER, ministry_id=ministry_id, password=hashed, active=True)
    person.fs_uniquifier = secrets.token_hex(16)
    add(person)


@contextmanager
def answering(folder: Path) -> Iterator[str]:
    """Serve a prepared register of its own in ``folder``; yield its address."""
    url = f"sqlite:///{folder / 'burden.sqlite3'}"
    prepared(url, load_library(ROOT / "config", "periodic"))
    settings = Settings(
        database_url=url, files_url=str(folder / "files"), secret_key=secrets.token_hex(32), cookie_secure=False
    )
    app = create_app(settings, FixedClock(NOW))
    # Its line for every request would stand between the bench's own.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        app.extensions["register"].database.engine.dispose()


def walk(browser: Browser, folder: Path, name: str) -> Burden:
    """Go one way on a register of its own; return what it cost."""
    way = WAYS[name][0]
    with answering(folder) as address:
        context = browser.new_context(base_url=address, locale="ja-JP")
        try:
            person = Person(context.new_page())
            way(person)
            return person.burden
        finally:
            context.close()


def measure(folder: Path) -> list[Count]:
    """Go every way; return its counts beside the promises."""
    lines = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        for number, (name, (_, loads, clicks)) in enumerate(WAYS.items()):
            own = folder / f"burden-{number}"
            own.mkdir()
            found = walk(browser, own, name)
            lines.append(Count(f"burden: {name}, page loads", found.loads, loads))
            lines.append(Count(f"burden: {name}, clicks", found.clicks, clicks))
        browser.close()
    return lines
