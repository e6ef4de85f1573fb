"""Workbooks made to harm: each is refused with a sentence, at little cost, and nothing but a refusal ever comes out."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from register.errors import Invalid
from register.formats import xlsx
from register.formats.workbook import SENTENCES, Limits
from register.formats.workbook_read import Unreadable, read
from tests.support import workbooks
from tests.support.workbooks import OLE, ONE, ods, worksheet, zipped
from tests.support.workbooks import xlsx as book

MEGABYTE = 1024**2
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)
SOON = 3  # seconds of the processor
EXTERNAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def refusal(data: bytes, name: str = "a.xlsx", limits: Limits | None = None) -> str:
    """Return the sentence with which a file is refused."""
    with pytest.raises(Unreadable) as caught:
        read(data, name=name, limits=limits or Limits())
    assert isinstance(caught.value, Invalid)
    assert str(caught.value.fields["file"]) == str(caught.value)
    return str(caught.value)


def said(key: str) -> str:
    """Return the fixed sentence of a key."""
    return str(SENTENCES[key])


def packed(pieces: list[tuple[bytes, int]]) -> bytes:
    """Return a deflated member whose content, pieces times a number, is never held in memory."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in workbooks.parts({"表1": worksheet()}).items():
            if name != "xl/worksheets/sheet1.xml":
                archive.writestr(name, part)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as target:
            for piece, times in pieces:
                for _ in range(times):
                    target.write(piece)
    return out.getvalue()


def opened(*inner: tuple[bytes, int]) -> list[tuple[bytes, int]]:
    return [(worksheet("").partition("</sheetData>")[0].encode(), 1), *inner, (b"</sheetData></worksheet>", 1)]


