"""Job runners as the tests start them: ``python -m tests.support.runner URL FOLDER`` forks one for each line it reads.

They are the real ones, with a chore for tests; what they need is loaded once, so that one more takes no time.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import sys
import time
from pathlib import Path

from sqlalchemy import text

from register.clock import SystemClock
from register.factory import create_app
from register.jobs.base import Progress
from register.jobs.chores import Chore, Counts, Fence
from register.jobs.runner import serve
from register.runtime import Runtime, runtime_of
from register.states import Every
from tests.support.application import settings_for

INSERT = "INSERT INTO effect (slot, fence, attempt) VALUES (:slot, :fence, :attempt)"


def make(run: Runtime, fence: Fence, progress: Progress) -> Counts:
    """Write two steps for the slot, each in a transaction of its own, with pauses in which one may be killed."""
    for step in range(2):
        time.sleep(random.uniform(0, 0.02))
        progress(step, 2)
        with run.database.writing() as session:
            told = {"slot": fence.slot.isoformat(), "fence": fence.led.fence, "attempt": step}
            session.execute(text(INSERT), told)
    return {"made": 1}


def main(url: str, folder: Path) -> None:
    """Start a runner for each line that comes in and tell its process number; all end with us."""
    chores = (Chore("test", Every(dt.timedelta(milliseconds=100)), make),)
    settings = settings_for(url, folder).model_copy(update={"job_seconds": 0.05})
    run = runtime_of(create_app(settings, SystemClock(), TESTING=True))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _line in sys.stdin:
        if number := os.fork():
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
            continue
        # What a runner tells of its work is not what was asked for.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        random.seed()
        serve(run, chores)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
