"""Bytes to rows and rows to bytes: CSV, Excel, SVG charts and PDF. No domain knowledge lives here.

``Cell`` is what a written table may hold; ``printable`` takes out what no file format can carry.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

Cell = str | int | float | Decimal | date | None

# Control characters (tab and line feed stay), lone surrogates and the two code points that XML forbids.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """Return the text without control characters and with line feeds as the only line ends."""
    return UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
