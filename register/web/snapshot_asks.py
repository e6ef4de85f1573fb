"""Asking for snapshots: from the page of whatever they are of, with the language and, of some, a past moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from register.authz import Permission
from register.errors import Invalid, NotFound, say
from register.models import Edition, Incident, Round, Submission, UseCase
from register.queries import agendas
from register.queries.use_cases import ListState
from register.services import snapshot_subjects as subjects
from register.services import snapshots as services
from register.services.snapshots import Wanted
from register.vocab import SnapshotKind, Variant
from register.web import listing
from register.web.filters import language
from register.web.forms.snapshots import SnapshotForm
from register.web.guard import guarded, writable
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("snapshot_asks", __name__)
BOTH = ["GET", "POST"]
Of = Callable[[str, dt.datetime | None], Wanted]


@blueprint.route("/use-cases/snapshot", methods=BOTH)
@guarded(Permission.SNAPSHOT_CREATE_ROW)
def register() -> ResponseReturnValue:
    """Of the list of cases, narrowed as the address says."""
    state = listing.state_of(ListState)
    filters = {name: list(values) for name, values in state.chosen.items()} | ({"q": [state.q]} if state.q else {})
    return _asked(
        SnapshotKind.REGISTER,
        lambda words, moment: subjects.of_register(db_session(), filters, words, moment, current_actor()),
        back=url_for("use_cases.index", **state.args(page=1)),
    )


@blueprint.route("/use-cases/<uuid:use_case>/snapshot", methods=BOTH)
@guarded(Permission.SNAPSHOT_CREATE_ROW, use_case=UseCase)
def case(use_case: UseCase) -> ResponseReturnValue:
    """Of one case with its history."""
    back = url_for("use_cases.show", use_case=use_case.public_id)
    return _asked(SnapshotKind.CASE, lambda *told: subjects.of_case(use_case, *told), use_case, back=back)


@blueprint.route("/incidents/<uuid:incident>/snapshot", methods=BOTH)
@guarded(Permission.SNAPSHOT_CREATE_ROW, incident=Incident)
def incident(incident: Incident) -> ResponseReturnValue:
    """Of one incident with its record."""
    back = url_for("incidents.show", incident=incident.public_id)
    return _asked(SnapshotKind.INCIDENT, lambda *told: subjects.of_incident(incident, *told), incident, back=back)


@blueprint.route("/submissions/<uuid:submission>/snapshot", methods=BOTH)
@guarded(Permission.SNAPSHOT_CREATE_ROW, submission=Submission)
def receipt(submission: Submission) -> ResponseReturnValue:
    """Of the receipt of a return."""
    back = url_for("submissions.receipt", submission=submission.public_id)
    return _asked(
        SnapshotKind.RECEIPT, lambda words, _: subjects.of_submission(submission, words), submission, back=back
    )


@blueprint.route("/rounds/<round_code:round>/snapshots/<any(report, annex, pack):thing>", methods=BOTH)
@guarded(Permission.SNAPSHOT_CREATE, round=Round)
def of_round(round: Round, thing: str) -> ResponseReturnValue:
    """Of the figures of a round, of its high-risk annex, or of all its evidence."""
    chosen, back = SnapshotKind(thing), url_for("rounds.show", round=round.code)
    return _asked(chosen, lambda words, _: subjects.of_round(db_session(), round, chosen, words), round, back=back)


@blueprint.route("/editions/<uuid:edition>/snapshots/<any(public, closed):variant>", methods=BOTH)
@guarded(Permission.SNAPSHOT_CREATE, edition=Edition)
def edition(edition: Edition, variant: str) -> ResponseReturnValue:
    """Of a published edition of a report, in one variant."""
    chosen, back = Variant(variant), url_for("editions.show", edition=edition.public_id)
    return _asked(
        SnapshotKind.EDITION, lambda words, _: subjects.of_edition(edition, chosen, words), edition, back=back
    )


@blueprint.route("/agendas/<day:day>/snapshot", methods=BOTH)
@guarded(Permission.SNAPSHOT_CREATE)
def agenda(day: dt.date) -> ResponseReturnValue:
    """Of the papers of the meeting of a day."""
    if agendas.agenda(reading_session(), current_actor(), day, runtime().clock.today()) is None:
        raise NotFound(say("お探しのページはありません。"))
    return _asked(SnapshotKind.AGENDA, lambda words, _: subjects.of_meeting(day, words), back=url_for("agendas.index"))


def _asked(kind: SnapshotKind, of: Of, row: Any = None, *, back: str) -> ResponseReturnValue:
    """Show the form, or ask for the snapshot: the job's page shows how far it is, asked twice the same one."""
    form = SnapshotForm()
    form.offer(language(), past=kind in services.PAST)
    # What cannot be told of now is refused before somebody fills in the form.
    wanted = of(form.language.data or language(), form.as_of if request.method == "POST" else None)
    if form.validate_on_submit():
        try:
            subject = writable(row) if row is not None else None
            job = services.ask(db_session(), wanted, subject, by=current_actor())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("jobs.show", job=job.public_id), 303)
    page = render_template("snapshots/ask.html", form=form, kind=kind, wanted=wanted, row=row, back=back)
    return page, 422 if form.errors else 200
