"""The Excel channel in a browser: a workbook out and in without scripts, and its pages fit for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from register.clock import FixedClock
from register.factory import create_app
from tests.browser.conftest import Watch, carry_session, serve
from tests.support.application import settings_for
from tests.support.client import Client
from tests.support.data import NOW
from tests.support.databases import Databases
from tests.support.form_files import FormFile
from tests.support.rounds import AS_OF, opened, submission_of

PHONE = {"width": 320, "height": 640}
ONE, TWO, THREE = "a-2025-0001", "a-2025-0002", "a-2025-0003"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def app(databases: Databases, tmp_path: Path) -> Iterator[Flask]:
    """An application with an open round; the story changes what it finds."""
    url = databases.fresh("sqlite", "opened", opened)
    made = create_app(settings_for(url, tmp_path), FixedClock(NOW), TESTING=True)
    made.test_client_class = Client
    yield made
    made.extensions["register"].database.engine.dispose()
    databases.release(url)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where it answers."""
    yield from serve(app)


@pytest.fixture
def desk(
    app: Flask, browser: Browser, browser_context_args: dict[str, object], address: str, watch: Watch
) -> Iterator[Callable[..., BrowserContext]]:
    """``desk(scripts=False)`` is the browser of the reporter, signed in."""
    contexts = []

    def make(*, scripts: bool = True, language: str = "ja") -> BrowserContext:
        context = browser.new_context(**{**browser_context_args, "base_url": address, "java_script_enabled": scripts})
        watch.on(context)
        contexts.append(context)
        context.add_cookies([{"name": "language", "value": language, "url": address}])
        carry_session(app, context, address, "reporter@example.go.jp")
        return context

    yield make
    for context in contexts:
        context.close()


def place(app: Flask) -> str:
    """Return where the workbook of ministry a is handed in."""
    with app.extensions["register"].database.reading() as session:
        return f"/submissions/{submission_of(session).public_id}/upload"


def downloaded(page: Page) -> FormFile:
    """Take the workbook from the page."""
    with page.expect_download() as download:
        page.locator("a[href$='workbook.xlsx']").click()
    return FormFile(Path(download.value.path()).read_bytes())


def hand_in(page: Page, data: bytes) -> None:
    """Choose a file and send it."""
    page.set_input_files("input[type=file]", {"name": "報告.xlsx", "mimeType": XLSX, "buffer": data})
    page.locator("main form button[type=submit]").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_ministry_answers_in_a_workbook(app: Flask, desk: Callable[..., BrowserContext], scripts: bool) -> None:
    page = desk(scripts=scripts).new_page()
    page.goto(place(app))
    file = downloaded(page)
    hand_in(page, file.set(ONE, confirmation="変更なし").set(TWO, confirmation="なし").xlsx())
    expect(page.get_by_role("alert")).to_contain_text("直すところが1件あります。")
    page.get_by_role("link", name="直した様式をアップロードし直す").click()
    hand_in(page, file.set(TWO, confirmation="変更あり", unit="別の課").add(title="新しい案件").xlsx())
    page.get_by_role("button", name="この3件を取り込む").click()
    expect(page.get_by_role("status").first).to_contain_text("様式から3件を取り込みました。")
    expect(page.get_by_role("row", name="新しい案件")).to_contain_text("新規")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_pages_of_an_upload_are_fit_for_everybody(
    app: Flask, desk: Callable[..., BrowserContext], axe: Callable[[Page], list[str]], language: str
) -> None:
    page = desk(language=language).new_page()
    page.goto(place(app))
    file = downloaded(page)
    file.set(ONE, confirmation="変更あり", purpose="=1+1\n" + "長い用途" * 40)
    file.set(TWO, confirmation="利用終了", ended_on=AS_OF, ended_reason="契約の終了")
    fit(page, axe)
    hand_in(page, file.xlsx())
    fit(page, axe)
    page.goto(place(app))
    hand_in(page, file.set(THREE, confirmation="あ" * 80, start_on="いつか").xlsx())
    fit(page, axe)
    page.goto(place(app))
    hand_in(page, b"x")
    assert page.locator(".field__err").count() == 1
    fit(page, axe)


def fit(page: Page, axe: Callable[[Page], list[str]]) -> None:
    """Look at the page with axe and on a telephone."""
    page.wait_for_load_state("load")
    assert axe(page) == []
    wide = page.viewport_size
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    page.set_viewport_size(wide)
