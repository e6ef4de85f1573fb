"""A PDF of ours read back: what stands in it, whatever was appended, and what hostile files come to."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from register.formats import pdf_fonts, pdf_read
from register.formats.pdf_read import Limits, Read, Unreadable, read, read_in_child
from tests.support.pdf_made import SHOWN, made, stream
from tests.support.pdf_tree import opened
from tests.support.sample_document import ATTACHMENTS, CROSS_TAB, PROPERTIES, page, report, sample

MEGABYTE = 1024**2
CELL = re.compile(r"<(t[hd])[^>]*>([^<]*)")
LARGER = '<td class="num larger">'


def cells_of(table: str) -> list[str]:
    """Return the texts of the data cells as they come out of the print."""
    return [text for kind, text in CELL.findall(table.replace(LARGER, f"{LARGER}◆")) if kind == "td"]


def table(*rows: tuple[str, ...]) -> str:
    """Return a table of data cells."""
    return "<table>" + "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows) + "</table>"


def refusal(data: bytes, limits: Limits | None = None) -> str:
    """Return the key of the sentence with which a file is refused."""
    with pytest.raises(Unreadable) as caught:
        read(data, limits)
    assert str(caught.value) == str(caught.value.fields["file"])
    assert "台帳から受け取ったままのPDF" in str(caught.value)
    return caught.value.key


def test_what_a_document_says_of_itself() -> None:
    found = read(report())
    assert (found.pages, found.language, found.title) == (5, "ja", "生成AIシステム定期報告")
    assert found.properties == PROPERTIES
    assert found.revisions == 1
    assert found.first_revision_sha256 == hashlib.sha256(report()).hexdigest()
    for wanted in (
        "0123456789",
        "89.9％",
        "①、㈱",
        "𠮷",
        "generativeAIusecase",
        "機密性２",
        "単一府省庁のみ－課室単位以下",
    ):
        assert wanted in found.text


def test_attachments_are_what_was_attached() -> None:
    found = read(report()).attachments
    assert sorted(found) == sorted(one.name for one in ATTACHMENTS)
    for one in ATTACHMENTS:
        attached = found[one.name]
        assert attached.data == one.data
        assert attached.sha256 == hashlib.sha256(one.data).hexdigest()
        assert (attached.mime, attached.relationship, attached.description) == (
            one.mime,
            one.relationship,
            one.description,
        )


def test_the_cells_of_a_cross_table() -> None:
    found = read(report())
    assert list(found.cells[:20]) == cells_of(CROSS_TAB)
    assert found.cells[:6] == ("◆210", "2", "4", "2", "218", "27")
    assert found.heads[:9] == ("利用類型", "開始済", "開始前", "計", "常用", "検証", "常用", "検証", "汎用型")


def test_a_table_over_pages_has_every_row_once() -> None:
    found = read(report())
    rows = [text for number in range(1, 61) for text in ("審査業務の効率化（review）", f"{number:,}")]
    assert list(found.cells[20:]) == rows
    assert [head for head in found.heads if head.startswith("府省庁A")] == [
        f"府省庁A-2025-{n:03d}" for n in range(1, 61)
    ]
    assert found.heads.count("案件名") == 2


def test_awkward_cells() -> None:
    wanted = {
        '210<span class="footnote">注 first</span>件': "210※1件",
        "office <i>affine</i> fluff": "officeaffinefluff",
        "": "",
        "漢😀字": "漢〓字",
        "葛\U000e0100 葛 𠮷 ㈱": "葛\U000e0100葛𠮷㈱",
        '英語 <span lang="en">first file, final</span>': "英語firstfile,final",
        "1,234,567": "1,234,567",
        "12.5％（±3）": "12.5％（±3）",
        "か\u309a e\u0301\u0302 q\u0301": "か\u309ae\u0301\u0302q\u0301",
        "一行目<br>二行目<p>段落</p>": "一行目二行目段落",
        "a&lt;/td&gt;&amp;": "a</td>&",
    }
    found = read(sample(page(f"<h1>x</h1>{table(*((cell,) for cell in wanted))}")))
    assert list(found.cells) == list(wanted.values())


def test_characters_of_one_glyph_are_read_as_one() -> None:
    single, pairs = pdf_fonts._alike()
    alike = [chr(code) for code in single if not chr(code).isspace() and pdf_fonts.covered(chr(code))]
    texts = [*alike, *single.values(), *sorted(pairs)[::40]]
    assert len(texts) > 1500
    # Something before each, or a mark would join what stands before it.
    lines = ["".join(f"x{text}" for text in texts[start : start + 40]) for start in range(0, len(texts), 40)]
    found = read(sample(page(f"<h1>x</h1>{table(*((line,) for line in lines))}"))).cells
    assert any(cell != line for cell, line in zip(found, lines, strict=True))
    wanted = ["".join(pdf_fonts.printed(line).split()) for line in lines]
    assert [pdf_fonts.printed(cell) for cell in found] == wanted


def test_printed() -> None:
    assert pdf_fonts.printed("a-b") == "a-b"
    assert pdf_fonts.printed("a‑b⋯😀\u200b") == "a-b…〓"
    assert pdf_fonts.printed("⺅\u2f5a") == pdf_fonts.printed("亻片") == "亻片"
    assert pdf_fonts.printed("葛\U000e0100") != pdf_fonts.printed("葛") == pdf_fonts.printed("葛\U000e0101")


def appended(data: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """Return the file with a revision of somebody's own."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def swap(writer: IncrementalPdfFileWriter) -> None:
    """Put other bytes in the place of the first attachment."""
    names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    specification = names[1].get_object()
    specification["/EF"]["/F"] = writer.add_object(generic.StreamObject(stream_data=b"swapped"))
    writer.update_container(specification)


