"""The chore that plans the day's reminders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from register.jobs.base import Progress
from register.runtime import Runtime
from register.services import reminders as services

log = structlog.get_logger(__name__)


class Fence(Protocol):
    """The number of the leader that we work for."""

    def hold(self, session: Session) -> None:
        """Have the transaction fail when another runner leads."""
        ...


def make(run: Runtime, fence: Fence, progress: Progress) -> Mapping[str, int]:
    """Tell everybody what is due today, in one transaction; return how much it was."""
    progress(0, 1)
    with run.database.writing() as session:
        fence.hold(session)
        planned = services.plan(session, run.reminders, run.risk, run.clock.today())
    progress(1, 1)
    log.info("reminders planned", **planned.counts)
    return planned.counts
