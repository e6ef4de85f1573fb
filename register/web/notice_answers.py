"""The pages of a ministry's answer to a notice: read it, fill it case by case, confirm it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import Permission
from register.errors import Invalid, Say, Stale
from register.models import NoticeAnswer, NoticeRecipient
from register.queries import notice_replies as queries
from register.services import notice_answers as services
from register.states import reply_step
from register.vocab import NoticeDeed, Reply
from register.web.filters import term
from register.web.forms.base import version_of
from register.web.forms.incidents import VersionForm
from register.web.forms.notices import AnswersForm
from register.web.guard import guarded, writable
from register.web.paging import page_number
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("notice_answers", __name__)


@blueprint.get("/notices/answers/<uuid:recipient>")
@guarded(Permission.NOTICE_READ, recipient=NoticeRecipient)
def show(recipient: NoticeRecipient) -> ResponseReturnValue:
    """What a ministry answered; those who oversee see what was confirmed."""
    page = _page(recipient)
    link = _link("notice_answers.show", recipient)
    return render_template("notices/answer.html", page=page, link=link, today=runtime().clock.today())


@blueprint.route("/notices/answers/<uuid:recipient>/edit", methods=["GET", "POST"])
@guarded(Permission.NOTICE_ANSWER_DRAFT, recipient=NoticeRecipient)
def edit(recipient: NoticeRecipient) -> ResponseReturnValue:
    """Answer the cases of a page, or say 該当なし of all that are still open."""
    services.refuse_ended(recipient)
    page, form, conflict = _page(recipient), AnswersForm(version=str(recipient.version)), None
    form.show(page.lines)
    if form.validate_on_submit():
        rest = "rest" in request.form
        try:
            change: dict[str, Any] = {"rest": rest, "version": version_of(form), "by": current_actor()}
            count = services.save(db_session(), writable(recipient), form.told(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            conflict = _beside(form, stale)
        else:
            flash(gettext("回答を保存しました。") if count else gettext("変わった回答はありません。"), "done")
            return _next(page, whole=rest)
    link = _link("notice_answers.edit", recipient)
    drawn = render_template(
        "notices/answers.html", page=page, form=form, conflict=conflict, link=link, replies=list(Reply)
    )
    return drawn, 409 if conflict else 422 if form.errors else 200


@blueprint.route("/notices/answers/<uuid:recipient>/confirm", methods=["GET", "POST"])
@guarded(Permission.NOTICE_ANSWER_CONFIRM, recipient=NoticeRecipient)
def confirm(recipient: NoticeRecipient) -> ResponseReturnValue:
    """Confirm the ministry's answer as it stands."""
    services.refuse_ended(recipient)
    reply_step(NoticeDeed.CONFIRM, recipient.state)
    form, problem = VersionForm(version=str(recipient.version)), None
    if form.validate_on_submit():
        try:
            services.confirm(db_session(), writable(recipient), version=version_of(form), by=current_actor())
        except Invalid as refusal:
            problem = refusal.sentence
        else:
            flash(gettext("回答を確定しました。事務局が読めるようになりました。"), "done")
            return redirect(url_for("notice_answers.show", recipient=recipient.public_id), 303)
    return _confirm_page(recipient, form, problem)


def _confirm_page(recipient: NoticeRecipient, form: VersionForm, problem: Say | None) -> ResponseReturnValue:
    page, link = _page(recipient), _link("notice_answers.confirm", recipient)
    drawn = render_template("notices/confirm.html", page=page, form=form, problem=problem, link=link)
    return drawn, 422 if problem else 200


def _page(recipient: NoticeRecipient) -> queries.ReplyPage:
    return queries.reply_page(reading_session(), recipient, current_actor(), page_number(request.args))


def _next(page: queries.ReplyPage, *, whole: bool) -> ResponseReturnValue:
    """Go on to the next page of cases; after the last one, or when all is said, to the whole answer."""
    own = page.recipient.public_id
    if whole or page.page == page.pages:
        return redirect(url_for("notice_answers.show", recipient=own), 303)
    return redirect(url_for("notice_answers.edit", recipient=own, page=page.page + 1), 303)


def _link(endpoint: str, recipient: NoticeRecipient) -> Any:
    return lambda number: url_for(endpoint, recipient=recipient.public_id, page=number)


def _beside(form: AnswersForm, stale: Stale) -> list[tuple[str, str, str, bool]]:
    """Return what was typed beside what is stored, and let the next save be made in sight of both."""
    form.version.data = str(stale.version)
    rows = []
    for cell in form.cells:
        theirs: NoticeAnswer | None = stale.theirs.get(cell.line.key)
        reply = next((one for one in Reply if one.value == cell.reply), None)
        mine = _said(reply, cell.comment)
        stored = _said(theirs.reply, theirs.comment) if theirs else ""
        rows.append((cell.number, mine, stored, mine != stored))
    return rows


def _said(reply: Reply | None, comment: str) -> str:
    return "\n".join(filter(None, (term(reply), comment)))
