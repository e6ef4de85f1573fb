"""Evidence packs as files: equal bytes for equal input, constant memory, nothing in them that was not asked for."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import rfc8785

from register.errors import Unusable
from register.files import FileStore
from register.formats.pack import DIGEST, FORMAT, Packed, PackWriter
from tests.support.sources import ROOT

TOLD = {"number": "pack-2025-2-001", "software": {"weasyprint": "70.0"}}
MAKE = """
import sys
from tests.unit.test_pack import small
sys.stdout.buffer.write(small()[0])
"""


class Nowhere:
    """A stream that forgets; it has nothing but ``write``."""

    def write(self, data: bytes) -> int:
        return len(data)


def small(sign: bool = False) -> tuple[bytes, Packed]:
    """Return a pack of three files."""
    out = io.BytesIO()
    with PackWriter(out) as pack:
        pack.add("documents/a-ja.pdf", [b"%PDF", b"-1.7"], kind="document", snapshot="a")
        pack.add("data/a-ja.json", [rfc8785.dumps({"a": 1})], kind="data")
        pack.add("README.txt", ["証拠資料一式\n".encode() * 500], kind="readme")
        packed = pack.close(TOLD, (lambda content: b"signed:" + content[:8]) if sign else None)
    return out.getvalue(), packed


def opened(content: bytes) -> zipfile.ZipFile:
    """Return a pack as a ZIP."""
    return zipfile.ZipFile(io.BytesIO(content))


def test_the_files_stand_in_their_order_and_the_manifest_names_them_all() -> None:
    content, packed = small()
    with opened(content) as pack:
        names = pack.namelist()
        assert pack.testzip() is None
        manifest = pack.read("manifest.json")
        told = json.loads(manifest)
        for one in told["files"]:
            found = pack.read(one["path"])
            assert (one["size"], one["sha256"]) == (len(found), hashlib.sha256(found).hexdigest())
    assert names == ["documents/a-ja.pdf", "data/a-ja.json", "README.txt", "manifest.json"]
    assert [one["path"] for one in told["files"]] == names[:-1]
    assert told["files"][0]["snapshot"] == "a"
    assert told["format"] == FORMAT
    assert rfc8785.dumps(told) == manifest
    own = told.pop(DIGEST)
    assert hashlib.sha256(rfc8785.dumps(told)).hexdigest() == own
    assert packed == Packed(len(content), hashlib.sha256(content).hexdigest(), hashlib.sha256(manifest).hexdigest())


def test_the_signature_over_the_manifest_is_the_last_file() -> None:
    with opened(small(sign=True)[0]) as pack:
        assert pack.namelist()[-2:] == ["manifest.json", "manifest.p7s"]
        assert pack.read("manifest.p7s") == b"signed:" + pack.read("manifest.json")[:8]


def test_nothing_of_the_machine_is_in_it() -> None:
    with opened(small()[0]) as pack:
        for info in pack.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert (info.extra, info.comment, info.create_system) == (b"", b"", 3)
            assert info.external_attr >> 16 == 0o100644
            assert info.compress_type == zipfile.ZIP_DEFLATED


@pytest.mark.parametrize(("zone", "seed"), [("Asia/Tokyo", "1"), ("America/New_York", "2")])
def test_the_same_input_gives_the_same_bytes_anywhere(zone: str, seed: str) -> None:
    environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed}
    made = subprocess.run([sys.executable, "-c", MAKE], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert made.stdout == small()[0]


def test_a_stream_that_can_be_sought_in_makes_no_difference() -> None:
    class Pipe:
        def __init__(self) -> None:
            self.content = b""

        def write(self, data: bytes) -> None:
            self.content += data

    pipe = Pipe()
    with PackWriter(pipe) as pack:
        pack.add("documents/a-ja.pdf", [b"%PDF-1.7"], kind="document", snapshot="a")
        pack.add("data/a-ja.json", [rfc8785.dumps({"a": 1})], kind="data")
        pack.add("README.txt", ["証拠資料一式\n".encode() * 500], kind="readme")
        pack.close(TOLD)
    assert pipe.content == small()[0]


@pytest.mark.parametrize(
    "name", ["../a", "/a", "a//b", "a/../b", "a\\b", ".hidden", "表.pdf", "a b", "", "C:a", "manifest.json", "B.TXT"]
)
def test_a_name_that_is_not_plain_or_is_taken_is_refused(name: str) -> None:
    with PackWriter(Nowhere()) as pack:
        pack.add("b.txt", [b""], kind="readme")
        with pytest.raises(ValueError, match="name"):
            pack.add(name, [b""], kind="readme")


def test_what_failed_leaves_no_pack() -> None:
    def broken() -> Iterator[bytes]:
        yield b"first"
        raise OSError("the disk is gone")

    out = io.BytesIO()
    with pytest.raises(OSError, match="gone"), PackWriter(out) as pack:
        pack.add("a.txt", broken(), kind="readme")
    assert b"PK\x05\x06" not in out.getvalue()


def peak(receipts: int) -> int:
    """Return the most memory that a pack of so many receipts of 300 kB took."""
    piece = os.urandom(100_000)
    tracemalloc.start()
    with PackWriter(Nowhere()) as pack:
        for number in range(receipts):
            pack.add(f"receipts/{number}.pdf", (bytes(piece) for _ in range(3)), kind="document", issued=False)
        pack.close(TOLD)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_the_number_of_receipts_does_not_show_in_memory() -> None:
    few, many = peak(5), peak(60)
    # 55 more receipts are 16 MB; what the manifest says of each is some hundred bytes.
    assert many - few < 55 * 4_000
    assert many < 2_000_000


def test_a_file_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    store = FileStore(f"{tmp_path}/files")
    with store.writing("packs/a.zip") as stream:
        stream.write(b"one ")
        stream.write(b"two")
    with pytest.raises(TypeError), store.writing("packs/b.zip") as stream:
        stream.write(b"half" + None)
    assert store.get("packs/a.zip") == b"one two"
    assert list(store.chunks("packs/a.zip", 3)) == [b"one", b" tw", b"o"]
    assert sorted(path.name for path in (tmp_path / "files" / "packs").iterdir()) == ["a.zip"]
    with pytest.raises(FileNotFoundError):
        next(store.chunks("packs/b.zip"))


def test_a_store_without_disk_takes_streams_too() -> None:
    store = FileStore("memory://packs")
    with store.writing("a.zip") as stream, PackWriter(stream) as pack:
        pack.add("a.txt", [b"text"], kind="readme")
        packed = pack.close(TOLD)
    content = b"".join(store.chunks("a.zip", 7))
    assert (len(content), hashlib.sha256(content).hexdigest()) == (packed.size, packed.sha256)
    store.remove("a.zip")
    with pytest.raises(Unusable):
        FileStore("nowhere://packs")
