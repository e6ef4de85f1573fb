"""Every sentence of the screens has its English: none missing, none unsure, none left over, same places to fill."""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from tests.support import sources

ENGLISH = sources.ROOT / "translations/en/LC_MESSAGES/messages.po"
KEYWORDS = dict.fromkeys(("_", "gettext", "lazy_gettext", "_l", "say", "Note")) | {
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "psay": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "lazy_pgettext": ((1, "c"), 2),
}
PLACES = re.compile(r"%\((\w+)\)")


@cache
def used() -> Catalog:
    """Return the sentences that the code and the templates use now."""
    with (sources.ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    catalog = Catalog()
    for name, line, message, _comments, context in extract_from_dir(
        sources.ROOT, methods, options, keywords=KEYWORDS, directory_filter=is_ours
    ):
        catalog.add(message, None, [(name, line)], context=context)
    return catalog


def is_ours(folder: str) -> bool:
    """Return whether a folder is worth looking into."""
    return Path(folder).name not in {".venv", ".git", "node_modules", "var", "__pycache__"}


@cache
def english() -> Catalog:
    """Return the English catalogue as it is committed."""
    return read_po(BytesIO(ENGLISH.read_bytes()), locale="en")


def sentences(catalog: Catalog) -> dict[tuple[object, str | None], Message]:
    """Return the messages of a catalogue by id and context, the header left out."""
    return {(message.id, message.context): message for message in catalog if message.id}


def texts(value: object) -> tuple[str, ...]:
    """Return the one text, or the singular and plural ones, of an id or a translation."""
    return (value,) if isinstance(value, str) else tuple(str(part) for part in value or ())  # type: ignore[attr-defined]


def test_sentences_are_found() -> None:
    assert len(sentences(used())) > 20


def test_every_sentence_has_its_english() -> None:
    have = sentences(english())
    missing = [key for key in sentences(used()) if key not in have or not all(texts(have[key].string))]
    assert missing == [], "run: make translations, then fill what is empty"


def test_no_translation_is_unsure() -> None:
    assert [key for key, message in sentences(english()).items() if message.fuzzy] == []


def test_no_translation_is_left_over() -> None:
    assert [key for key in sentences(english()) if key not in sentences(used())] == []


def test_translations_fill_the_same_places() -> None:
    wrong = [
        key
        for key, message in sentences(english()).items()
        if {name for text in texts(message.string) for name in PLACES.findall(text)}
        - {name for text in texts(key[0]) for name in PLACES.findall(text)}
    ]
    assert wrong == []
