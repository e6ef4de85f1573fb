"""A cure for what WeasyPrint 70.0 writes of the meaning of glyphs (/ToUnicode), like those of ``pdf_tags``.

Where one cluster of characters becomes several glyphs, a letter and marks that stand on it, WeasyPrint says that the
last glyph means all of it and the others nothing: the file is invalid for both standards, and the letter, which the
font has once, is silent in the whole document. Such glyphs mean what the font itself says.
"""

from __future__ import annotations

import functools
import io
import unicodedata
from collections.abc import Mapping
from typing import Any

from weasyprint import pdf

from register.formats.pdf_fonts import SELECTOR, opened

UNKNOWN = "\ufffd"

_build = pdf.build_fonts_dictionary


@functools.cache
def install() -> None:
    """Put the cure in place; more than once does nothing."""
    pdf.build_fonts_dictionary = _build_fonts_dictionary


def _build_fonts_dictionary(document: Any, fonts: Mapping[Any, Any], *others: Any) -> Any:
    """Build the fonts once every glyph has a meaning."""
    for font in fonts.values():
        doubtful = [glyph for glyph, text in font.to_unicode.items() if len(SELECTOR.sub("", text)) != 1]
        if doubtful:
            known = _characters(font.file_content, font.index)
            for glyph in doubtful:
                font.to_unicode[glyph] = meaning(font.to_unicode[glyph], known.get(glyph, ""))
    return _build(document, fonts, *others)


def meaning(said: str, known: str) -> str:
    """Return what a glyph means: ``said`` by its place in a text, ``known`` by the font (empty for a ligature).

    A ligature stands for several letters; where the font has a character for it (ﬁ), that one is made of the same.
    """
    if said and (not known or _folded(known) == _folded(said)):
        return said
    return known or UNKNOWN


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", SELECTOR.sub("", text))


def _characters(content: bytes, index: int) -> dict[int, str]:
    """Return the first character that the font has for each glyph."""
    with opened(io.BytesIO(content), index) as font:
        found: dict[int, str] = {}
        for code, name in sorted(font["cmap"].getBestCmap().items()):
            found.setdefault(int(name), chr(code))
        return found
