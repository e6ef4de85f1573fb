"""Text keys: what is stored is as written, what is matched is folded."""

from __future__ import annotations

import re
import unicodedata

import jaconv

# A wide blank alone is no Japanese: it stands between words of any language in documents.
_JAPANESE = re.compile(r"[\u3001-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
# All of the category Cc but line feed and tab.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """Return ``text`` in NFC, trimmed, without control characters but line breaks and tabs."""
    kept = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", kept).strip()


def clean_line(text: str) -> str:
    """Return ``text`` cleaned and on one line."""
    return " ".join(clean(text).split("\n"))


def is_japanese(text: str) -> bool:
    """Tell whether anything of ``text`` is written in Japanese, so that it is to be read aloud as such."""
    return _JAPANESE.search(text) is not None


def search_key(text: str) -> str:
    """Return what ``text`` is found by: NFKC, case and kana folded, runs of blanks as one."""
    folded: str = jaconv.kata2hira(unicodedata.normalize("NFKC", text).casefold())
    # Folding may part a letter from its mark: normalised again, a key is its own key.
    return unicodedata.normalize("NFKC", " ".join(folded.split()))


_DASHES = str.maketrans(dict.fromkeys("−‐‑–—", "-") | {"～": "~", "〜": "~"})


def code_key(text: str) -> str:
    """Return what a code or a label is matched by: NFKC, upper case, one kind of dash, no blanks."""
    folded = "".join(unicodedata.normalize("NFKC", text).translate(_DASHES).upper().split())
    return unicodedata.normalize("NFKC", folded)
