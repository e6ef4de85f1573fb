"""The fonts of every PDF: where they lie, which characters they have, and what is done about the others.

A character without a glyph makes a file invalid for PDF/A and PDF/UA alike, so it is replaced by 〓 before rendering;
``missing`` tells which ones, for the note in the document (the attached data keep the original).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

FOLDER = Path(__file__).parent / "fonts"
FILES = ("NotoSansJP-Regular.ttf", "NotoSansJP-Bold.ttf", "BIZUDPGothic-Regular.ttf", "BIZUDPGothic-Bold.ttf")
SCHEME = "font:"
GETA = "〓"
FACES = "\n".join(
    f'@font-face {{ font-family: "{family}"; font-weight: {weight}; src: url({SCHEME}{file}) }}'
    for file, family, weight in zip(
        FILES, ("Noto Sans JP",) * 2 + ("BIZ UDPGothic",) * 2, ("400", "700") * 2, strict=True
    )
)
# What has no picture of its own and may break a line or a file: soft hyphens, joiners, direction marks, controls.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")
# What stands in no XML: an XMP packet with one of these cannot be read at all.
UNHELD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
RADICALS = range(0x2E80, 0x2FE0)  # nobody means these when they write a character
PAIR = re.compile(f".{SELECTOR.pattern}")


def opened(file: Any, index: int = -1) -> TTFont:
    """Return a font of a path or a stream whose glyphs are called by their numbers: naming all takes half a second."""
    font = TTFont(file, fontNumber=index, lazy=True)
    maxp: Any = font["maxp"]
    font.setGlyphOrder([str(number) for number in range(maxp.numGlyphs)])
    return font


@cache
def _coverage() -> tuple[frozenset[int], frozenset[tuple[int, int]]]:
    """Return the characters that the fonts have, and the pairs of character and variation selector."""
    known: set[int] = set()
    variants: set[tuple[int, int]] = set()
    for file in FILES[::2]:  # a bold face has the same characters as its regular face
        with opened(FOLDER / file) as font:
            table: Any = font["cmap"]
            known |= set(table.getBestCmap())
            for part in table.tables:
                if part.format == 14 and file == FILES[0]:
                    variants |= {(base, mark) for mark, pairs in part.uvsDict.items() for base, _ in pairs}
    return frozenset(known), frozenset(variants)


@cache
def _alike() -> tuple[Mapping[int, str], Mapping[str, str]]:
    """Return for each character, and each one with a selector, the first that has the same glyph."""
    single: dict[int, str] = {}
    pairs: dict[str, str] = {}
    for file in FILES[::2]:
        with opened(FOLDER / file) as font:
            table: Any = font["cmap"]
            first: dict[str, str] = {}
            for code, glyph in sorted(table.getBestCmap().items(), key=lambda pair: (pair[0] in RADICALS, pair[0])):
                single.setdefault(code, first.setdefault(glyph, chr(code)))
            for part in table.tables:
                if part.format == 14 and file == FILES[0]:
                    for mark, variants in sorted(part.uvsDict.items()):
                        for base, glyph in variants:
                            plain = single[base]
                            other = plain if glyph is None else first.setdefault(glyph, plain + chr(mark))
                            pairs[chr(base) + chr(mark)] = other
    return {code: other for code, other in single.items() if chr(code) != other}, pairs


def printed(text: str) -> str:
    """Return the text as a reader of its print can tell it: characters that share a glyph are one.

    The fonts draw ‑ (U+2011) as they draw - (U+002D), and a PDF says for both whichever came first in it: texts that
    were read from one are compared in this form.
    """
    text = covered(text)
    if text.isascii():
        return text
    single, pairs = _alike()
    return PAIR.sub(lambda pair: pairs.get(pair[0], pair[0]), text).translate(single)


def missing(text: str) -> tuple[str, ...]:
    """Return the code points ("U+1F600") that no font has, each once, in the order of the text."""
    known, _ = _coverage()
    visible = SELECTOR.sub("", INVISIBLE.sub("", LINE_ENDS.sub("\n", text)))
    return tuple(
        dict.fromkeys(f"U+{ord(char):04X}" for char in visible if ord(char) not in known and char not in "\n\t")
    )


def held(text: str) -> str:
    """Return the text without what neither XML nor a file can hold; characters that no font has stay."""
    return UNHELD.sub("", text)


def covered(text: str) -> str:
    """Return the text with 〓 for each character that no font has and without what cannot be seen."""
    known, variants = _coverage()
    text = INVISIBLE.sub("", LINE_ENDS.sub("\n", text))
    if text.isascii():
        return text
    found: list[str] = []
    base = 0
    for char in text:
        code = ord(char)
        if SELECTOR.match(char):
            found += char if (base, code) in variants else ""
        else:
            found += char if code in known or char in "\n\t" else GETA
        base = code
    return "".join(found)
