"""The tokens of a PDF, read from memory: objects with their references, and the operators of a page's content.

One expression finds them: pdfminer's own reader takes four times as long and joins long tokens in quadratic time.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdftypes import PDFObjRef
from pdfminer.psexceptions import PSEOF
from pdfminer.psparser import KWD, LIT, PSKeyword, PSLiteral

DEEPEST = 100  # brackets inside brackets
GAP = rb"(?:[\0\t\n\f\r ]++|%[^\r\n]*+)*+"
REGULAR = rb"[^\0\t\n\f\r ()<>\[\]{}/%]"
TOKEN = re.compile(
    GAP + rb"(?:/(?P<name>" + REGULAR + rb"*+)"
    rb"|(?P<number>[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?!" + REGULAR + rb"))"
    rb"|(?P<open><<|\[)|(?P<close>>>|\])"
    rb"|<(?P<hex>[0-9A-Fa-f\0\t\n\f\r ]*+)>"
    rb"|\((?P<plain>[^()\\\r]*+)\)"
    rb"|(?P<string>\()"
    rb"|(?P<word>" + REGULAR + rb"++)"
    rb"|(?P<end>\Z))"
)
INSIDE = re.compile(rb"[^()\\\r]++|\\(?:[0-7]{1,3}|\r\n|.)|\r\n?|[()]", re.DOTALL)
CLOSES = {b"[": b"]", b"<<": b">>"}
ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\r\n": b"", b"\r": b"", b"\n": b""}
HEX = re.compile(rb"#([0-9A-Fa-f]{2})")


class Refused(Exception):
    """The file is none that is read; ``key`` names the sentence, ``detail`` is for the log."""

    def __init__(self, key: str, detail: str = "") -> None:
        super().__init__(f"{key}: {detail}")
        self.key = key


class Objects:
    """Reads one object after the other from memory; ``document`` is where their references lead."""

    def __init__(self, data: bytes, document: PDFDocument | None) -> None:
        self._data = data
        self._document = document
        self.at = 0

    def take(self) -> Any:
        """Return the next object, or the keyword that stands there; raise ``PSEOF`` at the end."""
        around: list[tuple[list[Any] | None, bytes]] = []
        members: list[Any] | None = None
        while True:
            found = TOKEN.match(self._data, self.at)
            if found is None:
                raise Refused("broken", f"nothing known at {self.at}")
            self.at = found.end()
            kind = found.lastgroup or ""
            value: Any = found[kind]
            if kind == "open":
                if len(around) == DEEPEST:
                    raise Refused("big", "brackets inside brackets")
                around.append((members, value))
                members = []
                continue
            if kind == "close":
                outer, opened = around.pop()
                if CLOSES[opened] != value:
                    raise Refused("broken", "brackets that do not match")
                value = members if opened == b"[" else _dictionary(members or [])
                members = outer
            elif kind == "word" and value == b"R" and members:
                members.pop()
                value = PDFObjRef(self._document, members.pop())
            elif kind == "string":
                value = self._string()
            else:
                value = TOKENS[kind](value)
            if members is None:
                return value
            members.append(value)

    def _string(self) -> bytes:
        """Return the string whose bracket has just been read, with what stands in it undone."""
        parts: list[bytes] = []
        depth = 1
        for found in INSIDE.finditer(self._data, self.at):
            part = found[0]
            depth += (part == b"(") - (part == b")")
            if not depth:
                self.at = found.end()
                return b"".join(parts)
            parts.append(_undone(part))
        raise PSEOF("a string does not end")


def _undone(part: bytes) -> bytes:
    if part[:1] == b"\r":
        return b"\n"
    if part[:1] != b"\\":
        return part
    rest = part[1:]
    return bytes([int(rest, 8) & 255]) if rest.isdigit() and rest < b"8" else ESCAPED.get(rest, rest)


def _dictionary(members: list[Any]) -> dict[str, Any]:
    pairs = zip(members[::2], members[1::2], strict=True)
    return {key.name: value for key, value in pairs if value is not None}


@functools.lru_cache(4096)
def _name(found: bytes) -> PSLiteral:
    found = HEX.sub(lambda digits: bytes.fromhex(digits[1].decode()), found)
    return LIT(found.decode("utf-8", errors="replace"))


def _number(found: bytes) -> int | float:
    return float(found) if b"." in found else int(found)


def _hex(found: bytes) -> bytes:
    digits = found.translate(None, b"\0\t\n\f\r ").decode()
    return bytes.fromhex(digits + "0" * (len(digits) % 2))


def _word(found: bytes) -> PSKeyword | bool | None:
    return WORDS[found] if found in WORDS else KWD(found)


def _end(_: bytes) -> None:
    raise PSEOF("the data end")


WORDS: Mapping[bytes, bool | None] = {b"true": True, b"false": False, b"null": None}
TOKENS: Mapping[str, Callable[[bytes], Any]] = {
    "name": _name,
    "number": _number,
    "hex": _hex,
    "plain": bytes,
    "word": _word,
    "end": _end,
}


def instructions(content: bytes) -> Iterator[tuple[str, list[Any]]]:
    """Yield the operators of a page's content with their operands."""
    objects = Objects(content, None)
    operands: list[Any] = []
    while True:
        try:
            found = objects.take()
        except PSEOF:
            return
        if isinstance(found, PSKeyword):
            yield found.name.decode("latin-1"), operands
            operands = []
        else:
            operands.append(found)
