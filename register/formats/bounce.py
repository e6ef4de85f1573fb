"""Reading mail that came back: the delivery report (RFC 3464) of a mail server, as bytes from anywhere.

Whoever knows our bounce address can send anything to it: what is too large, too deep or no report is refused. Whose
mail it was is told by the Message-ID alone, which only those know who were handed it; a recipient anyone can name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from register.errors import NotNow, say
from register.formats.smtp import speaks_of_address

LARGEST = 1_000_000
MOST_PARTS = 50
LONGEST = 500
_NAME = re.compile(r"<[!-;=?-~]{1,250}>")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# A report without a status of its own may still quote the server: "smtp; 550 5.1.1 unknown".
_QUOTED = re.compile(r"smtp; *([245]\d\d)[ -]?(.*)", re.IGNORECASE)
# What a server says of a message that stays undelivered; "delayed" and "relayed" are no end.
FAILED = "failed"


@dataclass(frozen=True)
class Bounce:
    """What came back: its Message-ID where the report holds it, what the server said, and whether of the address."""

    message_id: str
    detail: str
    of_address: bool


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
    status, said = _line(failed[0], "Status"), _line(failed[0], "Diagnostic-Code")
    return Bounce(_name(parts), f"{status} {said}".strip()[:LONGEST], _of_address(status, said))


def _of_address(status: str, said: str) -> bool:
    """Tell whether a failure speaks of the address: a server that was away, or a policy, leaves it in use."""
    if found := _found(_STATUS, status):
        return speaks_of_address(int(found[0]) * 100, found)
    quoted = _QUOTED.match(said)
    return quoted is not None and speaks_of_address(int(quoted[1]), quoted[2])


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
