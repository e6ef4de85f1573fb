"""The registers that are measured: the demo of `make run`, filled up with use cases, in databases of the run's own."""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, func, make_url, select, text

from bench import risk_data
from bench.floors import Floor
from bench.rows import fresh_id, moment, store
from config.settings import ROOT
from register.db import Database, make_engine
from register.models import ChangeMark, Ministry, UseCase
from register.text import search_key
from register.vocab import Lifecycle, Stage

LIFECYCLES = {
    Lifecycle.PRODUCTION: 50,
    Lifecycle.VERIFICATION: 20,
    Lifecycle.PLANNED: 20,
    Lifecycle.SUSPENDED: 4,
    Lifecycle.RETIRED: 6,
}
USAGE_TYPES = {"G1": 45, "G2": 15, "S1": 20, "S2": 10, "OT": 5, None: 5}
DUTIES = ("相談", "契約", "会計", "広報", "統計", "許認可", "人事", "調査", "国会対応", "情報システム")
USES = (
    "文案のたたき台作成",
    "議事録の要約",
    "翻訳の下訳",
    "表計算マクロの作成補助",
    "問合せ回答案の作成",
    "資料の検索",
)


@dataclass(frozen=True)
class Installation:
    """A database with the settings of whoever serves it."""

    database_url: str
    folder: Path
    secret_key: str

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a process that serves it; settings of whoever runs the bench have no part in it."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("REGISTER_")}
        return plain | {
            "REGISTER_DATABASE_URL": self.database_url,
            "REGISTER_FILES_URL": str(self.folder / "files"),
            "REGISTER_SECRET_KEY": self.secret_key,
            "REGISTER_COOKIE_SECURE": "false",
        }


@contextmanager
def installations(sizes: Mapping[str, int], folder: Path, server: str | None) -> Iterator[dict[str, Installation]]:
    """Yield a filled register for each of ``sizes``: SQLite files in ``folder``, or databases made on ``server``."""
    made: dict[str, Installation] = {}
    names = {name: f"register_bench_{os.getpid()}_{name}" for name in sizes}
    try:
        for name, size in sizes.items():
            url = _create(server, names[name]) if server else f"sqlite:///{folder / name}.sqlite3"
            made[name] = Installation(url, folder, secrets.token_hex(32))
            _build(made[name], size)
        yield made
    finally:
        if server:
            run(server, *(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in names.values()))


def _create(server: str, name: str) -> str:
    run(server, f'CREATE DATABASE "{name}" TEMPLATE template0')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def run(url: str, *statements: str) -> None:
    """Run statements outside any transaction."""
    engine = make_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _build(installation: Installation, size: int) -> None:
    for command in (["db", "upgrade"], ["seed"]):
        flask = [sys.executable, "-m", "flask", *command]
        subprocess.run(flask, env=installation.environ, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    database = Database(installation.database_url)
    Floor.metadata.create_all(database.engine)
    _fill(database, size)
    # What the job runner does every day.
    database.optimize()
    database.engine.dispose()
    if database.dialect == "postgresql":
        # What its autovacuum does within minutes of such a load.
        run(installation.database_url, "VACUUM ANALYZE")


def _fill(database: Database, size: int) -> None:
    """Add use cases until there are ``size``, behind the sessions' back, and take away the marks that this left."""
    with database.engine.begin() as connection:
        ministries = connection.execute(select(Ministry.id, Ministry.key).order_by(Ministry.sort_no)).all()
        there = connection.scalar(select(func.count()).select_from(UseCase)) or 0
        chance = random.Random(size)
        store(connection, UseCase, (_use_case(chance, number, ministries) for number in range(there, size)))
        risk_data.fill(connection, chance, ministries)
        connection.execute(delete(ChangeMark))


def _use_case(chance: random.Random, number: int, ministries: Sequence[Row[int, str]]) -> dict[str, Any]:
    # The first ministries of the order have up to twenty-five times the cases of the last.
    ministry = chance.choices(ministries, range(len(ministries), 0, -1))[0]
    duty, use = chance.choice(DUTIES), chance.choice(USES)
    at = moment(chance)
    # Lower numbers than the demo's own, for the same reason as the later moments.
    case_no, unit, title = f"{ministry.key}-0000-{number:06}", f"{duty}課", f"{duty}業務における{use}（{number}）"
    purpose = f"{duty}業務で、職員が行う{use}に生成AIを用い、所要時間を短縮して国民への対応を早める。"
    return {
        "public_id": fresh_id(chance),
        "ministry_id": ministry.id,
        "case_no": case_no,
        "unit": unit,
        "title": title,
        "purpose": purpose,
        "usage_type": chance.choices(list(USAGE_TYPES), list(USAGE_TYPES.values()))[0],
        "user_scope": str(chance.randint(1, 8)),
        "confidentiality": str(chance.randint(1, 4)),
        "planned_stage": chance.choice((*Stage, None)),
        "goal_text": "資料のたたき台を作る時間を短縮する",
        "model_usage": "商用LLM-A",
        "lifecycle": chance.choices(list(LIFECYCLES), list(LIFECYCLES.values()))[0],
        "lifecycle_since": at.date(),
        "created_at": at,
        "updated_at": at,
        "version": 1,
        "search_key": search_key(f"{case_no} {title} {unit} {purpose}"),
    }