def test_the_last_revision_is_read_and_the_first_is_told() -> None:
    twice = appended(report(), swap)
    found = read(twice)
    assert found.attachments["cases.json"].data == b"swapped"
    assert found.attachments["table.csv"].data == ATTACHMENTS[0].data
    assert found.cells == read(report()).cells
    assert found.revisions == 2
    assert found.first_revision_sha256 == hashlib.sha256(report()).hexdigest()
    assert read(twice + b"\njunk").first_revision_sha256 == found.first_revision_sha256


def test_a_file_that_starts_anew_is_no_later_revision_of_ours() -> None:
    anew = made()
    at = len(report())
    moved = re.sub(rb"(?m)^(\d{10})( 00000 n)", lambda m: b"%010d%s" % (int(m[1]) + at, m[2]), anew)
    moved = re.sub(rb"startxref\n(\d+)", lambda m: b"startxref\n%d" % (int(m[1]) + at), moved)
    found = read(report() + moved)
    assert found.cells == ("aa",)
    assert found.revisions == 1
    assert found.first_revision_sha256 != hashlib.sha256(report()).hexdigest()


def encrypted() -> bytes:
    """Return the report behind a password that everybody knows."""
    out = io.BytesIO()
    with opened(report()) as file:
        file.save(out, encryption=pikepdf.Encryption(owner="x", user=""))
    return out.getvalue()


def test_what_is_no_file_of_ours() -> None:
    assert refusal(b"") == "none"
    assert refusal(b"<html>" + report()) == "none"
    assert refusal(encrypted()) == "encrypted"
    assert refusal(report(), Limits(size=10)) == "size"
    assert "上限2MB" in str(Unreadable("size", Limits(size=2 * MEGABYTE)))
    assert refusal(b"%PDF-1.7\n") == "broken"


def test_the_file_made_by_hand_is_read() -> None:
    found = read(made())
    assert (found.cells, found.text, found.pages, found.revisions) == (("aa",), "aa", 1, 1)


FEW = Limits(instructions=100_000, letters=200_000)


def kids(number: int) -> bytes:
    return b"<</Type /StructElem/S /TD/Pg 3 0 R/K [%s]>>" % (b"%d 0 R " % number)


