"""A person's deadlines for their calendar program: addresses that are let out and taken back, and the feed itself."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import Permission
from register.documents.language import language_of
from register.errors import NotFound, say
from register.formats.ical import Day, calendar
from register.formats.tokens import opened, sealed
from register.models import CalendarFeed, Round
from register.queries import calendars as queries
from register.queries.calendars import Deadline
from register.queries.reminder_subjects import round_name
from register.services import calendars as services
from register.web.guard import guarded, public, writable
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("calendars", __name__)
PURPOSE = "calendar"


@blueprint.get("/inbox/calendars")
@guarded(Permission.INBOX)
def index() -> ResponseReturnValue:
    """The addresses that the person has let out, and what else could be."""
    feeds = queries.feeds(reading_session(), current_actor())
    taken = {feed.round_id for feed in feeds}
    free = [one for one in (None, *queries.rounds(reading_session(), current_actor())) if _id(one) not in taken]
    return render_template("inbox/calendars.html", feeds=[(feed, _address(feed)) for feed in feeds], free=free)


@blueprint.post("/inbox/calendars")
@guarded(Permission.INBOX)
def let_out() -> ResponseReturnValue:
    """Let out the address of everything that the person must do in time."""
    services.let_out(db_session(), None, by=current_actor())
    return _done(gettext("カレンダーのアドレスを発行しました。"))


@blueprint.post("/rounds/<round_code:round>/calendar")
@guarded(Permission.ROUND_READ, round=Round)
def let_out_round(round: Round) -> ResponseReturnValue:
    """Let out the address of one round's deadlines."""
    services.let_out(db_session(), round, by=current_actor())
    return _done(gettext("カレンダーのアドレスを発行しました。"))


@blueprint.post("/inbox/calendars/<uuid:feed>/revoke")
@guarded(Permission.INBOX, feed=CalendarFeed)
def take_back(feed: CalendarFeed) -> ResponseReturnValue:
    """Have an address lead nowhere any more."""
    services.take_back(db_session(), writable(feed), by=current_actor())
    return _done(gettext("カレンダーのアドレスを無効にしました。"))


@blueprint.get("/calendar/<token>.ics")
@public
def feed(token: str) -> ResponseReturnValue:
    """The calendar of whoever let the address out, for the programs that they gave it to."""
    named, run, session = opened(str(current_app.secret_key), PURPOSE, token), runtime(), reading_session()
    found = queries.feed_of(session, uuid.UUID(named)) if isinstance(named, str) else None
    if found is None:
        raise NotFound(say("お探しのページはありません。"))
    words = language_of(run.settings.translations_dir, found.user.language)
    days = queries.deadlines(session, found, run.reminders, run.risk, run.clock.today())
    title = say("%(name)sの期限", name=round_name(found.round)) if found.round else say("AI案件台帳の期限")
    shown = [_day(one, words.say(one.title), words.say(one.why)) for one in days]
    answer = make_response(calendar(words.say(title), shown, language=words.code, now=run.clock.now()))
    answer.content_type = "text/calendar; charset=utf-8"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _day(one: Deadline, title: str, why: str) -> Day:
    return Day(
        f"{one.uid}@{_base().split('//')[1]}",
        one.day,
        title,
        why,
        _base() + url_for(one.page.endpoint, **dict[str, Any](one.page.args)),
    )


def _address(feed: CalendarFeed) -> str:
    token = sealed(str(current_app.secret_key), PURPOSE, str(feed.public_id))
    return _base() + url_for("calendars.feed", token=token)


def _base() -> str:
    """Return the address of the register: as it was set, else as the person reached it."""
    return (runtime().settings.public_url or request.host_url).rstrip("/")


def _id(round: Round | None) -> int | None:
    return round.id if round is not None else None


def _done(told: str) -> ResponseReturnValue:
    flash(told, "done")
    return redirect(url_for("calendars.index"), 303)
