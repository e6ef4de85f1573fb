"""``flask audit verify`` as an operator runs it: its word, its exit code, the anchors typed in from a print."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from register import audit
from register.db import Database
from tests.support import audit_owner as owner
from tests.support.audit_log import entries, logged
from tests.support.databases import Build

Verify = Callable[..., Result]


@pytest.fixture
def content() -> Build:
    """A register with a log."""
    return logged


@pytest.fixture
def verify(app: Flask) -> Verify:
    """``verify(anchor, ...)`` runs the command."""

    def run(*anchors: str) -> Result:
        options = [part for anchor in anchors for part in ("--anchor", anchor)]
        return app.test_cli_runner().invoke(args=["audit", "verify", *options])

    return run


def test_a_good_log_is_told_with_its_length_and_head(verify: Verify, database: Database) -> None:
    done = verify()
    last = entries(database)[-1]
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"OK {last.seq} {last.hash}\n", "")


def test_the_first_bad_entry_is_told_on_standard_error(verify: Verify, database: Database) -> None:
    with database.engine.begin() as connection:
        owner.drop_triggers(connection)
        owner.set_entry(connection, 5, actor_name="別人")
        owner.remove(connection, [8])
    done = verify()
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("NG 5 copy: 5番の記録")


def test_a_change_behind_the_register_is_told(verify: Verify, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE ministry SET sort_no = 5 WHERE key = 'a'"))
    done = verify()
    assert done.exit_code == 1
    assert done.stderr.startswith(f"NG {len(entries(database))} unnamed: 記録のない変更が1件")


def test_anchors_that_fit_are_accepted_as_typed(verify: Verify, database: Database) -> None:
    printed = {entry.seq: entry.hash for entry in entries(database)}
    last = max(printed)
    assert verify(f"{last}:{printed[last]}").exit_code == 0
    assert verify(f"1:{printed[1]}", f"004:{printed[4].upper()}", f"0:{audit.GENESIS}").exit_code == 0


def test_an_anchor_that_does_not_fit_is_told(verify: Verify, database: Database) -> None:
    printed = {entry.seq: entry.hash for entry in entries(database)}
    last = max(printed)
    for anchors, told in (
        ([f"4:{printed[5]}"], "NG 4 anchor: 4番の記録が--anchor"),
        ([f"1:{printed[1]}", f"4:{printed[5]}"], "NG 4 anchor"),
        ([f"{last + 1}:{printed[last]}"], f"NG {last + 1} truncated"),
        ([f"0:{printed[1]}"], "NG 0 anchor"),
    ):
        done = verify(*anchors)
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith(told)


def test_a_recomputed_log_passes_until_an_anchor_is_typed_in(verify: Verify, database: Database) -> None:
    kept = entries(database)[-2]
    with database.engine.begin() as connection:
        owner.drop_triggers(connection)
        body = owner.body_of(connection, 3)
        owner.recompute(connection, 3, {**body, "request": "another"})
    assert verify().exit_code == 0
    done = verify(f"{kept.seq}:{kept.hash}")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"NG {kept.seq} anchor")


def test_an_anchor_that_is_none_is_refused(verify: Verify) -> None:
    head = "a" * 64
    malformed = ["", "7", ":", "7:", f":{head}", f"7:{head}a", f"7:{head[1:]}", f"7:{head[1:]}g", f"7:{head}:8", head]
    odd_numbers = [f"²:{head}", f"-7:{head}", f"7 :{head}", f"7:{head}\n", f"{'9' * 5000}:{head}"]
    for anchor in malformed + odd_numbers:
        done = verify(anchor)
        assert (done.exit_code, done.stdout) == (2, ""), anchor
        assert "SEQ:HASH" in done.stderr
        assert isinstance(done.exception, SystemExit)


@pytest.fixture
def compare(app: Flask) -> Callable[[], Result]:
    """``compare()`` runs the command."""
    return lambda: app.test_cli_runner().invoke(args=["audit", "compare"])


def raw(database: Database, statement: str) -> None:
    """Change something behind the register's back, the marks of it too."""
    with database.engine.begin() as connection:
        connection.execute(text(statement))
        connection.execute(text("DELETE FROM change_mark"))


def test_tables_that_hold_what_the_log_says_are_told(compare: Callable[[], Result], database: Database) -> None:
    last = entries(database)[-1]
    done = compare()
    told = f"OK {last.seq} {last.hash}: 表の内容は記録のとおりです（11行）。\n"
    assert (done.exit_code, done.stdout, done.stderr) == (0, told, "")


def test_a_change_whose_mark_was_removed_is_told_without_a_word_of_it(
    compare: Callable[[], Result], verify: Verify, database: Database
) -> None:
    raw(database, "UPDATE ai_system SET note = '秘密の備考', shared = 1")
    assert verify().exit_code == 0
    done = compare()
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "NG ai_system 1: 記録と違う項目：note、shared\n"


def test_the_first_differences_are_named_and_the_others_counted(
    compare: Callable[[], Result], database: Database
) -> None:
    rows = ", ".join(f"({pk}, 'k{pk}', 'n{pk}', '', '', 9)" for pk in range(10, 35))
    raw(database, f"INSERT INTO ministry (id, key, name, name_short, name_en, sort_no) VALUES {rows}")
    done = compare()
    lines = done.stderr.splitlines()
    assert (done.exit_code, lines[20:]) == (1, ["ほかに5行が記録と違います。"])
    assert lines[:20] == [f"NG ministry {pk}: 表にあり、記録にない行です。" for pk in range(10, 30)]


def test_values_that_were_purged_are_counted_and_not_compared(
    compare: Callable[[], Result], database: Database
) -> None:
    raw(database, "DELETE FROM audit_clear")
    done = compare()
    assert (done.exit_code, done.stderr) == (0, "平文が消去された4個の値は比べていません。\n")


def test_nothing_is_compared_with_a_log_that_is_not_whole(compare: Callable[[], Result], database: Database) -> None:
    with database.engine.begin() as connection:
        owner.drop_triggers(connection)
        owner.remove(connection, [8])
    done = compare()
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "8番の記録がありません。\n")
