"""What hangs on the catalog of a PDF: its pages, the cells of its structure tree, its attachments and its metadata."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from pdfminer.pdftypes import PDFStream, dict_value, resolve1

from register.formats.pdf_content import Page
from register.formats.pdf_objects import Document, listed, number_of, text_of, word_of
from register.formats.pdf_tokens import Refused
from register.formats.pdf_xmp import CREG, NAMESPACES

DEEPEST = 100  # of every tree; ours are less than 20 deep
LONGEST_XMP = 1024**2
CELLS = frozenset({"TD", "TH"})
TITLE = f"{NAMESPACES['dc']} title"
OURS = f"{CREG} "


@dataclass(frozen=True)
class Attached:
    """A file inside the PDF, as it lies there."""

    data: bytes
    sha256: str
    mime: str
    relationship: str
    description: str


def pages(document: Document) -> Iterator[tuple[int, Mapping[str, Any], object]]:
    """Yield each page in order: the number of its object, its dictionary, its resources (its own or inherited)."""
    met: set[int] = set()
    waiting = [(document.catalog["Pages"], None, 0)]
    while waiting:
        reference, resources, depth = waiting.pop()
        number = _once(reference, met)
        if depth > DEEPEST:
            raise Refused("big", "the page tree")
        node = dict_value(reference)
        resources = node.get("Resources", resources)
        if "Kids" in node:
            waiting += [(kid, resources, depth + 1) for kid in reversed(listed(node["Kids"]))]
        else:
            document.budget.spend("pages")
            yield number, node, resources


def _once(reference: object, met: set[int]) -> int:
    """Return the number of the object; raise ``Refused`` when it was met before."""
    number = number_of(reference)
    if number is None or number in met:
        raise Refused("broken", "a tree that is none")
    met.add(number)
    return number


class _Cells:
    """Walks the structure tree and gathers what stands in its cells."""

    def __init__(self, document: Document, shown: Mapping[int, Page]) -> None:
        self._document = document
        self._shown = shown
        self._met: set[int] = set()
        self._used: set[tuple[int, int]] = set()
        self.found: list[tuple[str, list[str]]] = []

    def walk(self, kids: object, page: int | None, around: tuple[list[str], ...], depth: int) -> None:
        """Go through the kids of an element: ``page`` is its own, ``around`` are the cells that it stands in."""
        if depth > DEEPEST:
            raise Refused("big", "the structure tree")
        for kid in listed(kids):
            self._document.budget.spend("elements")
            if isinstance(kid, int):
                self._take(page, kid, around)
                continue
            number = number_of(kid)
            if number is not None:
                _once(kid, self._met)
            element = dict_value(kid)
            own = number_of(element.get("Pg")) or page
            kind = word_of(element.get("Type"))
            if kind == "MCR":
                self._take(own, element["MCID"], around)
            elif kind != "OBJR":
                self._enter(element, own, around, depth)

    def _enter(self, element: Mapping[str, Any], page: int | None, around: tuple[list[str], ...], depth: int) -> None:
        kind = word_of(element.get("S"))
        if kind in CELLS:
            parts: list[str] = []
            self.found.append((kind, parts))
            around = (*around, parts)
        self.walk(element.get("K"), page, around, depth + 1)

    def _take(self, page: int | None, mark: int, around: tuple[list[str], ...]) -> None:
        if page is None or (page, mark) in self._used:
            raise Refused("broken", "a mark on no page, or in two places")
        self._used.add((page, mark))
        found = self._shown[page].marked.get(mark, [])
        for parts in around:
            self._document.budget.spend("letters", sum(map(len, found)))
            parts.extend(found)


def cells(document: Document, shown: Mapping[int, Page]) -> list[tuple[str, str]]:
    """Return kind (TD, TH) and text of every cell in the order of the structure tree; ``shown`` are the pages."""
    root = document.catalog.get("StructTreeRoot")
    if root is None:
        return []
    walker = _Cells(document, shown)
    walker.walk(dict_value(root).get("K"), None, (), 0)
    return [(kind, "".join(parts)) for kind, parts in walker.found]


def attachments(document: Document) -> dict[str, Attached]:
    """Return the embedded files by name."""
    names = dict_value(document.catalog.get("Names", {}))
    found: dict[str, Attached] = {}
    met: set[int] = set()
    waiting = [(names["EmbeddedFiles"], 0)] if "EmbeddedFiles" in names else []
    while waiting:
        reference, depth = waiting.pop()
        if number_of(reference) is not None:
            _once(reference, met)
        if depth > DEEPEST:
            raise Refused("big", "the tree of names")
        node = dict_value(reference)
        waiting += [(kid, depth + 1) for kid in listed(node.get("Kids"))]
        for specification in listed(node.get("Names"))[1::2]:
            name, attached = _attached(dict_value(specification))
            if name in found:
                raise Refused("broken", "two attachments of one name")
            found[name] = attached
    return found


def _attached(specification: Mapping[str, Any]) -> tuple[str, Attached]:
    files = dict_value(specification["EF"])
    stream = resolve1(files.get("UF", files.get("F")))
    if not isinstance(stream, PDFStream):
        raise Refused("broken", "an attachment without a file")
    data = stream.get_data()
    return text_of(specification.get("UF")) or text_of(specification.get("F")), Attached(
        data,
        hashlib.sha256(data).hexdigest(),
        word_of(stream.get("Subtype")),
        word_of(specification.get("AFRelationship")),
        text_of(specification.get("Desc")),
    )


class _Packet:
    """Reads the title and our own properties out of an XMP packet."""

    def __init__(self) -> None:
        self.title = ""
        self.properties: dict[str, str] = {}
        self._path: list[str] = []
        self._text: list[str] = []

    def read(self, packet: bytes) -> None:
        """Parse the packet; an entity is never defined in it."""
        parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
        parser.StartDoctypeDeclHandler = _no_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.Parse(packet, True)

    def _start(self, name: str, _: Mapping[str, str]) -> None:
        self._path.append(name)
        self._text.clear()

    def _end(self, name: str) -> None:
        self._path.pop()
        text = "".join(self._text)
        self._text.clear()
        if TITLE in self._path and not self.title:
            self.title = text
        elif name.startswith(OURS):
            self.properties[name.removeprefix(OURS)] = text


def _no_doctype(*_: object) -> None:
    raise Refused("broken", "metadata with entities")


def metadata(document: Document) -> tuple[str, Mapping[str, str]]:
    """Return the title and our own properties, as the metadata (XMP) tell them."""
    packet = _Packet()
    stream = resolve1(document.catalog.get("Metadata"))
    if isinstance(stream, PDFStream):
        data = stream.get_data()
        if len(data) > LONGEST_XMP:
            raise Refused("big", "metadata")
        packet.read(data)
    return packet.title, packet.properties
