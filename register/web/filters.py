"""How values are written in a page: dates in both calendars, numbers, vocabulary, sentences of the rules."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import g
from flask_babel import format_decimal, get_locale, gettext, pgettext
from markupsafe import Markup, escape

from register.clock import MONTHS, TOKYO, era_date
from register.errors import Say
from register.formspec.schema import Text
from register.text import is_japanese
from register.vocab import Term

KILO = 1024


def language() -> str:
    """Return the language of the page: ``ja`` or ``en``; asked hundreds of times for one page, so it is kept."""
    try:
        kept: str | None = g.get("page_language")
    except RuntimeError:  # outside of any page
        return "ja"
    if kept is None:
        locale = get_locale()
        kept = g.page_language = "en" if locale is not None and locale.language == "en" else "ja"
    return kept


def day_text(day: dt.date) -> str:
    """Return 令和7年9月30日, or 30 September 2025 in English."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}" if language() == "en" else era_date(day)


def day(value: dt.date | None) -> Markup | str:
    """Write a day in a ``time`` element; nothing for None."""
    if value is None:
        return ""
    return Markup(f'<time datetime="{value.isoformat()}">{day_text(value)}</time>')  # noqa: S704 no text of a person


def moment(value: dt.datetime | None) -> Markup | str:
    """Write a moment in Japanese time in a ``time`` element."""
    if value is None:
        return ""
    stamp = value.astimezone(TOKYO).isoformat(timespec="seconds")
    return Markup(f'<time datetime="{stamp}">{moment_text(value)}</time>')  # noqa: S704 no text of a person


def moment_text(value: dt.datetime) -> str:
    """Return 令和7年9月30日 9時05分 in Japanese time, or 30 September 2025 09:05 in English."""
    local = value.astimezone(TOKYO)
    clock = f"{local:%H:%M}" if language() == "en" else f"{local.hour}時{local.minute:02d}分"
    return f"{day_text(local.date())} {clock}"


def number(value: float | int | None) -> str:
    """Write a number with separators."""
    return "" if value is None else format_decimal(value)


def percent(part: int, whole: int) -> str:
    """Write a share with one decimal; a dash where there is no whole."""
    return f"{100 * part / whole:.1f}%" if whole else str(gettext("－"))


def size(value: int) -> str:
    """Write a number of bytes."""
    if value < KILO:
        return f"{value} B"
    return f"{value / KILO:.0f} KB" if value < KILO * KILO else f"{value / KILO / KILO:.1f} MB"


def term(value: Term | None) -> str:
    """Write a word of the vocabulary in the page's language."""
    return value.label(language()) if value is not None else ""


def say(sentence: Say | str) -> str:
    """Write a sentence of the rules in the page's language, and so its parameters that are sentences or words."""
    if isinstance(sentence, str):
        return sentence
    params = {key: said(value) for key, value in sentence.params.items()}
    known = pgettext(sentence.context, sentence.template) if sentence.context else gettext(sentence.template)
    text: str = known
    return text % params if params else text


def said(value: Any) -> Any:
    """Return a value of any kind as a sentence of the page's language holds it."""
    if isinstance(value, Term):
        return term(value)
    if isinstance(value, Text):
        return value.of(language())
    if isinstance(value, dt.date):
        return day_text(value)
    return say(value) if isinstance(value, Say) else value


def spoken(sentence: Say) -> Markup:
    """Write a sentence of the rules whose parameters may be names: those that are Japanese are marked as such."""
    known = pgettext(sentence.context, sentence.template) if sentence.context else gettext(sentence.template)
    params = {key: _marked(value) for key, value in sentence.params.items()}
    return escape(known) % params


def _marked(value: Any) -> Any:
    if isinstance(value, Say):
        return spoken(value)
    text = said(value)
    return written(text) if isinstance(text, str) else text


def foreign(text: str) -> bool:
    """Tell whether a text is Japanese in a page that is not."""
    return language() != "ja" and is_japanese(text)


def written(text: str) -> Markup | str:
    """Write what a person wrote; a screen reader is told where it is Japanese in an English page."""
    return Markup('<span lang="ja">{}</span>').format(text) if foreign(text) else text


def lines(text: str) -> Markup:
    """Write a text of several lines as paragraphs and breaks."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def drawn(svg: str) -> Markup:
    """Put a chart of ours into the page: formats/svg escapes every text that it draws."""
    return Markup(svg)  # noqa: S704 the chart is our own markup


TESTS: dict[str, Any] = {"foreign": foreign}
FILTERS: dict[str, Any] = {
    "d": day,
    "dt": moment,
    "n": number,
    "size": size,
    "term": term,
    "say": say,
    "said": said,
    "spoken": spoken,
    "lines": lines,
    "written": written,
    "drawn": drawn,
}
