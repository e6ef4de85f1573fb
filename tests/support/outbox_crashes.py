"""Three runners that are killed again and again, in a process of its own: ``python -m tests.support.outbox_crashes``.

The parent is warm and forks its runners, so that a death costs milliseconds. Each leader picks a point and kills itself
there with SIGKILL. Meanwhile the mail server is away for a day, nobody works for a while, and the clock jumps. The last
line of the output tells, as JSON, the deaths by point.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import event, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from register.db import Database
from register.formats.smtp import Post
from register.jobs import outbox as jobs
from register.jobs.leader import leader_for
from register.jobs.letters import written
from register.models import Message
from register.services import outbox
from register.services.jobs import Lost
from register.vocab import Channel, MessageState
from tests.support import network
from tests.support.data import NOW
from tests.support.mail_server import MailServer, listening
from tests.support.outbox import LETTERS, Numbered, led, letter, sending

DEATHS, RUNNERS = 200, 3
# Seconds of the clock in a second: an hour's pause goes by in two.
SPEED = 1800
HOUR, DAY = 3600.0, 86_400.0
# After how many deaths the clock jumps, and how far.
JUMPS = {40: 3 * HOUR, 70: -3 * HOUR, 100: 400 * DAY, 115: -400 * DAY, 190: -26 * HOUR}
AWAY, IDLE = 130, 160
OPEN = (MessageState.QUEUED, MessageState.CLAIMED, MessageState.SENDING)
# Where a runner dies, and how often at most it comes by before.
POINTS = {
    "before the claim": 1,
    "before the claim's commit": 1,
    "after the claim's commit": 1,
    "before the commit of sending": 3,
    "after the commit of sending": 3,
    "in the middle of DATA": 6,
    "after DATA was taken": 6,
    "before the commit of sent": 3,
    "while taking over": 1,
}
Shared = Any


class Racing:
    """A clock that all processes share, that runs fast and may be set."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        # Without a lock, here and below: whoever is killed while holding one would hold it for ever.
        self.jump: Shared = multiprocessing.RawValue("d", 0.0)

    def now(self) -> dt.datetime:
        return NOW + dt.timedelta(seconds=(time.monotonic() - self._begun) * SPEED + self.jump.value)

    def today(self) -> dt.date:
        return self.now().date()


class Fuse:
    """Kills this process at its point, at the n-th time that it comes by."""

    def __init__(self, deaths: list[Shared]) -> None:
        self._deaths = deaths
        self.point, self.visits = "", 0

    def arm(self) -> None:
        """Pick a point, anew for each round: one that needs a message would else be waited for when none is left."""
        self.point, self.visits = "", 0
        if total(self._deaths) < DEATHS:
            self.point = random.choice(list(POINTS))
            self.visits = random.randint(1, POINTS[self.point])

    def at(self, point: str) -> None:
        """Come by a point."""
        if point == self.point:
            self.visits -= 1
            if self.visits == 0:
                # Only the leader is armed, so no two count at once.
                self._deaths[list(POINTS).index(point)].value += 1
                os.kill(os.getpid(), signal.SIGKILL)


def total(deaths: list[Shared]) -> int:
    """Return how many died at their points."""
    return sum(one.value for one in deaths)


