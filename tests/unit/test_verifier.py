"""The program that a pack carries: what it says of honest packs, of hostile ones, and of a single document."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import random
import re
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from types import ModuleType

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from register.verifier import PARTS, program
from register.verifier.canonical import canonical, parsed
from tests.support import packs
from tests.support.packs import Check, Members
from tests.support.sources import ROOT

# Runs the program with everything forbidden that it need not do: to write, to make a folder, to reach a network.
WATCHED = """
import os, runpy, sys
def watch(event, details):
    writes = event == "open" and (details[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event.startswith(("socket.", "os.mkdir", "os.rename", "os.remove", "subprocess", "os.system")):
        raise RuntimeError(f"forbidden: {event} {details}")
sys.addaudithook(watch)
sys.argv = ["verify.py", *sys.argv[2:]]
runpy.run_path({program!r}, run_name="__main__")
"""


def test_an_honest_pack_is_good(said: Check, verifier: ModuleType) -> None:
    wrong, lines = said(packs.honest())
    assert wrong == []
    assert lines[-1].startswith("結果：OK")
    marked = [line for line in lines if line.startswith("[OK]")]
    assert len(marked) == len(verifier.CHECKS) + 1
    assert said(packs.honest(), language="en")[1][-1].startswith("Result: OK")


def test_it_says_what_it_is_asked_in_either_language(verifier: ModuleType) -> None:
    said = [*verifier.SENTENCES.values(), *verifier.NOTES.values()]
    assert all(all(texts) for texts in said)
    japanese = [text for texts in said for text in texts[: len(texts) : 2]]
    assert all(not text.isascii() for text in japanese)
    assert {code for code, _ in verifier.CHECKS} <= verifier.SENTENCES.keys()


def test_an_unpacked_pack_is_checked_by_its_own_program(tmp_path: Path) -> None:
    for name, content in packs.honest().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "documents" / ".DS_Store").write_bytes(b"left by a file manager")
    run = [sys.executable, "-I", tmp_path / "verify.py", "--lang", "en"]
    done = subprocess.run(run, capture_output=True, text=True, encoding="utf-8", cwd="/", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("Result: OK")
    (tmp_path / "data" / "more.csv").write_bytes(b"")
    assert subprocess.run(run, capture_output=True, check=False).returncode == 1
    (tmp_path / "data" / "more.csv").unlink()
    (tmp_path / "link").symlink_to("/etc")
    assert "a link" in subprocess.run(run, capture_output=True, text=True, check=False).stdout


def test_it_writes_nothing_and_reaches_nowhere(tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(program())
    (tmp_path / "pack.zip").write_bytes(packs.zipped(packs.honest()))
    code = WATCHED.replace("{program!r}", repr(str(tmp_path / "verify.py")))
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", code, "verify.py", str(tmp_path / "pack.zip")],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_it_needs_only_an_old_python() -> None:
    tree = ast.parse(program(), feature_version=(3, 9))
    imported = {node.names[0].name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import)}
    imported |= {node.module.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names
    # What came later and is no syntax.
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [
        node.lineno for node in calls if any(one.arg == "strict" and _named(node) == "zip" for one in node.keywords)
    ] == []


def _named(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


@pytest.mark.parametrize("name", ["python3.9", "python3.10", "python3.12", "python3.13"])
def test_other_versions_of_python_come_to_the_same_verdict(name: str, tmp_path: Path) -> None:
    found = shutil.which(name)
    usable = found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0
    (tmp_path / "verify.py").write_bytes(program())
    (tmp_path / "pack.zip").write_bytes(packs.zipped(packs.honest()))
    # Where a version is not installed, the one that is speaks for it.
    command = [found if usable else sys.executable, "-I", tmp_path / "verify.py", tmp_path / "pack.zip"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_no_name_stands_in_two_parts() -> None:
    names = [
        name
        for part in PARTS
        for node in ast.parse((ROOT / "register" / "verifier" / f"{part}.py").read_text()).body
        for name in _defined(node)
    ]
    assert sorted(names) == sorted(set(names))
    assert not re.search(rb"^\s*(from|import) register\b", program(), re.MULTILINE)


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]


JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text()
    | st.decimals(0, 999, places=2).map(float),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


@given(value=JSONS)
def test_its_json_is_that_of_the_register(value: object) -> None:
    try:
        content = rfc8785.dumps(value)
    except rfc8785.CanonicalizationError:
        return
    assert canonical(parsed(content)) == content
    with contextlib.suppress(ValueError):
        other = json.dumps(value).encode()
        assert (canonical(parsed(other)) == other) is (other == content)


@pytest.mark.parametrize(
    "text", ['{"a":1,"a":1}', "[NaN]", "[Infinity]", "[9007199254740993]", '"\\ud800"', "[1.0]", "[1e-7]"]
)
def test_json_that_the_register_never_writes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|twice|surrogate"):
        canonical(parsed(text.encode()))


# Hostile packs.


def with_member(name: str, content: bytes = b"", **about: object) -> bytes:
    """Return the honest pack with one more member in its ZIP."""
    out = io.BytesIO(packs.zipped(packs.honest()))
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    for key, value in about.items():
        setattr(info, key, value)
    with zipfile.ZipFile(out, "a") as target:
        target.writestr(info, content)
    return out.getvalue()


def overlapping() -> bytes:
    """Return a ZIP whose members lie over each other: its list names one file under twenty names."""
    content = packs.zipped({"a.json": random.Random(1).randbytes(50_000)})
    end = content.rfind(b"PK\x05\x06")
    size, start = struct.unpack("<II", content[end + 12 : end + 20])
    one = content[start : start + size]
    listed = b"".join(one.replace(b"a.json", b"%c.json" % letter) for letter in b"abcdefghijklmnopqrst")
    tail = content[end : end + 8] + struct.pack("<HHII", 20, 20, len(listed), start) + b"\x00\x00"
    return content[:start] + listed + tail


def encrypted() -> bytes:
    """Return a ZIP that says of its first member that it is encrypted."""
    content = bytearray(packs.zipped(packs.honest()))
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    return bytes(content)


def many() -> bytes:
    """Return a ZIP of more members than any pack has."""
    return packs.zipped({f"data/{number}.json": b"" for number in range(5_100)})


def long_list() -> bytes:
    """Return a ZIP that says that the list of its members is longer than any pack's."""
    content = bytearray(packs.zipped(packs.honest()))
    end = content.rfind(b"PK\x05\x06")
    content[end + 12 : end + 16] = struct.pack("<I", 500_000_000)
    return bytes(content)


HOSTILE = {
    "a path that leads out": lambda: with_member("../evil.py", b"x"),
    "a path from the root": lambda: with_member("/etc/evil", b"x"),
    "a path of another system": lambda: with_member("C:evil", b"x"),
    "a name that stands twice": lambda: with_member("readme.TXT", b"x"),
    "a link": lambda: with_member("link", b"/etc/passwd", external_attr=0o120777 << 16),
    "a file that bursts": lambda: with_member("data/bomb.json", b" " * 20_000_000),
    "another way of packing": lambda: with_member("data/a.json", b"x" * 100, compress_type=zipfile.ZIP_BZIP2),
    "files over each other": overlapping,
    "an encrypted file": encrypted,
    "too many files": many,
    "a list that is too long": long_list,
    "no ZIP": lambda: b"no ZIP at all" * 100,
    "nothing": lambda: b"",
    "half a ZIP": lambda: packs.zipped(packs.honest())[:5_000],
    "a ZIP of nothing": lambda: packs.zipped({}),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_pack_is_refused_unread(what: str, said: Check, verifier: ModuleType) -> None:
    wrong, lines = said(HOSTILE[what]())
    assert wrong == ["opened"], lines
    assert lines[-3].startswith(f"[NG] {verifier.SENTENCES['opened'][2]}")


MANIFESTS = {
    "no JSON": b"{",
    "no object": b"[]",
    "nested without end": b"[" * 200_000,
    "a number without end": b'{"format":' + b"9" * 100_000 + b"}",
    "no number": b'{"format":NaN}',
    "half a letter": b'{"format":"\\ud800"}',
    "no UTF-8": b'{"format":"\xff"}',
    "files that are none": rfc8785.dumps({"files": [1], "format": 1}),
    "files without end": rfc8785.dumps({"files": [{"path": "../a"}] * 20_000}),
}


@pytest.mark.parametrize("what", MANIFESTS)
def test_a_hostile_manifest_is_a_verdict(what: str, said: Check) -> None:
    wrong, lines = said({**packs.honest(), "manifest.json": MANIFESTS[what]})
    assert wrong == ["manifest"]
    assert len(lines) < 30


def test_a_manifest_that_is_too_large_is_not_read(
    said: Check, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier, "LARGEST_MANIFEST", 1_000)
    assert said(packs.honest())[0] == ["opened"]


def hollow(objects: bytes, root: bytes = b"<</Type/Catalog/Names<</EmbeddedFiles 2 0 R>>/Metadata 3 0 R>>") -> bytes:
    """Return a PDF of a few objects, the first of which is its root."""
    head, body = b"%PDF-1.7\n", b"1 0 obj\n" + root + b"\nendobj\n" + objects
    found = {int(one[1]): one.start() for one in re.finditer(rb"(\d+) 0 obj", body)}
    table = b"".join(b"%010d 00000 n \n" % (len(head) + found[number]) for number in sorted(found))
    start = len(head) + len(body)
    lines = b"xref\n0 %d\n0000000000 65535 f \n" % (len(found) + 1) + table
    return head + body + lines + b"trailer\n<</Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start


BOMB = zlib.compress(b"\x00" * 2_000_000)
PDFS = {
    "no objects": b"%PDF-1.7\nstartxref\n0\n%%EOF\n",
    "a root that is itself": hollow(b"", b"1 0 R"),
    "nested without end": hollow(b"2 0 obj\n" + b"[" * 50_000 + b"\nendobj\n"),
    "names that lead to themselves": hollow(b"2 0 obj\n<</Kids[2 0 R]>>\nendobj\n"),
    "a stream that bursts": hollow(
        b"2 0 obj\n<<>>\nendobj\n3 0 obj\n<</Length %d>>\nstream\n" % len(BOMB) + BOMB + b"\nendstream\nendobj\n"
        b"4 0 obj\n<<>>\nendobj\n"
    ),
    "a length without end": hollow(b"2 0 obj\n<<>>\nendobj\n3 0 obj\n<</Length 99999999999999999999>>\nstream\n"),
    "brackets that do not fit": hollow(b"2 0 obj\n<<[>>]\nendobj\n"),
}


@pytest.mark.parametrize("what", PDFS)
def test_a_hostile_document_is_a_verdict(what: str, said: Check) -> None:
    path = "receipts/receipt-2025-2-b-ja.pdf"
    members: Members = {**packs.honest(), path: PDFS[what]}
    manifest = packs.manifest_of(members)
    entry = next(one for one in manifest["files"] if one["path"] == path)
    entry["unsigned_size"], entry["unsigned_sha256"] = len(PDFS[what]), packs.sha256(PDFS[what])
    wrong, _ = said(packs.fixed(packs.sealed(members, manifest)))
    assert wrong[0] == "readable"
    assert "unexpected" not in wrong
    # By itself it is refused as well.
    assert said(PDFS[what])[0] == ["readable"]


def test_what_unpacks_to_too_much_is_cut_off(verifier: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "LARGEST_PART", 1_000_000)
    content = PDFS["a stream that bursts"].replace(b"<</Length", b"<</Filter/FlateDecode/Length")
    content = hollow(content[content.index(b"2 0 obj") : content.index(b"xref")])
    with pytest.raises(ValueError, match="too large"):
        verifier.Pdf(content).stream(verifier.Ref(3))


# A single document.


def test_a_document_is_checked_by_itself(said: Check) -> None:
    content = packs.honest()["documents/report-2025-2-002-ja.pdf"]
    entry = next(one for one in packs.manifest_of(packs.honest())["files"] if one.get("unsigned_size", 0) < one["size"])
    whole, unsigned = packs.sha256(content), entry["unsigned_sha256"]
    for digest in (whole, unsigned, unsigned.upper()):
        assert said(content, "--sha256", digest)[0] == []
    wrong, lines = said(content)
    assert wrong == []
    assert any("report-2025-2-002" in line for line in lines)
    assert any("バイトが加わっています" in line for line in lines)
    assert said(content, "--sha256", "0" * 64)[0] == ["given"]
    assert said(content[:-1] + b"x", "--sha256", unsigned)[0] == []
    assert said(content[: entry["unsigned_size"]], "--sha256", whole)[0] == ["given"]


def test_a_document_whose_data_are_others_is_found(said: Check) -> None:
    content = packs.honest()["documents/report-2025-2-002-ja.pdf"]
    place = content.index(b"<creg:dataSha256>") + 17
    forged = content[:place] + b"0" * 64 + content[place + 64 :]
    assert said(forged, "--sha256", packs.sha256(forged))[0] == ["own_data"]
