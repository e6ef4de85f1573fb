"""The promise of the consistency check: one pass over 100,000 cases, chunk by chunk, under 300 MB.

The pass that finds nothing to do is measured against reading the same rows and nothing else; the first one, which asks
whatever the made-up cases give cause to, is told beside it. Each runs in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, select
from sqlalchemy.orm import Session

from bench.data import Installation
from bench.measure import Count, Line
from bench.workbooks import peak
from config.settings import ROOT, Settings
from register.authz import Actor
from register.db import table_of
from register.factory import create_app
from register.jobs.sentinel import sweep
from register.models import Incident, Question, UseCase
from register.runtime import runtime_of

MOST_MEGABYTES = 300
# A case is looked at by some thirty rules and held against what it was asked before; the floor reads both and no more.
MOST = 6
CHUNK = 1_000
# What a check has to read, each list with the id first: of questions what they are compared by.
QUESTION = ("id", "rule", "subject", "ministry_id", "state", "fingerprint", "internal")
READ = (
    *(sorted(table_of(model).c, key=lambda column: not column.primary_key) for model in (UseCase, Incident)),
    [table_of(Question).c[name] for name in QUESTION],
)


def measure(installation: Installation) -> list[Line | Count]:
    """Check the register twice and read it once, each in a new process."""
    first, again, floor = (_run(installation, what) for what in ("check", "check", "read"))
    return [
        Line("consistency check: first (asks)", floor["seconds"], first["seconds"], None, "s"),
        Line("consistency check: nothing new", floor["seconds"], again["seconds"], MOST, "s"),
        Count("consistency check: MB at most, first", first["megabytes"], MOST_MEGABYTES),
        Count("consistency check: MB at most, nothing new", again["megabytes"], MOST_MEGABYTES),
        Count("consistency check: questions asked", first["asked"], None),
        Count("consistency check: asked by the second", again["asked"], 0),
    ]


def _run(installation: Installation, what: str) -> dict[str, int]:
    script = f"from bench.sentinel import child; child({what!r})"
    done = subprocess.run(
        [sys.executable, "-c", script], env=installation.environ, cwd=ROOT, check=True, capture_output=True, text=True
    )
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found


def child(what: str) -> None:
    """Check the register of the environment, or only read it; print seconds, megabytes and questions as JSON."""
    run = runtime_of(create_app(Settings()))
    begun, asked = time.perf_counter(), 0
    if what == "check":
        asked = sweep(run, Actor.system("bench"), lambda _looked: None).tally.total()
    else:
        with run.database.reading() as session:
            for columns in READ:
                _read(session, columns)
    seconds = round(time.perf_counter() - begun, 2)
    print(json.dumps({"seconds": seconds, "megabytes": peak() // 1024, "asked": asked}))


def _read(session: Session, columns: Sequence[Column[Any]]) -> None:
    after, key = 0, columns[0]
    while rows := session.execute(select(*columns).where(key > after).order_by(key).limit(CHUNK)).all():
        after = rows[-1].id