def wire(fuse: Fuse) -> None:
    """Put the points into the way of a message, in this process."""
    deed: list[str] = []
    module: Any = outbox

    def wrap(name: str, before: str, after: str, then: str) -> None:
        real: Callable[..., Any] = getattr(module, name)

        def run(session: Session, *values: Any, **named: Any) -> Any:
            fuse.at(before)
            done = real(session, *values, **named)
            fuse.at(after)
            deed.append(then)
            return done

        setattr(module, name, run)

    wrap("claim", "before the claim", "before the claim's commit", "after the claim's commit")
    wrap("sending", "", "before the commit of sending", "after the commit of sending")
    wrap("recover", "", "while taking over", "")
    real_sent = module.sent

    def sent(session: Session, fence: Any, ids: Any) -> None:
        real_sent(session, fence, ids)
        if ids:
            fuse.at("before the commit of sent")

    module.sent = sent

    @event.listens_for(Session, "after_commit")
    def committed(_session: Session) -> None:
        for point in deed:
            fuse.at(point)
        deed.clear()

    post: Any = Post
    content = post._content

    def cut(self: Post, smtp: Any, text: bytes) -> Any:
        if fuse.point == "in the middle of DATA" and fuse.visits == 1:
            smtp.send(text[: len(text) // 2])
        fuse.at("in the middle of DATA")
        done = content(self, smtp, text)
        fuse.at("after DATA was taken")
        return done

    post._content = cut


def hurry(database: Database) -> None:
    """Wait for no disk: a process that is killed takes nothing with it that it has written."""
    word = {"sqlite": "PRAGMA synchronous=OFF", "postgresql": "SET synchronous_commit TO off"}[database.dialect]

    @event.listens_for(database.engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(word)
        cursor.close()
        connection.commit()


def warmed(url: str, clock: Racing) -> Database:
    """Return the database with every statement and template known, and no connection: what a fork inherits."""
    database = Database(url, clock)
    hurry(database)
    run, fence = sending(database, 9), Numbered(0)
    with database.session(write=True) as session:
        outbox.recover(session, fence)
        claimed = outbox.claim(session, fence, 1)
        written(run, letter(run, session, claimed[0]), claimed[0])  # type: ignore[arg-type]
        outbox.sending(session, fence, [claimed[0].id])
        outbox.sent(session, fence, [claimed[0].id])
        session.rollback()
    database.engine.dispose()
    return database


def runner(url: str, database: Database, port: int, deaths: list[Shared]) -> None:
    """Work while leading, stand by otherwise, until death."""
    # Small, so that every point comes by often.
    jobs.BATCH = 30  # type: ignore[misc]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    fuse, fence = Fuse(deaths), None
    wire(fuse)
    leader = leader_for(url)
    run = sending(database, port, seconds=0.4)
    with database.reading() as session:
        outbox.waits(session, [Channel.MAIL])
    while True:
        if leader.lead():
            if fence is None:
                fence = led(database)
            fuse.arm()
            try:
                jobs.make(run, fence, lambda _done, _total: None, LETTERS)
            except (Lost, DBAPIError):
                fence = None
        else:
            fence = None
        time.sleep(0.003)


def main(url: str, taken: Path) -> None:
    """Let the runners die ``DEATHS`` times, then let them finish."""
    network.forbid()
    port, clock = listening(), Racing()
    deaths = [multiprocessing.RawValue("i", 0) for _ in POINTS]
    context = multiprocessing.get_context("fork")

    server = context.Process(target=lambda: asyncio.run(MailServer(taken).serve(port)))
    server.start()
    number = port.getsockname()[1]
    # Else it would listen here too, and in every runner, when the server is away.
    port.close()
    database = warmed(url, clock)

    def forked() -> Any:
        child = context.Process(target=runner, args=(url, database, number, deaths))
        child.start()
        return child

    children = [forked() for _ in range(RUNNERS)]
    supervise(Database(url, clock), clock, children, forked, server, deaths)
    sys.stdout.write(json.dumps({point: one.value for point, one in zip(POINTS, deaths, strict=True)}) + "\n")


def supervise(
    database: Database,
    clock: Racing,
    children: list[Any],
    forked: Callable[[], Any],
    server: Any,
    deaths: list[Shared],
) -> None:
    """Replace whoever died, and make the world difficult, until nothing is open any more."""
    jumps, events = dict(JUMPS), {AWAY: "away", IDLE: "idle"}
    try:
        while total(deaths) < DEATHS or open_rows(database):
            for number, child in enumerate(children):
                if not child.is_alive():
                    child.join()
                    if child.exitcode != -signal.SIGKILL:
                        raise RuntimeError(f"a runner ended with {child.exitcode}")
                    children[number] = forked()
            for due in [one for one in jumps if one <= total(deaths)]:
                clock.jump.value += jumps.pop(due)
            for due in [one for one in events if one <= total(deaths)]:
                trouble(events.pop(due), clock, children, forked, server)
            time.sleep(0.005 if total(deaths) < DEATHS else 0.05)
    finally:
        for child in [*children, server]:
            child.kill()
            child.join()
        database.engine.dispose()


def trouble(kind: str, clock: Racing, children: list[Any], forked: Callable[[], Any], server: Any) -> None:
    """Let the mail server be away for a day, or nobody work for two."""
    if kind == "away":
        os.kill(server.pid, signal.SIGUSR1)
        for _ in range(24):
            time.sleep(0.02)
            clock.jump.value += HOUR
        os.kill(server.pid, signal.SIGUSR2)
        return
    for number, child in enumerate(children):
        child.kill()
        child.join()
        clock.jump.value += 2 * DAY / RUNNERS
        children[number] = forked()


def open_rows(database: Database) -> int:
    """Return how many messages are still on their way."""
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Message).where(Message.state.in_(OPEN))) or 0


if __name__ == "__main__":
    random.seed(int(sys.argv[3]))
    main(sys.argv[1], Path(sys.argv[2]))
