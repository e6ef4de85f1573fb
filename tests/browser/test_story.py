"""The newcomer's way through, with scripts and without: a case moves on, a report is read, a snapshot is kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from register import audit
from register.clock import FixedClock
from register.factory import create_app
from register.jobs.runner import Runner
from tests.browser.conftest import Watch, serve
from tests.support.application import demo, settings_for
from tests.support.data import NOW
from tests.support.databases import Databases

PASSWORD = "daicho-demo-2025"
CASE = "K-2025-0013"


@pytest.fixture
def app(databases: Databases, tmp_path: Path) -> Iterator[Flask]:
    """An application of the story's own: it changes what it finds."""
    url = databases.fresh("sqlite", "demo", demo)
    made = create_app(settings_for(url, tmp_path), FixedClock(NOW), TESTING=True)
    yield made
    made.extensions["register"].database.engine.dispose()
    databases.release(url)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where it answers."""
    yield from serve(app)


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts."""
    return bool(request.param)


@pytest.fixture
def desk(
    browser: Browser, browser_context_args: dict[str, object], address: str, watch: Watch, scripts: bool
) -> Iterator[BrowserContext]:
    """Somebody's browser."""
    opened = browser.new_context(**{**browser_context_args, "base_url": address, "java_script_enabled": scripts})
    watch.on(opened)
    yield opened
    opened.close()


@pytest.fixture
def faults(axe: Callable[[Page], list[str]], scripts: bool) -> Callable[[Page], list[str]]:
    """What axe finds on a page; it is a script itself and waits for ever where none runs."""
    return axe if scripts else lambda _page: []


def sign_in(page: Page, name: str) -> None:
    """Sign in as a person of the demo, by typing."""
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("サインイン")
    page.get_by_label("メールアドレス").fill(f"{name}@demo.example")
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="サインイン").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ホーム")


def sign_out(page: Page) -> None:
    """Sign out by the button of every page."""
    page.get_by_role("button", name="サインアウト").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("サインイン")


def move(page: Page, verb: str, day: str) -> None:
    """Take the step of a case's life that is called ``verb``."""
    page.get_by_role("link", name=verb).click()
    page.get_by_label("移行日").fill(day)
    page.get_by_role("button", name=verb).click()


def test_a_case_moves_on_and_a_snapshot_is_kept(
    app: Flask, desk: BrowserContext, faults: Callable[[Page], list[str]]
) -> None:
    page = desk.new_page()
    sign_in(page, "reporter.k")
    carry_a_case_on(page)
    sign_out(page)
    sign_in(page, "secretariat")
    read_the_report(page)
    digest = ask_for_a_snapshot(app, page, faults)
    sign_out(page)
    sign_in(page, "auditor")
    keep_the_snapshot(page, digest, faults)
    with app.extensions["register"].database.reading() as session:
        assert audit.verify(session).finding is None


def carry_a_case_on(page: Page) -> None:
    """Find a planned case, start its verification, then its production; a wrong day is told."""
    page.get_by_role("link", name="案件", exact=True).click()
    page.get_by_label("言葉で探す").fill("ｋ-2025-0013")
    page.get_by_role("button", name="絞り込む").click()
    page.get_by_role("table").get_by_role("link", name="国際業務における要約").click()
    expect(page.locator(".lead")).to_contain_text("利用開始前")
    move(page, "検証を始める", "令和7年13月1日")
    expect(page.get_by_role("alert")).to_contain_text("日付として読めません")
    expect(page.get_by_label("移行日")).to_have_value("令和7年13月1日")
    page.get_by_label("移行日").fill("R7.10.1")
    page.get_by_role("button", name="検証を始める").click()
    expect(page.locator(".lead")).to_contain_text("検証段階")
    move(page, "常用へ移す", "2025/11/5")
    expect(page.locator(".lead")).to_contain_text("常用段階")
    steps = page.locator(".life__step")
    expect(steps).to_have_count(3)
    expect(steps.nth(1)).to_contain_text("令和7年10月1日")
    expect(steps.nth(1)).to_contain_text("35日間")
    expect(steps.nth(2)).to_have_attribute("aria-current", "step")


def read_the_report(page: Page) -> None:
    """Open the newest round's tables, look at a figure and at the cases behind it."""
    page.get_by_role("link", name="定期報告", exact=True).click()
    page.get_by_role("table").get_by_role("link", name="2025年度第2回").click()
    page.get_by_role("link", name="集計を見る").click()
    expect(page.locator("main")).to_contain_text("約90％が利用開始済")
    table = page.get_by_role("table", name="利用類型・利用時期", exact=True)
    row = table.get_by_role("row", name=re.compile("利用開始済み"))
    row.get_by_role("link", name="212").click()
    expect(page.get_by_role("heading", name="212件")).to_be_visible()
    page.go_back()


def ask_for_a_snapshot(app: Flask, page: Page, faults: Callable[[Page], list[str]]) -> str:
    """Ask for the PDF, watch the job's page while it is made, and return the digest that the snapshot's page shows."""
    page.get_by_role("link", name="集計の台帳写しを作成する").click()
    page.get_by_role("button", name="作成を始める").click()
    expect(page.get_by_role("status")).to_contain_text("順番を待っています")
    assert faults(page) == []
    job = page.url
    runner = Runner(app.extensions["register"])
    # What the demo has asked for is done too.
    assert runner.tick()
    runner.close()
    if page.get_by_role("link", name="最新の状態に更新").count():
        page.goto(job)
    page.get_by_role("link", name="できた台帳写しを開く").click()
    assert faults(page) == []
    return page.locator(".sum__row", has_text="ファイルのSHA-256").locator("code").inner_text()


def keep_the_snapshot(page: Page, digest: str, faults: Callable[[Page], list[str]]) -> None:
    """Download the PDF as the auditor, compare its digest, and have it checked."""
    page.get_by_role("link", name="台帳写し", exact=True).click()
    page.get_by_role("table").get_by_role("link", name="report-2025-2-001-ja.pdf").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="台帳写しをダウンロードする").click()
    content = download.value.path().read_bytes()
    assert content.startswith(b"%PDF-1.7")
    assert hashlib.sha256(content).hexdigest() == digest
    page.get_by_role("link", name="写しを確かめる", exact=True).first.click()
    page.get_by_label("ファイル").set_input_files(download.value.path())
    page.get_by_role("button", name="確かめる", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("問題は見つかりませんでした")
    assert faults(page) == []
    page.get_by_role("link", name="監査記録", exact=True).click()
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows.nth(1)).to_contain_text("台帳写しを確かめた")
    expect(rows.nth(2)).to_contain_text("台帳写しをダウンロードした")


def test_the_page_of_a_job_follows_it_by_itself(
    app: Flask, browser: Browser, browser_context_args: dict[str, object], address: str, watch: Watch
) -> None:
    context = browser.new_context(**{**browser_context_args, "base_url": address})
    watch.on(context)
    page = context.new_page()
    sign_in(page, "secretariat")
    page.goto("/rounds/2025-2/snapshots/report")
    page.get_by_role("button", name="作成を始める").click()
    runner = Runner(app.extensions["register"], handlers={})
    # What the demo has asked for is done too.
    assert runner.tick()
    runner.close()
    expect(page.locator("[data-job]")).to_contain_text("作成できませんでした", timeout=15_000)
    expect(page.get_by_role("link", name="台帳写しの画面へ")).to_be_visible()
    context.close()
