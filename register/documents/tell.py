"""How a record tells values of every type: in the document's words beside what programs read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from register.documents.ground import Ground
from register.documents.record import Column, Fact, Grid, Told
from register.errors import Say, say
from register.formspec.risk import CodeList
from register.formspec.schema import Text
from register.models import Ministry, Round
from register.vocab import Term

UNANSWERED = say("未回答")


class Tell:
    """Tells values in the language of one document."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.words = ground, ground.words
        self.code = ground.words.code
        self.spec, self.risk = ground.run.forms.newest, ground.run.risk

    def say(self, sentence: Say) -> str:
        """Write a sentence."""
        return self.words.say(sentence)

    def fact(self, name: str, label: Say, told: Told) -> Fact:
        """Return a value under its label."""
        return Fact(name, self.say(label), told)

    def column(self, name: str, label: Say, width: int = 0) -> Column:
        """Return a column of a grid."""
        return Column(name, self.say(label), width)

    def grid(
        self,
        name: str,
        title: Say,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Told]],
        empty: Say,
        key: str = "",
    ) -> Grid:
        """Return rows under their title."""
        return Grid(name, self.say(title), columns, rows, self.say(empty), key)

    def none(self, sentence: Say = UNANSWERED) -> Told:
        """Tell in words that there is no value."""
        return Told(self.say(sentence))

    def text(self, value: str | None, none: Say = UNANSWERED) -> Told:
        """Tell what a person wrote."""
        return Told(value, value) if value else self.none(none)

    def day(self, value: dt.date | None, none: Say = UNANSWERED) -> Told:
        """Tell a day, in both calendars."""
        return Told(self.words.day(value), value.isoformat()) if value else self.none(none)

    def on(self, value: dt.date | None, none: Say = UNANSWERED) -> Told:
        """Tell a day where there is little room."""
        return Told(self.words.on(value), value.isoformat()) if value else self.none(none)

    def at(self, value: dt.datetime | None, none: Say = UNANSWERED) -> Told:
        """Tell a moment in Japanese time."""
        if value is None:
            return self.none(none)
        return Told(self.words.at(value), value.astimezone(dt.UTC).isoformat(timespec="seconds"))

    def term(self, value: Term | None, none: Say = UNANSWERED) -> Told:
        """Tell a word of the vocabulary."""
        return self._coded(value.value, value.label(self.code)) if value is not None else self.none(none)

    def option(self, field_id: str, code: str | None, none: Say = UNANSWERED) -> Told:
        """Tell what was chosen of a question of the newest form; a code that it has no more as it is."""
        if not code:
            return self.none(none)
        question = self.spec.field(field_id)
        return self._coded(code, question.option(code).label(self.code) if code in question.codes else code)

    def listed(self, listed: CodeList, codes: Iterable[str], none: Say = UNANSWERED) -> Told:
        """Tell codes of a list, one below the other."""
        found = [(code, listed.label(code, self.code)) for code in codes]
        if not found:
            return self.none(none)
        return Told("\n".join(text for _, text in found), [self._coded(*one).value for one in found])

    def number(self, value: int | None, none: Say = UNANSWERED) -> Told:
        """Tell a number."""
        return Told(self.words.number(value), value) if value is not None else self.none(none)

    def yes(self, value: bool) -> Told:
        """Tell whether something is so."""
        return Told(self.say(say("はい") if value else say("いいえ")), value)

    def ministry(self, value: Ministry) -> Told:
        """Tell a ministry."""
        return Told(value.label(self.code), {"key": value.key, "text": value.label(self.code)})

    def said(self, value: Any) -> str:
        """Write a value of any type that a sentence may hold."""
        if isinstance(value, Say):
            return self.say(value)
        if isinstance(value, Text):
            return value.of(self.code)
        if isinstance(value, Term):
            return value.label(self.code)
        return self.words.on(value) if isinstance(value, dt.date) else str(value)

    def round_name(self, round: Round) -> str:
        """Write what people call a round."""
        return self.say(say("%(year)s年度第%(number)s回", year=round.fiscal_year, number=round.number))

    def together(self, *parts: str) -> str:
        """Write several texts on lines of their own, those that are empty left out."""
        return "\n".join(filter(None, parts))

    def _coded(self, code: str, text: str) -> Told:
        return Told(text, {"code": code, "text": text})
