"""The pages on which the secretariat reviews a return: beside the round before; questions, findings, corrections."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import Permission
from register.errors import Invalid, NotFound, Stale, say
from register.formspec.schema import Field
from register.models import Remark, Submission, SubmissionItem
from register.queries import review_items
from register.queries import reviews as queries
from register.services import corrections, remarks, submissions
from register.states import submission_step
from register.vocab import MINISTRY_ROLES, SubmissionDeed
from register.web.filters import language
from register.web.forms.base import version_of
from register.web.forms.returns import ANSWER, SureForm
from register.web.forms.reviews import (
    MORE,
    AskForm,
    CorrectionForm,
    ReplyForm,
    ReturnForm,
    correction_form,
    plain,
    return_form,
)
from register.web.guard import guarded, writable
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("reviews", __name__)

# What of the list of cases can be shown alone, by the word in the URL.
PARTS = ("changed", "warned", "asked")


@blueprint.get("/submissions/<uuid:submission>/review")
@guarded(Permission.SUBMISSION_READ, submission=Submission)
def show(submission: Submission) -> ResponseReturnValue:
    """A return beside the round before: each case with how much changed, what is odd, what was asked."""
    page, part = review(submission), request.args.get("part", "")
    rows = getattr(page, part) if part in PARTS else page.rows
    return render_template("reviews/show.html", page=page, rows=rows, part=part if part in PARTS else "")


@blueprint.get("/submissions/items/<uuid:item>/review")
@guarded(Permission.ITEM_READ, item=SubmissionItem)
def item(item: SubmissionItem) -> ResponseReturnValue:
    """One case, field by field beside what it last reported."""
    return render_template("reviews/item.html", page=_item(item), form=SureForm())


@blueprint.route("/submissions/items/<uuid:item>/ask", methods=["GET", "POST"])
@guarded(Permission.SUBMISSION_REVIEW, item=SubmissionItem)
def ask(item: SubmissionItem) -> ResponseReturnValue:
    """Ask the ministry about a field of a case, or about the case."""
    page, form = _item(item), AskForm()
    require_now(page.frame.submission, SubmissionDeed.ASK)
    line = _line(page, request.args.get("field", ""))
    if form.validate_on_submit():
        field_id, by = line.field.id if line else "", current_actor()
        try:
            remarks.ask(db_session(), writable(item.submission), item.id, field_id, form.body.data or "", by=by)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("質問を送りました。"), "done")
            return redirect(url_for("reviews.item", item=item.public_id, _anchor=f"t-{field_id}"), 303)
    return render_template("reviews/ask.html", page=page, line=line, form=form), 422 if form.errors else 200


@blueprint.post("/remarks/<uuid:remark>/settle")
@guarded(Permission.SUBMISSION_REVIEW, remark=Remark)
def settle(remark: Remark) -> ResponseReturnValue:
    """Mark a question or finding as settled."""
    settled = remarks.settle(db_session(), writable(remark.submission), remark.id, by=current_actor())
    flash(gettext("解決済みにしました。"), "done")
    return redirect(_place_of(settled), 303)


@blueprint.route("/remarks/<uuid:remark>/reply", methods=["GET", "POST"])
@guarded(Permission.REMARK_REPLY, remark=Remark)
def reply(remark: Remark) -> ResponseReturnValue:
    """Reply to a question or finding of the secretariat."""
    form = ReplyForm()
    if form.validate_on_submit():
        text, by = form.body.data or "", current_actor()
        try:
            remarks.reply(db_session(), writable(remark.submission), remark.id, text, by=by)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("事務局に答えました。"), "done")
            return redirect(_place_of(remark), 303)
    page = queries.reply_page(reading_session(), remark, current_actor(), runtime().clock.today())
    return render_template("reviews/reply.html", page=page, form=form), 422 if form.errors else 200


@blueprint.route("/submissions/<uuid:submission>/return", methods=["GET", "POST"])
@guarded(Permission.SUBMISSION_REVIEW, submission=Submission)
def send_back(submission: Submission) -> ResponseReturnValue:
    """Return a submission to its ministry, with a reason and what is wrong with which answer."""
    require_now(submission, SubmissionDeed.RETURN)
    page = review(submission)
    form = _return_form(page)
    if "more" in request.form:
        return render_template("reviews/return.html", page=page, form=form)
    if form.validate_on_submit():
        findings = form.findings({str(row.item.public_id): row.item.id for row in page.rows})
        change: dict[str, Any] = {"reason": form.reason.data or "", "findings": findings, "by": current_actor()}
        try:
            submissions.send_back(db_session(), writable(submission), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("府省庁に差し戻しました。"), "done")
            return redirect(url_for("reviews.show", submission=submission.public_id), 303)
    return render_template("reviews/return.html", page=page, form=form), 422 if form.errors else 200


@blueprint.route("/submissions/items/<uuid:item>/correct", methods=["GET", "POST"])
@guarded(Permission.ITEM_CORRECT, item=SubmissionItem)
def correct(item: SubmissionItem) -> ResponseReturnValue:
    """Correct answers of a frozen case; what they were stays beside them with the reason."""
    page = _item(item)
    require_now(page.frame.submission, SubmissionDeed.CORRECT)
    form = correction_form(page.frame.spec, item)
    if form.validate_on_submit():
        own: dict[str, Any] = {"version": version_of(form), "reason": form.reason.data or "", "spec": page.frame.spec}
        typed, by = form.typed(item), current_actor()
        try:
            corrections.correct(db_session(), writable(item.submission), item.id, typed, **own, by=by)
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            return _correction(page, form, _both(form, stale)), 409
        else:
            flash(gettext("回答を訂正しました。前の内容も残っています。"), "done")
            return redirect(url_for("reviews.item", item=item.public_id), 303)
    return _correction(page, form), 422 if form.errors else 200


def review(submission: Submission) -> queries.ReviewPage:
    """Return a return as it is reviewed today."""
    return queries.review_page(reading_session(), submission, current_actor(), runtime().clock.today())


def require_now(submission: Submission, deed: SubmissionDeed) -> None:
    """Raise ``NotNow`` when ``deed`` cannot be done with ``submission`` today."""
    granted = submission.may_still(runtime().clock.today())
    submission_step(deed, submission.state, submission.round.state, granted=granted)


def _item(item: SubmissionItem) -> review_items.ItemPage:
    return review_items.item_page(reading_session(), item, current_actor(), runtime().clock.today(), language())


def _line(page: review_items.ItemPage, field_id: str) -> review_items.Beside | None:
    """Return the question that is asked about; None for the whole case."""
    if not field_id:
        return None
    for _section, lines in page.sections:
        for line in lines:
            if line.field.id == field_id:
                return line
    raise NotFound(say("お探しのページはありません。"))


def _place_of(remark: Remark) -> str:
    """Return where the person reads the thread: the secretariat in the review, a ministry in its return."""
    session, own = reading_session(), current_actor().role in MINISTRY_ROLES
    if remark.item_id is None:
        return url_for("submissions.show" if own else "reviews.show", submission=remark.submission.public_id)
    item = session.get_one(SubmissionItem, remark.item_id)
    if own:
        return url_for("submissions.item", item=item.public_id)
    return url_for("reviews.item", item=item.public_id, _anchor=f"t-{remark.field_id}")


def _return_form(page: queries.ReviewPage) -> ReturnForm:
    """Return the form with a row for each answer that was ticked on the page of a case, and with more if asked."""
    names, sent = {str(row.item.public_id) for row in page.rows}, request.form.get("rows", "")
    ticked = [pair for text in request.args.getlist("at") if (pair := text.partition("/"))[0] in names]
    chosen = [(item, field) for item, _, field in ticked if page.frame.spec.has(field)]
    rows = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 3 else 0
    return return_form([row.item for row in page.rows], page.frame.spec, rows + MORE * ("more" in request.form), chosen)


def _correction(
    page: review_items.ItemPage, form: CorrectionForm, conflict: list[tuple[str, str, str, bool]] | None = None
) -> str:
    return render_template("reviews/correct.html", page=page, form=form, conflict=conflict)


def _both(form: CorrectionForm, stale: Stale) -> list[tuple[str, str, str, bool]]:
    """Return what was typed beside what is stored now, and let the next save be made in sight of both."""
    form.version.data = str(stale.version)
    texts = [(q, plain(form[ANSWER + q.id].data), stale.theirs[q.id]) for q in form.questions]
    return [(q.label(language()), _as_read(q, mine), _as_read(q, theirs), mine != theirs) for q, mine, theirs in texts]


def _as_read(question: Field, text: str) -> str:
    return question.option(text).label(language()) if text in question.codes else text
