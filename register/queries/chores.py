"""Reading what the register does by itself: who leads, each chore with its last run, and what people asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register import authz
from register.authz import Actor, Permission
from register.errors import Say, say
from register.models import Job, JobLeader, JobRun
from register.queries.jobs import said
from register.queries.log_names import DETAILS
from register.states import SCHEDULE, Every, When
from register.vocab import ChoreName, JobState, RunState

# A leader that has not been heard of for so long does not work.
SILENT = dt.timedelta(minutes=5)
SHOWN_JOBS = 50
# What the chores count, in words; what the log counts too has them there.
COUNTS: Mapping[str, Say] = {
    "told": say("新しく知らせた件数"),
    "people": say("知らせた人数"),
    "superseded": say("後の知らせがあるため見送った件数"),
    "posts": say("ウェブフックへの送信を予定した件数"),
    "mails": say("送信を予定したメールの通数"),
    "sent": say("送信した通数"),
    "refused": say("相手が受け取りを見送ったか断った通数"),
    "unsent": say("サーバーに渡せず後で送る通数"),
    "uncertain": say("届いたか分からない通数"),
    "failed": say("送信できなかった通数"),
    "disposed": say("廃棄した台帳写しの数"),
    "signed": say("署名した台帳写しの数"),
    "entries": say("検証した監査記録の件数"),
    "head": say("監査記録の末尾のハッシュ値"),
    "forgotten": say("消去した古い実行記録の数"),
    **{name: DETAILS[name] for name in DETAILS if name == "looked_at" or name.startswith("questions_")},
}
_UNFINISHED = (JobState.QUEUED, JobState.RUNNING, JobState.FAILED)


@dataclass(frozen=True)
class ChoreLine:
    """One chore: its newest run, what that counted and why it failed, when the next is due, and whether it is stuck.

    ``next_at`` is None for one that is due again and again, with ``minutes`` between (0: less than one).
    """

    name: ChoreName
    run: JobRun | None
    counts: Sequence[tuple[Say | str, Any]]
    error: Say | None
    next_at: dt.datetime | None
    minutes: int

    @property
    def stuck(self) -> bool:
        return self.run is not None and self.run.state in (RunState.FAILED, RunState.PARKED)


@dataclass(frozen=True)
class JobLine:
    """One job that somebody asked for; ``readable`` when the person may open its page and read why it failed."""

    job: Job
    readable: bool
    error: Say | None


@dataclass(frozen=True)
class ChoresPage:
    """What the runners do: the leader and whether it lives, the chores, the jobs that are not done."""

    leader: JobLeader | None
    alive: bool
    chores: Sequence[ChoreLine]
    jobs: Sequence[JobLine]

    @property
    def parked(self) -> int:
        return sum(line.run is not None and line.run.state is RunState.PARKED for line in self.chores)


def chores_page(session: Session, actor: Actor) -> ChoresPage:
    """Return what the page of the chores shows to ``actor``."""
    now = session.info["clock"].now()
    leader = session.get(JobLeader, 1)
    last = _last(session)
    lines = [_line(name, when, last.get(name), now) for name, when in SCHEDULE.items()]
    waiting = select(Job).where(Job.state.in_(_UNFINISHED)).order_by(Job.id.desc()).limit(SHOWN_JOBS)
    return ChoresPage(leader, alive(session), lines, [_job(job, actor) for job in session.scalars(waiting)])


def alive(session: Session) -> bool:
    """Tell whether a runner leads and was heard of lately; a beat from a time to come tells nothing."""
    beat_at = session.scalar(select(JobLeader.beat_at))
    return beat_at is not None and abs(session.info["clock"].now() - beat_at) <= SILENT


def last_begun(session: Session) -> dt.datetime | None:
    """Return the newest moment at which a run of any chore was begun; None before the first."""
    return session.scalar(select(func.max(JobRun.started_at)))


def _last(session: Session) -> dict[str, JobRun]:
    newest = select(func.max(JobRun.slot).label("slot"), JobRun.chore).group_by(JobRun.chore).subquery()
    same = (JobRun.chore == newest.c.chore) & (JobRun.slot == newest.c.slot)
    return {run.chore: run for run in session.scalars(select(JobRun).join(newest, same))}


def _line(name: ChoreName, when: When, run: JobRun | None, now: dt.datetime) -> ChoreLine:
    counts = [(COUNTS.get(key, key), value) for key, value in run.counts.items()] if run else []
    error = said(run.error) if run is not None and run.state is not RunState.RUNNING else None
    if isinstance(when, Every):
        return ChoreLine(name, run, counts, error, None, int(when.pause.total_seconds() // 60))
    slot = when.slot(now)
    next_at = slot if run is None or run.slot < slot else when.following(run.slot)
    return ChoreLine(name, run, counts, error, next_at, 0)


def _job(job: Job, actor: Actor) -> JobLine:
    readable = authz.can(actor, Permission.JOB_READ, job)
    return JobLine(job, readable, said(job.error) if readable else None)
