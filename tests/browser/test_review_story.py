"""The secretariat's way with a return: ask, send back, accept, close, freeze, correct; every page fit for everybody."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from register import audit
from register.models import Submission, SubmissionItem, UseCase
from register.services import items, submissions
from register.vocab import RoundState, SubmissionState
from tests.browser.test_pages import PHONE, too_wide
from tests.browser.test_round_story import address, app, desk_of
from tests.support.rounds import FORMS, SPEC, item_of, person, submission_of

__all__ = ["address", "app", "desk_of"]
WIDE = {"width": 1280, "height": 900}
Fit = Callable[[Page], list[str]]


def handed_in(app: Flask) -> str:
    """Answer, send and approve the return of ministry a; return where it stands."""
    database = app.extensions["register"].database
    with database.writing() as session:
        own, by = submission_of(session), person(session, "reporter")
        waiting = select(SubmissionItem.id).where(SubmissionItem.submission_id == own.id)
        items.confirm(session, own, list(session.scalars(waiting)), spec=SPEC, forms=FORMS, by=by)
        submissions.send(session, own, spec=SPEC, by=by)
        where = f"/submissions/{own.public_id}"
    with database.writing() as session:
        own = submission_of(session)
        submissions.approve(session, own, seen=own.sent_sha256, by=person(session, "approver"))
    return where


def state_of(app: Flask) -> Submission:
    """Return the return as it is stored."""
    with app.extensions["register"].database.reading() as session:
        own = submission_of(session)
        assert own.round.code
        return own


def fit(page: Page, axe: Fit) -> None:
    """Look at the page as it stands: for everybody, and at a telephone's width."""
    assert axe(page) == [], page.url
    page.set_viewport_size(PHONE)
    assert too_wide(page) == 0, page.url
    page.set_viewport_size(WIDE)


def open_and_press(page: Page, axe: Fit, path: str, button: str, **fields: str) -> None:
    """Open a page, look at it, fill its fields and press its button."""
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 200, path
    fit(page, axe)
    for name, text in fields.items():
        page.locator(f"[name={name}]").fill(text)
    press(page, button)


def press(page: Page, button: str) -> None:
    """Press a button of a form and wait for the page that answers."""
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name=button, exact=True).click()


def test_a_return_is_asked_about_sent_back_and_accepted(
    app: Flask, desk_of: Callable[..., BrowserContext], axe: Fit
) -> None:
    where = handed_in(app)
    page = desk_of("secretariat").new_page()
    page.goto(f"{where}/review")
    fit(page, axe)
    with app.extensions["register"].database.reading() as session:
        case = f"/submissions/items/{item_of(session, 'a-2025-0001').public_id}"
    open_and_press(page, axe, f"{case}/ask?field=purpose", "質問を送る", body="会議とは何の会議ですか。")
    page.goto(f"{case}/review")
    expect(page.locator("main")).to_contain_text("会議とは何の会議ですか。")
    fit(page, axe)
    ministry = desk_of("reporter").new_page()
    ministry.goto(case)
    with ministry.expect_navigation():
        ministry.get_by_role("link", name="答える").click()
    fit(ministry, axe)
    ministry.locator("[name=body]").fill("定例の会議です。")
    press(ministry, "答えを送る")
    open_and_press(page, axe, f"{where}/return", "差し戻す", reason="用途を書き足してください。")
    assert state_of(app).state is SubmissionState.RETURNED
    with app.extensions["register"].database.writing() as session:
        submissions.send(session, submission_of(session), spec=SPEC, by=person(session, "reporter"))
    with app.extensions["register"].database.writing() as session:
        own = submission_of(session)
        submissions.approve(session, own, seen=own.sent_sha256, by=person(session, "approver"))
    page.goto("/rounds/2025-3")
    page.get_by_role("checkbox", name="府省庁A").check()
    press(page, "選んだ府省庁の提出をまとめて受理する")
    fit(page, axe)
    press(page, "1府省庁の提出を受理する")
    fit(page, axe)
    assert state_of(app).state is SubmissionState.ACCEPTED
    settle_the_round(app, page, axe, case)


def settle_the_round(app: Flask, page: Page, axe: Fit, case: str) -> None:
    """Close the round, freeze it without the ministry that did not answer, correct an answer."""
    open_and_press(page, axe, "/rounds/2025-3/move?to=close", "受付を終える")
    open_and_press(page, axe, "/rounds/2025-3/move?to=freeze", "確定する", reason="府省庁Bは提出がなかったため。")
    assert state_of(app).round.state is RoundState.FROZEN
    fields = {"answer_purpose": "定例会議の記録に用いる", "reason": "府省庁Aの申し出による。"}
    open_and_press(page, axe, f"{case}/correct", "訂正する", **fields)
    page.goto(f"{case}/review")
    fit(page, axe)
    page.goto("/rounds/2025-3/report")
    expect(page.locator("main")).to_contain_text("訂正")
    with app.extensions["register"].database.reading() as session:
        stored = session.scalars(select(UseCase).where(UseCase.case_no == "a-2025-0001")).one()
        assert stored.purpose == "定例会議の記録に用いる"
        assert audit.verify(session).finding is None


def test_an_accept_page_of_one_return(app: Flask, desk_of: Callable[..., BrowserContext], axe: Fit) -> None:
    where = handed_in(app)
    page = desk_of("secretariat").new_page()
    open_and_press(page, axe, f"{where}/accept", "受理する")
    assert state_of(app).state is SubmissionState.ACCEPTED
