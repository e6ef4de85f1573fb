"""The objects of a PDF that somebody uploaded: pdfminer's document, with bounds where pdfminer has none.

Files are taken as our renderer and pyHanko's incremental updates write them: streams plain or deflated, object streams,
cross-reference streams or tables, no encryption. Every other way raises ``Refused``, and what is damaged raises that or
anything else: callers treat every exception as damage.
"""

from __future__ import annotations

import io
import logging
import re
import zlib
from typing import Any

from pdfminer.pdfdocument import PDFBaseXRef, PDFDocument, PDFXRef, PDFXRefStream
from pdfminer.pdfexceptions import PDFObjectNotFound
from pdfminer.pdfparser import PDFParser
from pdfminer.pdftypes import LITERALS_FLATE_DECODE, PDFObjRef, PDFStream, dict_value, int_value, resolve1
from pdfminer.psexceptions import PSEOF
from pdfminer.psparser import PSKeyword, PSLiteral
from pdfminer.utils import apply_png_predictor, decode_text

from register.formats.pdf_tokens import GAP, Objects, Refused

MOST_REVISIONS = 100
MOST_RANGES = 1000  # of one cross-reference stream: each look-up goes through them
LINE = re.compile(rb"[^\r\n]*+(?:\r\n?|\n|\Z)")
STREAM = re.compile(GAP + rb"stream(?:\r\n|\n)")
END_OF_STREAM = re.compile(rb"[\r\n ]{0,3}endstream")
START = re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF")
TAIL = 2048  # bytes at the end of a file in which its last words stand
END_OF_FILE = re.compile(rb"%%EOF(?:\r\n?|\n)?")
# Its warnings repeat what stands in a file, and our log is not for what strangers write.
logging.getLogger("pdfminer").setLevel(logging.CRITICAL)


class Budget:
    """What reading a file may still take, by the names of its ``Limits``."""

    def __init__(self, **left: int) -> None:
        self.left = left

    def spend(self, name: str, amount: int = 1) -> None:
        """Take some of it; raise ``Refused`` when nothing is left."""
        self.left[name] -= amount
        if self.left[name] < 0:
            raise Refused("big", name)

    def inflate(self, data: bytes) -> bytes:
        """Return the deflated bytes, inflated."""
        machine = zlib.decompressobj()
        found = machine.decompress(data, self.left["unpacked"] + 1)
        self.spend("unpacked", len(found))
        if not machine.eof:
            raise Refused("broken", "a stream does not end")
        return found


class _Stream(PDFStream):
    """A stream that inflates within the budget."""

    budget: Budget

    def decode(self) -> None:
        """Make ``data`` of ``rawdata``."""
        filters = self.get_filters()
        if len(filters) > 1 or any(kind not in LITERALS_FLATE_DECODE for kind, _ in filters):
            raise Refused("broken", f"a filter that we do not write: {filters}")
        data = self.rawdata or b""
        for _, settings in filters:
            data = self.budget.inflate(data)
            if settings:
                data = _unpredicted(data, dict_value(settings))
        self.data = data
        self.rawdata = None


def _unpredicted(data: bytes, settings: dict[str, Any]) -> bytes:
    """Undo what other programs do to cross-references before they deflate them."""
    predictor, columns = int_value(settings.get("Predictor", 1)), int_value(settings.get("Columns", 1))
    return data if predictor == 1 else apply_png_predictor(predictor, 1, columns, 8, data)


class _File(PDFParser):
    """Reads a file from memory for pdfminer, which reads nothing itself; its streams keep to the budget."""

    def __init__(self, data: bytes, budget: Budget, document: PDFDocument) -> None:
        self._data = data
        self._budget = budget
        self._objects = Objects(data, document)
        super().__init__(io.BytesIO())

    def __repr__(self) -> str:
        return f"<file at {self._objects.at}>"

    def seek(self, pos: int) -> None:
        """Go on at ``pos``."""
        if not 0 <= pos <= len(self._data):
            raise Refused("broken", "a place outside the file")
        self._objects.at = pos

    def nextline(self) -> tuple[int, bytes]:
        """Return the place and the text of the next line, with its end."""
        at = self._objects.at
        found = LINE.match(self._data, at)
        if found is None or not found[0]:
            raise PSEOF("the data end")
        self._objects.at = found.end()
        return at, found[0]

    def nexttoken(self) -> tuple[int, Any]:
        """Return the place before the next object or keyword, and that."""
        at = self._objects.at
        return at, self._objects.take()

    def nextobject(self) -> tuple[int, Any]:
        """Return the same; a dictionary with its stream, if one follows."""
        at, found = self.nexttoken()
        start = STREAM.match(self._data, self._objects.at) if isinstance(found, dict) else None
        return at, self._stream(found, start.end()) if start else found

    def _stream(self, attributes: dict[str, Any], start: int) -> PDFStream:
        length = int_value(attributes["Length"])
        end = END_OF_STREAM.match(self._data, start + length) if length >= 0 else None
        if end is None:
            raise Refused("broken", "a stream has another length than it says")
        self._objects.at = end.end()
        self._budget.spend("unpacked", length)
        stream = _Stream(attributes, self._data[start : start + length])
        stream.budget = self._budget
        return stream


