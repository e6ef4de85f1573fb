"""The pages on which the secretariat accepts returns: one, or several at once after a page that lists them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import Permission, require
from register.errors import RegisterError
from register.models import Round, Submission
from register.queries import acceptances as queries
from register.queries.returns import form_of
from register.services import submissions as services
from register.vocab import SubmissionDeed
from register.web.forms.returns import SureForm
from register.web.guard import guarded, writable
from register.web.reviews import require_now, review
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("acceptances", __name__)


@blueprint.route("/submissions/<uuid:submission>/accept", methods=["GET", "POST"])
@guarded(Permission.SUBMISSION_REVIEW, submission=Submission)
def accept(submission: Submission) -> ResponseReturnValue:
    """Accept a return, after a page that says what the register will take from it."""
    require_now(submission, SubmissionDeed.ACCEPT)
    form = SureForm()
    if form.validate_on_submit():
        spec = form_of(reading_session(), submission.round_id)
        tally = services.accept(db_session(), writable(submission), spec=spec, by=current_actor())
        flash(
            gettext(
                "受理しました。台帳：新規%(created)d件、更新%(updated)d件、状態の変更%(moved)d件",
                created=tally.created,
                updated=tally.updated,
                moved=tally.moved,
            ),
            "done",
        )
        return redirect(url_for("reviews.show", submission=submission.public_id), 303)
    return render_template("reviews/accept.html", page=review(submission), form=form)


@blueprint.route("/rounds/<round_code:round>/accept", methods=["GET", "POST"])
@guarded(Permission.ROUND_PLAN, round=Round)
def accept_several(round: Round) -> ResponseReturnValue:
    """Accept the returns that were ticked on the board, each for itself: one that is refused stops no other."""
    form, rows = SureForm(), _named(round, "submission")
    if rows and form.validate_on_submit():
        done, refused = _accept_each(round, [row.submission for row in rows])
        return redirect(url_for("acceptances.result", round=round.code, done=done, refused=refused), 303)
    return render_template("reviews/accept_several.html", round=round, rows=rows, form=form), 200 if rows else 422


@blueprint.get("/rounds/<round_code:round>/accepted")
@guarded(Permission.ROUND_PLAN, round=Round)
def result(round: Round) -> ResponseReturnValue:
    """What became of several returns that were to be accepted at once, with the reason for each that was not."""
    done, refused = _named(round, "done"), _named(round, "refused")
    return render_template("reviews/accepted.html", round=round, done=done, refused=refused)


def _named(round: Round, name: str) -> list[queries.Candidate]:
    named = set(request.values.getlist(name))
    return queries.candidates(reading_session(), round, current_actor(), runtime().clock.today(), named)


def _accept_each(round: Round, chosen: list[Submission]) -> tuple[list[str], list[str]]:
    """Accept each under a savepoint of its own; return what names those that were accepted, and those refused."""
    session, by = db_session(), current_actor()
    spec = form_of(reading_session(), round.id)
    done, refused = [], []
    for one in chosen:
        try:
            with session.begin_nested():
                submission = writable(one)
                require(by, Permission.SUBMISSION_REVIEW, submission)
                services.accept(session, submission, spec=spec, by=by)
        except RegisterError:
            refused.append(str(one.public_id))
        else:
            done.append(str(one.public_id))
    return done, refused
