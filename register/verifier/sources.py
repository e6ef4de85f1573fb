"""Where the files of a pack lie: in a folder, or in a ZIP that is never unpacked."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from register.verifier.findings import Refused

MIB = 1024**2
# What is refused: nothing of ours comes near these.
MOST_FILES, LONGEST_NAME = 5_000, 200
LARGEST_INDEX, LARGEST_MANIFEST, LARGEST_LINE = 4 * MIB, 32 * MIB, 64 * MIB
LARGEST_PART, LARGEST_PDF, LARGEST_ALL = 128 * MIB, 128 * MIB, 8 * 1024 * MIB
# A file of more than this many bytes that shrank to less than a two-hundredth was made to burst.
SMALL, TIGHTEST = 16 * MIB, 200

PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
# What file managers leave in a folder that somebody has opened.
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}


class Folder:
    """The files of a folder that a pack was unpacked into."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sizes: dict[str, int] = {}
        for folder, folders, names in os.walk(root):
            for name in (*folders, *names):
                if (Path(folder) / name).is_symlink():
                    raise Refused(f"a link: {name}")
            for name in names:
                path = Path(folder) / name
                if name not in LITTER:
                    self.sizes[path.relative_to(root).as_posix()] = path.stat().st_size
                if len(self.sizes) > MOST_FILES:
                    raise Refused(f"more than {MOST_FILES} files")

    def open(self, name: str) -> BinaryIO:
        """Return a file of the pack."""
        return (self.root / name).open("rb")


class Archive:
    """The files of a ZIP, read where they lie; what could burst or lead elsewhere is refused unread."""

    def __init__(self, path: Path) -> None:
        _index(path)
        self.zip = zipfile.ZipFile(path)
        self.sizes: dict[str, int] = {}
        self.infos: dict[str, zipfile.ZipInfo] = {}
        seen: set[str] = set()
        for info in self.zip.infolist():
            name = info.filename
            if reason := _hostile(info, seen):
                raise Refused(f"{reason}: {name}")
            seen.add(name.lower())
            if not info.is_dir():
                self.sizes[name], self.infos[name] = info.file_size, info
        if sum(self.sizes.values()) > LARGEST_ALL:
            raise Refused(f"more than {LARGEST_ALL} bytes")
        if sum(info.compress_size for info in self.infos.values()) > path.stat().st_size:
            raise Refused("files that lie over each other")

    def open(self, name: str) -> BinaryIO:
        """Return a file of the pack."""
        return self.zip.open(self.infos[name])  # type: ignore[return-value]


def _index(path: Path) -> None:
    """Refuse a ZIP whose list of files is too long, before that is read into memory."""
    with path.open("rb") as stream:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(max(0, size - 66_000))
        tail = stream.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22:
        raise Refused("no ZIP")
    count, length = int.from_bytes(tail[end + 10 : end + 12], "little"), tail[end + 12 : end + 16]
    longer = tail[max(0, end - 20) : end].startswith(b"PK\x06\x07")
    if longer or count > MOST_FILES or int.from_bytes(length, "little") > LARGEST_INDEX:
        raise Refused("a list of files that is too long")


def _hostile(info: zipfile.ZipInfo, seen: set[str]) -> str:
    name = info.filename
    if info.orig_filename != name or not PATH.fullmatch(name.rstrip("/")) or len(name) > LONGEST_NAME:
        return "a name that is not plain"
    if name.lower() in seen:
        return "a name that stands twice"
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "encrypted, or packed in another way"
    if (info.external_attr >> 16) & 0o170000 == 0o120000:
        return "a link"
    if info.file_size > SMALL and info.file_size > TIGHTEST * info.compress_size:
        return "a file that would burst"
    return ""


def pieces(source: Any, name: str, most: int) -> Iterator[bytes]:
    """Yield a file piece by piece, up to one byte more than ``most``."""
    left = most + 1
    with source.open(name) as stream:
        while left > 0 and (piece := stream.read(min(MIB, left))):
            left -= len(piece)
            yield piece


def whole(source: Any, name: str, most: int) -> bytes:
    """Return a file; raise ``Refused`` for one that is longer than ``most``."""
    content = b"".join(pieces(source, name, most))
    if len(content) > most:
        raise Refused(f"too large: {name}")
    return content


def lines(source: Any, name: str, most: int) -> Iterator[bytes]:
    """Yield the lines of a file without their ends; raise ``ValueError`` for one that is too long or has no end."""
    rest = b""
    for piece in pieces(source, name, most):
        *whole_lines, rest = (rest + piece).split(b"\n")
        yield from whole_lines
        if len(rest) > LARGEST_LINE:
            raise ValueError("a line that is too long")
    if rest:
        raise ValueError("the last line has no end")
