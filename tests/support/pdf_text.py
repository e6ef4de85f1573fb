"""What another program reads of a PDF."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from io import BytesIO

import pikepdf


def pages_of(data: bytes) -> list[str]:
    """Return the text of every page."""
    command = ["pdftotext", "-layout", "-", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode().split("\f")[:-1]


def joined(data: bytes) -> str:
    """Return all that stands in it, without any blanks: lines are broken wherever they are full."""
    command = ["pdftotext", "-", "-"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    return "".join(done.stdout.decode().split())


def beneath(data: bytes) -> str:
    """Return what lies in it beside the printed text: attachments, bookmarks, tags, metadata, in every encoding."""
    found = []
    with pikepdf.open(BytesIO(data)) as document:
        for one in document.objects:
            if isinstance(one, pikepdf.Stream):
                with suppress(pikepdf.PdfError):
                    raw = one.read_bytes()
                    found += [raw.decode(errors="ignore"), raw.decode("utf-16-be", errors="ignore")]
            # Every object is looked at by itself: what one refers to comes in its turn.
            found += _strings(one)
    return "\n".join(found)


def _strings(one: pikepdf.Object, depth: int = 0) -> list[str]:
    """Return the strings that stand in an object itself, not in those that it refers to."""
    if isinstance(one, pikepdf.String):
        return [str(one)]
    if depth and one.is_indirect:
        return []
    if isinstance(one, pikepdf.Dictionary):
        parts = [one[key] for key in list(one.keys())]
    else:
        parts = list(one) if isinstance(one, pikepdf.Array) else []
    return [text for part in parts if isinstance(part, pikepdf.Object) for text in _strings(part, depth + 1)]
