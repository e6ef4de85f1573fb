"""Templates hold no style, no script and no colour of their own, and let no text through unescaped."""

from __future__ import annotations

import re

import pytest

from tests.support import sources

RULES = {
    "an inline style": re.compile(r"""\sstyle\s*=\s*["'{]"""),
    "an inline handler": re.compile(r"""\son[a-z]+\s*=\s*["'{]"""),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)"),
    "a style element": re.compile(r"<style\b"),
    "a colour by number": re.compile(r"""["':\s]#[0-9a-fA-F]{3,8}["';\s]"""),
    "a file from outside": re.compile(r"""(?:src|href)\s*=\s*["'](?:https?:)?//"""),
    "a control out of reach": re.compile(r"\s(?:placeholder|readonly|disabled|maxlength)\s*="),
    "a new window": re.compile(r"target\s*="),
}
UNESCAPED = re.compile(r"\|\s*safe\b|Markup\(|autoescape\s+false")
# Template or module -> why its text may pass unescaped.
TRUSTED: dict[str, str] = {
    "register/documents/language.py": "charts: formats/svg escapes every text that it draws",
    "register/documents/wording.py": "places to break a line, put between escaped parts of a text",
    "register/web/filters.py": "time elements, lines and charts, each made of escaped text",
}


def templates() -> list:
    """Return every template that becomes a web page or a document."""
    return list(sources.files("templates", suffix=".html"))


def findings(rule: re.Pattern[str]) -> list[str]:
    """Return the places where a rule is broken; documents for print may set their own styles."""
    return [
        sources.place(path, number)
        for path in templates()
        if "documents" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if rule.search(line)
    ]


def test_there_are_templates() -> None:
    assert templates()


@pytest.mark.parametrize("what", RULES)
def test_no_template_has(what: str) -> None:
    assert findings(RULES[what]) == []


def test_text_passes_unescaped_only_for_a_listed_reason() -> None:
    own = [*templates(), *sources.python("register")]
    found = {sources.place(path) for path in own if UNESCAPED.search(path.read_text())}
    assert found == set(TRUSTED)
