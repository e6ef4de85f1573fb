"""A ministry answers a round: with scripts and without, by the mouse and by the keyboard alone, and what scripts add."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from sqlalchemy import select

from register import audit
from register.clock import FixedClock
from register.factory import create_app
from register.models import Submission, SubmissionItem
from register.vocab import Confirmation, SubmissionState
from tests.browser.conftest import Watch, carry_session, serve
from tests.support.application import settings_for
from tests.support.client import Client
from tests.support.data import NOW
from tests.support.databases import Databases
from tests.support.rounds import opened, submission_of

FAR = 120  # no page of the way has so many stops


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
def desk_of(
    app: Flask, browser: Browser, browser_context_args: dict[str, object], address: str, watch: Watch
) -> Iterator[Callable[..., BrowserContext]]:
    """``desk_of("reporter")`` is the browser of that person, signed in."""
    contexts = []

    def make(name: str, *, scripts: bool = True) -> BrowserContext:
        context = browser.new_context(**{**browser_context_args, "base_url": address, "java_script_enabled": scripts})
        watch.on(context)
        contexts.append(context)
        carry_session(app, context, address, f"{name}@example.go.jp")
        return context

    yield make
    for context in contexts:
        context.close()


def stored(app: Flask) -> tuple[Submission, dict[str, SubmissionItem]]:
    """Return the return of ministry a and its items by number."""
    with app.extensions["register"].database.reading() as session:
        own = submission_of(session)
        items = session.scalars(select(SubmissionItem).where(SubmissionItem.submission_id == own.id))
        return own, {item.case_no: item for item in items}


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_ministry_answers_and_hands_in(app: Flask, desk_of: Callable[..., BrowserContext], scripts: bool) -> None:
    page = desk_of("reporter", scripts=scripts).new_page()
    page.goto("/")
    page.get_by_role("link", name="2025年度第3回の定期報告に答える").click()
    change_one_case(page)
    end_one_case(page)
    page.get_by_role("link", name="変更のない案件をまとめて確認する（1件）").click()
    page.get_by_role("button", name="この1件を変更なしで確認する").click()
    page.get_by_role("link", name="内容を確かめて、承認する人に回す").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("確認に回す前に内容を確認してください")
    page.get_by_role("button", name="2025年度第3回の定期報告を確認に回す").click()
    approve(desk_of("approver", scripts=scripts).new_page())
    own, items = stored(app)
    assert own.state is SubmissionState.SUBMITTED
    assert {number: item.confirmation for number, item in items.items()} == {
        "a-2025-0001": Confirmation.CHANGED,
        "a-2025-0002": Confirmation.ENDED,
        "a-2025-0003": Confirmation.UNCHANGED,
    }
    with app.extensions["register"].database.reading() as session:
        assert audit.verify(session).finding is None


def change_one_case(page: Page) -> None:
    """Say what the first case is used for now; the rest of it is as last time."""
    page.get_by_role("table").get_by_role("link", name="議事録の要約").click()
    page.get_by_role("link", name="利用の内容").click()
    expect(page.locator(".last").first).to_contain_text("会議の記録に用いる")
    page.get_by_label("利用用途").fill("会議と窓口の記録に用いる")
    page.get_by_role("button", name="保存する").click()
    page.get_by_role("button", name="残りは前回と同じ").click()


def end_one_case(page: Page) -> None:
    """Report that the second case has ended."""
    page.get_by_role("table").get_by_role("link", name="回答案の作成").click()
    page.get_by_role("link", name="利用終了を報告する").click()
    page.get_by_label("利用を終えた日").fill("R7.10.20")
    page.get_by_label("理由").fill("契約が終わったため。")
    page.get_by_role("button", name="利用終了として報告する").click()


def approve(page: Page) -> None:
    """Look at what was sent, approve it, and read the receipt."""
    page.goto("/")
    page.get_by_role("link", name="2025年度第3回の定期報告を確認する").click()
    page.get_by_role("link", name="内容を確かめて承認する").click()
    expect(page.locator("main")).to_contain_text("会議と窓口の記録に用いる")
    page.get_by_role("button", name="承認して事務局に提出する").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("定期報告の提出の控え")
    expect(page.locator("main")).to_contain_text("今の内容は、承認されたときと同じです。")


def reach(page: Page, target: Locator) -> None:
    """Press Tab until ``target`` has the focus, and see that the focus is shown."""
    for _ in range(FAR):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("the keyboard does not come there")


def press(page: Page, target: Locator) -> None:
    """Come to ``target`` by the keyboard and press it."""
    reach(page, target)
    with page.expect_event("load"):
        page.keyboard.press("Enter")


def test_the_whole_way_goes_by_the_keyboard_alone(app: Flask, desk_of: Callable[..., BrowserContext]) -> None:
    page = desk_of("reporter").new_page()
    page.goto("/")
    press(page, page.get_by_role("link", name="2025年度第3回の定期報告に答える"))
    press(page, page.get_by_role("table").get_by_role("link", name="議事録の要約"))
    press(page, page.get_by_role("link", name="利用の内容"))
    reach(page, page.get_by_label("利用用途"))
    page.keyboard.press("Control+A")
    page.keyboard.type("窓口の記録に用いる")
    reach(page, page.get_by_role("radio", name="汎用型１"))
    page.keyboard.press("ArrowDown")
    press(page, page.get_by_role("button", name="保存する"))
    press(page, page.get_by_role("link", name="成果目標と出力"))
    press(page, page.get_by_role("button", name="保存する"))
    press(page, page.get_by_role("button", name="残りは前回と同じ"))
    press(page, page.get_by_role("link", name="変更のない案件をまとめて確認する（2件）"))
    press(page, page.get_by_role("button", name="この2件を変更なしで確認する"))
    press(page, page.get_by_role("link", name="内容を確かめて、承認する人に回す"))
    press(page, page.get_by_role("button", name="2025年度第3回の定期報告を確認に回す"))
    own, items = stored(app)
    assert own.state is SubmissionState.IN_REVIEW
    changed = items["a-2025-0001"].answers
    assert (changed["purpose"], changed["usage_type"]) == ("窓口の記録に用いる", "G2")


def test_what_is_typed_is_kept_by_itself(app: Flask, desk_of: Callable[..., BrowserContext]) -> None:
    page = desk_of("reporter").new_page()
    _, items = stored(app)
    section = f"/submissions/items/{items['a-2025-0001'].public_id}/sections/use"
    page.goto(section)
    page.get_by_label("利用用途").fill("書きかけの用途")
    expect(page.get_by_role("status")).to_contain_text("下書きを保存しました", timeout=10_000)
    page.close(run_before_unload=False)
    again = desk_of("reporter").new_page()
    again.goto(section)
    expect(again.get_by_label("利用用途")).to_have_value("書きかけの用途")
    again.get_by_role("button", name=re.compile("前回と同じ.*利用用途")).click()
    expect(again.get_by_label("利用用途")).to_have_value("会議の記録に用いる")
    assert stored(app)[1]["a-2025-0001"].answers == {}


def test_two_people_choose_between_their_texts(
    app: Flask, desk_of: Callable[..., BrowserContext], axe: Callable[[Page], list[str]]
) -> None:
    _, items = stored(app)
    section = f"/submissions/items/{items['a-2025-0001'].public_id}/sections/use"
    first, second = (desk_of("reporter").new_page() for _ in range(2))
    first.goto(section)
    second.goto(section)
    second.get_by_label("利用用途").fill("二人目の用途")
    second.get_by_role("button", name="保存する").click()
    first.get_by_label("利用用途").fill("一人目の用途")
    first.get_by_role("button", name="保存する").click()
    expect(first.get_by_role("alert")).to_be_focused()
    assert axe(first) == []
    first.get_by_role("radio", name="二人目の用途").check()
    first.get_by_role("button", name="選んだ内容で保存する").click()
    assert stored(app)[1]["a-2025-0001"].answers["purpose"] == "二人目の用途"


def test_a_ministry_answers_in_a_workbook(
    app: Flask, desk_of: Callable[..., BrowserContext], axe: Callable[[Page], list[str]]
) -> None:
    page = desk_of("reporter").new_page()
    page.goto("/")
    page.get_by_role("link", name="2025年度第3回の定期報告に答える").click()
    page.get_by_role("link", name="様式（Excel）で入力する").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="同じ内容の機械処理用の表").click()
    text = download.value.path().read_text("utf-8-sig")
    assert text.count(",unconfirmed,") == 3
    answered = text.replace(",unconfirmed,", ",unchanged,").encode()
    page.get_by_label("記入した様式").set_input_files({"name": "回答.csv", "mimeType": "text/csv", "buffer": answered})
    page.get_by_role("button", name="アップロードして結果を確かめる").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("様式の取込み結果を確かめる")
    assert axe(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert {item.confirmation for item in stored(app)[1].values()} == {Confirmation.UNCONFIRMED}
    page.get_by_role("button", name="この3件を取り込む").click()
    assert {item.confirmation for item in stored(app)[1].values()} == {Confirmation.UNCHANGED}
