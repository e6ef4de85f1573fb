"""The page of the outbox (メールの配信): what left, what did not, and the addresses that mail does not reach."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import Permission
from register.models import DeadAddress, Message
from register.queries import deliveries as queries
from register.runtime import channels_of
from register.services import outbox
from register.vocab import MessageState
from register.web import listing
from register.web.filters import language
from register.web.guard import guarded, writable
from register.web.session import current_actor, db_session, runtime

blueprint = Blueprint("deliveries", __name__)


@blueprint.get("/deliveries")
@guarded(Permission.DELIVERY_READ)
def index() -> ResponseReturnValue:
    """What was sent and what was not, with the numbers of every state."""
    state = listing.state_of(queries.ListState)
    page = queries.list_page(db_session(), current_actor(), state)
    settings = runtime().settings
    options = {"state": [(one.value, one.label(language())) for one in MessageState]}
    return render_template(
        "deliveries/index.html",
        page=page,
        state=state,
        options=options,
        states=MessageState,
        mail_off=not settings.mail_url,
        stuck=queries.standstills(db_session(), channels_of(settings)),
        chips=listing.chips(state, options),
        link=lambda number: url_for("deliveries.index", **state.args(page=number)),
    )


@blueprint.post("/deliveries/<uuid:message>/again")
@guarded(Permission.DELIVERY_SEND, message=Message)
def again(message: Message) -> ResponseReturnValue:
    """Have a message sent again, under the name that it had."""
    outbox.again(db_session(), writable(message), current_actor())
    return _done(gettext("もう一度送ります。"))


@blueprint.post("/deliveries/<uuid:message>/drop")
@guarded(Permission.DELIVERY_SEND, message=Message)
def drop(message: Message) -> ResponseReturnValue:
    """Let a message go without sending it."""
    outbox.drop(db_session(), writable(message), current_actor())
    return _done(gettext("送らずに終えました。"))


@blueprint.post("/deliveries/addresses/<uuid:address>/revive")
@guarded(Permission.DELIVERY_SEND, address=DeadAddress)
def revive(address: DeadAddress) -> ResponseReturnValue:
    """Use an address again that mail did not reach."""
    outbox.revive(db_session(), writable(address), current_actor())
    return _done(gettext("この宛先をもう一度使います。"))


def _done(said: str) -> ResponseReturnValue:
    flash(said, "done")
    return redirect(url_for("deliveries.index"), 303)
