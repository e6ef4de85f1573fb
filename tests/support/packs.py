"""A small evidence pack made by hand: PDFs with data in them, an audit log that knows them, and everything else.

``honest()`` is a pack in which nothing is wrong, as its files by name; ``fixed`` writes its manifest anew, as somebody
would who changes a file and knows the format; ``zipped`` makes a ZIP of it.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import rfc8785

from register.audit.chain import GENESIS, canonical, entry_hash, merkle_root
from register.formats import csv, pdf
from register.formats.pack import DIGEST, PackWriter
from register.verifier import program
from tests.support import sample_document
from tests.support.sample_document import CREATED

ROUND, ROUND_ID = "2025-2", 7
NUMBER, PACK_ID = "pack-2025-2-001", "00000000-0000-4000-8000-000000000001"
FORM = rfc8785.dumps({"form": "periodic", "version": "v2", "fields": []})
BEFORE = rfc8785.dumps({"form": "periodic", "version": "v1", "fields": []})
Members = dict[str, bytes]
# What the verifier said of a pack: the codes of what is wrong, and every line.
Said = tuple[list[str], list[str]]
Check = Callable[..., Said]
Seal = Callable[[bytes], bytes]


def sha256(content: bytes) -> str:
    """Return the digest of a file, in hex."""
    return hashlib.sha256(content).hexdigest()


class Log:
    """An audit log as ``audit.record`` writes it."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.hashes: list[str] = []

    def add(self, event: str, subject: tuple[str, str, str], changes: Sequence[Any] = (), **details: Any) -> None:
        """Write a deed."""
        table, pk, label = subject
        body = canonical(
            {
                "seq": len(self.hashes) + 1,
                "prev": self.hashes[-1] if self.hashes else GENESIS,
                "at": CREATED.isoformat(timespec="microseconds"),
                "event": event,
                "actor": {"id": 1, "name": "事務局", "role": "secretariat"},
                "ministry": None,
                "request": "",
                "subject": {"table": table, "pk": pk, "label": label},
                "reason": "",
                "details": details,
                "changes": list(changes),
            }
        )
        self.bodies.append(body.decode())
        self.hashes.append(entry_hash(body))

    @property
    def anchor(self) -> dict[str, Any]:
        """The end of the log as a manifest names it."""
        return {"length": len(self.hashes), "head": self.hashes[-1], "root": merkle_root(self.hashes)}

    def lines(self, first: int) -> bytes:
        """Return the entries from ``first`` on as a pack holds them."""
        told = range(first, len(self.hashes) + 1)
        return b"".join(line(seq, self.bodies[seq - 1]) for seq in told)

    def leaves(self) -> bytes:
        """Return the hashes of all entries as a pack holds them."""
        return "".join(f"{one}\n" for one in self.hashes).encode()


def line(seq: int, body: str) -> bytes:
    """Return one line of the chain in a pack."""
    return rfc8785.dumps({"seq": seq, "hash": entry_hash(body.encode()), "body": body}) + b"\n"


@dataclass(frozen=True)
class Document:
    """A document of the sample: its file, and what the manifest says of it."""

    path: str
    content: bytes
    about: Mapping[str, Any]
    attached: Mapping[str, bytes] = field(default_factory=dict)


@cache
def rendered(page: str, files: Sequence[tuple[str, bytes]], told: Sequence[tuple[str, str]]) -> bytes:
    """Return a PDF with these files and metadata in it."""
    attachments = [pdf.Attachment(name, content, "データ") for name, content in files]
    return pdf.render(page, identifier=bytes(16), created=CREATED, attachments=attachments, properties=dict(told))


