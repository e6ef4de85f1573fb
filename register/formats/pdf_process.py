"""Rendering in a process of its own, with a limit on memory, processor time and waiting time.

A document is made of what people wrote, and a page of plain text can cost minutes and gigabytes: what the limits kill
is this child, and the caller gets a sentence. Importing this module does not load WeasyPrint.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from register.errors import RegisterError, Say, say

ROOT = Path(__file__).parents[2]
FONTS = Path(__file__).parent / "fonts" / "fonts.conf"
MODULE = "register.formats.pdf_child"
# How the child ends when it refuses, as opposed to dying.
BLOCKED, INCOMPLETE = 3, 4
DETAIL = 4000


class Blocked(Exception):
    """The document asked for something from outside; nothing was loaded and nothing is delivered."""


class Incomplete(Exception):
    """The HTML lacks what an accessible document must have."""


class RenderFailed(RegisterError):
    """The child died or ran into a limit; ``detail`` is for the log, not for the reader."""

    def __init__(self, sentence: Say, detail: str) -> None:
        super().__init__(sentence)
        self.detail = detail


@dataclass(frozen=True)
class Attachment:
    """A file inside the PDF: an ASCII name, a description in any language, what it is to the document."""

    name: str
    data: bytes
    description: str
    mime: str = "application/json"
    relationship: str = "Data"  # Source, Data, Alternative, Supplement or Unspecified


@dataclass(frozen=True)
class Limits:
    """What a render may take while somebody waits for a page: bytes, seconds of the processor, seconds by the clock."""

    memory: int = 1024**3
    cpu: int = 40
    wall: int = 60


# Of files that nobody waits for at a page: on a busy machine a volume of 1,000 rows takes minutes by the clock.
UNHURRIED = Limits(cpu=120, wall=900)


@dataclass(frozen=True)
class Request:
    """Everything that a render needs, as one line of JSON between the two processes."""

    html: str
    identifier: bytes
    created: datetime
    attachments: Sequence[Attachment]
    properties: Mapping[str, str]

    def dump(self, limits: Limits) -> bytes:
        """Return the request as the child reads it."""
        attachments = [asdict(one) | {"data": base64.b64encode(one.data).decode()} for one in self.attachments]
        fields: dict[str, Any] = {
            "html": self.html,
            "identifier": self.identifier.hex(),
            "created": self.created.isoformat(),
            "attachments": attachments,
            "properties": dict(self.properties),
            "limits": asdict(limits),
        }
        return json.dumps(fields).encode()

    @classmethod
    def load(cls, data: bytes) -> tuple[Request, Limits]:
        """Return what ``dump`` wrote."""
        fields = json.loads(data)
        attachments = [Attachment(**(one | {"data": base64.b64decode(one["data"])})) for one in fields["attachments"]]
        request = cls(
            fields["html"],
            bytes.fromhex(fields["identifier"]),
            datetime.fromisoformat(fields["created"]),
            attachments,
            fields["properties"],
        )
        return request, Limits(**fields["limits"])


def restrict(limits: Limits) -> None:
    """Put the limits on this process (the child calls it before it looks at the document)."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu, limits.cpu + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def render_in_child(
    html: str,
    *,
    identifier: bytes,
    created: datetime,
    attachments: Sequence[Attachment] = (),
    properties: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> bytes:
    """Return what ``pdf.render`` returns, made by a child within the limits.

    Raises ``RenderFailed`` when the child dies or is stopped, ``Blocked`` and ``Incomplete`` as ``pdf.render`` does.
    """
    return render_request(Request(html, identifier, created, attachments, properties or {}), limits)


def render_request(request: Request, limits: Limits | None = None) -> bytes:
    """Return the document that ``request`` describes, as ``render_in_child`` does."""
    limits = limits or Limits()
    # Killed children leave their temporary files; this folder goes with them.
    with tempfile.TemporaryDirectory(prefix="register-pdf-") as folder:
        try:
            done = subprocess.run(  # noqa: S603 our own interpreter and module
                [sys.executable, "-m", MODULE],
                input=request.dump(limits),
                capture_output=True,
                timeout=limits.wall,
                cwd=ROOT,
                env=child_environment(folder),
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            reason = say("PDFの作成が制限時間（%(seconds)d秒）を超えたため中止しました。", seconds=limits.wall)
            raise RenderFailed(reason, _tail(error.stderr)) from error
    if done.returncode == 0:
        return done.stdout
    raise _failure(done.returncode, _tail(done.stderr), limits)


def child_environment(folder: str) -> dict[str, str]:
    """Return the environment of a child that keeps its temporary files in ``folder``: our fonts, and no user's own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    # fontconfig knows our fonts only: a system font would make a document depend on the machine.
    return kept | {
        "FONTCONFIG_FILE": str(FONTS),
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
    }


def _failure(code: int, detail: str, limits: Limits) -> Exception:
    if code == BLOCKED:
        return Blocked(detail)
    if code == INCOMPLETE:
        return Incomplete(detail)
    if code < 0 or "MemoryError" in detail:
        sentence = say(
            "PDFの作成が計算時間（%(cpu)d秒）またはメモリー（%(memory)dMB）の上限を超えたため中止しました。",
            cpu=limits.cpu,
            memory=limits.memory // 1024**2,
        )
        return RenderFailed(sentence, f"exit {code}: {detail}")
    return RenderFailed(say("PDFを作成できませんでした。管理者に連絡してください。"), f"exit {code}: {detail}")


def _tail(stderr: bytes | None) -> str:
    return (stderr or b"").decode("utf-8", errors="replace")[-DETAIL:]
