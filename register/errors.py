"""What the rules answer when they refuse: no HTTP here, the edges choose the status and the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Say:
    """A sentence for a person: ``template`` is Japanese and the msgid, ``params`` fill its ``%(name)s`` places.

    A parameter may be a sentence itself, or a word of the vocabulary, which knows its label in both languages.
    ``context`` tells apart what is one word in Japanese and several in another language.
    """

    template: str
    params: Mapping[str, Any] = field(default_factory=dict)
    context: str = ""

    def __str__(self) -> str:
        params = {key: getattr(value, "ja", value) for key, value in self.params.items()}
        return self.template % params if params else self.template


def say(template: str, **params: object) -> Say:
    """Return a sentence; the function is what the message extraction looks for."""
    return Say(template, params)


def psay(context: str, template: str, **params: object) -> Say:
    """Return a sentence whose words depend on ``context``, as ``pgettext`` takes them."""
    return Say(template, params, context)


def listed(parts: Sequence[Say | str]) -> Say | str:
    """Return several texts, at least one, as one list in words; parts that are sentences are translated too."""
    first, *rest = parts
    return say("%(first)s、%(rest)s", first=first, rest=listed(rest)) if rest else first


class Unusable(Exception):
    """A setting with which nothing can start; the text, in English as the commands speak, names it and what it must be.

    It never repeats an address, which may hold a password.
    """


class RegisterError(Exception):
    """A refusal that a person can act on; ``sentence`` tells why and what to do."""

    def __init__(self, sentence: Say) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


class NotFound(RegisterError):
    """The thing does not exist, or the actor may not know that it does (answered as 404, both alike)."""


class Forbidden(RegisterError):
    """The actor sees the thing but may not do this deed with it (403)."""


class NotNow(RegisterError):
    """The actor may, but not in this state or at this time (409); never a matter of permission."""


class Stale(RegisterError):
    """Somebody saved in between (409); ``theirs`` holds the stored texts by field so that both can be shown."""

    def __init__(self, sentence: Say, theirs: Mapping[str, Any], version: int) -> None:
        super().__init__(sentence)
        self.theirs = theirs
        self.version = version


class Invalid(RegisterError):
    """Values that break a rule (422): ``fields`` gives the sentence for each field."""

    def __init__(self, fields: Mapping[str, Say]) -> None:
        super().__init__(next(iter(fields.values())))
        self.fields = fields


@dataclass(frozen=True)
class RowProblem:
    """One bad place of a file: ``line`` counts from 1 (the heading), ``value`` is what stood there."""

    line: int
    column: str
    value: str
    reason: Say


class ImportRejected(RegisterError):
    """A file that is not taken; nothing of it was stored."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        rows = {problem.line for problem in problems}
        super().__init__(say("取り込めない行が%(count)d件あります。何も登録していません。", count=len(rows)))
        self.problems = tuple(problems)
