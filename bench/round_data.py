"""A settled round of any size for the bench: what the reference round answered, each question mixed anew over cases.

Every question keeps its own shares, but the answers of a case do not go together as those of real ones do: there are
more different combinations to count than a real round has. The database makes the rows itself, a million in a minute.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import Connection, Row, delete, insert, select, text

from bench.data import run
from register.db import Database
from register.models import ChangeMark, Ministry, Round, Submission, SubmissionItem
from register.reports.dimensions import FIELDS
from register.vocab import Confirmation, RoundState, SubmissionState

SOURCE = (2025, 2)
YEAR, NUMBER = 2030, 1
CODE = f"{YEAR}-{NUMBER}"
AS_OF = dt.date(2030, 6, 30)
# What one database calls otherwise than the other: a new id, answers with some of them replaced, one answer.
WORDS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {
        "id": "lower(hex(randomblob(16)))",
        "answers": "json_patch(whole.answers, json_object({pairs}))",
        "answer": "json_extract({seed}.answers, '$.{name}')",
        "empty": "'{}'",
        "json": "text",
    },
    "postgresql": {
        "id": "gen_random_uuid()",
        "answers": "jsonb_strip_nulls(whole.answers || jsonb_build_object({pairs}))",
        "answer": "{seed}.answers->'{name}'",
        "empty": "CAST('{}' AS jsonb)",
        "json": "jsonb",
    },
}
SEEDS = "answers, states FROM submission_item WHERE round_id = :source"
OFFICES = "id, ministry_id FROM submission WHERE round_id = :round"
# Multipliers of a generator that runs through all of its remainders, one for each question.
PRIME = 2_147_483_647
MULTIPLIERS = (48_271, 69_621, 39_373, 16_807, 630_360_016, 742_938_285)


def fill(database: Database, size: int) -> int:
    """Add a settled round of ``size`` cases behind the sessions' back; return its id."""
    with database.engine.begin() as connection:
        source = connection.execute(
            select(Round.id, Round.form_version_id).where(Round.fiscal_year == SOURCE[0], Round.number == SOURCE[1])
        ).one()
        made = _round(connection, source)
        facts = {"size": size, "round": made, "source": source.id}
        facts["seeds"] = _numbered(connection, "seed", SEEDS, facts)
        facts["offices"] = _numbered(connection, "office", OFFICES, facts)
        _watched(connection, False)
        connection.execute(text(_statement(connection.dialect.name)), facts)
        _watched(connection, True)
        connection.execute(delete(ChangeMark))
    # What the job runner does every day, and PostgreSQL's autovacuum within minutes of such a load.
    database.optimize()
    if database.dialect == "postgresql":
        run(database.engine.url.render_as_string(hide_password=False), "VACUUM ANALYZE")
    return made


def _round(connection: Connection, source: Row[int, int]) -> int:
    """Return the id of a new settled round, with an accepted return of every ministry."""
    values = {"fiscal_year": YEAR, "number": NUMBER, "as_of": AS_OF, "state": RoundState.FROZEN, "rehearsal": False}
    values |= {"form_version_id": source.form_version_id, "instructions": "", "contact": "", "version": 1}
    made: int = connection.execute(insert(Round).values(**values).returning(Round.id)).scalar_one()
    returns = {"round_id": made, "state": SubmissionState.FROZEN, "nil": False, "version": 1}
    ministries = connection.scalars(select(Ministry.id).order_by(Ministry.sort_no))
    connection.execute(insert(Submission), [{"ministry_id": one, **returns} for one in ministries])
    return made


def _numbered(connection: Connection, name: str, rows: str, facts: Mapping[str, int]) -> int:
    """Keep rows under numbers from 0 in a temporary table with a key, so that any plan finds them; return how many."""
    columns, source = rows.split(" FROM ", 1)
    kind = WORDS[connection.dialect.name]["json"]
    typed = ", ".join(f"{column} {kind if name == 'seed' else 'integer'}" for column in columns.split(", "))
    connection.execute(text(f"CREATE TEMPORARY TABLE {name} (at integer PRIMARY KEY, {typed})"))
    numbered = f"SELECT row_number() OVER (ORDER BY id) - 1, {columns} FROM {source}"
    return connection.execute(text(f"INSERT INTO {name} {numbered}"), facts).rowcount


def _watched(connection: Connection, on: bool) -> None:
    """Switch the triggers that mark each changed row: the marks would be thrown away, and take longer than the rows."""
    if connection.dialect.name == "postgresql":
        table = SubmissionItem.__tablename__
        connection.execute(text(f"ALTER TABLE {table} {'ENABLE' if on else 'DISABLE'} TRIGGER USER"))


def _statement(dialect: str) -> str:
    words = WORDS[dialect]
    pairs = ", ".join(
        f"'{name}', {words['answer'].format(seed=f's{place}', name=name)}" for place, name in enumerate(FIELDS)
    )
    seeds = "\n".join(
        f"JOIN seed AS s{place} ON s{place}.at = (n * {multiplier} % {PRIME}) % :seeds"
        for place, multiplier in enumerate(MULTIPLIERS)
    )
    return f"""
        WITH RECURSIVE number(n) AS (
            SELECT CAST(1 AS bigint) UNION ALL SELECT n + 1 FROM number WHERE n < :size
        )
        INSERT INTO submission_item (
            public_id, version, round_id, submission_id, ministry_id, case_no, confirmation, answers, states,
            carried, recheck, mapping, notes, ended_reason
        )
        SELECT {words["id"]}, 1, :round, office.id, office.ministry_id, 'x-' || n, '{Confirmation.REPORTED.value}',
            {words["answers"].format(pairs=pairs)}, whole.states,
            {words["empty"]}, {words["empty"]}, {words["empty"]}, {words["empty"]}, ''
        FROM number
        JOIN office ON office.at = n % :offices
        JOIN seed AS whole ON whole.at = n % :seeds
        {seeds}
        """
