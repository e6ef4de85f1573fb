"""What every document has in common: its data, how it says which snapshot it is, and the bytes that come of both.

A kind of document makes ``Paper``s: a template with its values, and the data that the template prints, which are
attached as canonical JSON (RFC 8785), as CSV and as a workbook. ``Seal`` says which snapshot a paper is and how the
audit chain stood; without one it is a paper of the moment, as a page hands it out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import rfc8785

from register.documents.language import Language, environment_of
from register.errors import say
from register.formats import Cell, csv, qr, xlsx
from register.formats.pdf_fonts import missing
from register.formats.pdf_process import Attachment, Request, render_request
from register.formats.xlsx import Sheet, Writable
from register.runtime import Runtime
from register.vocab import Variant

# How many of the characters that no font has are named in the document.
NAMED = 20
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Anchor:
    """The audit chain as the paper's own transaction saw it: its length, its newest hash, its Merkle root."""

    length: int
    head: str
    root: str


@dataclass(frozen=True)
class Seal:
    """Which snapshot a paper is: what is printed on its cover and stands in its metadata.

    ``address`` is that of its verify page, empty where the installation has no public address. ``as_of`` is the moment
    that it tells of, None for that of its making; ``told_seq`` is the last entry of the log up to then. ``supersedes``
    is the number of the snapshot that it replaces.
    """

    number: str
    public_id: str
    made_at: dt.datetime
    made_by: str
    anchor: Anchor
    address: str
    as_of: dt.datetime | None = None
    told_seq: int | None = None
    volume: int = 1
    volumes: int = 1
    supersedes: str = ""

    @property
    def checked_at(self) -> str:
        """What the QR code holds: the address of the verify page, else the id alone."""
        return self.address or f"urn:uuid:{self.public_id}"


@dataclass(frozen=True)
class Listing:
    """One list of the data as rows: ``name`` is that of its file, in ASCII."""

    name: str
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    @property
    def sheet(self) -> Sheet:
        """The same rows as a sheet of a workbook."""
        return Sheet(self.title, list(self.header), [list(row) for row in self.rows])


@dataclass(frozen=True)
class Paper:
    """A document before it is rendered.

    ``name`` is that of its data files, in ASCII; ``data`` must be plain enough for canonical JSON. ``sheets`` is its
    workbook, by default one sheet per listing; ``attached`` is what it carries besides. ``author`` and ``created`` are
    its own where it has no seal.
    """

    template: str
    title: str
    name: str
    data: Mapping[str, Any]
    listings: Sequence[Listing]
    values: Mapping[str, Any] = field(default_factory=dict)
    sheets: Sequence[Writable] = ()
    variant: Variant = Variant.CLOSED
    attached: Sequence[Attachment] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    author: str = ""
    created: dt.datetime | None = None

    @cached_property
    def canonical(self) -> bytes:
        """The data as canonical JSON."""
        return rfc8785.dumps(dict(self.data))

    @cached_property
    def data_sha256(self) -> str:
        """The digest of the attached JSON, in hex."""
        return hashlib.sha256(self.canonical).hexdigest()


def files(paper: Paper, language: Language, created: dt.datetime) -> list[Attachment]:
    """Return what is attached: the JSON that the paper is made of, and the same as CSV and as a workbook."""
    of_it = language.say(say("この文書のデータ（JSON）"))
    made = [Attachment(f"{paper.name}.json", paper.canonical, of_it, relationship="Source")]
    for one in paper.listings:
        described = language.say(say("%(title)s（CSV）", title=one.title))
        rows = csv.write(list(one.header), [list(row) for row in one.rows])
        made.append(Attachment(f"{one.name}.csv", rows, described, "text/csv"))
    sheets = list(paper.sheets) or [one.sheet for one in paper.listings]
    if sheets:
        book = xlsx.write(sheets, created=created, title=paper.title)
        described = language.say(say("%(title)s（Excel）", title=paper.title))
        made.append(Attachment(f"{paper.name}.xlsx", book, described, XLSX))
    return [*made, *paper.attached]


def request(paper: Paper, language: Language, templates: Path, seal: Seal | None = None, reader: str = "") -> Request:
    """Return what the renderer needs; ``reader`` is printed across every page of a copy that is handed to one person.

    The same paper with the same seal gives the same request, and that the same bytes.
    """
    created = seal.made_at if seal else paper.created
    if created is None:
        raise ValueError("a paper without a seal needs its own time")
    code = _code(seal, language) if seal else ""
    html = environment_of(language, templates).get_template(paper.template).render(
        paper=paper,
        seal=seal,
        reader=reader,
        language=language.code,
        missing=missing(paper.canonical.decode())[:NAMED],
        qr=code,
        **paper.values,
    )  # fmt: skip
    identity = f"{paper.data_sha256}{seal.public_id if seal else ''}{reader}"
    return Request(
        html,
        hashlib.sha256(identity.encode()).digest(),
        created,
        files(paper, language, created),
        {"variant": paper.variant.value, "dataSha256": paper.data_sha256, **paper.properties, **_told(seal)},
    )


def _code(seal: Seal, language: Language) -> str:
    return qr.svg(seal.checked_at, language.say(say("確かめるためのQRコード：%(to)s", to=seal.checked_at)))


def pdf(run: Runtime, paper: Paper, language: str, seal: Seal | None = None, reader: str = "") -> bytes:
    """Return the document itself, made by a child within its limits (``formats.pdf_process``)."""
    words = Language(run.settings.translations_dir, language)
    return render_request(request(paper, words, run.settings.templates_dir, seal, reader))


def _told(seal: Seal | None) -> dict[str, str]:
    if seal is None:
        return {}
    return {
        "snapshot": seal.number,
        "snapshotId": seal.public_id,
        "auditLength": str(seal.anchor.length),
        "auditHead": seal.anchor.head,
        "auditRoot": seal.anchor.root,
        "volume": f"{seal.volume}/{seal.volumes}",
    }