class Document(PDFDocument):
    """A file as its reader sees it, with the last revision on top; ``getobj`` gives what a reference points at."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self.budget = budget
        self._bytes = data
        self._known: dict[int, object] = {}
        self._contained: dict[int, tuple[Objects, list[int], int]] = {}
        self.starts: list[int] = []
        super().__init__(_File(data, budget, self), fallback=False)

    def find_xref(self, parser: PDFParser) -> int:
        """Return where the newest cross-references stand; a few bytes behind the end are what readers put up with."""
        found = START.findall(self._bytes[-TAIL:])
        if not found:
            raise Refused("broken", "no end")
        return int(found[-1])

    def read_xref_from(self, parser: PDFParser, start: int, xrefs: list[PDFBaseXRef]) -> None:
        """Read the cross-references from the last to the first; each names the place of the one before it."""
        queue = [start]
        while queue:
            at = queue.pop()
            if at in self.starts or len(self.starts) >= MOST_REVISIONS:
                raise Refused("broken", "the revisions go in a circle")
            self.starts.append(at)
            parser.seek(at)
            _, token = parser.nexttoken()
            xref: PDFXRefStream | PDFXRef = PDFXRefStream() if isinstance(token, int) else PDFXRef()
            if isinstance(token, int):
                parser.seek(at)
            else:
                parser.nextline()
            xref.load(parser)
            trailer = xref.get_trailer()
            if "Encrypt" in trailer:
                raise Refused("encrypted")
            if "XRefStm" in trailer or len(getattr(xref, "ranges", ())) > MOST_RANGES:
                raise Refused("broken", "cross-references that we do not write")
            xrefs.append(xref)
            if "Prev" in trailer:
                queue.append(int_value(trailer["Prev"]))

    def getobj(self, objid: int) -> object:
        """Return the object; raise ``PDFObjectNotFound`` for a number that the file does not have."""
        if objid in self._known:
            return self._known[objid]
        for xref in self.xrefs:
            try:
                container, place, _ = xref.get_pos(objid)
            except KeyError:
                continue
            found = self._plain(place, objid) if container is None else self._inside(container, place, objid)
            if isinstance(found, PDFObjRef | PSKeyword):
                raise Refused("broken", "an object that is none")
            self._known[objid] = found
            return found
        raise PDFObjectNotFound(objid)

    def _plain(self, place: int, objid: int) -> object:
        parser = _File(self._bytes, self.budget, self)
        parser.seek(place)
        head = [parser.nexttoken()[1] for _ in range(3)]
        if head[0] != objid or head[2] is not self.KEYWORD_OBJ:
            raise Refused("broken", f"object {objid} is not at its place")
        return parser.nextobject()[1]

    def _inside(self, container: int, index: int, objid: int) -> object:
        if container not in self._contained:
            stream = self.getobj(container)
            if not isinstance(stream, PDFStream):
                raise Refused("broken", "objects in no stream")
            data = stream.get_data()
            first = int_value(stream["First"])
            self._contained[container] = Objects(data, self), [int(one) for one in data[:first].split()], first
        objects, places, first = self._contained[container]
        if places[2 * index] != objid:
            raise Refused("broken", f"object {objid} is not at its place")
        objects.at = first + places[2 * index + 1]
        return objects.take()

    def first_revision(self) -> int:
        """Return where the first revision ends: behind the %%EOF that follows its own cross-references."""
        start = self.starts[-1]
        last = re.compile(rb"startxref\s+%d\s+%%%%EOF(?:\r\n?|\n)?" % start)
        found = last.search(self._bytes, start) or END_OF_FILE.search(self._bytes)
        return found.end() if found else len(self._bytes)


def text_of(found: object) -> str:
    """Return a text string, empty for what is none."""
    found = resolve1(found)
    if not isinstance(found, bytes):
        return ""
    for mark, encoding in ((b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if found.startswith(mark):
            return found[len(mark) :].decode(encoding)
    return decode_text(found)


def listed(found: object) -> list[Any]:
    """Return the members of an array; anything else is its own only member."""
    found = resolve1(found)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def word_of(found: object) -> str:
    """Return what a name says (Form for /Form), empty for what is none."""
    found = resolve1(found)
    return str(found.name) if isinstance(found, PSLiteral) else ""


def number_of(found: object) -> int | None:
    """Return the number of the object that is referred to."""
    return found.objid if isinstance(found, PDFObjRef) else None
