"""The pages of a return: its cases, confirming many at once, sending, approving, the receipt; and one frozen item."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from register import audit
from register.authz import Permission
from register.errors import Invalid
from register.models import Submission, SubmissionItem
from register.queries import receipts
from register.queries import returns as queries
from register.queries import submissions as frozen
from register.services import items as item_services
from register.services import submissions as services
from register.states import ROUND_RUNNING
from register.vocab import MINISTRY_ROLES, SnapshotKind
from register.web.downloads import attachment
from register.web.filters import language
from register.web.forms.returns import ApproveForm, DeclineForm, SureForm
from register.web.guard import guarded, writable
from register.web.paging import page_number
from register.web.papers import paper_of
from register.web.session import audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("submissions", __name__)


@blueprint.get("/submissions/<uuid:submission>")
@guarded(Permission.SUBMISSION_READ, submission=Submission)
def show(submission: Submission) -> ResponseReturnValue:
    """A return: the ministry's task list while the round runs, else its items as they are fixed."""
    if submission.round.state in ROUND_RUNNING and current_actor().role in MINISTRY_ROLES:
        return render_template("submissions/work.html", page=_work(submission))
    page = frozen.submission_page(db_session(), submission, page_number(request.args))
    return render_template(
        "submissions/show.html",
        page=page,
        link=lambda number: url_for("submissions.show", submission=submission.public_id, page=number),
    )


@blueprint.get("/submissions/items/<uuid:item>")
@guarded(Permission.ITEM_READ, item=SubmissionItem)
def item(item: SubmissionItem) -> ResponseReturnValue:
    """One case of a return: its sections while the round runs, else every question with its fixed answer."""
    run = runtime()
    if item.round.state in ROUND_RUNNING and current_actor().role in MINISTRY_ROLES:
        page = queries.case_page(db_session(), item, current_actor(), run.clock.today(), run.forms, language())
        return render_template("submissions/case.html", page=page)
    fixed = frozen.item_page(db_session(), item, current_actor(), language(), run.forms)
    return render_template("submissions/item.html", page=fixed)


@blueprint.route("/submissions/<uuid:submission>/confirm", methods=["GET", "POST"])
@guarded(Permission.SUBMISSION_FILL, submission=Submission)
def confirm(submission: Submission) -> ResponseReturnValue:
    """Confirm several cases as they were last time, after a page that lists them."""
    form, page = SureForm(), _work(submission)
    rows = _chosen(page)
    if form.validate_on_submit():
        ids = [row.item.id for row in rows]
        forms = runtime().forms
        change: dict[str, Any] = {"spec": page.frame.spec, "forms": forms, "by": current_actor()}
        item_services.confirm(db_session(), writable(submission), ids, **change)
        count = len(ids)
        flash(ngettext("%(num)s件を変更なしで確認しました。", "%(num)s件を変更なしで確認しました。", count), "done")
        return _back(submission)
    return render_template("submissions/confirm.html", page=page, rows=rows, form=form)


@blueprint.post("/submissions/<uuid:submission>/lay-out")
@guarded(Permission.SUBMISSION_FILL, submission=Submission)
def lay_out(submission: Submission) -> ResponseReturnValue:
    """Lay cases into the return that entered the register since the round was opened."""
    spec = queries.form_of(reading_session(), submission.round_id)
    change: dict[str, Any] = {"spec": spec, "forms": runtime().forms, "by": current_actor()}
    count = item_services.lay_out_new(db_session(), writable(submission), **change)
    flash(ngettext("台帳の案件を%(num)s件加えました。", "台帳の案件を%(num)s件加えました。", count), "done")
    return _back(submission)


@blueprint.route("/submissions/<uuid:submission>/nil", methods=["GET", "POST"])
@guarded(Permission.SUBMISSION_SEND, submission=Submission)
def nil(submission: Submission) -> ResponseReturnValue:
    """Report that the ministry has no case."""
    form = SureForm()
    if form.validate_on_submit():
        services.declare_nil(db_session(), writable(submission), by=current_actor())
        flash(gettext("「該当なし」を、承認する人の確認に回しました。"), "done")
        return _back(submission)
    return render_template("submissions/nil.html", page=_work(submission), form=form)


