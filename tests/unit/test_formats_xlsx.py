"""Workbooks: typed cells, no formulas, equal bytes."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime

import pytest
from python_calamine import CalamineWorkbook

from register.formats import xlsx

CREATED = datetime(2025, 11, 30, 1, 2, 3, tzinfo=UTC)
NOON = datetime.fromisoformat("2025-09-30T12:00")
PAYLOADS = ["=1+1", "{=1}", "+1", "@A1", "http://example.com", "mailto:a@example.com", "internal:A1", "external:b.xlsx"]


def sample() -> bytes:
    rows: list[list[str | int | float | date | None]] = [
        ["翻訳", 12, -1.5, date(2025, 9, 30), None],
        ["a\x00\x1fb", 10**15, 0, NOON, "00123"],
    ]
    return xlsx.write([xlsx.Sheet("案件", list("abcde"), rows)], created=CREATED, title="一覧")


def test_cells_keep_their_type() -> None:
    rows = CalamineWorkbook.from_filelike(io.BytesIO(sample())).get_sheet_by_name("案件").to_python()
    assert rows[1] == ["翻訳", 12.0, -1.5, date(2025, 9, 30), ""]
    assert rows[2] == ["ab", "1000000000000000", 0.0, NOON, "00123"]


def test_text_never_becomes_a_formula_or_a_link() -> None:
    data = xlsx.write([xlsx.Sheet("x", ["=1"], [[text] for text in PAYLOADS])], created=CREATED)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert not [name for name in archive.namelist() if "worksheets/_rels" in name]
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows] == ["=1", *PAYLOADS]


def test_heading_is_frozen_and_filtered_and_columns_are_wide_enough() -> None:
    data = xlsx.write([xlsx.Sheet("x", ["名", "b"], [["あ" * 12, 1], ["い" * 400, 2]])], created=CREATED)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A1:B3"/>' in sheet
    assert '<col min="1" max="1" width="60.7' in sheet


def test_names_of_sheets_are_made_valid() -> None:
    sheets = [xlsx.Sheet(name, ["a"], []) for name in ("a/b", "a/b", "長" * 40, "")]
    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsx.write(sheets, created=CREATED)))
    assert book.sheet_names == ["a・b", "a・b (2)", "長" * 31, "Sheet"]


def test_a_text_that_does_not_fit_is_not_lost_silently() -> None:
    with pytest.raises(ValueError, match="32768"):
        xlsx.write([xlsx.Sheet("x", ["a"], [["a" * 32_768]])], created=CREATED)


def test_equal_bytes_in_another_process() -> None:
    code = "import sys; from tests.unit.test_formats_xlsx import sample; sys.stdout.buffer.write(sample())"
    environment = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}
    other = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert other.stdout == sample()
