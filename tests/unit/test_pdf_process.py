"""Rendering in a child: the same file, and a sentence instead of a dead server."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pikepdf
import pytest

from register.formats.pdf_process import Attachment, Blocked, Incomplete, Limits, RenderFailed, Request, render_in_child
from tests.support.pdf_tree import opened
from tests.support.sample_document import ATTACHMENTS, CREATED, IDENTIFIER, PROPERTIES, REPORT, page, report


def child(html: str, limits: Limits | None = None) -> bytes:
    return render_in_child(html, identifier=IDENTIFIER, created=CREATED, limits=limits)


def test_the_child_makes_the_same_file() -> None:
    made = render_in_child(
        REPORT, identifier=IDENTIFIER, created=CREATED, attachments=ATTACHMENTS, properties=PROPERTIES
    )
    assert made == report()


@pytest.mark.parametrize(
    ("text", "limits", "word"),
    [
        ("あ" * 2_000_000, Limits(cpu=2), "計算時間"),
        ("あ" * 2_000_000, Limits(wall=1), "制限時間"),
        ("あ" * 2_000_000, Limits(memory=250 * 1024**2), "250MB"),
    ],
)
def test_a_child_beyond_its_limits_is_told(
    text: str, limits: Limits, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(RenderFailed, match=word):
        child(page(f"<p>{text}</p>"), limits)
    assert list(tmp_path.iterdir()) == []


def test_only_our_fonts_are_known() -> None:
    with opened(
        child(page('<h1>x</h1><p style="font-family: IPAGothic, DejaVu Sans, serif">漢字 <b>Latin</b></p>'))
    ) as file:
        named = [one for one in file.objects if isinstance(one, pikepdf.Dictionary) and "/BaseFont" in one]
        fonts = {str(one.BaseFont).partition("+")[2] for one in named}
    assert fonts
    assert fonts <= {"Noto-Sans-JP", "Noto-Sans-JP-Bold", "BIZ-UDPGothic", "BIZ-UDPGothic-Bold"}


def test_what_the_renderer_refuses_is_refused_here_too() -> None:
    with pytest.raises(Blocked, match="etc/passwd"):
        child(page('<img alt="x" src="file:///etc/passwd">'))
    with pytest.raises(Incomplete):
        child("<p>x")


def test_a_failing_child_keeps_its_reason_for_the_log() -> None:
    with pytest.raises(RenderFailed, match="管理者") as caught:
        child(page("<div>" * 3000))
    assert "RecursionError" in caught.value.detail


def test_a_request_survives_the_way() -> None:
    sent = Request("<p>葛\U000e0100", b"\x00\xff", CREATED, [Attachment("a", b"\x00\xff", "表")], {"a": "い"})
    assert Request.load(sent.dump(Limits(cpu=7))) == (sent, Limits(cpu=7))


def test_the_caller_does_not_load_the_renderer() -> None:
    code = "import sys, register.formats.pdf_process; sys.exit('weasyprint' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
