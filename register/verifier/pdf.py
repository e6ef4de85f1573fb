"""PDFs of the register: enough of the format to find the attachments and the metadata in them."""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from register.verifier.sources import LARGEST_PART

DEEPEST = 100


BLANK = rb"(?:[\x00\t\n\x0c\r ]|%[^\r\n]*[\r\n])*"
TOKEN = re.compile(
    BLANK + rb"(?:(?P<ref>\d{1,9}[ ]\d{1,5}[ ]R(?![A-Za-z]))|(?P<open><<|\[)|(?P<close>>>|\])"
    rb"|/(?P<name>[^\x00-\x20()<>\[\]{}/%]*)"
    rb"|\((?P<text>(?:[^\\()]|\\.)*)\)|<(?P<hex>[0-9A-Fa-f\s]*)>|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))"
    rb"|(?P<word>true|false|null))",
    re.DOTALL,
)
OBJECT = re.compile(BLANK + rb"(\d{1,9}) (\d{1,5}) obj")
STREAM = re.compile(BLANK + rb"stream\r?\n")
ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|.))", re.DOTALL)
ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\x0c", b"\n": b"", b"\r": b"", b"\r\n": b""}
CREG = re.compile(r"<creg:([A-Za-z][A-Za-z0-9]*)>([^<]*)</creg:\1>")
LANGUAGE = re.compile(r"<dc:language><rdf:Bag><rdf:li>([^<]*)</rdf:li></rdf:Bag></dc:language>")


class Ref(NamedTuple):
    """A reference to an object."""

    number: int


