"""The pages of rounds: the list, and one round with its board."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from register.authz import Permission
from register.models import Round
from register.queries import rounds as queries
from register.web.guard import guarded
from register.web.session import current_actor, db_session

blueprint = Blueprint("rounds", __name__)


@blueprint.get("/rounds")
@guarded(Permission.ROUND_READ)
def index() -> ResponseReturnValue:
    """Every round, newest first."""
    return render_template("rounds/index.html", rows=queries.list_rounds(db_session(), current_actor()))


@blueprint.get("/rounds/<round_code:round>")
@guarded(Permission.ROUND_READ, round=Round)
def show(round: Round) -> ResponseReturnValue:
    """One round: its facts, and the submissions that the person may see."""
    return render_template("rounds/show.html", page=queries.round_page(db_session(), round, current_actor()))
