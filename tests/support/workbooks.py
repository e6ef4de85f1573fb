"""Workbooks made by hand, so that a test can put into them what no program would write."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "workbooks"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ONE = '<row r="1"><c r="A1"><v>1</v></c></row>'

Part = str | bytes


def zipped(parts: Mapping[str, Part] | Iterable[tuple[str, Part]]) -> bytes:
    """Return a ZIP of the parts, in their order."""
    out = io.BytesIO()
    pairs = parts.items() if isinstance(parts, Mapping) else parts
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in pairs:
            archive.writestr(name, part)
    return out.getvalue()


def worksheet(rows: str = ONE, after: str = "", before: str = "") -> str:
    """Return a sheet with these rows."""
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def parts(sheets: Mapping[str, str], targets: Mapping[str, str] | None = None) -> dict[str, Part]:
    """Return the parts of a workbook with these sheets; ``targets`` moves one to another path."""
    paths = {name: (targets or {}).get(name, f"worksheets/sheet{n}.xml") for n, name in enumerate(sheets, 1)}
    entries = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(sheets, 1))
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/relationships/worksheet" Target="{path}"/>'
        for n, path in enumerate(paths.values(), 1)
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}/relationships">'
        f"<sheets>{entries}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>',
        **{f"xl/{path}": sheets[name] for name, path in paths.items()},
    }


def xlsx(*sheets: str, targets: Mapping[str, str] | None = None, extra: Mapping[str, Part] | None = None) -> bytes:
    """Return a workbook with the sheets 表1, 表2 and so on, and further or other parts."""
    named = {f"表{number}": sheet for number, sheet in enumerate(sheets or (worksheet(),), 1)}
    return zipped({**parts(named, targets), **(extra or {})})


def ods(tables: str, extra: Mapping[str, Part] | None = None) -> bytes:
    """Return an OpenDocument spreadsheet with these tables."""
    content = (
        '<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:calcext="c">'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = '<manifest:manifest xmlns:manifest="m"><manifest:file-entry manifest:full-path="/"/></manifest:manifest>'
    return zipped({"mimetype": ODS_TYPE, "META-INF/manifest.xml": manifest, "content.xml": content, **(extra or {})})


def record(kind: int, fields: str = "", *values: int | bytes) -> bytes:
    """Return a record of an old workbook: its number, its length, its fields."""
    body = struct.pack("<" + fields, *values)
    return struct.pack("<HH", kind, len(body)) + body


def biff(cells: bytes, in_globals: bytes = b"") -> bytes:
    """Return the stream of an old workbook with one sheet called T."""
    first = record(0x0809, "HHHHII", 0x0600, 0x0005, 0, 0, 0, 0) + in_globals
    ending = record(0x000A)
    start = len(first) + len(record(0x0085, "IBBBB1s", 0, 0, 0, 1, 0, b"T")) + len(ending)
    sheets = record(0x0085, "IBBBB1s", start, 0, 0, 1, 0, b"T")
    return first + sheets + ending + record(0x0809, "HHHHII", 0x0600, 0x0010, 0, 0, 0, 0) + cells + ending


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Return a compound file: sector 0 is the table of sectors, sector 1 the directory, then the streams."""
    table, blocks = [0xFFFFFFFD, 0xFFFFFFFE], b""
    root = _entry("Root Entry", 5, 0xFFFFFFFE, 0, 1)
    entries = [root]
    for number, (name, data) in enumerate(streams.items(), 1):
        padded = data.ljust(4096, b"\0")
        padded += b"\0" * (-len(padded) % 512)
        first, count = len(table), len(padded) // 512
        table += [*range(first + 1, first + count), 0xFFFFFFFE]
        blocks += padded
        following = number + 1 if number < len(streams) else 0xFFFFFFFF
        entries.append(_entry(name, 2, first, len(padded), 0xFFFFFFFF, following))
    directory = b"".join(entries).ljust(512, b"\0")
    header = OLE + b"\0" * 16 + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", 0) + b"\xff" * (512 - len(header) - 4)
    return header + struct.pack("<128I", *table, *[0xFFFFFFFF] * (128 - len(table))) + directory + blocks


def _entry(name: str, kind: int, start: int, size: int, child: int, following: int = 0xFFFFFFFF) -> bytes:
    coded = name.encode("utf-16-le")
    links = struct.pack("<III", 0xFFFFFFFF, following, child)
    return (coded.ljust(64, b"\0") + struct.pack("<HBB", len(coded) + 2, kind, 1) + links + b"\0" * 36) + struct.pack(
        "<IQ", start, size
    )
