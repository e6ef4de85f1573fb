"""One class per type of field: how an answer is read, checked, shown and put into a cell."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from typing import Protocol

from register.clock import era_date, parse_date
from register.errors import Invalid, Say, say
from register.formspec.schema import Field
from register.text import clean, clean_line, code_key

Answer = str | int
LARGEST_COUNT = 1_000_000


class BadValue(Invalid):
    """A value that the field does not take; ``sentence`` says what it takes."""

    def __init__(self, reason: Say) -> None:
        super().__init__({"value": reason})


class FieldType(Protocol):
    """What every type of field can do with its answers."""

    def parse(self, field: Field, text: str) -> Answer | None:
        """Return the answer in ``text``, None when it is blank; raise ``BadValue``."""
        ...

    def show(self, field: Field, answer: Answer, language: str, terms: Mapping[str, str] | None = None) -> str:
        """Return ``answer`` as a person reads it."""
        ...

    def cell(self, field: Field, answer: Answer) -> str | int | dt.date:
        """Return ``answer`` as a machine reads it in a table."""
        ...


class Line:
    """Text on one line, kept as written."""

    def parse(self, field: Field, text: str) -> Answer | None:
        return _short_enough(field, clean_line(text))

    def show(self, field: Field, answer: Answer, language: str, terms: Mapping[str, str] | None = None) -> str:
        return str(answer)

    def cell(self, field: Field, answer: Answer) -> str | int | dt.date:
        return answer


class Long(Line):
    """Text that may have several lines."""

    def parse(self, field: Field, text: str) -> Answer | None:
        return _short_enough(field, clean(text))


class Choice(Line):
    """One of the field's options, by its code or by a label of it, in any width."""

    def parse(self, field: Field, text: str) -> Answer | None:
        key = code_key(text)
        if not key:
            return None
        for option in field.options:
            if key in {code_key(name) for name in (option.code, option.text.ja, option.text.en, option.printed.ja)}:
                return option.code
        known = "、".join(option.code for option in field.options)
        raise BadValue(say("選択肢にない値です。次のいずれかを入力してください：%(known)s", known=known))

    def show(self, field: Field, answer: Answer, language: str, terms: Mapping[str, str] | None = None) -> str:
        return field.option(str(answer)).label(language, terms)


class Day(Line):
    """A day, stored as YYYY-MM-DD and read in any usual form."""

    def parse(self, field: Field, text: str) -> Answer | None:
        if not text.strip():
            return None
        try:
            return parse_date(text).isoformat()
        except ValueError:
            raise BadValue(
                say("日付として読めません。2025-09-30 や 令和7年9月30日 のように入力してください。")
            ) from None

    def show(self, field: Field, answer: Answer, language: str, terms: Mapping[str, str] | None = None) -> str:
        day = dt.date.fromisoformat(str(answer))
        return f"{day.day} {day:%B} {day.year}" if language == "en" else era_date(day)

    def cell(self, field: Field, answer: Answer) -> str | int | dt.date:
        return dt.date.fromisoformat(str(answer))


class Count(Line):
    """A number of things, zero or more."""

    def parse(self, field: Field, text: str) -> Answer | None:
        folded = re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", text))
        if not folded:
            return None
        if not (folded.isascii() and folded.isdigit()) or len(folded) > 7 or int(folded) > LARGEST_COUNT:
            raise BadValue(say("0以上の整数を入力してください。"))
        return int(folded)

    def show(self, field: Field, answer: Answer, language: str, terms: Mapping[str, str] | None = None) -> str:
        return f"{answer:,}"


TYPES: Mapping[str, FieldType] = {"line": Line(), "long": Long(), "choice": Choice(), "date": Day(), "count": Count()}


def parse(field: Field, text: str) -> Answer | None:
    """Return the answer that ``text`` gives to ``field``, None when it is blank; raise ``BadValue``."""
    return TYPES[field.type].parse(field, text)


def show(field: Field, answer: Answer, language: str, terms: Mapping[str, str] | None = None) -> str:
    """Return ``answer`` to ``field`` as a person reads it."""
    return TYPES[field.type].show(field, answer, language, terms)


def cell(field: Field, answer: Answer) -> str | int | dt.date:
    """Return ``answer`` to ``field`` as a machine reads it in a table."""
    return TYPES[field.type].cell(field, answer)


def _short_enough(field: Field, text: str) -> str | None:
    if len(text) > field.max_chars:
        raise BadValue(say("%(longest)d文字以内で入力してください。", longest=field.max_chars))
    return text or None
