"""One cell of a form to one answer: texts as they were written, choices by any of their names, real dates as dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property

from register.errors import Say, say
from register.formats import printable
from register.formats.workbook import Cell
from register.formspec import types
from register.formspec.schema import Field, Text
from register.formspec.types import Answer
from register.text import code_key
from register.vocab import Term

REASONS: Mapping[str, Say] = {
    "line": say("文字数が多すぎます。"),
    "long": say("文字数が多すぎます。"),
    "date": say("日付として読めません。"),
    "count": say("件数として読めません。"),
}
DATES = say("2025-09-30 や 令和7年9月30日 のように入力してください。")


class WrongCell(Exception):
    """A cell that its question does not take: why, and what it takes."""

    def __init__(self, reason: Say, mend: Say) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.mend = mend


def text_of(cell: Cell) -> str:
    """Return what stands in a cell as a person sees it: 12, 0.5, 2025-09-30; a text as it is."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return format(Decimal(repr(cell)), "f")
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time.min else cell.isoformat(" ", "seconds")
    return "" if cell is None else str(cell)


class Choices:
    """What a cell may be chosen from: each code by its names, in any width."""

    def __init__(self, names: Iterable[tuple[str, Iterable[str]]], known: Text) -> None:
        self._codes: dict[str, str] = {}
        for code, texts in names:
            for text in texts:
                self._codes.setdefault(code_key(text), code)
        self._seen: dict[str, str | None] = {"": None}
        self.known = known

    @classmethod
    def of_terms(cls, terms: Iterable[Term]) -> Choices:
        """Return the choice among words of the vocabulary."""
        terms = list(terms)
        known = Text("、".join(term.ja for term in terms), ", ".join(term.en for term in terms))
        return cls([(term.value, (term.value, term.ja, term.en)) for term in terms], known)

    @classmethod
    def of_field(cls, field: Field, terms: Mapping[str, str]) -> Choices:
        """Return the choice among the options of a question, in the words of the round."""
        labels = [[option.label(language, terms) for option in field.options] for language in ("ja", "en")]
        names = [
            (option.code, (option.code, ja, en, option.print_label("ja", terms), option.print_label("en", terms)))
            for option, ja, en in zip(field.options, *labels, strict=True)
        ]
        return cls(names, Text("、".join(labels[0]), ", ".join(labels[1])))

    def code(self, cell: Cell) -> str | None:
        """Return the code that was chosen, None when the cell is empty; raise ``WrongCell``."""
        text = text_of(cell)
        # The same few texts stand in a column again and again.
        if text not in self._seen:
            key = code_key(text)
            if key and key not in self._codes:
                raise WrongCell(
                    say("選択肢にない値です。"), say("次のいずれかを選んでください：%(known)s", known=self.known)
                )
            self._seen[text] = self._codes.get(key)
        return self._seen[text]


class Cells:
    """How the cells of one form in one round are read."""

    def __init__(self, fields: Iterable[Field], terms: Mapping[str, str]) -> None:
        self._fields = list(fields)
        self._terms = terms

    @cached_property
    def _choices(self) -> Mapping[str, Choices]:
        return {field.id: Choices.of_field(field, self._terms) for field in self._fields if field.options}

    def answer(self, field: Field, cell: Cell, stored: Answer | None) -> Answer | None:
        """Return the answer that a cell gives, None when it is empty; raise ``WrongCell``.

        A text that comes back as the file showed it is the ``stored`` one, to the last character.
        """
        if field.options:
            return self._choices[field.id].code(cell)
        if cell is None:
            return None
        text = text_of(cell)
        if isinstance(stored, str) and text in (stored, printable(stored)):
            return stored
        return parsed(field, text)


def parsed(field: Field, text: str) -> Answer | None:
    """Return the answer in a text, None when it is blank; raise ``WrongCell``."""
    try:
        return types.parse(field, text)
    except types.BadValue:
        raise WrongCell(REASONS[field.type], _mend(field)) from None


def _mend(field: Field) -> Say:
    if field.type == "date":
        return DATES
    if field.type == "count":
        return say("0以上の整数を、単位を付けずに入力してください。")
    return say("%(longest)d文字以内で入力してください。", longest=field.max_chars)
