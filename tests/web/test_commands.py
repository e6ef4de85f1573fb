"""``flask rounds`` and ``flask seed`` as an operator runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from register.models import AuditEntry, SubmissionItem, UseCase
from register.runtime import runtime_of
from tests.support.data import migrated
from tests.support.databases import Build
from tests.support.round_files import CONFIG, file_of

FIRST = ("2025-1", str(CONFIG / "demo/rounds/cases-2025-1.csv"), "--form", "v1", "--as-of", "2025-06-30")
SECOND = ("2025-2", str(CONFIG / "demo/rounds/cases-2025-2.csv"), "--form", "v2", "--as-of", "令和7年9月30日")


@pytest.fixture
def content() -> Build:
    """A database as `flask db upgrade` leaves it."""
    return migrated


def flask(app: Flask, *args: str) -> Result:
    """Run ``flask <args>``."""
    return app.test_cli_runner().invoke(args=list(args))


def rows(app: Flask, table: type) -> int:
    """Return how many rows ``table`` holds."""
    with runtime_of(app).database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_both_rounds_on_an_empty_database(app: Flask) -> None:
    for order, items in ((FIRST, 188), (SECOND, 306)):
        done = flask(app, "rounds", "import", *order, "--create-ministries")
        assert done.exit_code == 0, done.output
        assert f"{items} items of 25 ministries" in done.stdout
        assert done.stderr == ""
    assert rows(app, SubmissionItem) == 494
    listed = flask(app, "rounds", "list").stdout.splitlines()
    assert [line.split()[:4] for line in listed] == [
        ["2025-1", "2025-06-30", "v1", "frozen"],
        ["2025-2", "2025-09-30", "v2", "frozen"],
    ]
    again = flask(app, "rounds", "import", *SECOND)
    assert again.exit_code == 0
    assert "nothing changed" in again.stdout


def test_bad_rows_are_told_on_standard_error(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "round.csv"
    path.write_bytes(file_of({"purpose": "二行の\n用途"}, {"case_no": "a-2", "stage": "Z", "start_on": "あす"}))
    done = flask(app, "rounds", "import", "2025-3", str(path), "--form", "v2", "--as-of", "2025-12-31")
    assert done.exit_code == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert [line.split(" ", 1)[0] for line in lines[1:]] == ["2行目", "4行目", "4行目", "4行目"]
    assert "stage: 「Z」" in done.stderr
    assert "start_on: 「あす」" in done.stderr
    assert rows(app, UseCase) == rows(app, AuditEntry) == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("2025", None, None), "no round"),
        ((None, "v9", None), "v9 is none of v1, v2"),
        ((None, None, "someday"), "someday is no date"),
    ],
)
def test_a_wrong_argument_is_told(app: Flask, change: tuple[str | None, ...], told: str) -> None:
    code, form, as_of = (new or old for new, old in zip(change, ("2025-2", "v2", "2025-09-30"), strict=True))
    done = flask(app, "rounds", "import", code, SECOND[1], "--form", form, "--as-of", as_of)
    assert done.exit_code == 2
    assert told in done.stderr


def test_a_deadline_before_the_opening_is_refused(app: Flask) -> None:
    done = flask(
        app, "rounds", "import", *SECOND, "--create-ministries", "--opens", "2025-11-14", "--due", "2025-10-20"
    )
    assert done.exit_code == 1
    assert "締切日" in done.stderr


def test_the_demo_is_loaded_once_and_its_accounts_are_told_each_time(app: Flask) -> None:
    first = flask(app, "seed", "--once")
    assert first.exit_code == 0, first.output
    entries = rows(app, AuditEntry)
    second = flask(app, "seed", "--once")
    assert second.exit_code == 0
    assert second.stdout == first.stdout
    assert "secretariat@demo.example" in first.stdout
    assert rows(app, AuditEntry) == entries
    assert flask(app, "seed").exit_code == 1


def test_the_demo_refuses_a_database_with_data(app: Flask) -> None:
    flask(app, "rounds", "import", *SECOND, "--create-ministries")
    refused = flask(app, "seed", "--once")
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert "空のデータベース" in refused.stderr


def test_every_command_that_changes_anything_is_ours(app: Flask) -> None:
    assert set(app.cli.commands) == {
        "audit",
        "db",
        "jobs",
        "outbox",
        "reminders",
        "reports",
        "rounds",
        "seed",
        "sentinel",
        "snapshots",
    }
