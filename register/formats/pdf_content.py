"""The text that a page of a PDF shows, and by which marks (MCID) its structure elements find it.

A glyph says what it is by the /ToUnicode of its font, as it does to a screen reader; nobody checks here that its
picture says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pdfminer.pdftypes import PDFStream, dict_value, resolve1

from register.formats.pdf_objects import Budget, Document, listed, number_of, word_of
from register.formats.pdf_tokens import Refused, instructions

MOST_FORMS = 8  # drawings inside drawings
LONGEST = 64  # characters of one glyph
UNKNOWN = "\ufffd"

Glyphs = Mapping[int, str]


@dataclass
class Page:
    """What one page shows: all of it, and the parts that stand under a mark."""

    shown: list[str] = field(default_factory=list)
    marked: dict[int, list[str]] = field(default_factory=dict)


class Reader:
    """Reads the pages of one file; their fonts are read once."""

    def __init__(self, document: Document) -> None:
        self.budget = document.budget
        self._fonts: dict[int, Glyphs] = {}

    def read(self, attributes: Mapping[str, Any], resources: object) -> Page:
        """Return what a page shows, given its dictionary and its resources, which it may have inherited."""
        content = b"\n".join(_bytes(part) for part in listed(attributes.get("Contents")))
        page = Page()
        _Run(self, page, dict_value(resources), None, 0).run(content)
        return page

    def glyphs(self, font: object) -> Glyphs:
        """Return what each glyph of a font means; nothing for a font of a kind that we do not write."""
        number = number_of(font)
        if number is not None and number in self._fonts:
            return self._fonts[number]
        described = dict_value(font)
        ours = word_of(described.get("Subtype")) == "Type0" and word_of(described.get("Encoding")) == "Identity-H"
        found = _meanings(_bytes(described.get("ToUnicode")), self.budget) if ours else {}
        if number is not None:
            self._fonts[number] = found
        return found


class _Run:
    """Goes through the operators of a page, or of a drawing that stands on it."""

    def __init__(self, reader: Reader, page: Page, resources: Mapping[str, Any], mark: int | None, depth: int) -> None:
        self._reader = reader
        self._page = page
        self._resources = resources
        self._marks = [mark]
        self._depth = depth
        self._font: Glyphs = {}
        self._kept: list[Glyphs] = []

    def run(self, content: bytes) -> None:
        """Take down what the operators show."""
        spend = self._reader.budget.spend
        for operator, operands in instructions(content):
            spend("instructions")
            deed = DEEDS.get(operator)
            if deed is not None:
                deed(self, operands)

    def save(self, _: list[Any]) -> None:
        self._kept.append(self._font)

    def restore(self, _: list[Any]) -> None:
        self._font = self._kept.pop()

    def font(self, operands: list[Any]) -> None:
        name, _ = operands
        self._font = self._reader.glyphs(dict_value(self._resources["Font"])[name.name])

    def begin(self, operands: list[Any]) -> None:
        """Open marked content: its own mark, none in an artifact, else that of what is around it."""
        mark = None if word_of(operands[0]) == "Artifact" else self._marks[-1]
        if len(operands) > 1:
            named = word_of(operands[1])
            properties = dict_value(dict_value(self._resources["Properties"])[named] if named else operands[1])
            mark = properties.get("MCID", mark)
        self._marks.append(mark)

    def end(self, _: list[Any]) -> None:
        if len(self._marks) == 1:
            raise Refused("broken", "marked content ends that did not begin")
        self._marks.pop()

    def show(self, operands: list[Any]) -> None:
        """Take down a string, or the strings of an array between its movements."""
        for found in listed(operands[-1]):
            if isinstance(found, bytes):
                self._take(found)

    def _take(self, codes: bytes) -> None:
        meaning = self._font.get
        text = "".join([meaning(high << 8 | low, UNKNOWN) for high, low in zip(codes[::2], codes[1::2], strict=True)])
        self._reader.budget.spend("letters", len(text))
        self._page.shown.append(text)
        if self._marks[-1] is not None:
            self._page.marked.setdefault(self._marks[-1], []).append(text)

    def draw(self, operands: list[Any]) -> None:
        """Go through a drawing; a picture shows no text."""
        found = resolve1(dict_value(self._resources["XObject"])[operands[0].name])
        if not isinstance(found, PDFStream) or word_of(found.get("Subtype")) != "Form":
            return
        if self._depth == MOST_FORMS:
            raise Refused("big", "drawings inside drawings")
        resources = dict_value(found["Resources"]) if "Resources" in found else self._resources
        _Run(self._reader, self._page, resources, self._marks[-1], self._depth + 1).run(found.get_data())

    def refuse(self, _: list[Any]) -> None:
        raise Refused("broken", "a picture between the operators")


DEEDS: Mapping[str, Callable[[_Run, list[Any]], None]] = {
    "q": _Run.save,
    "Q": _Run.restore,
    "Tf": _Run.font,
    "BMC": _Run.begin,
    "BDC": _Run.begin,
    "EMC": _Run.end,
    "Tj": _Run.show,
    "TJ": _Run.show,
    "'": _Run.show,
    '"': _Run.show,
    "Do": _Run.draw,
    "BI": _Run.refuse,
}


def _bytes(found: object) -> bytes:
    found = resolve1(found)
    if not isinstance(found, PDFStream):
        raise Refused("broken", "no stream")
    return found.get_data()


def _meanings(table: bytes, budget: Budget) -> Glyphs:
    """Return the table of a font: pairs of code and text, the only kind that our renderer writes."""
    found: dict[int, str] = {}
    for operator, operands in instructions(table):
        budget.spend("instructions")
        if operator == "endbfrange":
            raise Refused("broken", "a table of characters that we do not write")
        if operator == "endbfchar":
            for code, text in zip(operands[::2], operands[1::2], strict=True):
                meant = text.decode("utf-16-be", errors="replace")
                if len(meant) > LONGEST:
                    raise Refused("big", "a glyph of many letters")
                found[int.from_bytes(code, "big")] = meant
    return found
