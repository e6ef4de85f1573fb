"""The page on which the secretariat sets when people are reminded of a round."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import Permission
from register.errors import Invalid, NotNow, Stale, say
from register.formspec.reminders import Stage
from register.models import Round
from register.queries.reminder_subjects import stage_day
from register.services import reminders as services
from register.states import ROUND_SETTLED
from register.vocab import ReminderEvent
from register.web.forms.reminders import RoundRemindersForm, label_of, round_form
from register.web.guard import guarded, writable
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("round_reminders", __name__)


@blueprint.route("/rounds/<round_code:round>/reminders", methods=["GET", "POST"])
@guarded(Permission.ROUND_PLAN, round=Round)
def edit(round: Round) -> ResponseReturnValue:
    """Set the days of a round's reminders; what somebody else saved meanwhile is shown beside what was typed."""
    if round.state in ROUND_SETTLED:
        raise NotNow(say("確定した回の督促の予定は変えられません。"))
    form, plan = round_form(runtime().reminders), runtime().reminders
    if not form.is_submitted():
        form.fill(services.as_it_is(reading_session(), round, plan))
        return _page(form, round)
    if form.validate():
        try:
            change: dict[str, Any] = {"seen": form.was_seen(), "stages": plan, "by": current_actor()}
            services.revise(db_session(), writable(round), form.wanted(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            return _page(form, round, _both(form, stale.theirs)), 409
        else:
            flash(gettext("お知らせの予定を保存しました。"), "done")
            return redirect(url_for("round_reminders.edit", round=round.code), 303)
    return _page(form, round), 422


def _page(form: RoundRemindersForm, round: Round, conflict: list[tuple[str, str, str, bool]] | None = None) -> str:
    known = services.as_it_is(reading_session(), round, runtime().reminders)
    rows = [(one, known[one.code], _day(one, round, known[one.code][0])) for one in form.stages]
    return render_template("reminders/round.html", form=form, round=round, rows=rows, conflict=conflict)


def _day(stage: Stage, round: Round, offset: int) -> dt.date | None:
    anchor = round.opens_on if stage.event is ReminderEvent.ROUND_OPENED else round.due_on
    return stage_day(anchor, offset, stage.tone) if anchor else None


def _both(form: RoundRemindersForm, theirs: Mapping[str, tuple[int, bool]]) -> list[tuple[str, str, str, bool]]:
    """Return what was typed beside what is stored now, and let the next save be made in sight of both."""
    form.saw(theirs)
    rows, mine = [], form.wanted()
    for stage in form.stages:
        typed, stored = _told(mine[stage.code]), _told(theirs[stage.code])
        rows.append((label_of(stage), typed, stored, typed != stored))
    return rows


def _told(one: tuple[int, bool]) -> str:
    offset, enabled = one
    return str(abs(offset)) if enabled else str(gettext("知らせない"))
