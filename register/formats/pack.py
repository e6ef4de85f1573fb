"""Evidence packs out: a ZIP that is written in one pass, in constant memory, with equal bytes for equal input.

Every file gets the first day that a ZIP knows, one level of compression and no extra field; the files stand in the
order in which they were added. The last one, ``manifest.json``, names all others with their sizes and digests, so that
one signature over it, ``manifest.p7s``, is one over them all. A file of 2 GiB or more does not fit: raises
``RuntimeError``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self
from zipfile import ZIP_DEFLATED, ZipFile

import rfc8785

FORMAT = "ai-case-register/pack/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.p7s"
# What the member of the manifest is called that holds its own digest.
DIGEST = "digest"
LEVEL = 6
UNIX, PLAIN_FILE = 3, 0o100644 << 16
# ASCII alone: names must mean the same on every system that unpacks them.
PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")

Sign = Callable[[bytes], bytes]


class Writes(Protocol):
    """All that a pack needs of the stream that it is written to."""

    def write(self, data: bytes, /) -> object: ...


@dataclass(frozen=True)
class Entry:
    """A file of the pack as its manifest names it: ``size`` in bytes, ``sha256`` in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Packed:
    """A pack that is whole: the size and the digest of the ZIP, and the digest of its manifest."""

    size: int
    sha256: str
    manifest_sha256: str


def manifest_in(stream: BinaryIO) -> bytes:
    """Return the manifest of a pack that the register has kept; raise ``BadZipFile`` or ``KeyError`` without one."""
    with ZipFile(stream) as pack:
        return pack.read(MANIFEST)


class _Counted:
    """A stream as ``zipfile`` sees one that cannot be sought in; it counts and digests what passes."""

    def __init__(self, stream: Writes) -> None:
        self._stream: Writes | None = stream
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        if self._stream is not None:
            self._stream.write(data)
            self.digest.update(data)
            self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Leave that to whoever opened the stream."""

    def close(self) -> None:
        """Leave that to whoever opened the stream."""

    def drop(self) -> None:
        """Pass nothing on any more."""
        self._stream = None


class PackWriter:
    """Writes one pack to ``stream``, which stays open; use it in a ``with`` block, and ``close`` it within."""

    def __init__(self, stream: Writes) -> None:
        self._out = _Counted(stream)
        self._zip = ZipFile(self._out, "w", ZIP_DEFLATED, compresslevel=LEVEL)
        self._files: list[dict[str, Any]] = []
        self._taken = {MANIFEST, SIGNATURE}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # What was not closed is no pack: nothing more of it goes out, not even when the object is thrown away.
        self._out.drop()
        self._zip.close()

    def add(self, path: str, chunks: Iterable[bytes], *, kind: str, **about: Any) -> Entry:
        """Write a file as it comes, and name it in the manifest with its ``kind`` and what else is known of it.

        Raise ``ValueError`` for a name that is not plain or is taken, also in other letters.
        """
        if path.lower() in self._taken:
            raise ValueError(f"the pack has a file of this name: {path!r}")
        made = self._write(path, chunks)
        self._taken.add(path.lower())
        self._files.append({"path": path, "size": made.size, "sha256": made.sha256, "kind": kind, **about})
        return made

    def close(self, told: Mapping[str, Any], sign: Sign | None = None) -> Packed:
        """Write the manifest with what is ``told`` of the whole pack, and the signature over it if there is a signer.

        The manifest holds the digest of all its other members (RFC 8785): a slip in it is found without a signature.
        """
        content = {**told, "format": FORMAT, "files": self._files}
        own = hashlib.sha256(rfc8785.dumps(content)).hexdigest()
        manifest = rfc8785.dumps({**content, DIGEST: own})
        written = self._write(MANIFEST, [manifest])
        if sign is not None:
            self._write(SIGNATURE, [sign(manifest)])
        self._zip.close()
        return Packed(self._out.size, self._out.digest.hexdigest(), written.sha256)

    def _write(self, path: str, chunks: Iterable[bytes]) -> Entry:
        if not PATH.fullmatch(path):
            raise ValueError(f"not a plain name of a file: {path!r}")
        digest, size = hashlib.sha256(), 0
        # By its name: so it gets the first day of the calendar and the level of the whole.
        with self._zip.open(path, "w") as target:
            for chunk in chunks:
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        info = self._zip.getinfo(path)
        info.create_system, info.external_attr = UNIX, PLAIN_FILE
        return Entry(path, size, digest.hexdigest())
