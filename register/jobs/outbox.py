"""Delivery of the outbox: claim, write, hand over, with a commit before each step that cannot be taken back.

The commit that marks what was sent also marks what is sent next: a few messages together, for a commit costs more than
a mail. A crash leaves at most so many uncertain, and none is ever sent twice by itself.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from register.errors import say
from register.formats.mail import envelope_sender
from register.formats.smtp import Answer, Away, Fate, Post, server_of
from register.jobs.base import Progress, trace
from register.jobs.hooks import Hooks, hooks_on
from register.jobs.letters import LETTERS, Writer, written
from register.runtime import Runtime, channels_of
from register.services import outbox
from register.services.outbox import Envelope, Fence
from register.vocab import Channel

# Taken up together and written beforehand; a crash queues them again.
BATCH = 200
# Handed over between two commits, and so what a crash leaves uncertain: as few as keep the commits to a fraction of the
# time, one where the server is slow, and never more than this.
MOST_WINDOW = 40
COMMITS_SHARE = 0.25
UNWRITTEN = say("送る内容を作成できませんでした。管理者に連絡してください。")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Written:
    """A claimed message with its bytes."""

    envelope: Envelope
    content: Any


class Carrier(Protocol):
    """What takes messages of one channel to where they belong."""

    @property
    def channel(self) -> Channel: ...

    def written(self, session: Session, one: Envelope) -> Any:
        """Return what is handed over; None where nothing is left to tell."""
        ...

    def send(self, one: Envelope, content: Any) -> Answer:
        """Hand over; raise ``Away`` when that failed and the next would fare no better."""
        ...


@dataclass(frozen=True)
class Mail:
    """Mail, by one connection to the server of this installation."""

    run: Runtime
    post: Post
    letters: Mapping[str, Writer]
    channel: Channel = Channel.MAIL

    def written(self, session: Session, one: Envelope) -> bytes | None:
        """Return the bytes of a mail."""
        letter = self.letters[one.kind](self.run, session, one)
        return None if letter is None else written(self.run, letter, one)

    def send(self, one: Envelope, content: bytes) -> Answer:
        """Hand a mail to the server."""
        return self.post.send(one.address, content)


def never() -> bool:
    """Nobody asks us to stop."""
    return False


def waits(run: Runtime) -> bool:
    """Tell whether anything can be sent; what was queued before a channel was turned off stays queued."""
    channels = channels_of(run.settings)
    if not channels:
        return False
    with run.database.reading() as session:
        return outbox.waits(session, channels)


def make(
    run: Runtime,
    fence: Fence,
    progress: Progress,
    letters: Mapping[str, Writer] = LETTERS,
    stopping: Callable[[], bool] = never,
) -> Mapping[str, int]:
    """Send what is due; return how many ended in which way. Raise ``Lost`` when another leads by now.

    What is of a channel that is off waits. A mail server that is away ends the run: what waits is tried later.
    """
    with run.database.writing() as session:
        _, lost = outbox.recover(session, fence)
    tally = Counter({"uncertain": lost} if lost else {})
    server = server_of(revealed(run))
    if server is not None:
        sender, name = envelope_sender(run.settings.mail_from), outbox.host_of(run.settings.public_url) or "localhost"
        with Post(server, sender, name=name, seconds=run.settings.mail_seconds) as post:
            tally += _Round(run, fence, Mail(run, post, letters), stopping).deliver(progress)
    if hooks_on(run):
        tally += _Round(run, fence, Hooks(run), stopping).deliver(progress)
    if tally:
        log.info("messages delivered", **tally)
    return dict(tally)


def revealed(run: Runtime) -> str:
    """Return the address of the mail server; empty where mail is off."""
    return run.settings.mail_url.get_secret_value() if run.settings.mail_url else ""


class _Round:
    """One run over what is due."""

    def __init__(self, run: Runtime, fence: Fence, carrier: Carrier, stopping: Callable[[], bool]) -> None:
        self._run = run
        self._fence = fence
        self._carrier = carrier
        self._stopping = stopping
        self._tally = Counter[str]()
        self._away = ""
        self._window = 1

    def deliver(self, progress: Progress) -> Counter[str]:
        """Take up, write and hand over until nothing is due, the server is away, or we are to stop."""
        done = 0
        while not (self._away or self._stopping()) and (batch := self._claim()):
            done += len(batch)
            progress(done - len(batch), done)
            self._hand_over(self._written(batch))
            progress(done, done)
        if self._away:
            log.warning("the mail server does not take mail", detail=outbox.clipped(self._away))
        return self._tally

    def _claim(self) -> list[Envelope]:
        with self._run.database.writing() as session:
            return outbox.claim(session, self._fence, BATCH, self._carrier.channel)

    def _written(self, batch: Sequence[Envelope]) -> list[Written]:
        """Write every claimed message; those of which nothing is left to tell, or that cannot be written, end here."""
        ready, idle, broken = [], [], []
        with self._run.database.reading() as session:
            for one in batch:
                try:
                    content = self._carrier.written(session, one)
                except DBAPIError:
                    # Of the database, not of this letter: PostgreSQL answers no later one in this transaction. The run
                    # fails and is tried again; ``recover`` queues what was claimed.
                    raise
                except Exception as error:  # noqa: BLE001 one bad letter must not stop the others
                    log.error("a message cannot be written", kind=one.kind, message=one.id, **trace(error))
                    broken.append(one)
                    continue
                if content is None:
                    idle.append(one.id)
                else:
                    ready.append(Written(one, content))
        if idle or broken:
            with self._run.database.writing() as session:
                self._fence.hold(session)
                outbox.supersede(session, self._fence, idle)
                for one in broken:
                    outbox.unwritten(session, self._fence, one, UNWRITTEN)
            self._tally += Counter(superseded=len(idle), failed=len(broken))
        return ready

    def _hand_over(self, ready: Sequence[Written]) -> None:
        ended: list[tuple[Envelope, Answer]] = []
        while ready and not (self._away or self._stopping()):
            window, ready = ready[: self._window], ready[self._window :]
            begun = time.perf_counter()
            with self._run.database.writing() as session:
                self._fence.hold(session)
                self._settle(session, ended)
                outbox.sending(session, self._fence, [one.envelope.id for one in window])
            marked = time.perf_counter()
            ended = list(self._sent(window))
            self._fit(marked - begun, (time.perf_counter() - marked) / len(window))
        with self._run.database.writing() as session:
            self._fence.hold(session)
            self._settle(session, ended)
            outbox.release(session, self._fence, [one.envelope for one in ready])

    def _fit(self, commit: float, message: float) -> None:
        """Let the next window be as small as the time of a commit allows."""
        fitting = round(commit / (COMMITS_SHARE * message)) if message else 1
        self._window = max(1, min(fitting, 2 * self._window, MOST_WINDOW))

    def _sent(self, window: Sequence[Written]) -> Iterator[tuple[Envelope, Answer]]:
        for place, one in enumerate(window):
            answer = Answer(Fate.UNSENT, detail=self._away)
            # Whether to begin a window was asked before it was marked.
            if not self._away and not (place and self._stopping()):
                try:
                    answer = self._carrier.send(one.envelope, one.content)
                except Away as away:
                    self._away = str(away)
                    answer = Answer(Fate.UNSENT, detail=self._away)
            yield one.envelope, answer

    def _settle(self, session: Session, ended: Sequence[tuple[Envelope, Answer]]) -> None:
        fence = self._fence
        outbox.sent(session, fence, [one.id for one, answer in ended if answer.fate is Fate.TAKEN])
        for one, answer in ended:
            if answer.fate is Fate.UNKNOWN:
                outbox.uncertain(session, fence, [one.id], answer.detail)
            elif answer.fate is Fate.UNSENT:
                outbox.unsent(session, fence, one, answer.detail)
            elif answer.fate is Fate.REFUSED:
                outbox.refused(session, fence, one, answer.code, answer.detail, recipient=answer.recipient)
        self._tally += Counter(answer.fate.value for _, answer in ended)
