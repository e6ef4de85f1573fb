"""The first page after signing in: what there is, and where to go on."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from register.authz import Permission
from register.queries import home as queries
from register.web.guard import guarded
from register.web.session import current_actor, db_session

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@guarded(Permission.HOME)
def index() -> ResponseReturnValue:
    """The counts by state and the newest rounds."""
    return render_template("home/index.html", page=queries.home_page(db_session(), current_actor()))
