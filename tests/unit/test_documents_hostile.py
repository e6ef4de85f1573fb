"""Hostile text in documents: it is printed as text within the limits, or refused with a sentence, and loads nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import SimpleNamespace

import page as page_validation
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from register.documents import wording
from register.documents.language import Language, environment_of
from register.documents.wording import LONGEST, MOST_LINES, Printable, printable, teller
from register.formats.pdf_fonts import covered, printed
from register.formats.pdf_process import Limits, RenderFailed, render_in_child
from register.formats.pdf_read import Read, read
from register.vocab import Variant
from tests.support.pdf_tree import opened
from tests.support.sources import ROOT

CREATED = datetime(2025, 11, 30, 1, 2, 3, tzinfo=UTC)
BODY = """{% extends "documents/_paper.html" %}
{% from "documents/_blocks.html" import lines %}
{% block contents %}{% endblock %}
{% block body %}
<section class="chapter"><h2>本文</h2>
{% for text in texts %}
<h3>{% if short %}{{ text|told }}{% endif %}　{{ loop.index }}</h3>
<p class="said">{{ text|told }}</p>
<table class="facts"><caption>表</caption><tbody><tr><th scope="row">名</th><td class="said">{{ text|told }}</td></tr></tbody></table>
{% if narrow %}<table><tbody><tr>{% for _ in range(6) %}<td>列</td>{% endfor %}<td>{{ text|told(attached=false) }}</td></tr></tbody></table>{% endif %}
{% if short %}<ul><li>{{ lines(text) }}<span class="footnote">{{ text|told }}</span></li></ul>{% endif %}
{% endfor %}
</section>
{% endblock %}"""
NARROW = re.sub(r'<p class="said">.*|<table class="facts">.*|{% if narrow %}|{% endif %}\n{% if short %}.*', "", BODY)
RAW = BODY.replace("|told(attached=false)", "").replace("|told", "")
MARKUP = (
    '<img alt="x" src="http://127.0.0.1:9/a.png">',
    '<link rel="stylesheet" href="file:///etc/passwd">',
    '</td></tr></table><script src="//127.0.0.1:9/"></script>',
    "<style>@import 'file:///etc/passwd';</style>",
    '<a rel="attachment" href="file:///etc/passwd">x</a>',
    '<svg><image href="file:///etc/passwd"/></svg>',
    "{{ 7*7 }}{% include 'documents/paper.css' %}{# x #}",
    "&#x3c;b&#x3e;&amp;lt;&nbsp;",
    "]]><!--<wbr>--><![CDATA[",
    '" style="background:url(http://127.0.0.1:9/b)" x="',
    "url(file:///etc/passwd) content: attr(x)",
    "%(count)s %s {0} ${x} #{y}",
    "http://127.0.0.1:9/ www.example.com mailto:a@example.com",
)
ODD = (
    "右\u202eから左\u202c、\u2066隔離\u2069、\u200fאבג، العربية",
    "制御\x00\x01\x07\x08\x0b\x0c\x1b[31m\x7f\x85\x9f文字",
    "改行\r\n二\r三\u2028四\u2029五",
    "片方\ud800だけ\udfffの\udc00組",
    "文字でない\ufffe\uffff\ufdd0\U0001ffff\U0010ffff符号",
    "私用\ue000\uf8ff\U000f0000\U0010fffd領域",
    "見え\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f\u3164ない",
    "絵文字😀👨‍👩‍👧‍👦🇯🇵1️⃣❤️🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "異体字葛\U000e0100辻\U000e0101神\ufe00\U000e01ef\U000e0100",
    "重ね" + "q" + "\u0301\u0302\u0316\u0489\u20dd" * 40 + "か\u3099\u309a\u3099は",
    "ไทย한국어हिन्दी" + "ᄒ" * 30,
    "\u0301先頭の記号",
    " \t\u3000\u00a0 ",
    "",
)
MOST = 100_000
HEAVY = (
    "a" * MOST,
    "1,234,567," * 2_000,
    "abcdefghijklmnopqrstuvwxyz1234 " * 700,
    "「abcdefghijklmnopqrstuv」" * 800,
    "審査業務の効率化に用いる。" * 8_000,
    "😀" * 20_000,
    "行\n" * 3_000,
    "abcdefghijklmnopqrst\n" * 3_000,
    "\n" * MOST,
    "q" + "\u0301" * MOST,
    "e\u0301\u0302" * 20_000,
    "\u200b" * MOST + "終",
    "\u202e" * MOST,
    "a\u200d" * 20_000,
    " " * MOST,
    "\u3000" * 20_000,
)


def document(
    texts: Sequence[str], language: str = "ja", *, template: str = BODY, name: str = "氏名", **values: bool
) -> str:
    """Return a document of the real frame whose body, and whose name of a person, is hostile."""
    environment = environment_of(Language(ROOT / "translations", language), ROOT / "templates")
    paper = SimpleNamespace(
        title=f"文書{name}", variant=Variant.CLOSED, data_sha256="ab" * 32, name="x", created=CREATED, author=name
    )
    shown = {"paper": paper, "seal": None, "reader": name, "language": language, "missing": ()}
    return environment.from_string(template).render(**shown, texts=texts, **{"short": False, "narrow": False} | values)


def rendered(html: str, folder: Path, limits: Limits | None = None) -> Read:
    """Return what stands in the document once a child has rendered it and both standards have passed it."""
    made = render_in_child(
        html, identifier=hashlib.sha256(html.encode("utf-8", "replace")).digest(), created=CREATED, limits=limits
    )
    path = folder / "document.pdf"
    path.write_bytes(made)
    for profile in ("pdfa3a", "ua1"):
        assert [one.message for one in page_validation.validate_pdf(str(path), profile=profile).failures] == []
    with opened(made) as file:
        actions = [str(one.A.get("/S")) for sheet in file.pages for one in sheet.get("/Annots", []) if "/A" in one]
    assert actions == []
    return read(made)


def solid(text: str) -> str:
    """Return a text as it is compared with print."""
    return "".join(printed(text).split())


@pytest.mark.parametrize("language", ["ja", "en"])
def test_markup_is_text_wherever_it_stands(language: str, tmp_path: Path) -> None:
    found = rendered(document(MARKUP, language, name=MARKUP[2], short=True), tmp_path)
    assert list(map(solid, found.cells[-len(MARKUP) :])) == [solid(text) for text in MARKUP]
    assert found.title == f"文書{MARKUP[2]}"
    text = solid(found.text)
    for one in MARKUP:
        assert text.count(solid(one)) >= 4


def test_odd_characters_are_left_out_or_shown_as_missing(tmp_path: Path) -> None:
    found = rendered(document(ODD, name="".join(ODD[:4]), short=True), tmp_path)
    # A mark without a letter stands on a circle.
    cells = [solid(cell).replace("◌", "") for cell in found.cells[-len(ODD) :]]
    assert cells == [solid(printable(text).text) for text in ODD]
    assert cells[0].startswith("右から左、隔離、〓〓〓")
    assert cells[3] == "片方〓だけ〓の〓組"
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\x00-\x1f\ud800-\udfff]", found.text)


def test_any_character_can_be_printed(tmp_path: Path) -> None:
    random = Random(4)
    texts = ["".join(chr(random.randrange(0x110000)) for _ in range(200)) for _ in range(10)]
    texts += ["".join(chr(code) for code in range(start, start + 0x100)) for start in range(0, 0x3200, 0x100)]
    found = rendered(document(texts, name=texts[0]), tmp_path)
    assert found.pages > 3


def cut(found: Read) -> list[str]:
    """Return the numbers of characters that the document gives for the texts that it cuts in cells."""
    # The pages of a cell that is torn are joined: only blank cells stand between its parts.
    return re.findall(r"以下省略。全文は(?:添付のデータ|台帳)にあります（全([\d,]+)文字）", "".join(found.cells))


def test_too_much_of_anything_is_cut_in_a_valid_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wording, "LONGEST", 400)
    monkeypatch.setattr(wording, "MOST_LINES", 50)
    found = rendered(document(HEAVY, narrow=True), tmp_path)
    wanted = [f"{one.of:,}" for one in map(printable, HEAVY) for _ in range(2) if one.of]
    assert len(wanted) == 2 * 13
    assert cut(found) == wanted


def test_the_most_that_is_printed_keeps_to_the_limits() -> None:
    worst = [HEAVY[number] for number in (0, 2, 7)]
    html = document(worst, template=NARROW)
    limits = Limits(memory=512 * 1024**2, cpu=30)
    found = read(render_in_child(html, identifier=b"x", created=CREATED, limits=limits))
    assert len(cut(found)) == len(worst)
    assert found.pages > 50


def test_what_is_not_told_so_is_refused_with_a_sentence() -> None:
    html = document(["a" * MOST], template=RAW)
    with pytest.raises(RenderFailed, match="計算時間（2秒）またはメモリー"):
        render_in_child(html, identifier=b"x", created=CREATED, limits=Limits(cpu=2))


def test_what_of_a_text_is_printed() -> None:
    assert printable("審査\r\n業務\u200b") == Printable("審査\n業務")
    assert printable("a" * LONGEST) == Printable("a" * LONGEST)
    assert printable("a" * (LONGEST + 1)) == Printable("a" * LONGEST, LONGEST + 1)
    assert printable("\u200b" * LONGEST + "ab") == Printable("ab")
    assert printable("行\n" * MOST_LINES) == Printable("行\n" * (MOST_LINES - 1) + "行", 2 * MOST_LINES)
    assert printable("q" + "\u0301" * 99 + "e") == Printable("q" + "\u0301" * 4 + "e")
    # A letter is not parted from its selector.
    assert printable("a" * (LONGEST - 1) + "葛\U000e0100b") == Printable("a" * (LONGEST - 1), LONGEST + 2)


TOLD = teller(str, "ja")


def test_places_to_break_stand_behind_long_words_only() -> None:
    assert TOLD("審査業務の効率化、review の業務 12345 件") == "審査業務の効率化、review の業務 12345 件"
    assert TOLD("a recommendation of it") == "a recommendation <wbr>of it"
    assert TOLD("（abcdefgh）。次\nabcdefgh\n") == "（abcdefgh）。<wbr>次\nabcdefgh<wbr>\n"
    assert TOLD("a" * 64) == "a" * 64
    assert TOLD("a" * 130) == f"{'a' * 64}<wbr>{'a' * 64}<wbr>aa"
    assert TOLD("a" * 64 + "\u0301a") == f"{'a' * 64}\u0301<wbr>a"
    assert TOLD("<i>&'\"x") == "&lt;i&gt;&amp;&#39;&#34;x"


def test_lines_stay_apart() -> None:
    assert TOLD("<i>\nabcdefgh\n次", breaks=True) == "&lt;i&gt;<br>abcdefgh<wbr><br>次"


def test_a_cut_text_says_so() -> None:
    found = TOLD("あ" * (LONGEST + 1))
    assert found.endswith('<br><span lang="ja">［以下省略。全文は添付のデータにあります（全10,001文字）。］</span>')
    assert "台帳にあります" in TOLD("あ" * (LONGEST + 1), attached=False)


@given(st.text(st.characters(), max_size=300))
def test_whatever_is_told_is_the_text_and_never_markup(text: str) -> None:
    found = TOLD(text)
    assert isinstance(found, Markup)
    plain = found.replace("<wbr>", "")
    assert "<" not in plain
    assert Markup(plain).unescape() == printable(text).text
    assert len(printable(text).text) <= len(covered(text))