BOMBS: Mapping[str, Callable[[], bytes]] = {
    "a cell of 800 MB": lambda: packed(
        opened((b'<row><c t="str"><v>', 1), (b"a" * MEGABYTE, 800), (b"</v></c></row>", 1))
    ),
    "padding of 300 MB": lambda: packed(opened((b" " * MEGABYTE, 300))),
    "a comment of 300 MB": lambda: packed(opened((b"<!--", 1), (b"a" * MEGABYTE, 300), (b"-->", 1))),
    "an attribute of 300 MB": lambda: packed(opened((b'<row x="', 1), (b"a" * MEGABYTE, 300), (b'"/>', 1))),
    "ten million empty cells": lambda: packed(opened((b"<row>", 1), (b"<c/>" * 10_000, 1_000), (b"</row>", 1))),
    "deep": lambda: packed(opened((b"<a>" * 100_000, 30))),
    "a sheet of zeros": lambda: packed([(b"\0" * MEGABYTE, 300)]),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_soon(name: str) -> None:
    data = BOMBS[name]()
    # A second or so of the processor; a busy machine takes longer by the clock. A child beyond that is another refusal.
    limits = Limits(memory=200 * MEGABYTE, cpu=SOON)
    assert refusal(data, limits=limits) in {said("bomb"), said("hostile"), said("broken")}


def test_pictures_are_not_unpacked() -> None:
    data = book(extra={"xl/media/image1.png": b"\0" * 300 * MEGABYTE})
    assert read(data, name="a.xlsx", limits=Limits(memory=200 * MEGABYTE, cpu=SOON)).kind == "xlsx"


def test_an_honest_member_with_a_lying_length() -> None:
    data = bytearray(book(worksheet(ONE + " " * 5000)))
    place = data.rindex(b"xl/worksheets/sheet1.xml") - 46
    struct.pack_into("<I", data, place + 24, 100)
    assert refusal(bytes(data)) == said("broken")


@pytest.mark.parametrize(
    ("rows", "cell"),
    [
        ('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', "XFD1048576"),
        ('<row r="1"><c r="xfd1048576"><v>1</v></c></row>', "XFD1048576"),
        ('<row r="1048576"><c><is><t>1</t></is></c></row>', "A1048576"),
        ('<row r="1"><c r="GR1"/><c><f>1</f></c></row>', "GS1"),
        ('<row r="60000"/><row><c><v>1</v></c></row>', "A60001"),
        ("<row><c><v>1</v></c></row>" * 60_001, "A60001"),
    ],
)
def test_cells_out_of_reach_are_named(rows: str, cell: str) -> None:
    sentence = refusal(book(worksheet(), worksheet(rows)))
    assert f"セル{cell}" in sentence
    assert "シート「表2」" in sentence


def test_the_last_cell_within_reach_is_read() -> None:
    rows = '<row r="10000"><c r="GR10000"><v>1</v></c></row>'
    (sheet,) = read(book(worksheet(rows)), name="a.xlsx").sheets
    assert sheet.at(10_000, 200) == 1


def test_a_rectangle_that_is_too_large() -> None:
    rows = '<row r="60000"><c r="GR60000"><v>1</v></c></row>'
    assert "セルが多すぎます" in refusal(book(worksheet(rows)))


@pytest.mark.parametrize(
    ("after", "word"),
    [
        ('<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>', "A1:XFD1048576"),
        ('<hyperlinks><hyperlink ref="A1:XFD1048576"/></hyperlinks>', "A1:XFD1048576"),
        ("<mergeCells>" + '<mergeCell ref="A1:B2"/>' * 20_001 + "</mergeCells>", "結合"),
        ('<mergeCells><mergeCell ref="B2:A1"/></mergeCells>', "壊れて"),
    ],
)
def test_ranges_are_bounded(after: str, word: str) -> None:
    assert word in refusal(book(worksheet(after=after)))


def test_many_sheets() -> None:
    assert refusal(zipped(workbooks.parts({f"{n}": worksheet() for n in range(20_000)}))) == said("members")
    assert "上限50枚" in refusal(zipped(workbooks.parts({f"{n}": worksheet() for n in range(51)})))
    unnamed = {f"xl/more{number}.xml": worksheet() for number in range(51)}
    assert "上限50枚" in refusal(book(extra=unnamed))
    assert "上限50枚" in refusal(ods("".join(f'<table:table table:name="{n}"/>' for n in range(51))), "a.ods")


def test_many_formulas() -> None:
    rows = "<row>" + "<c><f>1</f></c>" * 11 + "</row>"
    assert "上限10個" in refusal(book(worksheet(rows)), limits=Limits(marks=10))


def test_long_texts_are_named() -> None:
    rows = f'<row r="7"><c r="C7" t="str"><v>{"あ" * 32_768}</v></c></row>'
    assert "セルC7" in refusal(book(worksheet(rows)))


@pytest.mark.parametrize("declared", [LAUGHS, EXTERNAL, "<!DOCTYPE x>"])
@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "[Content_Types].xml", "xl/theme/theme1.xml"])
def test_declarations_are_refused_wherever_they_stand(declared: str, name: str) -> None:
    assert refusal(book(extra={name: f"{declared}<x>&a;</x>"})) == said("hostile")


FAR = worksheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


@pytest.mark.parametrize(
    "target", ["other/s.xml", "/xl/other/s.xml", "s.dat", "media/s.png", "printerSettings/p.bin", "s.XML", "a/../s.xml"]
)
def test_a_sheet_is_found_wherever_it_is_moved(target: str) -> None:
    for declared in ("", '<?xml version="1.0" encoding="UTF-16"?>'):
        data = book(declared + FAR, targets={"表1": target})
        assert refusal(data)  # and the child did not die of it
        assert read_kind(data) != "dead"


def read_kind(data: bytes) -> str:
    """Return the key of the refusal."""
    with pytest.raises(Unreadable) as caught:
        read(data, name="a.xlsx")
    return next(key for key, known in SENTENCES.items() if known.template == caught.value.sentence.template)


def test_a_sheet_in_another_encoding_is_not_understood() -> None:
    data = book(extra={"xl/worksheets/sheet1.xml": ('<?xml version="1.0" encoding="UTF-16"?>' + FAR).encode("utf-16")})
    assert read_kind(data) == "broken"


@pytest.mark.parametrize("name", ["../x.xml", "xl/../../x.xml", "/etc/x.xml", "..\\x.xml", "C:/x.xml"])
def test_names_that_lead_away_are_refused(name: str) -> None:
    assert refusal(book(extra={name: "<x/>"})) == said("hostile")


