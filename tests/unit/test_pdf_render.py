"""The files that people keep: valid for both standards, the same bytes each time, nothing loaded, nothing lost."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zlib
from datetime import datetime
from pathlib import Path

import page as page_validation
import pikepdf
import pydyf
import pytest

from register.formats import pdf, pdf_fonts, pdf_xmp
from tests.support.pdf_tree import opened
from tests.support.sample_document import ATTACHMENTS, CREATED, IDENTIFIER, KANA, PROPERTIES, page, report, sample

NAMES = {name: f"{{{uri}}}" for name, uri in pdf_xmp.NAMESPACES.items()}
OUTSIDE = [
    '<img alt="x" src="http://127.0.0.1:9/a.png">',
    '<img alt="x" src="file:///etc/passwd">',
    '<img alt="x" src="a.png">',
    '<img alt="x" src="font:../pdf.css">',
    '<img alt="x" src="data:image/png;base64,AAAA">',
    '<link rel="attachment" href="file:///etc/passwd">',
    '<a rel="attachment" href="file:///etc/passwd">x</a>',
    "<style>@import 'http://127.0.0.1:9/a.css';</style>",
    '<link rel="stylesheet" href="http://127.0.0.1:9/a.css">',
    "<style>@font-face{font-family:x;src:url(file:///etc/passwd)}</style>",
    "<style>@color-profile --x{src:url(file:///etc/passwd)}</style>",
    '<style>h1{background:url("file:///etc/passwd")}</style>',
    '<object data="file:///etc/passwd"></object>',
    '<svg><title>x</title><image href="file:///etc/passwd" width="9" height="9"/></svg>',
]


def failures(data: bytes, folder: Path, profile: str) -> list[tuple[str, str]]:
    """Return what the validator says against the file."""
    path = folder / "document.pdf"
    path.write_bytes(data)
    result = page_validation.validate_pdf(str(path), profile=profile)
    return [] if result.is_compliant else [(failure.rule_id, failure.message) for failure in result.failures]


def text(data: bytes, folder: Path, *how: str) -> list[str]:
    """Return the text of each page as another program reads it."""
    path = folder / "document.pdf"
    path.write_bytes(data)
    done = subprocess.run(["pdftotext", *how, str(path), "-"], capture_output=True, text=True, check=True)
    return done.stdout.split("\f")[:-1]


@pytest.mark.parametrize("profile", ["pdfa3a", "ua1"])
@pytest.mark.parametrize("kind", ["report", "english", "unusual"])
def test_both_standards_in_one_file(profile: str, kind: str, tmp_path: Path) -> None:
    unusual = "<h1>x</h1><p>😀ก\ue000한\u200b\u00ad\u2028葛\U000e01ee ≒⅓ĄčšIPAəʃ\u0301</p><p><b>か\u3099</b></p>"
    data = {
        "report": report,
        "english": lambda: sample(page("<h1>Report</h1><p>Cases</p>", lang='lang="en"')),
        "unusual": lambda: sample(page(unusual)),
    }[kind]()
    assert failures(data, tmp_path, profile) == []


def test_equal_bytes_in_other_processes() -> None:
    for zone, seed, language in (("Asia/Tokyo", "1", "C"), ("UTC", "2", "ja_JP.UTF-8")):
        environment = os.environ | {"TZ": zone, "PYTHONHASHSEED": seed, "LANG": language}
        command = [sys.executable, "-m", "tests.support.sample_document"]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        assert done.stdout == report()


def test_xmp_names_both_standards_and_our_properties() -> None:
    with opened(report()) as file:
        assert "/Filter" not in file.Root.Metadata
        packet = file.Root.Metadata.read_bytes()
        info = {key: str(file.docinfo[key]) for key in ("/Producer", "/CreationDate", "/Creator")}
    root = ElementTree.fromstring(packet)
    assert len(list(root.iter(f"{NAMES['rdf']}RDF"))) == 1
    values = {element.tag: element.text for element in root.iter()}
    assert values[f"{NAMES['pdfaid']}part"] == "3"
    assert values[f"{NAMES['pdfaid']}conformance"] == "A"
    assert values[f"{NAMES['pdfuaid']}part"] == "1"
    assert {name: values[f"{NAMES['creg']}{name}"] for name in PROPERTIES} == PROPERTIES
    assert [one.text for one in root.iterfind(f".//{NAMES['dc']}language//{NAMES['rdf']}li")] == ["ja"]
    assert values[f"{NAMES['xmp']}CreateDate"] == "2025-11-30T01:02:03Z"
    assert info["/CreationDate"] == "D:20251130010203Z"
    assert info["/Creator"] == values[f"{NAMES['xmp']}CreatorTool"] == "AI案件台帳"
    declared = {element.text for element in root.iter(f"{NAMES['pdfaProperty']}name")}
    assert declared == {"part", *PROPERTIES}


def test_hostile_metadata_stays_text() -> None:
    html = page("<h1>x</h1>", title="&lt;/rdf:li&gt;&amp;&quot;\ud800\uffff\x0b")
    data = pdf.render(html, identifier=IDENTIFIER, created=CREATED, properties={"note": "</creg:note>&\x00\ufffe"})
    with opened(data) as file:
        root = ElementTree.fromstring(file.Root.Metadata.read_bytes())
    assert root.findtext(f".//{NAMES['creg']}note") == "</creg:note>&"
    assert root.findtext(f".//{NAMES['dc']}title//{NAMES['rdf']}li") == '</rdf:li>&"'


def test_attachments_are_listed_once_in_order_and_hold_their_bytes() -> None:
    with opened(report()) as file:
        names = list(file.Root.Names.EmbeddedFiles.Names)
        assert [str(name) for name in names[::2]] == ["cases.json", "table.csv"]
        assert sorted(one.objgen for one in file.Root.AF) == sorted(one.objgen for one in names[1::2])
        for one in ATTACHMENTS:
            attached = file.attachments[one.name]
            assert attached.get_file().read_bytes() == one.data
            assert attached.description == one.description
            assert str(attached.obj.AFRelationship) == "/Data"
            assert attached.get_file().mime_type == one.mime


def test_every_stream_ends_in_a_line_end_of_its_own() -> None:
    ends = re.findall(rb"(.{2})endstream", report(), re.DOTALL)
    assert len(ends) > 10
    assert set(ends) == {b"\r\n"}


def test_streams_are_compressed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    report()
    stream = pydyf.Stream([b"abc"], compress=True)
    first = stream.data
    monkeypatch.setattr(zlib, "compress", None)
    monkeypatch.setattr(zlib, "compressobj", None)
    assert stream.data == first


def test_text_comes_back_whole(tmp_path: Path) -> None:
    pages = text(report(), tmp_path)
    flat = re.sub(r"\s", "", "".join(pages))
    assert KANA in flat
    for wanted in ("0123456789", "89.9％", "生成AIシステム定期報告", "①、㈱", "𠮷", "generativeAIusecase"):
        assert wanted in flat
    table = text(report(), tmp_path, "-layout")[2]
    assert re.search(r"汎用型１\s+◆ 210\s+2\s+4\s+2\s+218", table)


def test_notes_stand_on_the_page_of_their_mark_and_pages_are_numbered(tmp_path: Path) -> None:
    pages = text(report(), tmp_path)
    assert "「未回答」の1件を含む。" in pages[2]
    assert "注の二つ目。" in pages[3]
    assert re.search(r"第2章一覧\.+4", re.sub(r"\s", "", pages[1]))
    numbered = [bool(re.search(rf"\b{number}\s*/\s*5\b", sheet)) for number, sheet in enumerate(pages, 1)]
    assert numbered == [False, True, True, True, True]
    assert all("機密性２" in sheet for sheet in pages)
    assert [("番号" in sheet) for sheet in pages[3:]] == [True, True]


@pytest.mark.parametrize("body", OUTSIDE)
def test_nothing_is_loaded_and_asking_fails(body: str) -> None:
    with pytest.raises(pdf.Blocked):
        sample(page(f"<h1>x</h1>{body}"))


@pytest.mark.parametrize("html", ["<p>x", page("x", lang=""), page("x", title=" ")])
def test_a_document_without_language_or_title_is_refused(html: str) -> None:
    with pytest.raises(pdf.Incomplete):
        sample(html)


def test_wrong_arguments_are_refused() -> None:
    html = page("<h1>x</h1>")
    with pytest.raises(ValueError, match="zone"):
        pdf.render(html, identifier=b"x", created=datetime.fromisoformat("2025-01-01"))
    with pytest.raises(ValueError, match="property"):
        pdf.render(html, identifier=b"x", created=CREATED, properties={"a b": "x"})
    for names in (("a", "a"), ("表",), ("../a",)):
        attachments = [pdf.Attachment(name, b"", "") for name in names]
        with pytest.raises(ValueError, match="ASCII"):
            pdf.render(html, identifier=b"x", created=CREATED, attachments=attachments)


def test_missing_glyphs_are_replaced_in_running_headers_too(tmp_path: Path) -> None:
    html = page("<h1>x</h1>").replace("2025年度第2回 定期報告", "氏名😀\ue000\x0b")
    data = sample(html)
    assert failures(data, tmp_path, "pdfa3a") == failures(data, tmp_path, "ua1") == []
    assert "氏名〓〓" in text(data, tmp_path)[0]


def test_missing_glyphs_are_told_and_replaced(tmp_path: Path) -> None:
    assert pdf.missing("漢😀字ก😀\n葛\U000e0100") == ("U+1F600", "U+0E01")
    assert pdf.missing("髙﨑①㈱𠮷≒⅓Ąčš〓◆※") == ()
    assert pdf_fonts.covered("a\u00adb\u200bc\r\nd\u2028e\x07葛\U000e0100葛\U000e01ee") == "abc\nd\ne葛\U000e0100葛"
    assert "漢〓字〓" in text(sample(page("<h1>漢😀字&#x0e01;</h1>")), tmp_path)[0]


# One defect each; the gate has to see it, or its silence about our documents would mean nothing.
def _no_language(file: pikepdf.Pdf) -> None:
    del file.Root["/Lang"]


def _not_marked(file: pikepdf.Pdf) -> None:
    del file.Root["/MarkInfo"]


def _no_intent(file: pikepdf.Pdf) -> None:
    del file.Root["/OutputIntents"]


def _no_alternative(file: pikepdf.Pdf) -> None:
    for one in file.objects:
        if isinstance(one, pikepdf.Dictionary) and one.get("/S") == "/Figure":
            del one["/Alt"]


def _no_ua(file: pikepdf.Pdf) -> None:
    packet = file.Root.Metadata.read_bytes().replace(b"<pdfuaid:part>1</pdfuaid:part>", b"")
    file.Root.Metadata.write(packet)


def _font_not_embedded(file: pikepdf.Pdf) -> None:
    for one in file.objects:
        if isinstance(one, pikepdf.Dictionary) and "/FontFile2" in one:
            del one["/FontFile2"]


@pytest.mark.parametrize(
    ("spoil", "profiles"),
    [
        (_no_language, {"ua1"}),
        (_not_marked, {"pdfa3a", "ua1"}),
        (_no_intent, {"pdfa3a"}),
        (_no_alternative, {"ua1"}),
        (_no_ua, {"ua1"}),
        (_font_not_embedded, {"pdfa3a", "ua1"}),
    ],
)
def test_the_gate_sees_a_spoilt_file(spoil: object, profiles: set[str], tmp_path: Path) -> None:
    assert callable(spoil)
    with opened(report()) as file:
        spoil(file)
        out = io.BytesIO()
        file.save(out)
    for profile in sorted(profiles):
        assert failures(out.getvalue(), tmp_path, profile)


def test_the_gate_passes_a_file_that_was_only_saved_again(tmp_path: Path) -> None:
    with opened(report()) as file:
        out = io.BytesIO()
        file.save(out)
    for profile in ("pdfa3a", "ua1"):
        assert failures(out.getvalue(), tmp_path, profile) == []