def document(
    path: str,
    kind: str,
    data: Mapping[str, Any],
    log: Log,
    *,
    number: str,
    issued: bool = True,
    rows: Sequence[Sequence[Any]] = (),
    variant: str = "closed",
    seal: Seal | None = None,
    **properties: str,
) -> Document:
    """Return a PDF that tells the end of ``log``; ``rows`` are its CSV, ``seal`` appends to it."""
    name = "return" if kind == "receipt" else "report"
    language = path.rpartition(".")[0].rpartition("-")[2]
    public_id = PACK_ID if not issued else f"00000000-0000-4000-8000-{int(sha256(path.encode())[:8], 16):012d}"
    files = {f"{name}.json": rfc8785.dumps(dict(data))}
    if rows:
        files[f"{name}.csv"] = csv.write(["表", "名前", "対象", "行コード", "行", "列コード", "列", "件数"], rows)
    anchor = log.anchor
    told = {
        "variant": variant,
        "dataSha256": sha256(files[f"{name}.json"]),
        "snapshot": number,
        "snapshotId": public_id,
        "auditLength": str(anchor["length"]),
        "auditHead": anchor["head"],
        "auditRoot": anchor["root"],
        **properties,
    }
    page = sample_document.page(f"<h1>{kind}</h1>", lang=f'lang="{language}"', title=path)
    made = rendered(page, tuple(files.items()), tuple(told.items()))
    about = {
        "type": kind,
        "snapshot": number,
        "id": public_id,
        "issued": issued,
        "unsigned_size": len(made),
        "unsigned_sha256": sha256(made),
        "data": f"{name}.json",
        "data_sha256": told["dataSha256"],
        "language": language,
        "variant": variant,
    }
    return Document(path, seal(made) if seal else made, about, files)


def issue(log: Log, one: Document, about: str, *, round_id: int = ROUND_ID) -> Document:
    """Write into the log that a document was made, and signed where something stands behind it."""
    label, told = one.path.rpartition("/")[2], one.about
    fields = {
        "kind": [None, told["type"]],
        "series": [None, f"{told['type']}/{about}/{told['variant']}/{told['language']}"],
        "round_id": [None, round_id],
        "internal": [None, False],
        "public_id": [None, told["id"]],
    }
    change = {"table": "snapshot", "pk": "1", "op": "insert", "fields": fields}
    digests = {"unsigned_sha256": told["unsigned_sha256"], "data_sha256": told["data_sha256"]}
    subject = ("snapshot", "1", label)
    log.add("snapshot.made", subject, [change], sha256=told["unsigned_sha256"], **digests)
    if len(one.content) > told["unsigned_size"]:
        log.add("snapshot.signed", subject, sha256=sha256(one.content))
    return one


def report_data(count: int) -> tuple[dict[str, Any], list[list[Any]]]:
    """Return the data of a report with a table of two rows, moves and changes, and its CSV."""
    rows = [("1", "一", [count, 2]), ("2", "二", [0, 4])]
    told = [{"code": code, "label": label, "cells": cells, "total": sum(cells)} for code, label, cells in rows]
    told.append({"code": "total", "label": "総計", "cells": [count, 6], "total": count + 6})
    told.append({"code": "previous", "label": "前回", "cells": [3, None], "total": 3})
    data = {
        "round": ROUND,
        "form": {"version": "v2", "sha256": sha256(FORM)},
        "tables": {"stage": {"title": "表", "population": "all", "columns": ["G1", "G2"], "rows": told, "notes": []}},
        "usage_type_flow": {"G1>G1": 3, "G1>closed": 1, "new>G2": 2},
        "usage_type_change": {"new": 2, "closed": 1, "unchanged": 3, "unanswered": 0},
    }
    lines = [_cell("stage", one["code"], *cell) for one in told for cell in _cells(one, ["G1", "G2"])]
    flow = {"G1": [3, 0, 1], "new": [0, 2, 0], "total": [3, 2, 1]}
    columns = ["G1", "G2", "closed", "total"]
    for row, cells in flow.items():
        lines += [_cell("usage_type_flow", row, *pair) for pair in zip(columns, [*cells, sum(cells)], strict=True)]
    for kind, figure in (("new", 2), ("closed", 1), ("unchanged", 3), ("total", 6)):
        lines += [_cell("usage_type_change", kind, column, figure) for column in ("count", "total")]
    return data, lines


