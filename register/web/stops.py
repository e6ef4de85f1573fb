"""What a mail's "stop this" leads to: no sign-in is asked for, and a mail program may do it by itself (RFC 8058)."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from register.errors import NotFound, say
from register.formats.tokens import opened
from register.models import User
from register.queries import reminder_pages as queries
from register.services import reminders as services
from register.services.reminders import STOP_LINK
from register.vocab import ReminderEvent
from register.web.guard import public
from register.web.session import reading_session, runtime

blueprint = Blueprint("stops", __name__)


@blueprint.route("/reminders/stop/<token>", methods=["GET", "POST"])
@public
def stop(token: str) -> ResponseReturnValue:
    """Ask whether the reminders that the mail names shall stop; a POST stops them."""
    named = opened(str(current_app.secret_key), STOP_LINK, token)
    user = queries.person(reading_session(), named["user"]) if isinstance(named, dict) else None
    if user is None:
        raise NotFound(say("お探しのページはありません。"))
    events = [ReminderEvent(code) for code in named["events"] if code in set(ReminderEvent)]
    if request.method == "POST":
        run = runtime()
        with run.database.writing() as session:
            services.stop(session, session.get_one(User, user.id), events, stages=run.reminders)
    return render_template("inbox/stop.html", events=events, done=request.method == "POST")
