"""The files of a pack against its manifest, and each PDF against the data in it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from register.verifier.canonical import canonical, parsed
from register.verifier.chain import Chain
from register.verifier.findings import why
from register.verifier.manifest import KINDS, MANIFEST, NEEDED, SIGNATURE, TYPES
from register.verifier.pdf import Pdf
from register.verifier.sources import LARGEST_PART, LARGEST_PDF, PATH, pieces, whole


class Document:
    """A PDF of the pack: what the manifest says of it, its metadata, the digests of what is attached, its data."""

    def __init__(self, entry: dict[str, Any], content: bytes) -> None:
        self.entry, self.path = entry, str(entry["path"])
        self.sha256 = hashlib.sha256(content).hexdigest()
        first = content[: entry["unsigned_size"]]
        self.prefix = hashlib.sha256(first).hexdigest() if len(first) == entry["unsigned_size"] else ""
        self.appended = len(content) - len(first)
        pdf = Pdf(first)
        self.told, inside = pdf.properties, pdf.attachments
        self.attached = {name: hashlib.sha256(one).hexdigest() for name, one in inside.items()}
        data = parsed(inside[entry["data"]])
        # Of a receipt the answers are not needed again, and there may be many.
        self.data = data if entry["type"] != "receipt" else {key: data[key] for key in ("round", "ministry", "form")}

    @property
    def form(self) -> str:
        """The digest of the form that the data name; empty where they name none."""
        form = self.data.get("form", "")
        return str(form["sha256"] if isinstance(form, dict) else form)


class Pack:
    """The files of a pack and its manifest; each is read when it is first asked for."""

    def __init__(self, source: Any, manifest: dict[str, Any]) -> None:
        self.source, self.manifest = source, manifest
        self.files: dict[str, dict[str, Any]] = {one["path"]: one for one in manifest["files"]}
        self.actual: dict[str, tuple[int, str]] = {}
        self.unread: list[str] = []
        self.documents: list[Document] = []
        self.chain = Chain()
        self.leaves = bytearray()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return what the manifest says of the files of a kind."""
        return [one for one in self.files.values() if one["kind"] == kind]

    def json(self, path: str) -> Any:
        """Return what a JSON file says."""
        return parsed(whole(self.source, path, LARGEST_PART))


Checked = tuple[int, list[str]]


def complete(pack: Pack) -> Checked:
    """Compare the files with those that the manifest names."""
    named = [one["path"] for one in pack.manifest["files"]]
    here = set(pack.source.sizes) - {MANIFEST, SIGNATURE}
    twice = {path for path in named if named.count(path) > 1} if len(set(named)) < len(named) else set()
    return len(named), [*sorted(here ^ set(named)), *sorted(twice)]


def digests(pack: Pack) -> Checked:
    """Compare size and digest of every file with the manifest."""
    found = []
    for path, entry in pack.files.items():
        if path in pack.source.sizes:
            try:
                digest, size = hashlib.sha256(), 0
                for piece in pieces(pack.source, path, entry["size"]):
                    digest.update(piece)
                    size += len(piece)
                pack.actual[path] = size, digest.hexdigest()
            except Exception as error:  # noqa: BLE001 a damaged ZIP may raise anything
                pack.unread.append(path)
                found.append(f"{path}: {why(error)}")
                continue
            if pack.actual[path] != (entry["size"], entry["sha256"]):
                found.append(path)
    return len(pack.actual), found


def places(pack: Pack) -> Checked:
    """Compare the place of every file with its kind."""
    found = [f"{path}: {entry['kind']}" for path, entry in pack.files.items() if not _in_place(path, entry)]
    return len(pack.files), found + [path for path in NEEDED if path not in pack.files]


def _in_place(path: str, entry: dict[str, Any]) -> bool:
    kind = entry["kind"]
    if kind not in KINDS or not PATH.fullmatch(path) or not re.fullmatch(KINDS[kind][1], path):
        return False
    return kind != "document" or path.startswith(TYPES[entry["type"]] + "/")


def readable(pack: Pack) -> Checked:
    """Read every PDF."""
    found = []
    for entry in pack.of("document"):
        if entry["path"] in pack.actual:
            try:
                pack.documents.append(Document(entry, whole(pack.source, entry["path"], LARGEST_PDF)))
            except Exception as error:  # noqa: BLE001 a broken file may raise anything
                found.append(f"{entry['path']}: {why(error)}")
    return len(pack.documents), found


def prefix(pack: Pack) -> Checked:
    """Compare the first bytes of every PDF with what was made."""
    found = [one.path for one in pack.documents if one.prefix != one.entry["unsigned_sha256"]]
    return len(pack.documents), found


def attached(pack: Pack) -> Checked:
    """Compare the data inside every PDF with the manifest."""
    found = [one.path for one in pack.documents if one.attached[one.entry["data"]] != one.entry["data_sha256"]]
    return len(pack.documents), found


def metadata(pack: Pack) -> Checked:
    """Compare what the metadata of every PDF say with the manifest."""
    wanted = {"dataSha256": "data_sha256", "snapshot": "snapshot", "snapshotId": "id", "variant": "variant"}
    wanted["language"] = "language"
    found = []
    for one in pack.documents:
        wrong = [name for name, key in wanted.items() if one.told.get(name) != one.entry[key]]
        wrong += [name for name in ("auditLength", "auditHead", "auditRoot") if name not in one.told]
        found += [f"{one.path}: {name}" for name in wrong]
    return len(pack.documents), found


def data(pack: Pack) -> Checked:
    """Compare the files of data with what is attached to their PDFs; every report has its own."""
    known = {one.path: one for one in pack.documents}
    found, told = [], set()
    for entry in pack.of("data"):
        document, name = known.get(entry["document"]), entry["attachment"]
        told.add((entry["document"], name))
        actual = pack.actual.get(entry["path"], (0, ""))[1]
        if document is None or document.attached.get(name) != actual or not _is_named_for(entry):
            found.append(entry["path"])
    papers = [one for one in pack.documents if one.entry["type"] != "receipt"]
    found += [f"{one.path}: {one.entry['data']}" for one in papers if (one.path, one.entry["data"]) not in told]
    return len(pack.of("data")), found


def _is_named_for(entry: dict[str, Any]) -> bool:
    stem, end = Path(entry["document"]).stem, Path(entry["attachment"]).suffix
    return entry["path"] in (f"data/{stem}{end}", f"data/{stem}-{entry['attachment']}")


def canonical_files(pack: Pack) -> Checked:
    """Look whether every JSON file is in its one form."""
    names = [one["path"] for one in (*pack.of("data"), *pack.of("form"), *pack.of("table"))]
    names = [name for name in names if name.endswith(".json") and name in pack.actual]
    found = []
    for name in names:
        try:
            content = whole(pack.source, name, LARGEST_PART)
            if canonical(parsed(content)) != content:
                found.append(name)
        except (ValueError, RecursionError) as error:
            found.append(f"{name}: {why(error)}")
    return len(names), found
