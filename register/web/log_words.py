"""The log in the words of a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from register.errors import Say
from register.models import BuiltTableVersion
from register.queries.log_words import LogWords
from register.reports import builder
from register.reports.dimensions import Dimensions
from register.runtime import Runtime
from register.web.filters import day_text, language, moment_text, number, say


class PageSpeaker:
    """Speaks the language of the page that is asked for now."""

    @property
    def code(self) -> str:
        """Which language that is."""
        return language()

    def say(self, sentence: Say) -> str:
        """Write a sentence of the rules."""
        return say(sentence)

    def on(self, day: dt.date) -> str:
        """Write a day."""
        return day_text(day)

    def at(self, moment: dt.datetime) -> str:
        """Write a moment in Japanese time."""
        return moment_text(moment)

    def number(self, value: int) -> str:
        """Write a number with separators."""
        return number(value)


def page_words(run: Runtime) -> LogWords:
    """Return what puts entries of the log into the words of a page."""

    def table(value: Any) -> Iterable[tuple[Say, Say | str]]:
        return builder.words(builder.read(value), Dimensions(run.forms.newest, language(), {}))

    return LogWords(PageSpeaker(), run.forms, run.risk, {(BuiltTableVersion.__tablename__, "definition"): table})
