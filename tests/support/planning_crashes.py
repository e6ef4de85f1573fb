"""A planner that is killed again and again, in a process of its own: ``python -m tests.support.planning_crashes``.

Nobody does anything in the round, so that everybody is told of everything. On each day the planner dies at a few points
of its one transaction, or just after it, before it is let through. The last line of the output tells, as JSON, the deaths
by point and what was foretold of each day.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import sys
from collections import Counter
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from register import workdays
from register.authz import Actor
from register.clock import TOKYO, FixedClock
from register.jobs import reminders
from register.queries.reminder_pages import foretold
from register.runtime import Runtime
from tests.support import network
from tests.support.lived_round import OPENS, open_round
from tests.support.postbox import Alone, mailing, nothing

DAYS, DEATHS_A_DAY = 15, 3
# Where it dies, and how often at most it comes by before.
POINTS = {
    "before a row is written": 2,
    "after a row was written": 2,
    "before the commit": 1,
    "after the commit": 1,
}


def wire(run: Runtime, point: str, visits: int) -> None:
    """Kill this process at the n-th time that it comes by a point."""
    left = [visits]

    def at(here: str) -> None:
        if here == point:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(run.database.engine, "before_cursor_execute")
    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT"):
            at("before a row is written")

    @event.listens_for(run.database.engine, "after_cursor_execute")
    def after(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT"):
            at("after a row was written")

    @event.listens_for(Session, "before_commit")
    def committing(_session: Session) -> None:
        at("before the commit")

    @event.listens_for(Session, "after_commit")
    def committed(_session: Session) -> None:
        at("after the commit")


def planned(run: Runtime, point: str = "", visits: int = 0) -> bool:
    """Plan the day in a child, which dies at ``point``; return whether it came through."""
    run.database.engine.dispose()
    child = os.fork()
    if child == 0:
        wire(run, point, visits)
        reminders.make(run, Alone(), nothing)
        run.database.engine.dispose()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if os.waitstatus_to_exitcode(status) not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the planner ended with {status}")
    return status == 0


def main(url: str, folder: Path) -> None:
    """Plan each business day of the round with its deaths."""
    network.forbid()
    clock, day = FixedClock(dt.datetime.combine(OPENS, dt.time(7), TOKYO)), OPENS
    # In turn, so that each point comes first on some day: after a commit there is nothing left to write.
    deaths, told, points = Counter[str](), {}, cycle(POINTS)
    with mailing(url, folder, clock, 9) as run:
        with run.database.writing() as session:
            open_round(session)
        for _ in range(DAYS):
            clock.moment = dt.datetime.combine(day, dt.time(8, 30), TOKYO)
            with run.database.reading() as session:
                entries = foretold(session, Actor.system("tests"), run.reminders, run.risk, (day, day))
            told[day.isoformat()] = [entry.key for entry in entries]
            for point in islice(points, DEATHS_A_DAY):
                deaths[point] += not planned(run, point, random.randint(1, POINTS[point]))
            if not planned(run):
                raise RuntimeError("the planner died with nothing to kill it")
            day = workdays.add(day, 1)
    sys.stdout.write(json.dumps({"deaths": deaths, "told": told}) + "\n")


if __name__ == "__main__":
    random.seed(int(sys.argv[3]))
    main(sys.argv[1], Path(sys.argv[2]))
