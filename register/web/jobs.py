"""The page of a job: how far it is; it works without scripts, and may be left at any time."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from register.authz import Permission
from register.models import Job
from register.queries import jobs as queries
from register.web.guard import guarded
from register.web.session import db_session

blueprint = Blueprint("jobs", __name__)


@blueprint.get("/jobs/<uuid:job>")
@guarded(Permission.JOB_READ, job=Job)
def show(job: Job) -> ResponseReturnValue:
    """One job: its state, its progress, what it made or why it failed."""
    return render_template("jobs/show.html", page=queries.job_page(db_session(), job))
