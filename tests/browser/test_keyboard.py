"""The keyboard alone: what has the focus is always seen, the menu can be skipped, errors come to the reader."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

REPORTER = "reporter.k@demo.example"
# The focused control, whether it has an outline, and whether that lies in the window.
FOCUS = """() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  return {tag: at.tagName, text: (at.innerText || at.name || "").trim(), id: at.id,
          seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
          inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth};
}"""


@pytest.mark.parametrize("path", ["/login", "/use-cases", "/use-cases/new", "/rounds/2025-2/report", "/ai-systems"])
def test_whatever_has_the_focus_is_seen(context: BrowserContext, sign_in: Callable[[str], None], path: str) -> None:
    if path != "/login":
        sign_in(REPORTER)
    page = context.new_page()
    page.goto(path)
    walked = []
    for _ in range(40):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus["tag"] == "BODY":
            break
        walked.append(focus)
    assert len(walked) >= 5
    assert [one for one in walked if not one["seen"] or not one["inside"]] == []


def test_the_menu_can_be_skipped(context: BrowserContext, sign_in: Callable[[str], None]) -> None:
    sign_in(REPORTER)
    page = context.new_page()
    page.goto("/use-cases")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="本文へ移る")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def wrong_form(page: Page) -> None:
    """Send the empty form of a new case."""
    page.goto("/use-cases/new")
    page.get_by_role("button", name="登録する").click()


def test_errors_come_to_the_reader_and_lead_to_their_fields(
    context: BrowserContext, sign_in: Callable[[str], None], axe: Callable[[Page], list[str]]
) -> None:
    sign_in(REPORTER)
    page = context.new_page()
    wrong_form(page)
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    assert page.title().startswith("エラー：")
    assert axe(page) == []
    summary.get_by_role("link", name="案件名").click()
    expect(page.get_by_label("案件名")).to_be_focused()
    expect(page.get_by_label("案件名")).to_have_attribute("aria-invalid", "true")


def test_typed_text_is_not_lost_without_a_warning(context: BrowserContext, sign_in: Callable[[str], None]) -> None:
    sign_in(REPORTER)
    page = context.new_page()
    page.goto("/use-cases/new")
    page.get_by_label("案件名").press_sequentially("議事録")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="やめて戻る").click()
    page.wait_for_url("**/use-cases")
    assert asked == ["beforeunload"]
