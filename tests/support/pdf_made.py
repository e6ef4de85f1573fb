"""PDF files made by hand, to be as wrong as a test wants them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

FONT = b"<</Type /Font/Subtype /Type0/Encoding /Identity-H/ToUnicode 8 0 R>>"
TABLE = b"1 beginbfchar <0041> <0061> endbfchar"
OBJECTS: Mapping[int, bytes] = {
    1: b"<</Type /Catalog/Pages 2 0 R/Lang (ja)/StructTreeRoot 5 0 R>>",
    2: b"<</Type /Pages/Kids [3 0 R]/Count 1>>",
    3: b"<</Type /Page/Parent 2 0 R/Contents 4 0 R/Resources <</Font <</F 7 0 R>>/XObject <</X 9 0 R>>>>>>",
    5: b"<</Type /StructTreeRoot/K 6 0 R>>",
    6: b"<</Type /StructElem/S /TD/P 5 0 R/Pg 3 0 R/K 0>>",
    7: FONT,
}
SHOWN = b"/P <</MCID 0>> BDC BT /F 1 Tf <00410041> Tj ET EMC"


def stream(data: bytes, extra: bytes = b"", *, packed: bool = False) -> bytes:
    """Return a stream object's body."""
    if packed:
        data, extra = zlib.compress(data, 9), extra + b"/Filter /FlateDecode"
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (extra, len(data), data)


def made(changes: Mapping[int, bytes] | None = None, *, trailer: bytes = b"") -> bytes:
    """Return a file of one page with one cell that says "aa", with other objects put in their places."""
    objects = {**OBJECTS, 4: stream(SHOWN), 8: stream(TABLE), **(changes or {})}
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (max(objects) + 1, trailer, start)
    return bytes(out)
