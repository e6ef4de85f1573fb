"""What a ZIP file must be before a parser may see it: bounded, without a DTD, and made of parts that were looked at.

``admit`` writes a new ZIP of the scanned parts alone. What a part is, its root element tells and not its path: a sheet
that is called a picture is a sheet, and a picture never reaches the parser.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, BinaryIO
from xml.parsers import expat

from register.formats.workbook import Limits, Refused
from register.formats.workbook_ods import Content, Manifest
from register.formats.workbook_scan import (
    Attributes,
    Budget,
    Contents,
    Facts,
    Properties,
    Relationships,
    Scan,
    Workbook,
    Worksheet,
    local,
)

UTF16 = (BOM_UTF16_BE, BOM_UTF16_LE)
CHUNK = 64 * 1024
ENTRY = b"PK\x01\x02"  # begins each entry of a ZIP's directory
ODS = b"application/vnd.oasis.opendocument.spreadsheet"
SCANNED = (".xml", ".rels")
# The parts that reading values needs, by the local name of the root element.
XLSX_PARTS: Mapping[str, type[Scan]] = {
    "Types": Contents,
    "Relationships": Relationships,
    "workbook": Workbook,
    "worksheet": Worksheet,
    "Properties": Properties,
    "sst": Scan,
    "styleSheet": Scan,
}
ODS_PARTS: Mapping[str, type[Scan]] = {"manifest": Manifest, "document-content": Content}
ODS_NAMES = frozenset({"META-INF/manifest.xml", "content.xml"})
MACRO_SHEETS = frozenset({"macrosheet"})


@dataclass
class Admitted:
    """A file that may be parsed: its kind, the facts of each sheet by name (xls: by number), the custom properties."""

    kind: str
    sheets: dict[str, Facts] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)


class _Unneeded(Exception):
    """The root element says that this part is nothing that is read."""


def admit(data: bytes, target: BinaryIO, limits: Limits) -> Admitted:
    """Scan the file and write what may be parsed into ``target``; raise ``Refused`` for anything else."""
    if data.count(ENTRY) > limits.members:
        raise Refused("members")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(target, "w") as rebuilt:
            members = _members(archive, limits)
            budget = Budget(limits, len(data))
            if "mimetype" in members:
                return _admit_ods(archive, members, rebuilt, budget)
            if "[content_types].xml" in members:
                return _admit_xlsx(archive, members, rebuilt, budget)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, UnicodeError) as error:
        raise Refused("broken") from error
    raise Refused("unknown")


def _members(archive: zipfile.ZipFile, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    """Return the members by their name in small letters."""
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")
        key = name.casefold()
        path = PurePosixPath(key)
        if key in members or path.is_absolute() or ".." in path.parts or ":" in key:
            raise Refused("hostile")
        if info.flag_bits & 1:
            raise Refused("encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused("hostile")
        members[key] = info
    if len(members) > limits.members:
        raise Refused("members")
    for key in members:
        _refuse_by_name(key)
    return members


def _refuse_by_name(key: str) -> None:
    path = PurePosixPath(key)
    if path.name.startswith("vbaproject") or path.parts[:1] in (("basic",), ("scripts",)):
        raise Refused("macros")
    if path.name == "workbook.bin":
        raise Refused("binary")
    if key == "encrypted-package":
        raise Refused("encrypted")


def _admit_xlsx(
    archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], rebuilt: zipfile.ZipFile, budget: Budget
) -> Admitted:
    names: dict[str, str] = {}
    sheets: dict[str, Facts] = {}
    links: dict[str, dict[str, str]] = {}
    books: dict[str, Workbook] = {}
    properties: dict[str, str] = {}
    # The list of sheets comes first where it is called as usual, so that a refusal can name the sheet.
    for key in sorted(members, key=lambda key: ("workbook" not in key, key)):
        if not key.endswith(SCANNED):
            continue
        names = names or _sheet_names(books, links)
        scan = _part(archive, members[key], rebuilt, budget, XLSX_PARTS, names.get(key, key))
        match scan:
            case Workbook():
                books[key] = scan
            case Relationships():
                links[key] = scan.targets
            case Worksheet():
                sheets[key] = scan.facts
                if len(sheets) > budget.limits.sheets:
                    raise Refused("sheets", limit=budget.limits.sheets)
            case Properties():
                properties |= scan.found
    if len(books) != 1:
        raise Refused("hostile" if books else "unknown")
    names = _sheet_names(books, links)
    return Admitted("xlsx", {names[key]: facts for key, facts in sheets.items() if key in names}, properties)


def _sheet_names(books: Mapping[str, Workbook], links: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the sheets' names by the key of their part, as far as the parts read so far tell them."""
    names = {}
    for key, book in books.items():
        folder = PurePosixPath(key).parent
        targets = links.get(str(folder / "_rels" / (PurePosixPath(key).name + ".rels")), {})
        for title, link in book.sheets.items():
            target = targets.get(link, "").replace("\\", "/").casefold()
            # An absolute target replaces the folder, and loses its slash.
            names[posixpath.normpath(folder / target).lstrip("/")] = title
    return names


