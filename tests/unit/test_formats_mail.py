"""A mail as bytes: read back by the standard library, and no text breaks out of its header."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import fields
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import ROOT
from register.formats.mail import Head, Item, Letter, mailed
from register.formats.smtp import server_of, speaks_of_address

HEAD = Head(
    "AI案件台帳 <register@example.go.jp>",
    "a@example.go.jp",
    "<1@example.go.jp>",
    dt.datetime(2025, 11, 14, tzinfo=dt.UTC),
)
STOP = "https://register.example.go.jp/stop/1"


def read(content: bytes) -> EmailMessage:
    """Read a mail as its recipient's program does."""
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


@given(st.text(max_size=300))
def test_no_subject_breaks_out_of_its_header(subject: str) -> None:
    letter = Letter(subject, "", (), STOP).on_lines()
    content = mailed(letter, HEAD, "本文\n", "<p>本文</p>\n")
    mail = read(content)
    assert [str(one) for one in mail.get_all("To", [])] == ["a@example.go.jp"]
    assert {name.lower() for name in mail} == {
        "from", "to", "subject", "date", "message-id", "auto-submitted", "content-language", "mime-version",
        "list-unsubscribe", "list-unsubscribe-post", "content-type",
    }  # fmt: skip
    assert content.isascii()
    assert all(len(line) < 998 and not line.startswith(b".") for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_a_mail_reads_as_it_was_written() -> None:
    subject = "令和7年度第2回の定期報告の締切が近づいています（あと3日）"
    mail = read(mailed(Letter(subject, "", (), STOP), HEAD, "本文\n二行目\n", "<p>本文</p>\n"))
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert (mail["Subject"], text.get_content().replace("\r\n", "\n")) == (subject, "本文\n二行目\n")
    assert "<p>本文</p>" in html.get_content()
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == ("<1@example.go.jp>", "auto-generated")
    assert (mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"]) == (f"<{STOP}>", "List-Unsubscribe=One-Click")
    assert mail["From"].addresses[0].display_name == "AI案件台帳"
    assert "List-Unsubscribe" not in read(mailed(Letter("x", ""), HEAD, "", ""))


def test_text_and_html_say_the_same_and_all_of_it() -> None:
    forms = [(ROOT / "templates" / "mail" / f"letter.{kind}").read_text() for kind in ("txt", "html")]
    said = [{name: set(re.findall(rf"\b{name}\.(\w+)", form)) for name in ("item", "words")} for form in forms]
    assert said[0] == said[1]
    assert said[0]["item"] == {one.name for one in fields(Item)}


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ('"AI register, Cabinet Office" <r@example.go.jp>', "AI register, Cabinet Office"),
        (r'"The \"AI\" register (test)" <r@example.go.jp>', 'The "AI" register (test)'),
        ("AI register <r@example.go.jp>", "AI register"),
        ('"AI案件台帳、内閣府, 試験" <r@example.go.jp>', "AI案件台帳、内閣府, 試験"),
        ('"=?utf-8?q?x?=" <r@example.go.jp>', "=?utf-8?q?x?="),
        ("r@example.go.jp", ""),
    ],
)
def test_a_mail_has_one_sender_whatever_its_name(sender: str, name: str) -> None:
    mail = read(mailed(Letter("x", ""), Head(sender, HEAD.to, HEAD.message_id, HEAD.at), "", ""))
    assert [(one.display_name, one.addr_spec) for one in mail["From"].addresses] == [(name, "r@example.go.jp")]


@pytest.mark.parametrize("to", ["", "a@b\r\nBcc: c@d", "a b@c", "<a@b>", "あ@b"])
def test_what_is_no_address_is_no_recipient(to: str) -> None:
    with pytest.raises(ValueError, match="recipient"):
        mailed(Letter("x", ""), Head(HEAD.sender, to, HEAD.message_id, HEAD.at), "", "")
    with pytest.raises(ValueError, match="stop"):
        mailed(Letter("x", "", (), "https://x/>\r\nX: y"), HEAD, "", "")


@pytest.mark.parametrize(
    ("code", "said", "of_address"),
    [
        (550, "5.1.1 unknown", True),
        (550, "unknown", True),
        (554, "5.7.1 policy", False),
        (554, "no", False),
        (451, "5.1.1", False),
    ],
)
def test_only_some_refusals_speak_of_the_address(code: int, said: str, of_address: bool) -> None:
    assert speaks_of_address(code, said) is of_address


def test_the_setting_of_the_server_is_read() -> None:
    assert server_of("") is None
    found = server_of("smtp+starttls://user:p%40ss@mail.example.go.jp")
    assert found is not None
    assert (found.host, found.port, found.user, found.password) == ("mail.example.go.jp", 587, "user", "p@ss")
