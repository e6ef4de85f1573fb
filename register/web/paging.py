"""The page number in a URL."""

from __future__ import annotations

from collections.abc import Mapping

LAST = 1_000_000


def page_number(args: Mapping[str, str]) -> int:
    """Return the page that a URL asks for; the first when it asks for none that can be."""
    text = args.get("page", "1")
    return min(int(text), LAST) if text.isascii() and text.isdigit() and len(text) < 9 and int(text) else 1
