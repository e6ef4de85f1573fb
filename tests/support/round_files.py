"""Files of a round for tests: the reference rounds, and small ones of a test's own."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping

from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.formspec.codes import load_roster
from register.formspec.loader import load_library
from register.models import Round
from register.services import form_versions
from register.services.round_import import Result, RoundFacts, import_round
from register.vocab import RoundState
from tests.support.data import NOW, staffed
from tests.support.sources import ROOT

CONFIG = ROOT / "config"
LIBRARY = load_library(CONFIG, "periodic")
FORMS = LIBRARY.versions
FIRST, SECOND = dt.date(2025, 6, 30), dt.date(2025, 9, 30)
BY = Actor.system("tests")
PLAIN = {
    "case_no": "a-2025-0001",
    "ministry": "府省庁A",
    "unit": "相談局",
    "title": "議事録の要約",
    "purpose": "職員が議事録の下書きを作る。",
    "usage_type": "G2",
    "start_timing": "1",
    "start_on": "2025-04-01",
    "user_scope": "1",
    "stage": "V",
    "confidentiality": "1",
    "goal_kind": "NO",
    "output_type": "1",
    "model_usage": "商用LLM-A",
    "risk_case_count": "0",
    "additional_learning": "無",
}


def reference(number: int) -> bytes:
    """Return the reference file of round ``number`` of fiscal 2025."""
    return (CONFIG / "demo" / "rounds" / f"cases-2025-{number}.csv").read_bytes()


def file_of(*rows: Mapping[str, str], version: str = "v2", columns: list[str] | None = None) -> bytes:
    """Return a file whose rows are the plain case with the given cells changed."""
    out = io.StringIO(newline="")
    names = columns or list(FORMS[version].columns)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([(PLAIN | row).get(name, "") for name in names] for row in rows)
    return out.getvalue().encode()


def load(
    session: Session,
    data: bytes,
    *,
    number: int = 2,
    version: str = "v2",
    as_of: dt.date = SECOND,
    create: bool = False,
    by: Actor = BY,
) -> Result:
    """Import ``data`` as a round of fiscal 2025."""
    facts = RoundFacts(2025, number, as_of)
    roster = load_roster(CONFIG)
    return import_round(session, facts, data, spec=FORMS[version], create_ministries=create, roster=roster, by=by)


def empty_round(
    session: Session,
    *,
    number: int = 2,
    version: str = "v2",
    as_of: dt.date = SECOND,
    year: int = 2025,
    rehearsal: bool = False,
) -> Round:
    """Return a new round without a case, which no file can make."""
    form = form_versions.publish(session, FORMS[version], by=BY)
    made = Round(fiscal_year=year, number=number, as_of=as_of, state=RoundState.FROZEN, form_version=form)
    made.rehearsal = rehearsal
    session.add(made)
    audit.record(session, audit.Event.ROUND_CREATED, made, by=BY)
    return made


def load_reference(database: Database) -> None:
    """Import both reference rounds in their order."""
    for number, version, as_of in ((1, "v1", FIRST), (2, "v2", SECOND)):
        with database.writing() as session:
            load(session, reference(number), number=number, version=version, as_of=as_of, create=True)


def reference_rounds(url: str) -> None:
    """Build a register that holds both reference rounds, and a person of every role."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    load_reference(database)
    database.engine.dispose()