HOSTILE: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "content of 150 MB": ("big", lambda: made({4: stream(b" " * 150 * MEGABYTE, packed=True)})),
    "a stream that is cut": ("broken", lambda: made({4: stream(b"x\x9c\x03", b"/Filter /FlateDecode")})),
    "a filter of another kind": ("broken", lambda: made({4: stream(b"a", b"/Filter /LZWDecode")})),
    "ten filters": ("broken", lambda: made({4: stream(b"a", b"/Filter [" + b"/FlateDecode " * 10 + b"]")})),
    "a tree in a circle": ("broken", lambda: made({6: kids(6)})),
    "a tree that meets itself": ("broken", lambda: made({5: b"<</K [6 0 R 6 0 R]>>"})),
    "a deep tree": ("big", lambda: made({n: kids(n + 1) for n in range(10, 2000)} | {6: kids(10)})),
    "a mark in two places": ("broken", lambda: made({6: b"<</S /TD/Pg 3 0 R/K [0 0]>>"})),
    "a mark on no page": ("broken", lambda: made({6: b"<</S /TD/Pg 4 0 R/K 0>>"})),
    "pages in a circle": ("broken", lambda: made({2: b"<</Kids [2 0 R]>>"})),
    "pages in a circle of two": ("broken", lambda: made({2: b"<</Kids [3 0 R]>>", 3: b"<</Kids [2 0 R]>>"})),
    "a page twice": ("broken", lambda: made({2: b"<</Kids [3 0 R 3 0 R]>>"})),
    "3,000 pages": (
        "big",
        lambda: made(
            {2: b"<</Kids [%s]>>" % b" ".join(b"%d 0 R" % n for n in range(10, 3010))}
            | dict.fromkeys(range(10, 3010), b"<</Contents 4 0 R/Resources <</Font <</F 7 0 R>>>>>>")
        ),
    ),
    "an object that is itself": ("broken", lambda: made({2: b"2 0 R"})),
    "a length that is itself": ("broken", lambda: made({4: b"<</Length 4 0 R>>\nstream\n\nendstream"})),
    "a length of minus one": ("broken", lambda: made({4: b"<</Length -1>>\nstream\n\nendstream"})),
    "a number of 5,000 digits": ("broken", lambda: made({4: b"<</Length " + b"9" * 5000 + b">>\nstream\nendstream"})),
    "brackets in brackets": ("big", lambda: made({6: b"[" * MEGABYTE})),
    "brackets in a string": ("broken", lambda: made({6: b"(" * MEGABYTE})),
    "a string without an end": ("broken", lambda: made({6: b"(" + b"a" * MEGABYTE})),
    "a glyph of many letters": (
        "big",
        lambda: made({8: stream(b"1 beginbfchar <0041> <%s> endbfchar" % (b"0061" * 99))}),
    ),
    "a range of glyphs": ("broken", lambda: made({8: stream(b"1 beginbfrange <0000> <ffffffff> <0000> endbfrange")})),
    "a drawing in itself": (
        "big",
        lambda: made({4: stream(b"/X Do"), 9: stream(b"/X Do " * 2, b"/Subtype /Form")}),
    ),
    "operators without end": ("big", lambda: made({4: stream(b"q Q " * 100_000, packed=True)})),
    "letters without end": (
        "big",
        lambda: made({4: stream(SHOWN.replace(b"<00410041>", b"<" + b"0041" * 200_000 + b">"), packed=True)}),
    ),
    "an end without a beginning": ("broken", lambda: made({4: stream(b"EMC")})),
    "a picture in the text": ("broken", lambda: made({4: stream(b"BI ID \xff EI")})),
    "revisions in a circle": ("broken", lambda: made(trailer=b"/Prev %010d" % made().rindex(b"xref\n0 1"))),
    "entities": (
        "broken",
        lambda: made(
            {
                1: b"<</Pages 2 0 R/Metadata 10 0 R>>",
                10: stream(b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>'),
            }
        ),
    ),
    "two attachments of one name": (
        "broken",
        lambda: made(
            {
                1: b"<</Pages 2 0 R/Names <</EmbeddedFiles <</Names [(a) 10 0 R (b) 10 0 R]>>>>>>",
                10: b"<</UF (a)/EF <</F 4 0 R>>>>",
            }
        ),
    ),
    "names in a circle": (
        "broken",
        lambda: made({1: b"<</Pages 2 0 R/Names <</EmbeddedFiles 10 0 R>>>>", 10: b"<</Kids [10 0 R]>>"}),
    ),
    "a table of 4,000,000,000 objects": (
        "broken",
        lambda: made().replace(b"xref\n0 1\n", b"xref\n0 4000000000\n"),
    ),
    "no pages": ("broken", lambda: made({1: b"<</Type /Catalog>>"})),
    "a catalog of another kind": ("broken", lambda: made({1: b"[1 2 3]"})),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str) -> None:
    key, make = HOSTILE[name]
    assert refusal(make(), FEW) == key


