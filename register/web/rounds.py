"""The pages of rounds: the list, one round with its board, its steps, its form, a later deadline for one ministry."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register import audit, states
from register.authz import Permission
from register.errors import Invalid, NotFound, NotNow, say
from register.formspec.loader import from_canonical
from register.formspec.terms import round_terms
from register.models import Round
from register.queries import forms as form_queries
from register.queries import rounds as queries
from register.services import rounds as services
from register.services import submissions
from register.vocab import RoundDeed, SubmissionDeed, SubmissionState
from register.web import board_file, downloads
from register.web.filters import term
from register.web.forms.rounds import ExtendForm, MoveForm
from register.web.guard import guarded, writable
from register.web.session import audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("rounds", __name__)


@blueprint.get("/rounds")
@guarded(Permission.ROUND_READ)
def index() -> ResponseReturnValue:
    """Every round, newest first."""
    return render_template("rounds/index.html", rows=queries.list_rounds(db_session(), current_actor()))


@blueprint.get("/rounds/<round_code:round>")
@guarded(Permission.ROUND_READ, round=Round)
def show(round: Round) -> ResponseReturnValue:
    """One round: its facts, what may be done with it, and the returns that the person may see."""
    page = _page(round)
    return render_template("rounds/show.html", page=page, round=round, choices=_choices(page))


@blueprint.get("/rounds/<round_code:round>/board.<any(xlsx, csv):kind>")
@guarded(Permission.ROUND_BOARD, round=Round)
def board(round: Round, kind: str) -> ResponseReturnValue:
    """The board as a file, filtered as on the page; who took it out is recorded."""
    page = _page(round)
    content = board_file.board(page, kind, runtime().clock.now())
    filtered = bool(page.shown.args())
    audit_read(audit.Event.BOARD_EXPORTED, round, kind=kind, rows=len(page.board), filtered=filtered)
    return downloads.attachment(content, kind, f"board-{round.code}")


@blueprint.route("/rounds/<round_code:round>/move", methods=["GET", "POST"])
@guarded(Permission.ROUND_PLAN, round=Round)
def move(round: Round) -> ResponseReturnValue:
    """Take a round along one step, after a page that says what will happen."""
    form, step = MoveForm(), states.round_step(_deed(request.args.get("to", "")), round.state)
    if form.validate_on_submit():
        reason, by = form.reason.data or "", current_actor()
        try:
            services.move(db_session(), writable(round), step.deed, forms=runtime().forms, reason=reason, by=by)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("この回を「%(state)s」にしました。", state=term(step.target)), "done")
            return redirect(url_for("rounds.show", round=round.code), 303)
    page = queries.move_page(reading_session(), round, step, runtime().clock.today())
    form.reason.flags.needed = step.reason or bool(step.deed is RoundDeed.FREEZE and page.open_returns)
    return render_template("rounds/move.html", form=form, page=page, round=round), 422 if form.errors else 200


@blueprint.route("/rounds/<round_code:round>/extensions/<ministry>", methods=["GET", "POST"])
@guarded(Permission.SUBMISSION_EXTEND, round=Round)
def extend(round: Round, ministry: str) -> ResponseReturnValue:
    """Give one ministry a later deadline. What it has filled in so far is neither loaded nor shown."""
    form, row = ExtendForm(), _row(round, ministry)
    if form.validate_on_submit():
        change: dict[str, Any] = {"due_on": form.due_on.data, "reason": form.reason.data or "", "by": current_actor()}
        try:
            submissions.extend(db_session(), services.return_of(db_session(), writable(round), ministry), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("提出期限を延ばしました。"), "done")
            return redirect(url_for("rounds.show", round=round.code), 303)
    return render_template("rounds/extend.html", form=form, row=row, round=round), 422 if form.errors else 200


@blueprint.get("/rounds/<round_code:round>/form")
@guarded(Permission.ROUND_READ, round=Round)
def form(round: Round) -> ResponseReturnValue:
    """The form that a round is answered on, as it was published, with what changed since the version before."""
    spec = from_canonical(round.form_version.canonical)
    page = form_queries.form_page(spec, runtime().forms, round_terms(round.as_of))
    return render_template("rounds/form.html", page=page, round=round)


@blueprint.get("/forms/<version>")
@guarded(Permission.ROUND_READ)
def form_version(version: str) -> ResponseReturnValue:
    """One version of the form, whether a round is answered on it or not."""
    forms = runtime().forms
    if version not in forms.versions:
        raise NotFound(say("お探しのページはありません。"))
    page = form_queries.form_page(forms.versions[version], forms)
    return render_template("rounds/form.html", page=page, round=None)


def _page(round: Round) -> queries.RoundPage:
    shown = queries.BoardState.of(request.args)
    return queries.round_page(reading_session(), round, current_actor(), runtime().clock.today(), shown)


def _choices(page: queries.RoundPage) -> list[tuple[str, str]]:
    """Return the states that the board can be filtered by: those that a ministry is in, and the one asked for."""
    offered = {*page.standing, *([page.shown.state] if page.shown.state else [])}
    return [(state.value, term(state)) for state in SubmissionState if state in offered]


def _deed(text: str) -> RoundDeed:
    if text not in set(RoundDeed):
        raise NotNow(say("することが選ばれていません。回のページからやり直してください。"))
    return RoundDeed(text)


def _row(round: Round, key: str) -> queries.BoardRow:
    """Return a ministry's place on the board, if its deadline can be extended now."""
    rows = [row for row in _page(round).rows if row.ministry.key == key and row.submission is not None]
    if not rows:
        raise NotFound(say("お探しのページはありません。"))
    states.submission_step(SubmissionDeed.EXTEND, rows[0].state, round.state, granted=True)
    return rows[0]
