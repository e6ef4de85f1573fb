"""The language of a document: sentences, days, numbers, and the environment that its template is drawn in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from register.clock import MONTHS, TOKYO, era_date
from register.documents.wording import teller
from register.errors import Say
from register.formspec.schema import Text
from register.text import clean_line, is_japanese
from register.vocab import Term

LANGUAGES = ("ja", "en")


class Language:
    """The document's language: sentences, days, numbers; two of one folder and code are the same."""

    def __init__(self, folder: Path, code: str) -> None:
        self.code = code
        self._own = (folder, code)
        self.translations: NullTranslations = Translations.load(str(folder), [code])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Language) and self._own == other._own

    def __hash__(self) -> int:
        return hash(self._own)

    def say(self, sentence: Say) -> str:
        """Write a sentence of the rules; parameters that are sentences, words or days are put into the language too."""
        params = {key: self._said(value) for key, value in sentence.params.items()}
        text: str = self._known(sentence)
        return text % params if params else text

    def _known(self, sentence: Say) -> Any:
        if sentence.context:
            return self.translations.upgettext(sentence.context, sentence.template)
        return self.translations.ugettext(sentence.template)

    def _said(self, value: object) -> object:
        if isinstance(value, Term):
            return self.term(value)
        if isinstance(value, Text):
            return value.of(self.code)
        if isinstance(value, dt.date):
            return self.day(value)
        return self.say(value) if isinstance(value, Say) else value

    def term(self, value: Term) -> str:
        """Write a word of the vocabulary."""
        return value.label(self.code)

    def day(self, value: dt.date) -> str:
        """Write a day in both calendars."""
        if self.code == "en":
            return f"{value.day} {value:%B} {value.year}（{era_date(value)}）"
        return f"{era_date(value)}（{value.year}年{value.month}月{value.day}日）"

    def on(self, value: dt.date) -> str:
        """Write a day where there is little room: in the one calendar that the language is used to."""
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}" if self.code == "en" else era_date(value)

    def at(self, value: dt.datetime) -> str:
        """Write a moment where there is little room: in Japanese time, and not saying so."""
        local = value.astimezone(TOKYO)
        return f"{self.on(local.date())} {local:%H:%M}"

    def number(self, value: int) -> str:
        """Write a number with separators."""
        return _number(value)

    def foreign(self, text: str) -> bool:
        """Tell whether a text is Japanese in a document that is not."""
        return self.code != "ja" and is_japanese(text)

    def moment(self, value: dt.datetime) -> str:
        """Write a moment in Japanese time."""
        local = value.astimezone(TOKYO)
        if self.code == "en":
            return f"{local.day} {local:%B} {local.year} {local:%H:%M} (Japan time)"
        return f"{era_date(local.date())} {local.hour}時{local.minute:02d}分（日本時間）"


@cache
def language_of(folder: Path, code: str) -> Language:
    """Return a language whose catalogue is read once, for whoever writes many texts."""
    return Language(folder, code)


def speakers(folder: Path) -> dict[str, Callable[[Say], str]]:
    """Return what says a sentence in each language of a document."""
    return {code: Language(folder, code).say for code in LANGUAGES}


@cache
def environment_of(language: Language, templates: Path) -> Environment:
    """Return the environment of a document's template: its filters write in ``language``. Templates compile once."""
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(
        say=language.say,
        term=language.term,
        d=language.day,
        dt=language.moment,
        on=language.on,
        at=language.at,
        n=_number,
        line=clean_line,
        drawn=_drawn,
        told=teller(language.say, language.code),
    )
    environment.tests["foreign"] = language.foreign
    return environment


def _number(value: int) -> str:
    return f"{value:,}"


def _drawn(svg: str) -> Markup:
    # Our own drawing: svg.py escapes every text that it takes.
    return Markup(svg)  # noqa: S704 the chart is our own markup
