"""The meetings of the Advisory Board, and the ready-made papers (議題資料) of one of them."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from register import audit
from register.authz import Permission
from register.errors import NotFound, say
from register.queries import agendas as queries
from register.vocab import SnapshotKind
from register.web.downloads import attachment
from register.web.guard import guarded
from register.web.papers import paper_of
from register.web.session import audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("agendas", __name__)


@blueprint.get("/agendas")
@guarded(Permission.REFERRAL_REVIEW)
def index() -> ResponseReturnValue:
    """The meetings, newest first, with the papers of each."""
    return render_template("referrals/agendas.html", meetings=queries.meetings(db_session(), current_actor()))


@blueprint.get("/agendas/<day:day>.pdf")
@guarded(Permission.REFERRAL_REVIEW)
def file(day: dt.date) -> ResponseReturnValue:
    """The papers of the meeting of a day; of every referral in them it is recorded who took them out."""
    run, session, actor = runtime(), reading_session(), current_actor()
    agenda = queries.agenda(session, actor, day, run.clock.today())
    if agenda is None:
        raise NotFound(say("お探しのページはありません。"))
    made = paper_of(SnapshotKind.AGENDA, meeting_on=day.isoformat())
    for referral in agenda.told:
        audit_read(audit.Event.REFERRAL_EXPORTED, referral, kind="pdf")
    return attachment(made, "pdf", f"agenda-{day.isoformat()}")
