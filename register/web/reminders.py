"""The pages of what people will be told and were told (お知らせの予定): the ledger, one day of it, the record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from register.authz import Permission
from register.errors import NotFound, say
from register.formspec.reminder_words import WHY
from register.queries import reminder_pages as queries
from register.queries.reminder_pages import Choices, ListState
from register.queries.reminders import Entry
from register.vocab import ReminderEvent
from register.web import listing
from register.web.filters import language, term
from register.web.guard import guarded
from register.web.session import current_actor, reading_session, runtime

blueprint = Blueprint("reminders", __name__)


@blueprint.get("/reminders")
@guarded(Permission.REMINDER_READ)
def index() -> ResponseReturnValue:
    """What will be told in the weeks to come, by day, as long as nothing changes."""
    state, today = listing.state_of(ListState), runtime().clock.today()
    offered = queries.choices(reading_session(), current_actor())
    entries = queries.narrowed(_foretold(today, today + queries.WEEKS), state, offered)
    codes = {one.id: code for code, one in offered.rounds.items()}
    options = _options(offered)
    return render_template(
        "reminders/index.html",
        days=queries.by_day(entries, codes),
        state=state,
        options=options,
        chips=listing.chips(state, options),
    )


@blueprint.get("/reminders/on/<day:day>")
@guarded(Permission.REMINDER_READ)
def on_day(day: dt.date) -> ResponseReturnValue:
    """What each person will be told on one day."""
    today = runtime().clock.today()
    if not today <= day <= today + queries.WEEKS:
        raise NotFound(say("お探しのページはありません。"))
    own = queries.by_person(one for one in _foretold(today, day) if one.told_on == day)
    return render_template("reminders/day.html", day=day, people=own, why=WHY)


@blueprint.get("/reminders/told")
@guarded(Permission.REMINDER_READ)
def told() -> ResponseReturnValue:
    """What was told, and what was passed over for a later word."""
    state = listing.state_of(ListState)
    offered = queries.choices(reading_session(), current_actor())
    options = _options(offered)
    return render_template(
        "reminders/told.html",
        page=queries.told_page(reading_session(), current_actor(), state, offered),
        state=state,
        options=options,
        chips=listing.chips(state, options),
        link=lambda number: url_for("reminders.told", **state.args(page=number)),
    )


def _foretold(first: dt.date, last: dt.date) -> list[Entry]:
    run = runtime()
    return queries.foretold(reading_session(), current_actor(), run.reminders, run.risk, (first, last))


def _options(offered: Choices) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return what each filter offers."""
    return {
        "event": [(event.value, term(event)) for event in ReminderEvent],
        "round": [(code, code) for code in offered.rounds],
        "ministry": [(key, one.label(language())) for key, one in offered.ministries.items()],
    }
