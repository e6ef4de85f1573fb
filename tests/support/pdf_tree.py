"""Looking into the structure tree and the content of a PDF."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf


def opened(data: bytes) -> pikepdf.Pdf:
    """Return the file, open."""
    return pikepdf.open(io.BytesIO(data))


def elements(file: pikepdf.Pdf) -> Iterator[Any]:
    """Yield every structure element in reading order."""
    yield from _below(file.Root.StructTreeRoot.K)


def _below(kids: Any) -> Iterator[Any]:
    if isinstance(kids, pikepdf.Array):
        for kid in kids:
            yield from _below(kid)
    elif isinstance(kids, pikepdf.Dictionary) and kids.get("/Type") == "/StructElem":
        yield kids
        if "/K" in kids:
            yield from _below(kids.K)


def of_kind(file: pikepdf.Pdf, *kinds: str) -> list[Any]:
    """Return the elements of these kinds ("TH", "TD")."""
    return [element for element in elements(file) if str(element.S)[1:] in kinds]


def inside(table: Any, *kinds: str) -> list[Any]:
    """Return the elements of these kinds below an element."""
    return [element for element in _below(table.K) if str(element.S)[1:] in kinds]


@dataclass(frozen=True)
class Marked:
    """A run of text of a page: what encloses it, outermost first, as (tag, MCID or None, Subtype or None)."""

    page: int
    enclosing: tuple[tuple[str, int | None, str | None], ...]


def texts(file: pikepdf.Pdf) -> Iterator[Marked]:
    """Yield each text that a page shows."""
    for number, page in enumerate(file.pages):
        stack: list[tuple[str, int | None, str | None]] = []
        for instruction in pikepdf.parse_content_stream(page):
            operator, operands = str(instruction.operator), instruction.operands
            if operator == "BMC":
                stack.append((str(operands[0]), None, None))
            elif operator == "BDC":
                properties: Any = operands[1]
                mark = properties.get("/MCID")
                subtype = properties.get("/Subtype")
                stack.append((str(operands[0]), None if mark is None else int(mark), subtype and str(subtype)))
            elif operator == "EMC":
                stack.pop()
            elif operator in ("Tj", "TJ", "'", '"'):
                yield Marked(number, tuple(stack))
