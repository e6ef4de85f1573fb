"""The pages of one case of a return while its round runs: its sections, one section, end, add, take away."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import Permission
from register.errors import Invalid, Stale
from register.formspec.schema import Field
from register.models import Submission, SubmissionItem
from register.queries import returns as queries
from register.queries.answers import seen_of
from register.queries.returns import SectionPage
from register.services import items as services
from register.services.returns import item_of
from register.web.filters import language, moment_text
from register.web.forms.returns import ANSWER, EndForm, SectionForm, SureForm, section_form
from register.web.guard import guarded, writable
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("items", __name__)


@blueprint.route("/submissions/items/<uuid:item>/sections/<section>", methods=["GET", "POST"])
@guarded(Permission.ITEM_FILL, item=SubmissionItem)
def section(item: SubmissionItem, section: str) -> ResponseReturnValue:
    """One section of a case: the questions with the answer of last time beside each."""
    page = _section(item, section)
    form = section_form(page)
    if not form.is_submitted():
        return _asked(page, form)
    if name := request.form.get("same"):
        form.same(name, item.carried)
        return _asked(page, form)
    if form.validate():
        change: dict[str, Any] = {"seen": form.seen.data or "", "spec": page.frame.spec, "by": current_actor()}
        try:
            services.save_section(db_session(), writable(item.submission), item.id, section, form.typed(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            return _conflict(item, section, form, stale), 409
        else:
            flash(gettext("「%(section)s」を保存しました。", section=page.section.text.of(language())), "done")
            return redirect(url_for("submissions.item", item=item.public_id), 303)
    return _asked(page, form), 422


@blueprint.post("/submissions/items/<uuid:item>/sections/<section>/draft")
@guarded(Permission.ITEM_FILL, item=SubmissionItem)
def draft(item: SubmissionItem, section: str) -> ResponseReturnValue:
    """Keep what was typed and not saved yet; or drop it, when the person says so."""
    page = _section(item, section)
    form = section_form(page)
    submission = writable(item.submission)
    if "discard" in request.form:
        services.drop_draft(db_session(), submission, item.id, section, by=current_actor())
        return redirect(url_for("items.section", item=item.public_id, section=section), 303)
    values, seen = form.kept(), form.seen.data or ""
    at = services.keep_draft(db_session(), submission, item.id, section, values, seen=seen, by=current_actor())
    return jsonify(text=gettext("下書きを保存しました（%(at)s）", at=moment_text(at)))


@blueprint.route("/submissions/<uuid:submission>/items/new", methods=["GET", "POST"])
@guarded(Permission.SUBMISSION_FILL, submission=Submission)
def new(submission: Submission) -> ResponseReturnValue:
    """Add a case that the register does not know yet; its first section is asked first."""
    page = queries.new_page(reading_session(), submission, current_actor(), runtime().clock.today())
    form = section_form(page)
    if form.validate_on_submit():
        change: dict[str, Any] = {"spec": page.frame.spec, "by": current_actor()}
        try:
            made = services.add(db_session(), writable(submission), form.typed(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(
                gettext("案件 %(number)s を加えました。続けてほかの節を入力してください。", number=made.case_no), "done"
            )
            return redirect(url_for("submissions.item", item=made.public_id), 303)
    return _asked(page, form), 422 if form.errors else 200


@blueprint.post("/submissions/items/<uuid:item>/rest")
@guarded(Permission.ITEM_FILL, item=SubmissionItem)
def rest(item: SubmissionItem) -> ResponseReturnValue:
    """Confirm what is left of a case as it was last time."""
    spec = queries.form_of(reading_session(), item.round_id)
    services.confirm_rest(db_session(), writable(item.submission), item.id, spec=spec, by=current_actor())
    flash(gettext("案件 %(number)s の残りの項目を、前回と同じ内容で確認しました。", number=item.case_no), "done")
    return redirect(url_for("submissions.show", submission=item.submission.public_id), 303)


@blueprint.route("/submissions/items/<uuid:item>/end", methods=["GET", "POST"])
@guarded(Permission.ITEM_FILL, item=SubmissionItem)
def end(item: SubmissionItem) -> ResponseReturnValue:
    """Report that the use of a case has ended."""
    form = EndForm()
    if form.validate_on_submit():
        step: dict[str, Any] = {"on": form.on.data, "reason": form.reason.data or "", "by": current_actor()}
        try:
            services.end(db_session(), writable(item.submission), item.id, **step)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("案件 %(number)s を利用終了として報告します。", number=item.case_no), "done")
            return redirect(url_for("submissions.show", submission=item.submission.public_id), 303)
    return _small("submissions/end.html", item, form), 422 if form.errors else 200


@blueprint.route("/submissions/items/<uuid:item>/reopen", methods=["GET", "POST"])
@guarded(Permission.ITEM_FILL, item=SubmissionItem)
def reopen(item: SubmissionItem) -> ResponseReturnValue:
    """Take back what was said of a case, after a page that says so."""
    form = SureForm()
    if form.validate_on_submit():
        services.reopen(db_session(), writable(item.submission), item.id, by=current_actor())
        flash(gettext("案件 %(number)s を未確認に戻しました。", number=item.case_no), "done")
        return redirect(url_for("submissions.item", item=item.public_id), 303)
    return _small("submissions/reopen.html", item, form)


@blueprint.route("/submissions/items/<uuid:item>/remove", methods=["GET", "POST"])
@guarded(Permission.ITEM_FILL, item=SubmissionItem)
def remove(item: SubmissionItem) -> ResponseReturnValue:
    """Take out a case that was added in this round, after a page that says so."""
    form = SureForm()
    if form.validate_on_submit():
        number = services.remove(db_session(), writable(item.submission), item.id, by=current_actor())
        flash(gettext("案件 %(number)s を取り除きました。", number=number), "done")
        return redirect(url_for("submissions.show", submission=item.submission.public_id), 303)
    return _small("submissions/remove.html", item, form)


def _section(item: SubmissionItem, section: str) -> SectionPage:
    run = runtime()
    return queries.section_page(
        reading_session(), item, section, current_actor(), run.clock.today(), run.forms, language()
    )


def _asked(page: SectionPage, form: SectionForm) -> str:
    return render_template("submissions/section.html", page=page, form=form)


def _small(template: str, item: SubmissionItem, form: SureForm | EndForm) -> str:
    page = queries.frame(reading_session(), item.submission, current_actor(), runtime().clock.today())
    return render_template(template, frame=page, item=item, form=form)


def _conflict(item: SubmissionItem, section: str, form: SectionForm, stale: Stale) -> str:
    """Show both texts of each question that differs, to choose one; what is the same travels along unseen."""
    session = db_session()
    newest = item_of(session, session.get_one(Submission, item.submission_id), item.id)
    page, typed = _section(item, section), form.typed().texts
    form.seen.data = seen_of(newest, page.frame.spec, section)
    differ = [
        (question, ANSWER + question.id, [(text, _as_read(question, text)) for text in pair])
        for question in form.questions
        if (pair := (_plain(typed[question.id]), _plain(stale.theirs.get(question.id, ""))))[0] != pair[1]
    ]
    return render_template("submissions/conflict.html", page=page, form=form, differ=differ)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _as_read(question: Field, text: str) -> str:
    return question.option(text).label(language()) if text in question.codes else text
