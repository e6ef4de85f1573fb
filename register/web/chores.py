"""The page of what the register does by itself, and the button that has a failed chore tried again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import Permission
from register.models import JobRun
from register.queries import chores as queries
from register.services import chores as services
from register.web.guard import guarded, writable
from register.web.session import current_actor, db_session, reading_session

blueprint = Blueprint("chores", __name__)


@blueprint.get("/jobs")
@guarded(Permission.JOB_RUN_READ)
def index() -> ResponseReturnValue:
    """Who leads, each chore with its last run, and the jobs that wait, run or failed."""
    return render_template("chores/index.html", page=queries.chores_page(reading_session(), current_actor()))


@blueprint.post("/jobs/runs/<uuid:run>/again")
@guarded(Permission.JOB_RUN_AGAIN, run=JobRun)
def again(run: JobRun) -> ResponseReturnValue:
    """Have a run that failed tried again at once."""
    services.again(db_session(), writable(run), by=current_actor())
    flash(gettext("もう一度行うよう指示しました。まもなく始まります。"), "done")
    return redirect(url_for("chores.index"), 303)
