"""``flask reports show`` as an operator runs it: text for reading, JSON alone for machines, refusals told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata

import pytest
from click.testing import Result
from flask import Flask

from register.clock import FixedClock
from register.db import Database
from tests.support.data import NOW, migrated
from tests.support.databases import Build
from tests.support.round_files import empty_round, load_reference
from tests.support.sources import ROOT


def reported(url: str) -> None:
    """Build the two reference rounds and a third without cases, as the commands leave them."""
    migrated(url)
    database = Database(url, FixedClock(NOW))
    load_reference(database)
    with database.writing() as session:
        empty_round(session, number=3)
    database.engine.dispose()


@pytest.fixture
def content() -> Build:
    """Three rounds, and nobody who could sign in."""
    return reported


def show(app: Flask, *args: str) -> Result:
    """Run ``flask reports show <args>``."""
    return app.test_cli_runner().invoke(args=["reports", "show", *args])


def width(text: str) -> int:
    """Return how many places of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


def test_the_text_is_the_default_and_tells_the_whole_report(app: Flask) -> None:
    done = show(app, "2025-2")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == show(app, "2025-2", "--format", "text").stdout
    for words in (
        "2025年度第2回（2025-09-30時点）",
        "〇 約90％が利用開始済（275/306）",
        "〇 前回から100件強増加（107）",
        "all 306　staff 296　staff_with_timing 295　staff_with_stage 292　external 10",
        "4（うち未回答1）",
        "27(17)",
        "  ※ 導入段階の記載がない4件は除いている",
        "  利用類型・利用時期／５．未定：公表資料 3件、集計 4件。",
        "：公表資料 4件、集計 3件。",
    ):
        assert words in done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["G2>G1", "38"] in lines
    assert "◆124" in next(line for line in lines if line and line[0].endswith("課室単位以下／常用段階"))
    before = next(line for line in lines if line and line[0] == "前回報告件数")
    assert before[1:] == ["74", "12", "54", "15", "16", "12", "1", "4", "-", "-", "188"]


def test_the_columns_of_the_text_stand_in_line(app: Flask) -> None:
    blocks = [block.splitlines() for block in show(app, "2025-2").stdout.split("\n\n") if block.startswith("■")]
    assert len(blocks) == 7
    for title, *lines in blocks:
        assert len({width(line) for line in lines if not line.startswith("  ※")}) == 1, title


@pytest.mark.parametrize(("code", "tables"), [("2025-1", 4), ("2025-2", 6), ("2025-3", 6)])
def test_the_json_is_one_object_with_the_tables_that_the_form_allows(app: Flask, code: str, tables: int) -> None:
    done = show(app, code, "--format", "json")
    assert (done.exit_code, done.stderr) == (0, "")
    plain = json.loads(done.stdout)
    assert plain["round"] == code
    assert len(plain["tables"]) == tables
    assert "利用開始" in done.stdout


def test_a_round_without_cases_is_told_as_such(app: Flask) -> None:
    done = show(app, "2025-3")
    assert done.exit_code == 0
    assert "all 0　staff 0" in done.stdout
    assert "公表資料との違い" not in done.stdout


@pytest.mark.parametrize("kind", ["text", "json"])
def test_an_unknown_round_is_refused(app: Flask, kind: str) -> None:
    done = show(app, "2025-9", "--format", kind)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "2025-9の回はありません。\n"


@pytest.mark.parametrize(
    ("args", "told"),
    [(("2025",), "2025 is no round"), (("2025-2", "--format", "xml"), "xml"), ((), "Missing argument")],
)
def test_a_wrong_argument_is_told(app: Flask, args: tuple[str, ...], told: str) -> None:
    done = show(app, *args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_process_prints_the_json_and_nothing_else(app: Flask, database_url: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REGISTER_", "FLASK_"))}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "reports", "show", "2025-2", "--format", "json"],
        env=kept | {"REGISTER_DATABASE_URL": database_url},
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout == show(app, "2025-2", "--format", "json").stdout
    assert json.loads(done.stdout)["headlines"][2]["text"] == "約90％が利用開始済"
