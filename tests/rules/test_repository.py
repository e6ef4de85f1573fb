"""The repository holds nothing of the machine it was made on, and the locks nothing of where packages came from."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.support import sources

# Written in two parts, so that this file does not find itself.
MACHINE = re.compile(r"(?<![\w.])/(?:" + "|".join(("wo" + "rk", "fa" + "rm", "ro" + "ot")) + r")/")
ADDRESSES = re.compile(r"^\s*(?:-i|--index-url|--extra-index-url|--find-links|--trusted-host)\b|file://", re.MULTILINE)
LOCKS = ("requirements.txt", "requirements-dev.txt")


def test_no_path_of_a_machine_is_named() -> None:
    found = [
        sources.place(path, number)
        for path in sources.files(*sources.EVERYTHING)
        if path.suffix in sources.TEXT and "vendor" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if MACHINE.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_hashes_and_no_addresses(lock: str) -> None:
    text = (sources.ROOT / lock).read_text()
    assert not ADDRESSES.search(text)
    pinned = re.findall(r"^[a-z0-9].*?==.*$", text, re.MULTILINE)
    assert pinned
    assert [line for line in pinned if not line.rstrip().endswith("\\")] == []


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    names = [re.match(r"[\w.-]+", requirement)[0].lower() for requirement in wanted]
    lock = (sources.ROOT / "requirements-dev.txt").read_text()
    assert [name for name in names if not re.search(rf"^{re.escape(name)}(?:\[[^]]*\])?==", lock, re.MULTILINE)] == []
