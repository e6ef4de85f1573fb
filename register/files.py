"""Stored files: a local folder by default, any fsspec store by its URL; a name is written once and never changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from register.errors import Unusable

# How much of a file is held at once when it is read in pieces.
PIECE = 1024 * 1024


def _to_disk(path: str) -> None:
    """Write out what the system still holds of a file: the row that names it must not outlive it in a power cut."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


class FileStore:
    """Files by name under one root; callers keep the sha256 of what they stored."""

    def __init__(self, url: str) -> None:
        """Raise ``Unusable`` where no store is known by such an address, or its package is not installed."""
        try:
            self._fs, self._root = fsspec.core.url_to_fs(url)
        except (ValueError, TypeError, ImportError, OSError) as error:
            kind = url.partition("://")[0]
            raise Unusable(f"REGISTER_FILES_URL names a store ({kind}) that cannot be used: {error}") from None

    def put(self, name: str, content: bytes) -> str:
        """Store ``content`` under ``name`` and return its path; a half-written file is never seen under it."""
        path = self.path(name)
        self._fs.makedirs(self._fs._parent(path), exist_ok=True)
        self._fs.pipe_file(f"{path}.part", content)
        self._publish(path)
        return name

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Yield a stream whose content is stored under ``name`` once it is whole; an exception leaves nothing.

        For files that are too large to be held. What is yielded can only be written, and cannot be sought in: not
        every store could.
        """
        path = self.path(name)
        self._fs.makedirs(self._fs._parent(path), exist_ok=True)
        try:
            with self._fs.open(f"{path}.part", "wb") as stream:
                yield cast("BinaryIO", stream)
            self._publish(path)
        except BaseException:
            self.remove(f"{name}.part")
            raise

    def _publish(self, path: str) -> None:
        if isinstance(self._fs, LocalFileSystem):
            _to_disk(f"{path}.part")
        self._fs.mv(f"{path}.part", path)

    def get(self, name: str) -> bytes:
        """Return the content of ``name``; raise ``FileNotFoundError`` when the store does not hold it."""
        content: bytes = self._fs.cat_file(self.path(name))
        return content

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """Yield ``name`` as a stream that can be sought in; raise ``FileNotFoundError`` as ``get`` does."""
        with self._fs.open(self.path(name), "rb") as stored:
            yield cast("BinaryIO", stored)

    def chunks(self, name: str, size: int = PIECE) -> Iterator[bytes]:
        """Yield the content of ``name`` piece by piece, each of ``size`` bytes at most.

        Raise ``FileNotFoundError`` at the first piece when the store does not hold it.
        """
        with self._fs.open(self.path(name), "rb") as stored:
            while piece := stored.read(size):
                yield piece

    def remove(self, name: str) -> None:
        """Take ``name`` out of the store; one that is gone already is no error."""
        if self._fs.exists(self.path(name)):
            self._fs.rm_file(self.path(name))

    def path(self, name: str) -> str:
        """Return where ``name`` lies in the store."""
        return f"{self._root}/{name}"
