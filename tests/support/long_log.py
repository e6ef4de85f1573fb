"""A long log of made-up deeds, chained as the register chains them, written without doing the deeds.

``python -m tests.support.long_log URL LENGTH...`` replays that much of it each time, in one process, and prints for each
how many rows the state has and the most memory (in kilobytes) that the process has had by then.
"""

from __future__ import annotations

import datetime as dt
import resource
import sys
import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert, update

from register import audit
from register.audit import GENESIS, Event
from register.audit.record import Deed, Fact, _entry
from register.authz import Actor
from register.db import Database
from register.models import AuditClear, AuditEntry, AuditHead
from tests.support.data import NOW

BY = Actor("人", 1, None, 1)
# Of so many entries one makes a row; the others change one that is there.
TURN = 5
AT_ONCE = 500


def write(database: Database, length: int, text: str) -> None:
    """Write a log of ``length`` entries, each with ``text`` in several confidential fields."""
    prev, told = GENESIS, deeds(text)
    with database.engine.begin() as connection:
        for start in range(1, length + 1, AT_ONCE):
            entries, clears = [], []
            for seq in range(start, min(start + AT_ONCE, length + 1)):
                entry, clear = _entry(next(told), seq, prev)
                prev = entry["hash"]
                entries.append(entry)
                clears.append(clear)
            connection.execute(insert(AuditEntry), entries)
            connection.execute(insert(AuditClear), clears)
        connection.execute(update(AuditHead).values(seq=length, hash=prev))


def deeds(text: str) -> Iterator[Deed]:
    """Yield deeds on cases without end."""
    number = count = 0
    while True:
        at = NOW + dt.timedelta(seconds=count)
        if count % TURN == 0:
            number += 1
            fact = Fact(
                "use_case", str(number), "insert", {name: [None, one] for name, one in case(number, text).items()}
            )
        else:
            pk = count * 7919 % number + 1
            changed: dict[str, Any] = {"purpose": [text, f"{text}{count}"], "goal_text": ["", text]}
            changed |= {"version": [1, 2], "updated_at": [None, at.isoformat()]}
            fact = Fact("use_case", str(pk), "update", changed)
        fact.confidential |= {"unit", "title", "purpose", "goal_text", "model_usage", "search_key"} & fact.fields.keys()
        subject = (fact.table, fact.pk, f"a-2025-{number}")
        yield Deed(Event.USE_CASE_EDITED, BY, at, subject, 1, "", "", (fact,), {})
        count += 1


def case(number: int, text: str) -> dict[str, Any]:
    """Return a new case as an entry tells it."""
    moment = NOW.isoformat(timespec="microseconds")
    texts = dict.fromkeys(("unit", "title", "purpose", "model_usage", "search_key"), f"{number}{text}")
    facts = {"case_no": f"a-2025-{number}", "lifecycle": "planned", "lifecycle_since": "2025-04-01", "goal_text": ""}
    own = {"public_id": str(uuid.UUID(int=number)), "version": 1, "ministry_id": 1}
    return {**texts, **facts, **own, "created_at": moment, "updated_at": moment}


def main(url: str, *lengths: str) -> None:
    """Replay and print."""
    database = Database(url)
    with database.reading() as session:
        # What SQLite keeps of the file is no matter of the replay.
        session.connection().exec_driver_sql("PRAGMA cache_size=-1024")
        for length in lengths:
            with audit.scratch(database.clock) as scratch:
                made = audit.replay(session, int(length), scratch)
            sys.stdout.write(f"{made.rows} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
