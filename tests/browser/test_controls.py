"""The browser tests can fail: a bad page is named, a refused script is heard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page

from tests.browser.conftest import Watch, serve

BAD = """<!doctype html><html><head><title>x</title></head><body>
<input name="a"><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><p style="color:#aaa;background:#fff">pale</p>
</body></html>"""
EXPECTED = {"label", "image-alt", "color-contrast", "html-has-lang", "page-has-heading-one"}


def test_axe_names_every_fault_of_a_bad_page(page: Page, axe: Callable[[Page], list[str]]) -> None:
    page.set_content(BAD)
    assert {line.partition(":")[0] for line in axe(page)} >= EXPECTED


@pytest.fixture
def strict_address() -> str:
    """A page whose policy refuses the script and the style that it holds."""
    app = Flask(__name__)

    @app.get("/")
    def index() -> tuple[str, dict[str, str]]:
        return "<h1 style='color:red'>x</h1><script>1</script>", {"Content-Security-Policy": "default-src 'none'"}

    yield from serve(app)


def test_a_refusal_by_the_policy_is_heard(page: Page, watch: Watch, strict_address: str) -> None:
    page.goto(strict_address)
    heard = [line for line in watch.complaints if "Content Security Policy" in line]
    watch.complaints.clear()
    assert len(heard) >= 2
