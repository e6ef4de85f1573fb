"""When each chore is due: the newest moment at or before another, computed and never counted.

So a missed window, a second runner or a clock that jumps leads to the same moments. Days are those of Japan, which has
no summer time; the zone of the machine is not asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from register.clock import TOKYO
from register.vocab import ChoreName

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY = dt.timedelta(days=1)


class When(Protocol):
    """The moments at which something is due."""

    def slot(self, now: dt.datetime) -> dt.datetime:
        """Return the newest one at or before ``now``, in UTC."""
        ...

    def following(self, slot: dt.datetime) -> dt.datetime:
        """Return the one after ``slot``."""
        ...


@dataclass(frozen=True)
class Daily:
    """Once a day, at an hour of Japan."""

    hour: int
    minute: int = 0

    def slot(self, now: dt.datetime) -> dt.datetime:
        local = now.astimezone(TOKYO)
        today = local.replace(hour=self.hour, minute=self.minute, second=0, microsecond=0)
        return (today if today <= local else today - _DAY).astimezone(dt.UTC)

    def following(self, slot: dt.datetime) -> dt.datetime:
        return slot + _DAY


@dataclass(frozen=True)
class Every:
    """Again and again, each time that ``pause`` has gone by."""

    pause: dt.timedelta

    def slot(self, now: dt.datetime) -> dt.datetime:
        return now.astimezone(dt.UTC) - (now - _EPOCH) % self.pause

    def following(self, slot: dt.datetime) -> dt.datetime:
        return slot + self.pause


# When the day's reminders are planned: what happens later counts from the next business day on.
PLANNED_AT = dt.time(8, 30)

# The nightly ones stand apart, so that they do not all read the whole database at once.
SCHEDULE: Mapping[ChoreName, When] = {
    ChoreName.OUTBOX: Every(dt.timedelta(minutes=1)),
    ChoreName.REMINDERS: Daily(PLANNED_AT.hour, PLANNED_AT.minute),
    ChoreName.SIGNING: Every(dt.timedelta(minutes=5)),
    ChoreName.RETENTION: Daily(1, 30),
    ChoreName.DATABASE: Daily(2, 0),
    ChoreName.AUDIT: Daily(2, 30),
    ChoreName.SENTINEL: Daily(3, 0),
}