def edition_data(hidden: bool) -> tuple[dict[str, Any], list[list[Any]]]:
    """Return the data of an edition, in which a figure may be left out, and its CSV."""
    cells = [None if hidden else 2, 4]
    row = {"code": "1", "label": "一", "cells": cells, "total": 6, "hidden": ["G1"] if hidden else []}
    table = {"title": "表", "population": "all", "columns": ["G1", "G2"], "rows": [row], "notes": []}
    moves = {"usage_type_flow": {**table, "population": ""}}
    data = {"round": ROUND, "form": {"version": "v2", "sha256": sha256(FORM)}, "moves": moves, "hidden": hidden}
    data["tables"] = {"scope": table}
    shown = [("G1", "非公開" if hidden else 2), ("G2", 4), ("total", 6)]
    return data, [_cell(slug, "1", *pair) for slug in ("scope", "usage_type_flow") for pair in shown]


def _cells(row: Mapping[str, Any], columns: Sequence[str]) -> list[tuple[str, Any]]:
    return [*zip(columns, row["cells"], strict=True), ("total", row["total"])]


def _cell(slug: str, row: str, column: str, figure: Any) -> list[Any]:
    return [slug, "表", "all", row, "行", column, "列", figure]


def receipt_data(ministry: str) -> dict[str, Any]:
    """Return the content of a return."""
    return {"round": ROUND, "form": sha256(FORM), "ministry": ministry, "nil": False, "cases": [{"case_no": "1"}]}


def marked(content: bytes) -> bytes:
    """Return a PDF with something behind it, as a signature stands there."""
    return content + b"%signature\n%%EOF\n"


@dataclass(frozen=True)
class Sample:
    """The parts of the sample: its documents, the one that was replaced before, its log."""

    documents: Sequence[Document]
    older: Document
    log: Log
    first: int


@cache
def sample(seal: Seal = marked) -> Sample:
    """Return the parts of the honest pack, made once; ``seal`` appends to the PDF of its report."""
    log = Log()
    for place in range(3):
        log.add("user.created", ("user", str(place), f"人{place}"))
    log.add("round.created", ("round", str(ROUND_ID), ROUND))
    first = len(log.hashes)
    for key in "abc":
        log.add(
            "submission.approved",
            ("submission", key, f"{ROUND} {key}"),
            sha256=sha256(rfc8785.dumps(receipt_data(key))),
        )
    texts = {
        "public.ja": edition_data(hidden=True),
        "closed.ja": edition_data(hidden=False),
        "public.en": edition_data(hidden=True),
        "closed.en": edition_data(hidden=False),
    }
    each = {name: sha256(rfc8785.dumps(data)) for name, (data, _) in texts.items()}
    digest = sha256(rfc8785.dumps(each))
    log.add("edition.moved", ("edition", "1", f"{ROUND}-1"), deed="check", sha256=digest)
    documents = []
    for name, (data, rows) in texts.items():
        variant, _, language = name.partition(".")
        number = f"edition-{ROUND}-{variant}-001"
        told = {"number": number, "rows": rows, "variant": variant, "editionSha256": digest}
        made = document(f"documents/{number}-{language}.pdf", "edition", data, log, **told)
        documents.append(issue(log, made, ROUND))
    older_data, older_rows = report_data(1)
    old = f"report-{ROUND}-001"
    older = document(f"documents/{old}-ja.pdf", "report", older_data, log, number=old, rows=older_rows)
    issue(log, older, ROUND)
    number = f"receipt-{ROUND}-a-001"
    made = document(f"receipts/{number}-ja.pdf", "receipt", receipt_data("a"), log, number=number)
    documents.append(issue(log, made, f"{ROUND}-a"))
    # A report of another round is none of this pack.
    other = document("documents/report-2025-1-001-ja.pdf", "report", older_data, log, number="report-2025-1-001")
    issue(log, other, "2025-1", round_id=ROUND_ID - 1)
    data, rows = report_data(5)
    new = {"number": f"report-{ROUND}-002", "rows": rows, "seal": seal}
    made = document(f"documents/report-{ROUND}-002-ja.pdf", "report", data, log, **new)
    documents.append(issue(log, made, ROUND))
    log.add("session.signed_in", ("user", "1", "人1"))
    for key in "bc":
        own = {"number": NUMBER, "issued": False}
        documents.append(document(f"receipts/receipt-{ROUND}-{key}-ja.pdf", "receipt", receipt_data(key), log, **own))
    return Sample(documents, older, log, first)