def small() -> bytes:
    """Return a small document of ours."""
    return sample(page(f"<h1>題</h1>{table(('あ', '1,234'), ('い', 'office'))}"))


def plain() -> bytes:
    """Return the same without anything packed, so that damage hits what it says."""
    out = io.BytesIO()
    with opened(small()) as file:
        file.save(
            out,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return out.getvalue()


def try_to_read(data: bytes) -> bool:
    """Return whether the file could be read; anything but a refusal is a failure of the test."""
    try:
        return isinstance(read(data), Read)
    except Unreadable:
        return False


def test_a_file_that_is_cut_anywhere_is_refused() -> None:
    random = Random(1)
    whole = report()
    for _ in range(50):
        cut = whole[: random.randrange(len(whole) - 6)]
        assert not try_to_read(cut)
        assert not try_to_read(cut + whole[-30:])


def test_flipped_bytes_are_read_or_refused() -> None:
    random = Random(2)
    seen = set()
    for base in (small(), plain()):
        for number in range(120):
            data = bytearray(base)
            # Most of a file is its fonts, which nobody reads; what counts stands at the end.
            first = max(0, len(data) - 3000) if number % 2 else 0
            for _ in range(random.choice((1, 1, 3, 20))):
                data[random.randrange(first, len(data))] = random.randrange(256)
            seen.add(try_to_read(bytes(data)))
    assert seen == {True, False}


def test_flipped_tokens_are_read_or_refused() -> None:
    random = Random(3)
    words = re.compile(rb"/[A-Za-z]+|\d+ 0 R|\d+|BDC|EMC|Tf|TJ|obj|stream")
    base = plain()
    start = base.index(b"StructTreeRoot") and 0
    places = [
        found.span() for found in words.finditer(base, start) if b"\0" not in base[found.start() - 50 : found.end()]
    ]
    for _ in range(150):
        first, last = random.choice(places)
        other = base[slice(*random.choice(places))]
        try_to_read(base[:first] + other + base[last:])


def test_the_child_reads_the_same() -> None:
    twice = appended(report(), swap)
    assert read_in_child(twice) == read(twice)


BOMB = made({4: stream(b"q Q " * 4 * MEGABYTE, packed=True)})
WIDE = Limits(instructions=10**9, unpacked=2 * 1024**3)


@pytest.mark.parametrize(
    ("data", "limits", "key"),
    [
        (BOMB, FEW, "big"),
        (BOMB, Limits(**vars(WIDE) | {"cpu": 1}), "big"),
        (BOMB, Limits(**vars(WIDE) | {"wall": 1}), "big"),
        (
            made({4: stream(b" " * 250 * MEGABYTE, packed=True)}),
            Limits(**vars(WIDE) | {"memory": 200 * MEGABYTE}),
            "big",
        ),
        (made({6: kids(6)}), Limits(), "broken"),
        (b"x", Limits(), "none"),
    ],
)
def test_a_child_within_its_limits(
    data: bytes, limits: Limits, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_read.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(Unreadable) as caught:
        read_in_child(data, limits)
    assert caught.value.key == key
    assert list(tmp_path.iterdir()) == []
