"""The page of months: who has reported risk cases, who has said that there were none, who has said nothing."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from wtforms import HiddenField

from register.authz import Permission
from register.errors import NotFound, say
from register.queries import nil_reports as queries
from register.services import nil_reports as services
from register.web.forms.base import RegisterForm
from register.web.guard import guarded
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("nil_reports", __name__)


class NilForm(RegisterForm):
    """The month of which it is said that there was nothing."""

    month = HiddenField()


@blueprint.get("/incidents/months")
@guarded(Permission.NIL_READ)
def index() -> ResponseReturnValue:
    """The months that have ended, a line for every ministry that the person sees."""
    run = runtime()
    page = queries.nil_page(reading_session(), current_actor(), run.risk, run.clock.today())
    return render_template("incidents/months.html", page=page)


@blueprint.post("/incidents/months")
@guarded(Permission.NIL_DECLARE)
def declare() -> ResponseReturnValue:
    """Say that there was no risk case in a month."""
    form = NilForm()
    month = _month(form.month.data or "")
    if form.validate():
        services.declare(db_session(), month, by=current_actor())
        flash(gettext("%(month)sのリスクケースは該当なしと報告しました。", month=f"{month:%Y-%m}"), "done")
    return redirect(url_for("nil_reports.index"), 303)


def _month(text: str) -> dt.date:
    """Return the month that was chosen; only one that the page offers."""
    run = runtime()
    for month in queries.past_months(run.clock.today(), run.risk):
        if f"{month:%Y-%m}" == text:
            return month
    raise NotFound(say("お探しのページはありません。"))