def _admit_ods(
    archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], rebuilt: zipfile.ZipFile, budget: Budget
) -> Admitted:
    with archive.open(members["mimetype"]) as stream:
        kind = stream.read(CHUNK)
    if kind.strip() != ODS:
        raise Refused("unknown")
    rebuilt.writestr("mimetype", ODS)
    scans = []
    for name in sorted(ODS_NAMES):
        info = members.get(name.casefold())
        if info is None or info.filename != name:
            raise Refused("broken")
        scans.append(_part(archive, info, rebuilt, budget, ODS_PARTS, name))
    content = next((scan for scan in scans if isinstance(scan, Content)), None)
    if content is None:
        raise Refused("broken")
    return Admitted("ods", content.sheets)


def _part(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    rebuilt: zipfile.ZipFile,
    budget: Budget,
    wanted: Mapping[str, type[Scan]],
    sheet: str,
) -> Scan | None:
    """Scan one part and copy it; return None for a part that is not read."""
    found: list[Scan] = []
    # Whatever a part declares, it is read as the parser will read it: as UTF-8, which expat does unless a mark says no.
    parser = expat.ParserCreate("UTF-8")

    def root(name: str, attributes: Attributes) -> None:
        if local(name) in MACRO_SHEETS:
            raise Refused("macros")
        kind = wanted.get(local(name))
        if kind is None:
            raise _Unneeded
        found.append(kind(budget, sheet))
        found[0].attach(parser)
        found[0].start(name, attributes)

    parser.StartElementHandler = root
    parser.StartDoctypeDeclHandler = _doctype
    parser.buffer_text = True
    try:
        with archive.open(info) as stream:
            chunks = _chunks(stream, budget)
            # Up to its root element a part is only held: one that is not needed leaves no trace.
            held: list[bytes] = []
            while not found and (chunk := next(chunks, b"")):
                if not held and chunk.startswith(UTF16):
                    return None
                parser.Parse(chunk, False)
                held.append(chunk)
            with rebuilt.open(info.filename.replace("\\", "/"), "w") as copy:
                copy.writelines(held)
                for chunk in chunks:
                    parser.Parse(chunk, False)
                    copy.write(chunk)
        parser.Parse(b"", True)
    except _Unneeded:
        return None
    except expat.ExpatError as error:
        if not found:
            return None
        raise Refused("broken") from error
    found[0].done()
    return found[0]


def _chunks(stream: IO[bytes], budget: Budget) -> Iterator[bytes]:
    """Yield the bytes as they come out, as long as elements come with them."""
    silent, elements = 0, budget.elements
    while chunk := stream.read(CHUNK):
        budget.unpack(len(chunk))
        yield chunk
        silent = silent + len(chunk) if budget.elements == elements else 0
        elements = budget.elements
        if silent > budget.limits.silence or budget.crowded:
            raise Refused("bomb")


def _doctype(*_declared: object) -> None:
    raise Refused("hostile")
