"""What every made-up row of the bench has: an id, a moment; and how rows get into the database behind the sessions."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterable
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert

# Later than the demo's own rows, so that these are what the lists' first pages show.
FIRST = dt.datetime(2030, 4, 1, tzinfo=dt.UTC)
SECONDS = 2 * 365 * 24 * 60 * 60
BATCH = 10_000


def fresh_id(chance: random.Random) -> uuid.UUID:
    """Return the id of a page that does not exist yet."""
    return uuid.UUID(int=chance.getrandbits(128), version=4)


def moment(chance: random.Random) -> dt.datetime:
    """Return a moment within two years from ``FIRST`` on."""
    return FIRST + dt.timedelta(seconds=chance.randrange(SECONDS))


def store(connection: Connection, model: Any, rows: Iterable[dict[str, Any]]) -> None:
    """Insert ``rows``, a batch at a time."""
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        connection.execute(insert(model), batch)
