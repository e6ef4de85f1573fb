"""The first page after signing in: what there is, and where to go on."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from register.authz import Permission
from register.queries import home as queries
from register.web.guard import guarded
from register.web.session import current_actor, db_session, runtime

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@guarded(Permission.HOME)
def index() -> ResponseReturnValue:
    """What waits, the counts by state and the newest rounds."""
    run = runtime()
    page = queries.home_page(db_session(), current_actor(), run.risk, run.sheets, run.clock.today())
    return render_template("home/index.html", page=page)