@blueprint.route("/submissions/<uuid:submission>/check", methods=["GET", "POST"])
@guarded(Permission.SUBMISSION_SEND, submission=Submission)
def check(submission: Submission) -> ResponseReturnValue:
    """Check the answers, then send them to the ministry's approver."""
    form = SureForm()
    if form.validate_on_submit():
        spec = queries.form_of(reading_session(), submission.round_id)
        services.send(db_session(), writable(submission), spec=spec, by=current_actor())
        flash(gettext("承認する人の確認に回しました。"), "done")
        return _back(submission)
    page = _content(submission)
    return render_template("submissions/check.html", page=page, form=form)


@blueprint.route("/submissions/<uuid:submission>/approval", methods=["GET", "POST"])
@guarded(Permission.SUBMISSION_APPROVE, submission=Submission)
def approval(submission: Submission) -> ResponseReturnValue:
    """Look at what the reporter sent, and hand it in."""
    form = ApproveForm()
    if form.validate_on_submit():
        services.approve(db_session(), writable(submission), seen=form.seen.data or "", by=current_actor())
        flash(gettext("承認し、事務局に提出しました。"), "done")
        return redirect(url_for("submissions.receipt", submission=submission.public_id), 303)
    page = _content(submission)
    form.seen.data = page.sha256
    return render_template("submissions/approval.html", page=page, form=form)


@blueprint.route("/submissions/<uuid:submission>/decline", methods=["GET", "POST"])
@guarded(Permission.SUBMISSION_APPROVE, submission=Submission)
def decline(submission: Submission) -> ResponseReturnValue:
    """Give the return back to the reporter, with a reason."""
    form = DeclineForm()
    if form.validate_on_submit():
        try:
            services.decline(db_session(), writable(submission), reason=form.reason.data or "", by=current_actor())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("担当者に戻しました。"), "done")
            return _back(submission)
    page = queries.frame(reading_session(), submission, current_actor(), runtime().clock.today())
    return render_template("submissions/decline.html", frame=page, form=form), 422 if form.errors else 200


@blueprint.get("/submissions/<uuid:submission>/receipt")
@guarded(Permission.SUBMISSION_READ, submission=Submission)
def receipt(submission: Submission) -> ResponseReturnValue:
    """What the ministry handed in, when and by whom, with the digest of the content."""
    page = _content(submission)
    return render_template("submissions/receipt.html", page=page)


@blueprint.get("/submissions/<uuid:submission>/receipt.pdf")
@guarded(Permission.SUBMISSION_READ, submission=Submission)
def receipt_file(submission: Submission) -> ResponseReturnValue:
    """The receipt as a file to keep; who took it out is recorded."""
    made = paper_of(SnapshotKind.RECEIPT, submission_id=submission.id)
    audit_read(audit.Event.SUBMISSION_EXPORTED, submission, kind="pdf")
    return attachment(made, "pdf", f"receipt-{submission.round.code}-{submission.ministry.key}")


def _work(submission: Submission) -> queries.WorkPage:
    run = runtime()
    return queries.work_page(reading_session(), submission, current_actor(), run.clock.today(), run.forms)


def _content(submission: Submission) -> receipts.ContentPage:
    return receipts.content_page(reading_session(), submission, current_actor(), runtime().clock.today(), language())


def _chosen(page: queries.WorkPage) -> list[queries.ItemRow]:
    """Return the cases that were ticked; before the word is given, all that can be confirmed when none was."""
    named = {text for text in request.values.getlist("item") if _is_uuid(text)}
    rows = list(page.confirmable)
    return [row for row in rows if str(row.item.public_id) in named] if named or request.method == "POST" else rows


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _back(submission: Submission) -> ResponseReturnValue:
    return redirect(url_for("submissions.show", submission=submission.public_id), 303)