class Pdf:
    """A PDF as it was made, before anything was appended: its attachments by name, and its ``creg:`` metadata."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.room = LARGEST_PART
        self.where: dict[int, tuple[int, int]] = {}
        self.opened: dict[int, tuple[bytes, list[tuple[int, int]]]] = {}
        start = data.rfind(b"startxref")
        found = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF").match(data, max(start, 0))
        if found is None:
            raise ValueError("no end of a PDF")
        trailer = self._table(int(found[1]))
        if "Prev" in trailer:
            raise ValueError("something was appended before")
        self.root = self.at(trailer.get("Root"))

    @property
    def attachments(self) -> dict[str, bytes]:
        """The files inside, by name."""
        found: dict[str, bytes] = {}
        tree = self.at(self.at(self.root.get("Names", {})).get("EmbeddedFiles", {}))
        for name, specification in self._named(tree, 0):
            if name in found:
                raise ValueError("two attachments of one name")
            found[name] = self.stream(self.at(self.at(specification)["EF"])["F"])
        return found

    @property
    def properties(self) -> dict[str, str]:
        """What the metadata say under the register's own names, and the language of the document."""
        place = self.root["Metadata"]
        if "Filter" in self.at(place):
            raise ValueError("the metadata are compressed")
        text = self.stream(place).decode("utf-8")
        pairs = CREG.findall(text) + [("language", one) for one in LANGUAGE.findall(text)]
        found = {name: html.unescape(value) for name, value in pairs}
        if len(found) < len(pairs) or text.count("<creg:") > len(pairs):
            raise ValueError("metadata that stand twice")
        return found

    def at(self, value: Any) -> Any:
        """Return what a reference leads to; anything else as it is."""
        return self._object(value.number)[0] if isinstance(value, Ref) else value

    def stream(self, value: Any) -> bytes:
        """Return the content of the stream that a reference leads to."""
        about, end = self._object(value.number)
        begin = STREAM.match(self.data, end)
        length = self.at(about["Length"])
        if begin is None or not 0 <= length <= len(self.data):
            raise ValueError("a broken stream")
        content = self.data[begin.end() : begin.end() + length]
        kind = about.get("Filter")
        if kind not in (None, "/FlateDecode") or "DecodeParms" in about:
            raise ValueError("a stream in an unknown form")
        return self._inflated(content) if kind else content

    def _inflated(self, content: bytes) -> bytes:
        machine = zlib.decompressobj()
        made = machine.decompress(content, self.room)
        self.room -= len(made)
        if not machine.eof or self.room <= 0:
            raise ValueError("a stream that is cut off, or too large")
        return made

    def _named(self, tree: Any, depth: int) -> Iterator[tuple[str, Any]]:
        if depth > DEEPEST:
            raise ValueError("names nested too deep")
        names = self.at(tree.get("Names", []))
        for place in range(0, len(names) - 1, 2):
            name = names[place]
            yield name.decode("utf-16" if name.startswith(b"\xfe\xff") else "utf-8"), names[place + 1]
        for kid in self.at(tree.get("Kids", [])):
            yield from self._named(self.at(kid), depth + 1)

    def _object(self, number: int) -> tuple[Any, int]:
        holder, place = self.where[number]
        if holder:
            content, places = self._packed(holder)
            if places[place][0] != number:
                raise ValueError("an object in the wrong place")
            return self._value(content, places[place][1], 0)
        found = OBJECT.match(self.data, place)
        if found is None or int(found[1]) != number:
            raise ValueError("an object in the wrong place")
        return self._value(self.data, found.end(), 0)

    def _packed(self, holder: int) -> tuple[bytes, list[tuple[int, int]]]:
        """Return the content of an object that holds others, with their numbers and places."""
        if holder not in self.opened:
            if self.where[holder][0]:
                raise ValueError("objects within objects within objects")
            about, content = self._object(holder)[0], self.stream(Ref(holder))
            first, count = int(about["First"]), int(about["N"])
            heads = [int(one) for one in content[:first].split()[: 2 * count]]
            self.opened[holder] = content, [(heads[at], first + heads[at + 1]) for at in range(0, len(heads) - 1, 2)]
        return self.opened[holder]

    def _table(self, place: int) -> dict[str, Any]:
        """Read where the objects stand, from either kind of table; return the trailer."""
        if self.data.startswith(b"xref", place):
            return self._plain_table(place)
        found = OBJECT.match(self.data, place)
        if found is None:
            raise ValueError("no table of objects")
        number = int(found[1])
        self.where[number] = 0, place
        about: dict[str, Any] = self._object(number)[0]
        content, widths = self.stream(Ref(number)), [int(one) for one in about["W"]]
        first, count = about.get("Index", [0, about["Size"]])
        if len(widths) != 3 or min(widths) < 0 or count * sum(widths) > len(content):
            raise ValueError("a broken table of objects")
        ends = [sum(widths[:one]) for one in range(4)]
        for row in range(count):
            line = content[row * ends[3] : (row + 1) * ends[3]]
            kind, one, two = (int.from_bytes(line[ends[at] : ends[at + 1]], "big") for at in range(3))
            if kind in (1, 2):
                self.where[first + row] = (0, one) if kind == 1 else (one, two)
        return about

    def _plain_table(self, place: int) -> dict[str, Any]:
        head = re.compile(rb"xref\s+0 (\d{1,9})\s+").match(self.data, place)
        if head is None:
            raise ValueError("no table of objects")
        line = re.compile(rb"(\d{10}) \d{5} ([nf])\s{1,2}")
        at = head.end()
        for number in range(int(head[1])):
            found = line.match(self.data, at)
            if found is None:
                raise ValueError("a broken table of objects")
            at = found.end()
            if found[2] == b"n":
                self.where[number] = 0, int(found[1])
        begin = re.compile(rb"\s*trailer").match(self.data, at)
        if begin is None:
            raise ValueError("no trailer")
        trailer: dict[str, Any] = self._value(self.data, begin.end(), 0)[0]
        return trailer

    def _value(self, data: bytes, at: int, depth: int) -> tuple[Any, int]:
        """Return the value that begins at ``at``, and where it ends."""
        found = TOKEN.match(data, at)
        if found is None or depth > DEEPEST or found.lastgroup == "close":
            raise ValueError("a broken object")
        kind, end = str(found.lastgroup), found.end()
        text = found[kind]
        if kind != "open":
            return _simple(kind, text), end
        items: list[Any] = []
        while True:
            closing = TOKEN.match(data, end)
            if closing is not None and closing.lastgroup == "close":
                if closing["close"] != {b"<<": b">>", b"[": b"]"}[text]:
                    raise ValueError("a broken object")
                break
            one, end = self._value(data, end, depth + 1)
            items.append(one)
        if text == b"[":
            return items, closing.end()
        return {items[at][1:]: items[at + 1] for at in range(0, len(items) - 1, 2)}, closing.end()


def _simple(kind: str, text: bytes) -> Any:
    if kind == "ref":
        return Ref(int(text.split()[0]))
    if kind == "name":
        return "/" + text.decode("latin-1")
    if kind == "text":
        return ESCAPE.sub(_unescaped, text)
    if kind == "hex":
        digits = b"".join(text.split())
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    if kind == "number":
        return float(text) if b"." in text else int(text[:20])
    return {b"true": True, b"false": False, b"null": None}[text]


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return bytes([int(found[1], 8) & 255])
    return ESCAPED.get(found[2], found[2])
