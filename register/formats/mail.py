"""A mail as bytes: text and HTML beside each other, headers that no text of a person can break out of.

Every body travels as base64, so that no server wraps, strips or escapes a line of it.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from dataclasses import dataclass, field, replace
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache

from register.clock import TOKYO
from register.text import clean_line

LONGEST_SUBJECT = 200
_PLAIN_ADDRESS = re.compile(r"[!-;=?-~]+@[A-Za-z0-9.-]+")
# What looks like an encoded word would be decoded by the reader's program: it is encoded as it stands.
_ENCODED = "=?"
_ADDRESS_OF_PAGE = re.compile(r"https?://[!#-;=?-~]+")


@dataclass(frozen=True)
class Item:
    """One thing that a mail tells: what, why it came to this person, and where to act."""

    text: str
    why: str
    url: str


@dataclass(frozen=True)
class Letter:
    """What a mail says, in the reader's language; ``stop_url`` only where the person may stop it."""

    subject: str
    intro: str
    items: tuple[Item, ...] = field(default_factory=tuple)
    stop_url: str | None = None
    settings_url: str = ""

    def on_lines(self) -> Letter:
        """Return the letter with every text on one line: what a person wrote shall not look like a part of the mail."""
        items = (Item(clean_line(one.text), clean_line(one.why), one.url) for one in self.items)
        subject = clean_line(self.subject)[:LONGEST_SUBJECT]
        return replace(self, subject=subject, intro=clean_line(self.intro), items=tuple(items))


@dataclass(frozen=True)
class Head:
    """From whom to whom, when, and by which name."""

    sender: str
    to: str
    message_id: str
    at: dt.datetime
    language: str = "ja"


def mailed(letter: Letter, head: Head, text: str, html: str) -> bytes:
    """Return the whole mail of a letter that is ``on_lines``; raise ``ValueError`` for an unusable address."""
    boundary = "=_" + hashlib.sha256(head.message_id.encode()).hexdigest()[:32]
    lines = [
        *(f"{name}: {value}" for name, value in _headers(letter, head)),
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
        *_part(boundary, "plain", text),
        *_part(boundary, "html", html),
        f"--{boundary}--",
        "",
    ]
    return "\r\n".join(lines).encode("ascii")


@lru_cache
def envelope_sender(sender: str) -> str:
    """Return the bare address of a From line such as ``AI案件台帳 <register@example.go.jp>``."""
    address = parseaddr(sender)[1]
    if not _PLAIN_ADDRESS.fullmatch(address):
        raise ValueError("no usable sender")
    return address


def _headers(letter: Letter, head: Head) -> list[tuple[str, str]]:
    if not _PLAIN_ADDRESS.fullmatch(head.to):
        raise ValueError("no usable recipient")
    headers = [
        ("From", _sender(head.sender)),
        ("To", head.to),
        ("Subject", _encoded("Subject", letter.subject)),
        ("Date", format_datetime(head.at.astimezone(TOKYO))),
        ("Message-ID", head.message_id),
        ("Auto-Submitted", "auto-generated"),
        ("Content-Language", head.language),
        ("MIME-Version", "1.0"),
    ]
    if letter.stop_url:
        if not _ADDRESS_OF_PAGE.fullmatch(letter.stop_url):
            raise ValueError("no usable address to stop the mail")
        # RFC 8058: the mail program asks by itself, with one POST.
        headers += [
            ("List-Unsubscribe", f"<{letter.stop_url}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]
    return headers


@lru_cache
def _sender(sender: str) -> str:
    name, address = clean_line(parseaddr(sender)[0]), envelope_sender(sender)
    if name.isascii() and _ENCODED not in name:
        # A comma in it would make two senders of one: this quotes what needs it.
        return formataddr((name, address))
    return f"{_encoded('From', name)} <{address}>"


# The same few subjects go to many.
@lru_cache(maxsize=64)
def _encoded(name: str, text: str) -> str:
    charset = "us-ascii" if text.isascii() and _ENCODED not in text else "utf-8"
    return Header(text, charset, header_name=name).encode(linesep="\r\n")


def _part(boundary: str, kind: str, body: str) -> list[str]:
    wrapped = base64.encodebytes(body.replace("\n", "\r\n").encode()).decode("ascii").splitlines()
    return [
        f"--{boundary}",
        f"Content-Type: text/{kind}; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
        *wrapped,
    ]
