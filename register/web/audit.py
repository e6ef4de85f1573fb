"""The pages of the audit log: the list with its filter, and one entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from register import audit
from register.authz import Permission
from register.models import Assessment, AuditEntry, Referral
from register.queries import audit as queries
from register.web.forms.audit import LogForm
from register.web.guard import guarded
from register.web.log_words import page_words
from register.web.paging import page_number
from register.web.session import audit_read, current_actor, db_session, runtime

blueprint = Blueprint("audit", __name__)
# What is recorded of whoever reads it, wherever that is.
READINGS: Mapping[str, tuple[type[Any], audit.Event]] = {
    Assessment.__tablename__: (Assessment, audit.Event.ASSESSMENT_READ),
    Referral.__tablename__: (Referral, audit.Event.REFERRAL_READ),
}


@blueprint.get("/audit")
@guarded(Permission.AUDIT_READ)
def index() -> ResponseReturnValue:
    """The log, newest first; its whole state stands in the URL."""
    session, actor = db_session(), current_actor()
    form = LogForm(request.args)
    form.offer(queries.ministries(session, actor).values())
    # A date that cannot be read must not be taken for no date: then nothing is listed.
    valid = form.validate()
    page = queries.list_page(session, actor, form.wanted(), page_number(request.args)) if valid else None
    given = {name: value for name, value in request.args.items() if value and name in form}
    words = page_words(runtime())
    return render_template(
        "audit/index.html", form=form, page=page, given=given, link=_link(given), words=words
    ), 200 if valid else 422


@blueprint.get("/audit/<string(length=64):entry>")
@guarded(Permission.AUDIT_READ, entry=AuditEntry)
def show(entry: AuditEntry) -> ResponseReturnValue:
    """One entry, with what changed in clear where it still is; who reads of high-risk matters here is recorded too."""
    page = queries.entry_page(db_session(), entry, current_actor())
    if page.clear and entry.subject_table in READINGS:
        model, event = READINGS[entry.subject_table]
        audit_read(event, db_session().get_one(model, int(entry.subject_id)))
    return render_template("audit/show.html", page=page, words=page_words(runtime()))


def _link(given: dict[str, Any]) -> Callable[[int], str]:
    return lambda number: url_for("audit.index", **given, page=number)
