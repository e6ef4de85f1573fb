"""The dataclasses of a form version. A condition is a field and a list of codes; there is no expression language."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from register.vocab import AnswerState


@dataclass(frozen=True)
class Text:
    """A text in both languages."""

    ja: str
    en: str

    def of(self, language: str) -> str:
        """Return the text in ``language`` (``ja`` or ``en``)."""
        return self.en if language == "en" else self.ja


@dataclass(frozen=True)
class Option:
    """An answer that may be chosen. ``printed`` is the row label of published tables; ``group`` is what rules ask."""

    code: str
    text: Text
    printed: Text
    meaning: Text
    group: str

    def label(self, language: str, terms: Mapping[str, str] | None = None) -> str:
        """Return the label; ``terms`` fill the places that move with the round (see ``terms.round_terms``)."""
        return _filled(self.text.of(language), terms)

    def print_label(self, language: str, terms: Mapping[str, str] | None = None) -> str:
        """Return the label as the published tables print it."""
        return _filled(self.printed.of(language), terms)

    def definition(self, language: str) -> str:
        """Return what the option means in this form version; empty when the form does not say."""
        return self.meaning.of(language)


def _filled(text: str, terms: Mapping[str, str] | None) -> str:
    return text.format_map(terms) if terms and "{" in text else text


@dataclass(frozen=True)
class Condition:
    """True when the answer of ``field`` is one of ``codes``."""

    field: str
    codes: tuple[str, ...]

    def holds(self, answers: Mapping[str, Any]) -> bool:
        """Tell whether the condition holds for ``answers``."""
        return answers.get(self.field) in self.codes


@dataclass(frozen=True)
class Field:
    """One column of the form. An identity column names the row; the others are questions.

    ``exempt``: when it holds, a blank is 対象外 and no omission. ``asked``: unless it holds, the question is not put.
    """

    id: str
    type: str
    text: Text
    note: Text
    section: str
    options: tuple[Option, ...]
    identity: bool
    required: bool
    exempt: Condition | None
    asked: Condition | None
    max_chars: int

    def label(self, language: str) -> str:
        """Return the question's short name."""
        return self.text.of(language)

    def help(self, language: str) -> str:
        """Return what the form says to the person who answers."""
        return self.note.of(language)

    @cached_property
    def codes(self) -> frozenset[str]:
        """The codes that may be answered."""
        return frozenset(option.code for option in self.options)

    @cached_property
    def _by_code(self) -> Mapping[str, Option]:
        return {option.code: option for option in self.options}

    def option(self, code: str) -> Option:
        """Return the option of ``code``; raise ``KeyError`` when this version has none."""
        return self._by_code[code]

    def blank(self, answers: Mapping[str, Any]) -> AnswerState:
        """Return what a blank means here, beside the other ``answers``."""
        if self.asked is not None and not self.asked.holds(answers):
            return AnswerState.NOT_APPLICABLE
        if self.exempt is not None and self.exempt.holds(answers):
            return AnswerState.NOT_APPLICABLE
        return AnswerState.MISSING if self.required else AnswerState.NOT_APPLICABLE


@dataclass(frozen=True)
class Section:
    """A part of the form that is answered on one page."""

    id: str
    text: Text


@dataclass(frozen=True)
class FormSpec:
    """One published form version: its columns in file order, and the canonical JSON that its digest is taken of."""

    form: str
    version: str
    title: Text
    sections: tuple[Section, ...]
    fields: tuple[Field, ...]
    canonical: bytes

    @cached_property
    def digest(self) -> str:
        """The sha256 of the canonical JSON, in hex."""
        return hashlib.sha256(self.canonical).hexdigest()

    @cached_property
    def _by_id(self) -> Mapping[str, Field]:
        return {field.id: field for field in self.fields}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of a file of this version, in order."""
        return tuple(field.id for field in self.fields)

    @cached_property
    def questions(self) -> tuple[Field, ...]:
        """The fields that are answers, without the identity columns."""
        return tuple(field for field in self.fields if not field.identity)

    def has(self, field_id: str) -> bool:
        """Tell whether this version asks ``field_id``."""
        return field_id in self._by_id

    def field(self, field_id: str) -> Field:
        """Return a field; raise ``KeyError`` when this version does not have it."""
        return self._by_id[field_id]

    def states(self, answers: Mapping[str, Any]) -> dict[str, AnswerState]:
        """Return the state of every question that ``answers`` leaves blank."""
        return {field.id: field.blank(answers) for field in self.questions if field.id not in answers}
