"""What a word of the vocabulary is: a stored code that knows its two labels."""

from __future__ import annotations

from enum import StrEnum


class Term(StrEnum):
    """A stored code that knows its two labels; ``ja`` is the msgid of the screens, ``en`` the English text."""

    ja: str
    en: str

    def __new__(cls, code: str, ja: str = "", en: str = "") -> Term:
        member = str.__new__(cls, code)
        member._value_ = code
        member.ja = ja
        member.en = en
        return member

    def label(self, language: str) -> str:
        """Return the label in ``language`` (``ja`` or ``en``)."""
        return self.en if language == "en" else self.ja
