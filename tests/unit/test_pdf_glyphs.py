"""What the glyphs of a PDF mean: nothing is silent, nothing is said twice."""

from __future__ import annotations

import re
from pathlib import Path

import page as page_validation
import pikepdf
import pytest
from weasyprint import pdf as weasyprint_pdf

from register.formats import pdf_glyphs
from register.formats.pdf_glyphs import meaning
from register.formats.pdf_read import read
from tests.support.pdf_tree import opened
from tests.support.sample_document import page, sample

PAIR = re.compile(rb"<([0-9a-f]{4})> <([0-9a-f]*)>\n")
# A mark without a letter stands on a circle: two glyphs for one character.
MARKS = page("<h1>x</h1><table><tr><td>\u0301先頭</td><td>〮</td><td>◌ か\u3099か office</td></tr></table>")


def meanings(data: bytes) -> list[str]:
    """Return what the fonts of the file say of their glyphs."""
    with opened(data) as file:
        tables = [one.ToUnicode for one in file.objects if isinstance(one, pikepdf.Dictionary) and "/ToUnicode" in one]
        found = [pair[1] for table in tables for pair in PAIR.findall(table.read_bytes())]
    return [bytes.fromhex(one.decode()).decode("utf-16-be") for one in found]


def valid(data: bytes, folder: Path) -> bool:
    path = folder / "document.pdf"
    path.write_bytes(data)
    return all(page_validation.validate_pdf(str(path), profile=profile).is_compliant for profile in ("pdfa3a", "ua1"))


def test_every_glyph_means_something(tmp_path: Path) -> None:
    data = sample(MARKS)
    assert "" not in meanings(data)
    assert {"◌", "\u0301", "か", "か\u3099", "ffi"} <= set(meanings(data))
    assert valid(data, tmp_path)
    assert read(data).cells[0] == "◌\u0301先頭"
    assert read(data).cells[2] == "◌か\u3099かoffice"


def test_without_the_cure_some_mean_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sample(page("<h1>x</h1>"))  # puts the cures in place
    monkeypatch.setattr(weasyprint_pdf, "build_fonts_dictionary", pdf_glyphs._build)
    data = sample(MARKS)
    assert "" in meanings(data)
    assert not valid(data, tmp_path)


@pytest.mark.parametrize(
    ("said", "known", "meant"),
    [
        ("a", "a", "a"),
        ("ffi", "", "ffi"),
        ("fi", "ﬁ", "fi"),
        ("", "か", "か"),
        ("か\u309a\u0301", "か", "か"),
        ("か\u3099", "が", "か\u3099"),
        ("葛\U000e0100", "", "葛\U000e0100"),
        ("神\ufe00", "\ufa19", "神\ufe00"),
        ("", "", "\ufffd"),
    ],
)
def test_meaning(said: str, known: str, meant: str) -> None:
    assert meaning(said, known) == meant
