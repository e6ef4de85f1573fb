"""The verifier of evidence packs as it is carried, and what it says of a pack."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from register.verifier import program
from tests.support import packs
from tests.support.packs import Check, Members, Said


@pytest.fixture(scope="session")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The program as it is carried: one file."""
    path = tmp_path_factory.mktemp("program") / "verify.py"
    path.write_bytes(program())
    spec = importlib.util.spec_from_file_location("carried_verifier", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def said(verifier: ModuleType, tmp_path: Path) -> Check:
    """Check a pack (its files, or the bytes of a ZIP); return the codes of what is wrong, and every line."""

    def check(pack: Members | bytes, *more: str, language: str = "ja") -> Said:
        path = tmp_path / "pack.zip"
        path.write_bytes(pack if isinstance(pack, bytes) else packs.zipped(pack))
        lines: list[str] = []
        found = verifier.Findings(language, lines.append)
        asked = verifier.options().parse_args([str(path), "--lang", language, *more])
        code = verifier.verdict(asked, found)
        assert code == (1 if found.wrong else 0)
        return found.wrong, lines

    return check
