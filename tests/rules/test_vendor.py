"""What we took over from others is byte for byte what we took, and the list of it is whole."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from tests.support.sources import ROOT

VENDOR = ROOT / "register" / "static" / "vendor"
FONTS = ROOT / "register" / "formats" / "fonts"
OURS = {"SHA256SUMS", "fonts.conf"}


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_vendored_file_of_the_screens_is_the_one_that_was_taken() -> None:
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    listed = {name: value for value, name in (line.split("  ") for line in lines)}
    files = {str(path.relative_to(VENDOR)): digest(path) for path in VENDOR.rglob("*") if path.is_file()}
    files.pop("SHA256SUMS")
    assert listed == files


def test_the_table_of_third_parties_names_every_file_or_its_folder() -> None:
    table = (ROOT / "THIRD_PARTY.md").read_text()
    rows = dict(re.findall(r"^\| (register/\S+) \|.*\| ([0-9a-f]{64}) \|$", table, re.MULTILINE))
    assert {name: digest(ROOT / name) for name in rows} == rows
    folders = re.findall(r"^\| (register/\S+/) ", table, re.MULTILINE)
    taken = [path for folder in (VENDOR, FONTS) for path in folder.rglob("*") if path.is_file()]
    named = {str(path.relative_to(ROOT)) for path in taken if path.name not in OURS}
    assert {name for name in named if not name.startswith(tuple(folders))} == set(rows)
