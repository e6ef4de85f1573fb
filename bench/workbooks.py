"""The promise of the workbooks: a dry run against what it takes to read the file and the register, and its memory.

The floor is a process of its own that reads the file with calamine (no file of a stranger is read in ours), and the
database's own time: the same rows through the ORM. Both and ours alternate, on the demo's largest possible return.
"""

from __future__ import annotations

import datetime as dt
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from bench.measure import Count, Line, medians
from config import gunicorn
from config.settings import ROOT, Settings
from register import audit, migrate, workdays
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.factory import create_app
from register.formats import form_xlsx
from register.formspec.loader import load_library
from register.models import Ministry, Submission, SubmissionItem
from register.queries.uploads import content
from register.services import rounds, uploads, workbooks
from register.services.round_import import RoundFacts, import_round
from register.services.workbook_rows import open_file
from register.vocab import Fate, RoundDeed
from register.web.workbook_words import speech

ROWS, MOST = 306, 2.0
# The server gives up on a request after a minute.
LARGE, SECONDS, MEGABYTES = 50_000, 30, 400
ROUNDS = 15
QUIET = 0.3  # seconds
NOW = dt.datetime(2026, 5, 11, 1, 0, tzinfo=dt.UTC)
BY = Actor.system("bench")
BARE = """
import sys
import python_calamine

book = python_calamine.load_workbook(sys.argv[1])
for name in book.sheet_names:
    book.get_sheet_by_name(name).to_python()
"""


def measure(folder: Path) -> list[Line | Count]:
    """Measure the dry run of a return of 306 cases, and the time and memory that a file of 50,000 rows takes."""
    database = Database(f"sqlite:///{folder / 'workbooks.sqlite3'}", FixedClock(NOW))
    forms = load_library(ROOT / "config", "periodic")
    _fill(database)
    path, sheet = folder / "return.xlsx", _sheet(database, folder)
    data = form_xlsx.write(sheet, created=NOW)
    path.write_bytes(data)
    # Both sides run as the server's workers do.
    gunicorn.post_worker_init(None)

    def read() -> None:
        _child(path)
        _rows(database)

    def bare() -> list[float]:
        return [_timed(read)]

    def ours() -> list[float]:
        with database.reading() as session:
            own = session.scalars(select(Submission)).all()[-1]
            return [_timed(lambda: uploads.dry_run(session, own, lambda: open_file(data, "return.xlsx"), forms=forms))]

    found = medians(ROUNDS, {"floor": bare, "ours": ours})
    database.engine.dispose()
    what = f"dry run of a workbook of {ROWS} cases"
    return [Line(what, found["floor"], found["ours"], MOST), *_large(folder, sheet)]


def _timed(deed: Callable[[], object]) -> float:
    # The process that waits for the next file has started by then: neither side shares its processor with that.
    time.sleep(QUIET)
    begun = time.perf_counter()
    deed()
    return time.perf_counter() - begun


def _child(path: Path) -> None:
    subprocess.run([sys.executable, "-c", BARE, str(path)], check=True)


def _rows(database: Database) -> int:
    with database.reading() as session:
        return len(session.scalars(select(SubmissionItem)).all())


def _large(folder: Path, sheet: form_xlsx.FormSheet) -> list[Line | Count]:
    """Look at a form of many new cases in a process of its own; return the time and the most memory that it took."""
    path = folder / "large.xlsx"
    rows = [form_xlsx.FormRow(_new(number)) for number in range(LARGE)]
    path.write_bytes(form_xlsx.write(replace(sheet, rows=rows), created=NOW))
    code = f"from bench.workbooks import large; print(*large({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    seconds, megabytes = done.stdout.split()
    what = f"dry run of a workbook of {LARGE:,} rows"
    return [Count(f"{what}, seconds", int(seconds), SECONDS), Count(f"{what}, megabytes", int(megabytes), MEGABYTES)]


def _new(number: int) -> dict[str, str | int]:
    """Return a case that the register does not know, with texts of its own."""
    purpose = f"{number}番の業務で、窓口での照会に答える案を作るために使い、職員が確かめてから用いる。"
    codes = {"usage_type": "G1", "start_timing": "1", "user_scope": "1", "stage": "R", "confidentiality": "1"}
    return {"title": f"案件{number}", "unit": "相談課", "purpose": purpose, "risk_case_count": 0, **codes}


def large(folder: str) -> tuple[int, int]:
    """Look at the large form in ``folder``; return the seconds, and the most megabytes of this process or its child."""
    database = Database(f"sqlite:///{Path(folder) / 'workbooks.sqlite3'}", FixedClock(NOW))
    forms = load_library(ROOT / "config", "periodic")
    begun = time.perf_counter()
    data = (Path(folder) / "large.xlsx").read_bytes()
    with database.reading() as session:
        own = session.scalars(select(Submission)).all()[-1]
        examined = uploads.dry_run(session, own, lambda: open_file(data, "large.xlsx"), forms=forms)
    if examined.diff.wrong or examined.diff.counts[Fate.ADDED] != LARGE:
        raise RuntimeError(f"{examined.diff.wrong} rows of the large form are wrong")
    seconds = time.perf_counter() - begun
    child_peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round(seconds), max(peak(), child_peak) // 1024


def peak() -> int:
    """Return the most memory of this process in kB; ``getrusage`` would tell that of the one it was started from."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def _fill(database: Database) -> None:
    """Make a register in which one ministry has 306 cases, and a round that is open."""
    migrate.upgrade(database.engine, ROOT / "migrations")
    forms = load_library(ROOT / "config", "periodic")
    spec = forms.newest
    lines = [
        f"m-2025-{n:04d},府省庁M,相談課,議事録の要約{n},会議の記録に用いる,G1,1,2025-04-01,1,R,1,NO,,1,商用LLM,0"
        for n in range(1, ROWS + 1)
    ]
    data = "\n".join([",".join(spec.columns), *lines]).encode()
    with database.writing() as session:
        facts = RoundFacts(2025, 2, dt.date(2025, 9, 30))
        import_round(session, facts, data, spec=spec, create_ministries=True, roster={}, by=BY)
        today = NOW.date()
        wanted = rounds.Plan(
            2026,
            1,
            rehearsal=False,
            as_of=dt.date(2026, 4, 30),
            opens_on=today,
            due_on=workdays.add(today, 10),
            form=spec.version,
            ministries=tuple(session.scalars(select(Ministry.id))),
        )
        made = rounds.plan(session, wanted, forms=forms, by=BY)
        for deed in (RoundDeed.SCHEDULE, RoundDeed.OPEN):
            rounds.move(session, made, deed, forms=forms, by=BY)
        audit.record(session, audit.Event.DEMO_SEEDED, None, by=BY)


def _sheet(database: Database, folder: Path) -> form_xlsx.FormSheet:
    """Return the workbook of the return, as its page gives it."""
    settings = Settings(database_url=f"sqlite:///{folder / 'workbooks.sqlite3'}", files_url=str(folder / "files"))
    app = create_app(settings, FixedClock(NOW))
    with app.test_request_context(), database.reading() as session:
        own = session.scalars(select(Submission)).all()[-1]
        return workbooks.form(content(session, own), speech(), NOW)