@cache
def _honest(seal: Seal, sign: Seal | None) -> bytes:
    made, out = sample(seal), io.BytesIO()
    with PackWriter(out) as pack:
        for one in made.documents:
            pack.add(one.path, [one.content], kind="document", **one.about)
        for one in made.documents:
            if one.about["type"] != "receipt":
                stem = one.path.rpartition("/")[2].removesuffix(".pdf")
                for name, content in one.attached.items():
                    about = {"kind": "data", "document": one.path, "attachment": name}
                    pack.add(f"data/{stem}.{name.rpartition('.')[2]}", [content], **about)
        for version, content in (("v1", BEFORE), ("v2", FORM)):
            pack.add(f"forms/periodic-{version}.json", [content], kind="form", form="periodic", version=version)
        for name, told in (("definitions", definitions()), ("crosswalk", crosswalk())):
            pack.add(f"tables/{name}.json", [rfc8785.dumps(told)], kind="table")
        pack.add("audit/chain.jsonl", [made.log.lines(made.first)], kind="chain")
        pack.add("audit/leaves.txt", [made.log.leaves()], kind="leaves")
        pack.add("verify.py", [program()], kind="program")
        pack.add("README.txt", ["証拠資料一式\n".encode()], kind="readme")
        pack.close(
            {
                "number": NUMBER,
                "id": PACK_ID,
                "round": ROUND,
                "made_at": CREATED.isoformat(),
                "audit": made.log.anchor,
                "software": {"weasyprint": "70.0"},
                "without_receipt": ["d"],
            },
            sign,
        )
    return out.getvalue()


def definitions() -> dict[str, Any]:
    """Return the definitions of the sample's tables."""
    columns = [{"code": "G1"}, {"code": "G2"}]
    stage = {"slug": "stage", "population": "all", "columns": columns, "rows": [{"code": "1"}, {"code": "2"}]}
    return {"tables": [stage, {**stage, "slug": "scope", "rows": [{"code": "1"}]}]}


def crosswalk() -> dict[str, Any]:
    """Return the way from the form before."""
    ends = {
        name: {"version": version, "sha256": sha256(content)}
        for name, version, content in (("before", "v1", BEFORE), ("after", "v2", FORM))
    }
    return {**ends, "steps": []}


def honest(seal: Seal = marked, sign: Seal | None = None) -> Members:
    """Return the files of a pack in which nothing is wrong; ``sign`` makes the signature beside its manifest."""
    with zipfile.ZipFile(io.BytesIO(_honest(seal, sign))) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def manifest_of(members: Members) -> dict[str, Any]:
    """Return what the manifest says."""
    return json.loads(members["manifest.json"])


def sealed(members: Members, manifest: dict[str, Any]) -> Members:
    """Return the pack with this manifest, its own digest right."""
    manifest.pop(DIGEST, None)
    manifest[DIGEST] = sha256(rfc8785.dumps(manifest))
    return {**members, "manifest.json": rfc8785.dumps(manifest)}


def fixed(members: Members) -> Members:
    """Return the pack with sizes and digests of its manifest as its files are now; files that are gone are not named."""
    manifest = manifest_of(members)
    manifest["files"] = [one for one in manifest["files"] if one["path"] in members]
    for one in manifest["files"]:
        content = members[one["path"]]
        one["size"], one["sha256"] = len(content), sha256(content)
    return sealed(members, manifest)


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return the files as a ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return out.getvalue()
