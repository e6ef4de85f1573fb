"""The address that a monitor asks: are database, schema, jobs, mail and runner as they should be."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from register import migrate
from register.queries import chores, deliveries
from register.queries import jobs as queries
from register.runtime import channels_of
from register.web.guard import public
from register.web.session import reading_session, runtime

blueprint = Blueprint("health", __name__)
# A job, or a message that is due, which nobody takes for so long means that no runner works.
LONGEST_WAIT = dt.timedelta(minutes=30)


@blueprint.get("/healthz")
@public
def check() -> ResponseReturnValue:
    """200 when all is well, else 503; only yes and no, since anybody may ask."""
    found = {"database": False, "schema": False, "jobs": False, "outbox": False, "runner": False}
    try:
        run = runtime()
        since = run.clock.now() - LONGEST_WAIT
        job = queries.oldest_waiting(reading_session())
        channels = channels_of(run.settings)
        mail = deliveries.oldest_waiting(reading_session(), channels)
        stuck = deliveries.standstills(reading_session(), channels)
        found["runner"] = chores.alive(reading_session())
        found["database"] = True
        found["jobs"] = job is None or job >= since
        found["outbox"] = (mail is None or mail >= since) and not stuck
        reading = run.database.engine.execution_options(readonly=True)
        found["schema"] = migrate.current(reading) == _newest(run.settings.migrations_dir)
    except SQLAlchemyError:
        current_app.logger.exception("the health check failed")
    well = all(found.values())
    return jsonify(status="ok" if well else "failing", **found), 200 if well else 503


@cache
def _newest(scripts: Path) -> str | None:
    # The revision that this process needs does not change while it runs.
    return migrate.newest(scripts)