def test_members_that_stand_twice_are_refused() -> None:
    pairs = list(workbooks.parts({"表1": worksheet()}).items())
    assert refusal(zipped([*pairs, ("XL/Worksheets/Sheet1.xml", FAR)])) == said("hostile")
    twice = workbooks.parts({"表1": worksheet()}) | {"xl/workbook2.xml": pairs[2][1]}
    assert refusal(zipped(twice)) == said("hostile")


@pytest.mark.parametrize(
    ("data", "name", "key"),
    [
        (b"", "a.xlsx", "empty"),
        (b" \r\n", "a.csv", "empty"),
        (b"PK\x05\x06" + b"\0" * 18, "a.xlsx", "unknown"),
        (zipped({"a.txt": "x"}), "a.xlsx", "unknown"),
        (zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"}), "a.docx", "unknown"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "a.odt", "unknown"),
        (b"%PDF-1.7", "a.pdf", "unknown"),
        (b"\x7fELF", "a.xlsx", "broken"),
        (b"\xef\xbb\xbf \n<HTML><table><tr><td>1", "a.xls", "html"),
        (b"<!-- x --><table>", "a.csv", "html"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "a.xls", "xml2003"),
        (b"\x09\x04\x06\x00\x00\x00\x10\x00\x00\x00", "a.xls", "old"),
        (book(extra={"xl/vbaProject.bin": b"x"}), "a.xlsm", "macros"),
        (book(extra={"xl/macrosheets/sheet1.xml": "<xm:macrosheet xmlns:xm='x'/>"}), "a.xlsx", "macros"),
        (
            book(extra={"[Content_Types].xml": '<Types><Override ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>'}),
            "a.xlsx",
            "macros",
        ),
        (book(extra={"xl/workbook.bin": b"x"}), "a.xlsb", "binary"),
        (ods("", {"Basic/Standard/Module1.xml": "<x/>"}), "a.ods", "macros"),
        (ods("", {"META-INF/manifest.xml": "<manifest><file-entry><encryption-data/></file-entry></manifest>"}), "a.ods", "encrypted"),
        (ods("", {"encrypted-package": b"x"}), "a.ods", "encrypted"),
        (ods('<table:table table:name="a"><table:table table:name="b"/></table:table>'), "a.ods", "hostile"),
        (workbooks.compound({"EncryptedPackage": b"x"}), "a.xlsx", "encrypted"),
        (workbooks.compound({"WordDocument": b"x"}), "a.doc", "unknown"),
        (workbooks.compound({"Workbook": workbooks.biff(b""), "_VBA_PROJECT_CUR": b"x"}), "a.xls", "macros"),
        (workbooks.compound({"Workbook": workbooks.biff(b"", workbooks.record(0x2F, "H", 0))}), "a.xls", "encrypted"),
        (OLE, "a.xls", "broken"),
        (OLE + b"\xff" * 5000, "a.xls", "broken"),
    ],
)  # fmt: skip
def test_other_files_are_called_what_they_are(data: bytes, name: str, key: str) -> None:
    assert refusal(data, name) == said(key)


def test_size() -> None:
    assert "上限1MB" in refusal(b"PK" + b"\0" * MEGABYTE, limits=Limits(size=MEGABYTE))


def test_repeats_of_open_document_are_counted_before_they_are_made() -> None:
    cell = '<table:table-cell table:number-columns-repeated="%s" office:value-type="string"%s><text:p>x</text:p></table:table-cell>'
    row = '<table:table table:name="T"><table:table-row table:number-rows-repeated="%s">%s</table:table-row></table:table>'
    assert "T" in refusal(ods(row % (999_999_999, cell % (1, ""))), "a.ods")
    assert "GS1" in refusal(ods(row % (1, cell % (201, ""))), "a.ods")
    assert "数式" in refusal(ods(row % (50_000, cell % (100, ' table:formula="of:=1"'))), "a.ods")
    assert "セルが多すぎます" in refusal(ods(row % (50_000, cell % (100, ""))), "a.ods")
    hidden = '<table:table table:name="T"><table:table-row table:visibility="collapse" table:number-rows-repeated="99999999999"/></table:table>'
    assert len(read(ods(hidden), name="a.ods").sheets[0].hidden_rows) == 60_000


def test_old_excel_out_of_reach() -> None:
    far = workbooks.record(0x0203, "HHHd", 65_535, 255, 0, 1.0)
    assert "IV65536" in refusal(workbooks.compound({"Workbook": workbooks.biff(far)}), "a.xls")


def test_a_chain_in_a_circle_ends() -> None:
    data = bytearray(workbooks.compound({"Workbook": workbooks.biff(b"")}))
    struct.pack_into("<I", data, 512 + 4 * 3, 2)  # the stream's second sector leads to its first
    assert refusal(bytes(data), "a.xls") == said("broken")


@pytest.fixture(scope="module")
def heavy() -> bytes:
    """A workbook that is honest and takes more than a second."""
    rows = "".join(
        "<row>" + "".join(f"<c><v>{row * cell}</v></c>" for cell in range(30)) + "</row>" for row in range(30_000)
    )
    return book(worksheet(rows))


@pytest.mark.parametrize("limits", [Limits(memory=50 * MEGABYTE), Limits(cpu=1), Limits(wall=1)])
def test_a_child_beyond_its_limits_is_a_file_that_cannot_be_read(limits: Limits, heavy: bytes) -> None:
    assert refusal(heavy, limits=limits) == said("dead")


def test_truncated_files() -> None:
    data = xlsx.write([xlsx.Sheet("x", ["a"], [[n] for n in range(50)])], created=datetime(2025, 1, 1))
    for share in (0.1, 0.5, 0.9, 0.99):
        assert refusal(data[: int(len(data) * share)]) == said("broken")
    old = workbooks.compound({"Workbook": workbooks.biff(workbooks.record(0x0203, "HHHd", 0, 0, 0, 1.0))})
    for length in (300, 600, 1100, 2000):
        assert refusal(old[:length], "a.xls")


VALID = [
    (xlsx.write([xlsx.Sheet("案件", ["名", "数"], [["翻訳", 1], ["要約", 2.5]])], created=datetime(2025, 1, 1)), "a.xlsx"),
    (
        ods('<table:table table:name="a"><table:table-row><table:table-cell office:value-type="string"><text:p>x</text:p>'
            "</table:table-cell></table:table-row></table:table>"),
        "a.ods",
    ),
    (workbooks.compound({"Workbook": workbooks.biff(workbooks.record(0x0203, "HHHd", 0, 0, 0, 1.0))}), "a.xls"),
    ('a,b\r\n"翻\r\n訳",2\r\n'.encode(), "a.csv"),
]  # fmt: skip


def mutated(data: bytes, changes: list[tuple[float, bytes]]) -> bytes:
    """Return the data with bytes written over it."""
    out = bytearray(data)
    for place, new in changes:
        start = int(place * len(out))
        out[start : start + len(new)] = new
    return bytes(out)


CHANGES = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), min_size=1, max_size=5
)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def outcome(data: bytes, name: str) -> object:
    """Return the book or the refusal; anything else passes through and fails the test."""
    try:
        return read(data, name=name)
    except Unreadable as refused:
        return refused


@FEW
@given(st.sampled_from(VALID), CHANGES)
def test_broken_bytes_give_a_book_or_a_refusal(valid: tuple[bytes, str], changes: list[tuple[float, bytes]]) -> None:
    data, name = valid
    assert outcome(mutated(data, changes), name)


@FEW
@given(st.integers(0, 40), CHANGES)
def test_broken_parts_give_a_book_or_a_refusal(number: int, changes: list[tuple[float, bytes]]) -> None:
    with zipfile.ZipFile(io.BytesIO(VALID[0][0])) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    name = list(found)[number % len(found)]
    found[name] = mutated(found[name], changes)
    assert outcome(zipped(found), "a.xlsx")


def test_a_deflated_member_that_ends_early() -> None:
    data = bytearray(book(worksheet(ONE * 1)))
    place = data.index(zlib.compress(worksheet().encode())[2:12])
    data[place + 20 : place + 30] = b"\xff" * 10
    assert refusal(bytes(data)) == said("broken")
