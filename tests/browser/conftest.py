"""Real pages in a real browser: Debian's chromium against the application on a port of its own.

Every page that a test opens is watched: what the content security policy refuses, and any error of the script, fails
the test. Under the policy ``page.wait_for_function("text")`` cannot work; use ``expect(locator)`` instead.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from register.clock import FixedClock
from register.factory import create_app
from register.models import User
from tests.support.application import demo, settings_for
from tests.support.client import Client
from tests.support.data import NOW
from tests.support.databases import Databases
from tests.support.webhooks import ADMITTED, add_webhooks

FLAGS = [
    "--no-sandbox",  # root has no sandbox; only pages of our own are opened
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A page that answers 404, 409 or 422 on purpose is no error of the page.
EXPECTED = "Failed to load resource: the server responded with a status of 4"


def chromium() -> str | None:
    """Return the browser's program: the one named in CHROMIUM, or Debian's."""
    return shutil.which(os.environ.get("CHROMIUM", "chromium"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """How the browser is started; without one the tests are skipped (and fail with CI=true)."""
    program = chromium()
    if program is None:
        pytest.skip("no browser: install the Debian packages chromium and fonts-noto-cjk")
    return {**browser_type_launch_args, "executable_path": program, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A ministry's desk: Japanese, Tokyo, a usual window, no animations."""
    window = {"width": 1280, "height": 900}
    return {
        **browser_context_args,
        "locale": "ja-JP",
        "timezone_id": "Asia/Tokyo",
        "viewport": window,
        "reduced_motion": "reduce",
    }


class Watch:
    """Collects what the pages of a context complain about."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def on(self, context: BrowserContext) -> None:
        """Listen to every page of ``context``, those opened later too."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(EXPECTED):
            self.complaints.append(f"{message.type}: {message.text}")


@pytest.fixture
def watch() -> Iterator[Watch]:
    """The complaints of this test's pages; any is a failure."""
    watching = Watch()
    yield watching
    assert not watching.complaints, watching.complaints


@pytest.fixture
def context(context: BrowserContext, watch: Watch) -> BrowserContext:
    """The browser context of the test, watched."""
    watch.on(context)
    return context


@pytest.fixture
def context_without_script(
    browser: Browser, browser_context_args: dict[str, Any], base_url: str
) -> Iterator[BrowserContext]:
    """A context in which scripts are off: every page must do without."""
    opened = browser.new_context(**{**browser_context_args, "base_url": base_url, "java_script_enabled": False})
    yield opened
    opened.close()


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong on the page as it stands now, one line for each element."""
    # Evaluated through the developer tools, so that our content security policy needs no hole for it.
    page.evaluate(AXE)
    # Told that only faults are wanted, axe is three times as quick: it describes no element that is well.
    run = "async tags => await axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"
    result = page.evaluate(run, AXE_TAGS)
    return [
        f"{found['id']}: {found['help']}: {node['html'][:160]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """``axe(page)`` names the accessibility faults of a page; an empty list is a good page."""
    return violations


def serve(app: Flask) -> Iterator[str]:
    """Yield the address of ``app`` on a free port; it is stopped afterwards."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="session")
def live_app(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application with the demo data, one for all browser tests of a worker: leave its data as you found them."""
    url = databases.fresh("sqlite", "demo", demo)
    settings = settings_for(url, tmp_path_factory.mktemp("live"))
    posting = {"webhook_hosts": sorted(ADMITTED.hosts), "public_url": "https://register.example.go.jp"}
    made = create_app(settings.model_copy(update=posting), FixedClock(NOW), TESTING=True)
    made.test_client_class = Client
    with made.extensions["register"].database.writing() as session:
        add_webhooks(session)
    yield made
    made.extensions["register"].database.engine.dispose()
    databases.release(url)


@pytest.fixture(scope="session")
def base_url(live_app: Flask) -> Iterator[str]:
    """Where the application answers; ``page.goto("/use-cases")`` begins here."""
    yield from serve(live_app)


@pytest.fixture
def sign_in(live_app: Flask, context: BrowserContext, base_url: str) -> Callable[[str], None]:
    """``sign_in(email)`` makes that person the one at this browser, without the cost of a password."""
    return lambda email: carry_session(live_app, context, base_url, email)


@cache
def agent_of(browser: Browser) -> str:
    """Return what the browser calls itself: a session is of the browser that began it."""
    page = browser.new_page()
    agent = str(page.evaluate("navigator.userAgent"))
    page.close()
    return agent


def carry_session(app: Flask, context: BrowserContext, address: str, email: str) -> None:
    """Give the browser the session of the person with ``email``."""
    assert context.browser is not None
    with app.extensions["register"].database.reading() as reading:
        person = reading.scalars(select(User).where(User.email == email)).one()
    client = app.test_client()
    assert isinstance(client, Client)
    client.environ_base["HTTP_USER_AGENT"] = agent_of(context.browser)
    cookie = client.sign_in(person).get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
