"""The pages of what a person was told (お知らせ), and of what they want to hear less."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import Permission
from register.models import Reminder, User
from register.queries import reminder_pages as queries
from register.services import reminders as services
from register.vocab import ReminderEvent
from register.web.forms.reminders import ChoiceForm
from register.web.guard import guarded, writable
from register.web.paging import page_number
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("inbox", __name__)


@blueprint.get("/inbox")
@guarded(Permission.INBOX)
def index() -> ResponseReturnValue:
    """What the person was told, newest first, and what of it is done."""
    run, actor = runtime(), current_actor()
    page = queries.inbox(reading_session(), actor, run.risk, run.clock.today(), page_number(request.args))
    return render_template("inbox/index.html", page=page, link=lambda number: url_for("inbox.index", page=number))


@blueprint.get("/inbox/<uuid:reminder>")
@guarded(Permission.INBOX, reminder=Reminder)
def follow(reminder: Reminder) -> ResponseReturnValue:
    """Where a mail leads to: the page on which the matter is done."""
    return redirect(url_for(reminder.endpoint, **dict[str, Any](reminder.args)))


@blueprint.post("/inbox/<uuid:reminder>/read")
@guarded(Permission.INBOX, reminder=Reminder)
def read(reminder: Reminder) -> ResponseReturnValue:
    """Note that one was read."""
    services.mark_read(db_session(), writable(reminder))
    return redirect(url_for("inbox.index"), 303)


@blueprint.post("/inbox/read")
@guarded(Permission.INBOX)
def read_all() -> ResponseReturnValue:
    """Note that all were read."""
    services.mark_all_read(db_session(), by=current_actor())
    flash(gettext("すべて既読にしました。"), "done")
    return redirect(url_for("inbox.index"), 303)


@blueprint.route("/inbox/choice", methods=["GET", "POST"])
@guarded(Permission.INBOX)
def choice() -> ResponseReturnValue:
    """Choose the language of mail, and what to hear less of; what may not be stopped is said, and why."""
    form, plan = ChoiceForm(), runtime().reminders
    form.offer(plan.stoppable)
    if form.validate_on_submit():
        stopped = [ReminderEvent(code) for code in form.stopped.data or ()]
        services.choose(db_session(), stopped, stages=plan, by=current_actor())
        services.speak(db_session(), form.language.data, by=current_actor())
        flash(gettext("届くお知らせを保存しました。"), "done")
        return redirect(url_for("inbox.choice"), 303)
    if not form.is_submitted():
        form.language.data = reading_session().get_one(User, current_actor().user_id).language
        form.stopped.data = [event.value for event in queries.stopped(reading_session(), current_actor())]
    return render_template("inbox/choice.html", form=form, plan=plan), 422 if form.errors else 200
