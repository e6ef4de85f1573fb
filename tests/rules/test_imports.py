"""The import contracts of pyproject.toml hold, so that `make test` finds a breach too."""

from __future__ import annotations

from importlinter.cli import lint_imports

from tests.support import sources


def test_import_contracts(monkeypatch, capsys) -> None:
    monkeypatch.chdir(sources.ROOT)
    status = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert status == 0, capsys.readouterr().out
