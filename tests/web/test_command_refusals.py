"""Commands that cannot do their work say so on standard error, without a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from register.models import Round
from register.runtime import runtime_of
from tests.support.data import migrated
from tests.support.databases import Build
from tests.support.round_files import file_of

FACTS = ("--form", "v2", "--as-of", "2025-09-30", "--create-ministries")


@pytest.fixture
def content() -> Build:
    """A database as `flask db upgrade` leaves it."""
    return migrated


def flask(app: Flask, *args: str) -> Result:
    """Run ``flask <args>``."""
    return app.test_cli_runner().invoke(args=list(args))


def rounds(app: Flask) -> int:
    """Return how many rounds are stored."""
    with runtime_of(app).database.reading() as session:
        return session.scalar(select(func.count()).select_from(Round)) or 0


@pytest.mark.parametrize("code", ["0000-1", "1999-1", "2025-0", "2025-100", "25-1", "2025", "2025-²"])
def test_a_round_of_no_possible_year_or_number_is_refused(app: Flask, tmp_path: Path, code: str) -> None:
    path = tmp_path / "round.csv"
    path.write_bytes(file_of({}))
    done = flask(app, "rounds", "import", code, str(path), *FACTS)
    assert done.exit_code == 2
    assert f"{code} is no round" in done.stderr
    assert rounds(app) == 0


def test_a_file_that_cannot_be_read_is_told(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Path) -> bytes:
        raise OSError(5, "Input/output error")

    path = tmp_path / "round.csv"
    path.write_bytes(file_of({}))
    monkeypatch.setattr(Path, "read_bytes", broken)
    done = flask(app, "rounds", "import", "2025-2", str(path), *FACTS)
    assert done.exit_code == 2
    assert "cannot be read: Input/output error" in done.stderr
    assert rounds(app) == 0


def test_a_bad_value_stays_on_its_line_and_gives_the_terminal_no_orders(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "round.csv"
    path.write_bytes(file_of({"usage_type": "全角　空白\x1b[31m\n\u202e"}, {"case_no": "a-2", "stage": "長" * 900}))
    done = flask(app, "rounds", "import", "2025-2", str(path), *FACTS)
    assert done.exit_code == 1
    _, first, second = done.stderr.splitlines()
    assert first.startswith(r"2行目 usage_type: 「全角　空白\x1b[31m\n\u202e」 ")
    assert f"stage: 「{'長' * 200}…」 " in second


@pytest.mark.parametrize(
    "command",
    [
        ("rounds", "list"),
        ("rounds", "import", "2025-2", "FILE", *FACTS),
        ("reports", "show", "2025-2"),
        ("audit", "verify"),
        ("jobs", "once"),
        ("seed",),
    ],
    ids=" ".join,
)
def test_a_database_without_tables_is_told_with_what_to_do(
    app: Flask, tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = tmp_path / "round.csv"
    path.write_bytes(file_of({}))
    assert flask(app, "db", "downgrade", "base", "--yes").exit_code == 0
    done = flask(app, *(str(path) if part == "FILE" else part for part in command))
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit)
    assert done.stdout == ""
    assert "the database cannot be used" in done.stderr
    assert "flask db upgrade" in done.stderr
