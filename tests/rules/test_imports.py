"""The import contracts of pyproject.toml hold, so that `make test` finds a breach too."""

from __future__ import annotations

import pytest
from importlinter.cli import lint_imports

from tests.support import sources


def test_import_contracts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(sources.ROOT)
    status = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert status == 0, capsys.readouterr().out


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in sources.python("register", "bench")}
    assert [sources.place(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
