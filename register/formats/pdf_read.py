"""Reading a PDF of ours back: what a reader, a screen reader above all, gets from it.

    found = read_in_child(data)                     # a child with limits: for what somebody uploaded
    found = read(data)                              # in this process: for what we have just rendered
    found.pages, found.language, found.title, found.properties["dataSha256"]
    found.attachments["cases.json"].data            # also sha256, mime, relationship, description
    found.cells, found.heads                        # TD and TH in the order of the structure tree, blanks removed

A file is read as a reader sees it: its last revision. ``first_revision_sha256`` is the digest of the bytes that our
renderer wrote, whatever was appended since (a signature is): only who compares it knows that the file is ours. A glyph
is taken for what the file says that it means, not for what it looks like.

A table over several pages repeats its head in ``heads`` and nothing in ``cells``; a row that is taller than a page
comes as one row for each page. What the styles print before a cell (◆) is part of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from register.errors import Invalid, Say, say
from register.formats import pdf_content, pdf_structure
from register.formats.pdf_objects import Budget, Document, text_of
from register.formats.pdf_structure import Attached
from register.formats.pdf_tokens import Refused

__all__ = ["Attached", "Limits", "Read", "Unreadable", "read", "read_in_child"]

ROOT = Path(__file__).parents[2]
MODULE = "register.formats.pdf_read_child"
REFUSED = 3  # how the child ends when it refuses, as opposed to dying
DETAIL = 4000
ANSWER = "read.json"
MAGIC = b"%PDF-"
AS_RECEIVED = say("台帳から受け取ったままのPDFを選んでください。")
SENTENCES: Mapping[str, Say] = {
    "none": say("PDFファイルではありません。%(what)s", what=AS_RECEIVED),
    "size": say("ファイルが大きすぎます（上限%(limit)dMB）。%(what)s", what=AS_RECEIVED),
    "encrypted": say("パスワードで保護されたPDFは読み取れません。%(what)s", what=AS_RECEIVED),
    "broken": say(
        "PDFが壊れているか、途中で切れているか、この台帳が作ったものではないため、読み取れません。%(what)s",
        what=AS_RECEIVED,
    ),
    "big": say("PDFの中身が大きすぎるか複雑すぎるため、読み取りを中止しました。%(what)s", what=AS_RECEIVED),
}


@dataclass(frozen=True)
class Limits:
    """How much of a file is read before it is refused, and what the child may take (bytes, seconds)."""

    size: int = 64 * 1024**2
    unpacked: int = 128 * 1024**2  # of all streams that are looked at, packed and inflated
    pages: int = 2000
    elements: int = 1_000_000  # of the structure tree
    instructions: int = 3_000_000  # operators of all pages
    letters: int = 10_000_000  # shown, and once more where they stand in cells
    memory: int = 1024**3
    cpu: int = 40
    wall: int = 60

    def budget(self) -> Budget:
        """Return what reading one file may take of it."""
        names = ("unpacked", "pages", "elements", "instructions", "letters")
        return Budget(**{name: getattr(self, name) for name in names})


class Unreadable(Invalid):
    """A file that cannot be read (422): the sentence of ``key`` under the field ``file``; ``detail`` is for the log."""

    def __init__(self, key: str, limits: Limits, detail: str = "") -> None:
        known = SENTENCES[key]
        limit = {"limit": limits.size // 1024**2} if key == "size" else {}
        super().__init__({"file": Say(known.template, {**known.params, **limit})})
        self.key = key
        self.detail = detail


@dataclass(frozen=True)
class Read:
    """What stands in a PDF: no text of it holds a blank."""

    pages: int
    language: str
    title: str
    properties: Mapping[str, str]
    attachments: Mapping[str, Attached]
    cells: tuple[str, ...]
    heads: tuple[str, ...]
    text: str
    revisions: int
    first_revision_sha256: str

    def store(self, folder: Path) -> None:
        """Write it into an empty folder, as the child hands it over."""
        attachments = {name: asdict(one) | {"data": None} for name, one in self.attachments.items()}
        for number, one in enumerate(self.attachments.values()):
            (folder / str(number)).write_bytes(one.data)
        (folder / ANSWER).write_text(json.dumps(vars(self) | {"attachments": attachments}, ensure_ascii=False), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Read:
        """Return what ``store`` wrote."""
        fields: dict[str, Any] = json.loads((folder / ANSWER).read_text("utf-8"))
        attachments = {
            name: Attached(**(one | {"data": (folder / str(number)).read_bytes()}))
            for number, (name, one) in enumerate(fields["attachments"].items())
        }
        cells, heads = tuple(fields["cells"]), tuple(fields["heads"])
        return cls(**(fields | {"attachments": attachments, "cells": cells, "heads": heads}))


def read(data: bytes, limits: Limits | None = None) -> Read:
    """Return what the file holds; raise ``Unreadable``. Nothing bounds the time: see ``read_in_child``."""
    limits = limits or Limits()
    try:
        _check(data, limits)
        return _read(Document(data, limits.budget()), data)
    except Refused as refused:
        raise Unreadable(refused.key, limits, str(refused)) from refused
    except MemoryError as error:
        raise Unreadable("big", limits, "no memory left") from error
    except Exception as error:
        # Damage shows in every way: an index, a type, a recursion.
        raise Unreadable("broken", limits, repr(error)[:DETAIL]) from error


def _check(data: bytes, limits: Limits) -> None:
    if not data.startswith(MAGIC):
        raise Refused("none")
    if len(data) > limits.size:
        raise Refused("size")


def _read(document: Document, data: bytes) -> Read:
    reader = pdf_content.Reader(document)
    shown = {number: reader.read(page, resources) for number, page, resources in pdf_structure.pages(document)}
    cells = pdf_structure.cells(document, shown)
    title, properties = pdf_structure.metadata(document)
    return Read(
        pages=len(shown),
        language=text_of(document.catalog.get("Lang")),
        title=title,
        properties=properties,
        attachments=pdf_structure.attachments(document),
        cells=tuple(_solid(text) for kind, text in cells if kind == "TD"),
        heads=tuple(_solid(text) for kind, text in cells if kind == "TH"),
        text=_solid("".join(part for page in shown.values() for part in page.shown)),
        revisions=len(document.starts),
        first_revision_sha256=hashlib.sha256(data[: document.first_revision()]).hexdigest(),
    )


def _solid(text: str) -> str:
    return "".join(text.split())


def read_in_child(data: bytes, limits: Limits | None = None) -> Read:
    """Return what ``read`` returns, read by a child within the limits; a child that dies means ``Unreadable``."""
    limits = limits or Limits()
    try:
        _check(data, limits)
    except Refused as refused:
        raise Unreadable(refused.key, limits) from refused
    # Killed children leave their files; this folder goes with them.
    with tempfile.TemporaryDirectory(prefix="register-pdf-read-") as folder:
        source, target = Path(folder, "upload"), Path(folder, "read")
        source.write_bytes(data)
        target.mkdir()
        try:
            done = subprocess.run(  # noqa: S603 our own interpreter and module
                [sys.executable, "-m", MODULE],
                input=json.dumps([str(source), str(target), asdict(limits)]).encode(),
                capture_output=True,
                timeout=limits.wall,
                cwd=ROOT,
                env=_environment(),
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Unreadable("big", limits, "timeout") from error
        if done.returncode:
            raise _failure(done, limits)
        return Read.load(target)


def _environment() -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LANG": "C.UTF-8", "TZ": "UTC", "PYTHONUTF8": "1"}


def _failure(done: subprocess.CompletedProcess[bytes], limits: Limits) -> Unreadable:
    if done.returncode == REFUSED:
        key, detail = json.loads(done.stdout)
        return Unreadable(key, limits, detail)
    detail = done.stderr.decode("utf-8", errors="replace")[-DETAIL:]
    died = done.returncode < 0 or "MemoryError" in detail
    return Unreadable("big" if died else "broken", limits, f"exit {done.returncode}: {detail}")
