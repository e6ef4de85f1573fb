"""How many pages a PDF of ours has, without a PDF library: the page tree's root says it."""

from __future__ import annotations

import re
import zlib

STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
TREE = re.compile(rb"<<[^<>]*/Type\s*/Pages\b[^<>]*>>")
COUNT = re.compile(rb"/Count\s+(\d+)")


def count_pages(data: bytes) -> int:
    """Return the number of pages; raise ``ValueError`` when ``data`` is no PDF with a page tree."""
    for part in (data, *_object_streams(data)):
        if (tree := TREE.search(part)) and (count := COUNT.search(tree[0])):
            return int(count[1])
    raise ValueError("the PDF has no page tree")


def _object_streams(data: bytes) -> list[bytes]:
    found = []
    for stream in STREAM.finditer(data):
        try:
            found.append(zlib.decompressobj().decompress(stream[1]))
        except zlib.error:
            continue
    return found
