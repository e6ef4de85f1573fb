"""Reading mail that came back: the delivery report (RFC 3464) of a mail server, as bytes from anywhere.

Whoever knows our bounce address can send anything to it: what is too large, too deep or no report is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from register.errors import NotNow, say

LARGEST = 1_000_000
MOST_PARTS = 50
LONGEST = 500
_NAME = re.compile(r"<[!-;=?-~]{1,250}>")
_ADDRESS = re.compile(r"[!-;=?-~]{1,64}@[A-Za-z0-9.-]{1,190}")
# What a server says of a message that stays undelivered; "delayed" and "relayed" are no end.
FAILED = "failed"


@dataclass(frozen=True)
class Bounce:
    """What came back: by its Message-ID where the report holds it, to whom, and what the server said."""

    message_id: str
    recipient: str
    detail: str


def read(content: bytes) -> Bounce:
    """Return what a delivery report tells; raise ``NotNow`` with a sentence for anything else."""
    if len(content) > LARGEST:
        raise NotNow(say("メールが大きすぎるため、読めません。"))
    try:
        parts = _parts(message_from_bytes(content))
        report = next((one for one in parts if one.get_content_type() == "message/delivery-status"), None)
        if report is None:
            raise NotNow(say("配信の結果の通知ではありません。"))
        return _told(report, parts)
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise NotNow(say("メールの形が正しくないため、読めません。")) from error


def _parts(mail: Message) -> list[Message]:
    found, waiting = [], [mail]
    while waiting:
        one = waiting.pop(0)
        found.append(one)
        if len(found) > MOST_PARTS:
            raise NotNow(say("メールの部分が多すぎるため、読めません。"))
        payload = one.get_payload()
        if isinstance(payload, list):
            waiting += [part for part in payload if isinstance(part, Message)]
    return found


def _told(report: Message, parts: list[Message]) -> Bounce:
    payload = report.get_payload()
    blocks = [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []
    failed = [one for one in blocks if _line(one, "Action").lower() == FAILED]
    if not failed:
        raise NotNow(say("届かなかったという通知ではありません。"))
    first = failed[0]
    recipient = _found(_ADDRESS, _line(first, "Final-Recipient")) or _found(
        _ADDRESS, _line(first, "Original-Recipient")
    )
    detail = f"{_line(first, 'Status')} {_line(first, 'Diagnostic-Code')}".strip()
    return Bounce(_name(parts), recipient, detail[:LONGEST])


def _name(parts: list[Message]) -> str:
    """Return the Message-ID of the mail that came back: of the copy in the report, else of what it refers to."""
    for one in parts[1:]:
        if name := _found(_NAME, _line(one, "Message-ID")):
            return name
        if one.get_content_type() == "text/rfc822-headers":
            text = one.get_payload(decode=True)
            if isinstance(text, bytes) and (name := _found(_NAME, _line(message_from_bytes(text), "Message-ID"))):
                return name
    referred = _line(parts[0], "References").split() or _line(parts[0], "In-Reply-To").split()
    return _found(_NAME, referred[-1]) if referred else ""


def _line(part: Message, name: str) -> str:
    return " ".join(str(part.get(name, "")).split())[: 2 * LONGEST]


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[0] if match else ""
