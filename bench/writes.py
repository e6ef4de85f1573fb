"""The promise of the writes: an audited edit through the whole application, against a bare edit of one row by the ORM.

The same against an insert without the ORM is told as well; nothing is promised of it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

from sqlalchemy import func, select

from bench.data import Installation
from bench.measure import Line, medians
from bench.serve import Site, token
from register import audit
from register.db import Database
from register.models import AuditEntry, Ministry, UseCase
from register.vocab import Lifecycle

ROUNDS = 16
CLIENTS = 4
WRITES = 25
MOST = 3.0
# The ministry of the account that edits.
MINISTRY = "K"


def measure(site: Site, floor: Site, installation: Installation) -> list[Line]:
    """Measure both, each with several clients writing at once; the audit must then hold every edit."""
    database = Database(installation.database_url)
    writers = [_editor(site, case) for case in _cases(database)]
    adding = [_bare(floor, "/notes") for _ in range(CLIENTS)]
    _together(adding)
    editing = [_bare(floor, f"/notes/{number}") for number in range(1, CLIENTS + 1)]
    before = _edits(database)
    runs = {"edit": editing, "insert": adding, "ours": writers}
    found = medians(ROUNDS, {name: partial(_timed, clients) for name, clients in runs.items()})
    edits = _edits(database) - before
    database.engine.dispose()
    if edits != ROUNDS * CLIENTS * WRITES:
        raise RuntimeError(f"{edits} edits are in the audit, {ROUNDS * CLIENTS * WRITES} were answered")
    return [
        Line(f"audited edit, {CLIENTS} at once", found["edit"], found["ours"], MOST, "ms each"),
        Line("  against an insert without the ORM", found["insert"], found["ours"], None, "ms each"),
    ]


def _cases(database: Database) -> list[str]:
    statement = select(UseCase.public_id).join(Ministry, Ministry.id == UseCase.ministry_id)
    statement = statement.where(Ministry.key == MINISTRY, UseCase.lifecycle == Lifecycle.PRODUCTION)
    with database.reading() as session:
        return [str(case) for case in session.scalars(statement.order_by(UseCase.id.desc()).limit(CLIENTS))]


def _edits(database: Database) -> int:
    statement = select(func.count()).where(AuditEntry.event == audit.Event.USE_CASE_EDITED)
    with database.reading() as session:
        return session.scalar(statement) or 0


def _editor(site: Site, case: str) -> Callable[[], None]:
    path = f"/use-cases/{case}/edit"
    csrf, versions = token(site.get(path).body), count(1)

    def edit() -> None:
        version = next(versions)
        values = {
            "csrf_token": csrf,
            "request_token": secrets.token_urlsafe(24),
            "version": str(version),
            "title": f"相談業務における議事録の要約（{version}版）",
            "unit": "相談課",
            "purpose": "相談業務で、職員が行う議事録の要約に生成AIを用いる。",
            "usage_type": "G1",
            "user_scope": "2",
            "confidentiality": "1",
            "planned_stage": "R",
            "goal_text": "資料のたたき台を作る時間を短縮する",
        }
        _stored(site.post(path, values).status)

    return edit


def _bare(floor: Site, path: str) -> Callable[[], None]:
    return lambda: _stored(floor.post(path, {"text": secrets.token_urlsafe(24)}).status)


def _stored(status: int) -> None:
    if status != 303:
        raise RuntimeError(f"a write was answered with {status}")


def _timed(writers: list[Callable[[], None]]) -> list[float]:
    return [_together(writers)]


def _together(writers: list[Callable[[], None]]) -> float:
    """Let every writer write, all at once; return the seconds that one write took of the whole time."""
    barrier = threading.Barrier(len(writers) + 1)

    def work(write: Callable[[], None]) -> None:
        barrier.wait()
        for _ in range(WRITES):
            write()

    with ThreadPoolExecutor(len(writers)) as pool:
        running = [pool.submit(work, write) for write in writers]
        barrier.wait()
        start = time.perf_counter()
        for one in running:
            one.result()
        return (time.perf_counter() - start) / (len(writers) * WRITES)
