"""Check an evidence pack (証拠資料一式) of the AI case register, or one of its PDFs, without the register.

    python3 verify.py [FOLDER or ZIP] [--sha256 HEX] [--anchor LENGTH:HASH] [--root FILE] [--lang ja|en]
    python3 verify.py FILE.pdf --sha256 HEX

Without a name it checks the folder in which it lies. It needs Python 3.9 or newer and nothing else, opens no network
connection and writes no file. Each check is one sentence with OK or NG; the exit code is 0 where all are OK, else 1.
Signatures are looked at where pyHanko is installed and ``--root`` names the certificate that is trusted.

What a check proves. The manifest names every file with its digest; each PDF carries the data that it was made of; the
audit chain names the documents that were issued and the contents that were approved, and every document carries the
length and the head of the chain as it was printed. So a change of one part contradicts another part. Who could make
the *whole* pack anew is stopped by its signature alone, or by the digest that the register's page shows (``--sha256``).

This program is one file because people carry it with the pack. The register writes the same one into every pack of a
version: a copy from another pack, or from the register's own source, must have the same SHA-256.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import locale
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from register.verifier.audit import anchors, bodies, head, leaf, leaves, links, root
from register.verifier.figures import figures, forms, tables
from register.verifier.findings import Findings, Refused, shown, why
from register.verifier.issued import approved, edition, issued, made, newest
from register.verifier.manifest import MANIFEST, SIGNATURE, manifest_problems
from register.verifier.pack import (
    Checked,
    Pack,
    attached,
    canonical_files,
    complete,
    data,
    digests,
    metadata,
    places,
    prefix,
    readable,
)
from register.verifier.pdf import Pdf
from register.verifier.signatures import Signatures, check_signatures
from register.verifier.sources import LARGEST_MANIFEST, LARGEST_PDF, MIB, Archive, Folder, whole

# How often a file may have been appended to.
MOST_ENDS = 1_000

CHECKS: tuple[tuple[str, Callable[[Pack], Checked]], ...] = (
    ("complete", complete),
    ("digests", digests),
    ("places", places),
    ("readable", readable),
    ("prefix", prefix),
    ("attached", attached),
    ("metadata", metadata),
    ("data", data),
    ("canonical", canonical_files),
    ("figures", figures),
    ("tables", tables),
    ("forms", forms),
    ("bodies", bodies),
    ("links", links),
    ("leaves", leaves),
    ("head", head),
    ("root", root),
    ("anchors", anchors),
    ("issued", issued),
    ("newest", newest),
    ("made", made),
    ("approved", approved),
    ("edition", edition),
)


def check_pack(source: Any, found: Findings, asked: argparse.Namespace, zip_sha256: str = "") -> None:
    """Check a pack that lies in ``source``."""
    if MANIFEST not in source.sizes:
        raise Refused(f"no {MANIFEST}")
    content = whole(source, MANIFEST, LARGEST_MANIFEST)
    own = hashlib.sha256(content).hexdigest()
    found.note("manifest", own)
    if asked.sha256:
        found.check("given", [] if asked.sha256.lower() in (own, zip_sha256) else [asked.sha256])
    else:
        found.note("compare")
    manifest, problems = manifest_problems(content)
    if not found.check("manifest", problems):
        return
    pack = Pack(source, manifest)
    for code, check in CHECKS:
        try:
            n, problems = check(pack)
        except Exception as error:  # noqa: BLE001 whatever a hostile file makes fail is a verdict on it
            n, problems = 0, [why(error)]
        found.check(code, problems, n)
    if asked.anchor:
        told = re.fullmatch(r"(\d{1,15}):([0-9A-Fa-f]{64})", asked.anchor)
        lies_there = told is not None and leaf(pack, int(told[1])) == told[2].lower()
        found.check("given_anchor", [] if lies_there else [asked.anchor])
    if unissued := [one for one in pack.documents if not one.entry["issued"]]:
        found.note("unissued", len(unissued))
    check_signatures(found, asked.root, signed_in(pack, content), MANIFEST)


def signed_in(pack: Pack, manifest: bytes) -> dict[str, Callable[[Signatures], str]]:
    """Return what of a pack is signed, with its check."""

    def document(path: str) -> Callable[[Signatures], str]:
        return lambda known: known.pdf(whole(pack.source, path, LARGEST_PDF))

    signed = {one.path: document(one.path) for one in pack.documents if one.appended}
    if SIGNATURE in pack.source.sizes:
        signed[MANIFEST] = lambda known: known.detached(manifest, whole(pack.source, SIGNATURE, MIB))
    return signed


def check_document(content: bytes, found: Findings, asked: argparse.Namespace) -> None:
    """Check one PDF by itself: its digest, and its data against its metadata."""
    found.note("file", hashlib.sha256(content).hexdigest())
    issued_part, matched = issued_prefix(content, asked.sha256.lower())
    if asked.sha256:
        found.check("given", [] if matched else [asked.sha256])
    else:
        found.note("compare")
    try:
        pdf = Pdf(issued_part)
        told, inside = pdf.properties, {hashlib.sha256(one).hexdigest() for one in pdf.attachments.values()}
    except Exception as error:  # noqa: BLE001 a broken file may raise anything
        found.check("readable", [why(error)])
        return
    if len(content) > len(issued_part):
        found.note("appended", len(content) - len(issued_part))
    for name in ("snapshot", "snapshotId", "variant", "auditLength", "auditHead", "dataSha256"):
        found.note("told", shown(f"{name} = {told.get(name, '')}"))
    found.check("own_data", [] if told.get("dataSha256") in inside else [told.get("dataSha256", "-")])
    signed = {"PDF": lambda known: known.pdf(content)} if len(content) > len(issued_part) else {}
    check_signatures(found, asked.root, signed, "PDF")


def issued_prefix(content: bytes, digest: str) -> tuple[bytes, bool]:
    """Return the file as it was issued, and whether that or the whole file has ``digest``."""
    ends = [one.end() for one in re.finditer(rb"%%EOF(?:\r\n|\n|\r)?", content)][:MOST_ENDS]
    so_far, at, first = hashlib.sha256(), 0, b""
    for end in ends:
        so_far.update(content[at:end])
        at = end
        if so_far.hexdigest() == digest:
            return content[:end], True
        first = first or (content[:end] if _opens(content[:end]) else b"")
    return first or content, hashlib.sha256(content).hexdigest() == digest


def _opens(content: bytes) -> bool:
    try:
        return bool(Pdf(content).root)
    except Exception:  # noqa: BLE001 the mark of an end may stand within a file by chance
        return False


def check(asked: argparse.Namespace, found: Findings) -> None:
    """Check what was named: a folder, a ZIP or a PDF."""
    path = Path(asked.what) if asked.what else Path(__file__).resolve().parent
    found.note("of", shown(path))
    if path.is_dir():
        check_pack(Folder(path), found, asked)
        return
    with path.open("rb") as stream:
        if stream.read(5) == b"%PDF-":
            content = b"%PDF-" + stream.read(LARGEST_PDF)
            if len(content) > LARGEST_PDF:
                raise Refused("too large")
            check_document(content, found, asked)
            return
        stream.seek(0)
        digest = hashlib.sha256()
        while piece := stream.read(MIB):
            digest.update(piece)
    found.note("zip", digest.hexdigest())
    check_pack(Archive(path), found, asked, digest.hexdigest())


def usual_language() -> str:
    """Return the language of whoever runs this: Japanese where the system is, else English."""
    named = [os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    own = next((one for one in named if one), None) or (locale.getlocale()[0] or "")
    return "ja" if own.lower().startswith("ja") else "en"


def options() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    parser = argparse.ArgumentParser(description="Check an evidence pack (証拠資料一式) or one of its PDFs.")
    parser.add_argument("what", nargs="?", help="folder, ZIP or PDF; without it the folder of this file")
    parser.add_argument("--sha256", default="", help="the digest that the register's page shows")
    parser.add_argument("--anchor", default="", help="LENGTH:HASH of the audit chain, from the cover of any snapshot")
    parser.add_argument("--root", action="append", default=[], help="certificate that is trusted (PEM or DER)")
    parser.add_argument("--lang", choices=("ja", "en"), default=usual_language())
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the command line names, and return the exit code."""
    asked = options().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that does not know a letter shows another one; the verdict is said all the same.
        sys.stdout.reconfigure(errors="replace")
    return verdict(asked, Findings(asked.lang, lambda line: sys.stdout.write(line + "\n")))


def verdict(asked: argparse.Namespace, found: Findings) -> int:
    """Check what was named, and return the exit code; whatever is wrong with it is said, and nothing is raised."""
    try:
        check(asked, found)
    except (Refused, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        found.check("opened", [str(error)])
    except Exception as error:  # noqa: BLE001 whatever goes wrong is a verdict, never a traceback
        found.check("unexpected", [why(error)])
    return found.end()


if __name__ == "__main__":
    sys.exit(main())
