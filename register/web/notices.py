"""The pages of notices (注意喚起): list, text, consent, issue, the other steps, the board of answers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register import audit
from register.authz import Permission
from register.errors import Invalid, Stale
from register.models import Incident, Notice
from register.queries import notices as queries
from register.services import notices as services
from register.states import notice_step
from register.vocab import AudienceKind, NoticeDeed, NoticeState, Reply
from register.web import listing, notice_file
from register.web.downloads import attachment
from register.web.filters import language
from register.web.forms.base import beside, version_of
from register.web.forms.notices import IssueForm, NoticeForm, WordForm, audience_shown
from register.web.guard import guarded, writable
from register.web.session import audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("notices", __name__)


@blueprint.get("/notices")
@guarded(Permission.NOTICE_READ)
def index() -> ResponseReturnValue:
    """The notices that the person may know of, narrowed in the URL."""
    state = listing.state_of(queries.ListState)
    page = queries.list_page(db_session(), current_actor(), state, runtime().clock.today())
    return render_template(
        "notices/index.html",
        page=page,
        state=page.state,
        options=_options(),
        link=lambda number: url_for("notices.index", **page.state.args(page=number)),
    )


@blueprint.route("/notices/new", methods=["GET", "POST"])
@guarded(Permission.NOTICE_WRITE)
def new() -> ResponseReturnValue:
    """Draft a notice by itself."""
    return _write(None)


@blueprint.route("/incidents/<uuid:incident>/notice", methods=["GET", "POST"])
@guarded(Permission.NOTICE_WRITE, incident=Incident)
def from_incident(incident: Incident) -> ResponseReturnValue:
    """Draft a notice from an incident, whose ministry will have to clear it."""
    return _write(incident)


@blueprint.get("/notices/<uuid:notice>")
@guarded(Permission.NOTICE_READ, notice=Notice)
def show(notice: Notice) -> ResponseReturnValue:
    """One notice: what it says, whom it reached, how it came about."""
    page = queries.notice_page(db_session(), notice, current_actor(), runtime().clock.today())
    return render_template("notices/show.html", page=page, audience=audience_text(notice))


@blueprint.route("/notices/<uuid:notice>/edit", methods=["GET", "POST"])
@guarded(Permission.NOTICE_WRITE, notice=Notice)
def edit(notice: Notice) -> ResponseReturnValue:
    """Edit a notice; what somebody else saved meanwhile is shown beside what was typed."""
    notice_step(NoticeDeed.EDIT, notice.state)
    form, conflict = _form(), None
    if not form.is_submitted():
        form.fill(notice)
    elif form.validate():
        change: dict[str, Any] = {"form": _spec(), "version": version_of(form), "by": current_actor()}
        try:
            services.edit(db_session(), writable(notice), form.values(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            conflict = _beside(form, stale)
        else:
            return _done(notice, gettext("注意喚起を保存しました。"))
    page = render_template("notices/edit.html", form=form, notice=notice, incident=notice.incident, conflict=conflict)
    return page, 409 if conflict else 422 if form.errors else 200


@blueprint.route("/notices/<uuid:notice>/consent", methods=["GET", "POST"])
@guarded(Permission.NOTICE_CONSENT, notice=Notice)
def consent(notice: Notice) -> ResponseReturnValue:
    """Clear the text that is shown, or send it back with what should be otherwise."""
    notice_step(NoticeDeed.CLEAR, notice.state)
    form = WordForm(version=str(notice.version))
    if form.validate_on_submit():
        deed = NoticeDeed.REFUSE if "refuse" in request.form else NoticeDeed.CLEAR
        try:
            _move(notice, deed, form)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            cleared = deed is NoticeDeed.CLEAR
            return _done(
                notice if cleared else None, gettext("了承しました。") if cleared else gettext("差し戻しました。")
            )
    page = render_template("notices/consent.html", form=form, notice=notice, audience=audience_text(notice))
    return page, 422 if form.errors else 200


@blueprint.route("/notices/<uuid:notice>/issue", methods=["GET", "POST"])
@guarded(Permission.NOTICE_WRITE, notice=Notice)
def issue(notice: Notice) -> ResponseReturnValue:
    """Issue a notice, in sight of the ministries and the number of cases that it reaches."""
    notice_step(NoticeDeed.ISSUE, notice.state)
    run = runtime()
    form = IssueForm(due_on=services.due_by_default(run.clock.today(), run.risk), version=str(notice.version))
    if form.validate_on_submit():
        change: dict[str, Any] = {"terms": run.risk, "version": version_of(form), "by": current_actor()}
        try:
            made = services.issue(db_session(), writable(notice), due_on=form.due_on.data, **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return _done(made, gettext("%(number)sとして発出しました。", number=made.notice_no))
    page = queries.notice_page(reading_session(), notice, current_actor(), run.clock.today())
    drawn = render_template("notices/issue.html", form=form, page=page, audience=audience_text(notice))
    return drawn, 422 if form.errors else 200


@blueprint.route("/notices/<uuid:notice>/extend", methods=["GET", "POST"])
@guarded(Permission.NOTICE_WRITE, notice=Notice)
def extend(notice: Notice) -> ResponseReturnValue:
    """Add the ministries whose cases fit since the issue, in sight of them."""
    notice_step(NoticeDeed.EXTEND, notice.state)
    run = runtime()
    form = IssueForm(due_on=services.due_by_default(run.clock.today(), run.risk), version=str(notice.version))
    if form.validate_on_submit():
        change: dict[str, Any] = {"terms": run.risk, "version": version_of(form), "by": current_actor()}
        try:
            count = services.extend(db_session(), writable(notice), due_on=form.due_on.data, **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("%(count)d府省庁を宛先に加えました。", count=count), "done")
            return redirect(url_for("notices.board", notice=notice.public_id), 303)
    named = {"bodies": queries.unreached(reading_session(), notice), "audience": audience_text(notice)}
    return render_template("notices/extend.html", form=form, notice=notice, **named), 422 if form.errors else 200


@blueprint.route("/notices/<uuid:notice>/<any(ask, close, withdraw):move>", methods=["GET", "POST"])
@guarded(Permission.NOTICE_WRITE, notice=Notice)
def step(notice: Notice, move: str) -> ResponseReturnValue:
    """Ask for consent, close or withdraw, with the words that go into the record."""
    deed = NoticeDeed(move)
    taken, form = notice_step(deed, notice.state), WordForm(version=str(notice.version))
    form.word.flags.needed = taken.reason
    if form.validate_on_submit():
        try:
            _move(notice, deed, form)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return _done(notice, gettext("注意喚起に記録しました。"))
    page = queries.notice_page(reading_session(), notice, current_actor(), runtime().clock.today())
    return render_template("notices/step.html", form=form, page=page, step=taken), 422 if form.errors else 200


@blueprint.get("/notices/<uuid:notice>/board")
@guarded(Permission.NOTICE_BOARD, notice=Notice)
def board(notice: Notice) -> ResponseReturnValue:
    """What every ministry answered, and who is late."""
    page = queries.board(db_session(), notice, current_actor(), runtime().clock.today())
    return render_template("notices/board.html", page=page, replies=list(Reply), audience=audience_text(notice))


@blueprint.get("/notices/<uuid:notice>/board.<any(xlsx, csv):kind>")
@guarded(Permission.NOTICE_BOARD, notice=Notice)
def export(notice: Notice, kind: str) -> ResponseReturnValue:
    """The board as a file; who took it out is recorded."""
    now = runtime().clock.now()
    page = queries.board(db_session(), notice, current_actor(), runtime().clock.today())
    audit_read(audit.Event.NOTICE_EXPORTED, notice, kind=kind, rows=len(page.rows))
    return attachment(notice_file.board(page, kind, now), kind, "notice-answers")


def audience_text(notice: Notice) -> str:
    """Return in words whom a notice addresses."""
    kind, value = notice.audience_kind, notice.audience_value
    if kind is AudienceKind.ALL:
        return kind.label(language())
    field = _spec().field(kind.value) if _spec().has(kind.value) else None
    if field is not None and value in field.codes:
        value = field.option(value).label(language())
    return str(gettext("%(kind)sが「%(value)s」の案件がある府省庁", kind=kind.label(language()), value=value))


def _write(incident: Incident | None) -> ResponseReturnValue:
    form = _form()
    if form.validate_on_submit():
        try:
            change: dict[str, Any] = {"form": _spec(), "incident": incident, "by": current_actor()}
            made = services.write(db_session(), form.values(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return _done(made, gettext("注意喚起の下書きを保存しました。まだどこにも送っていません。"))
    page = render_template("notices/edit.html", form=form, notice=None, incident=incident)
    return page, 422 if form.errors else 200


def _move(notice: Notice, deed: NoticeDeed, form: WordForm) -> None:
    change: dict[str, Any] = {"word": form.word.data or "", "version": version_of(form), "by": current_actor()}
    services.move(db_session(), writable(notice), deed, **change)


def _done(notice: Notice | None, said: str) -> ResponseReturnValue:
    """Say what was done and go on to the notice; to the list when it is no longer the person's to see."""
    flash(said, "done")
    place = url_for("notices.show", notice=notice.public_id) if notice else url_for("notices.index")
    return redirect(place, 303)


def _form() -> NoticeForm:
    form = NoticeForm()
    form.offer(_spec())
    return form


def _spec() -> Any:
    return runtime().forms.newest


def _beside(form: NoticeForm, stale: Stale) -> list[tuple[str, str, str, bool]]:
    kind, value = stale.theirs["audience_kind"], stale.theirs["audience_value"]
    theirs = {**stale.theirs, **audience_shown(kind, value)}
    return beside(form, Stale(stale.sentence, theirs, stale.version))


def _options() -> dict[str, list[tuple[str, str]]]:
    return {
        "state": [(state.value, state.label(language())) for state in NoticeState],
        "reply": [(queries.OPEN, gettext("回答を待っているもの")), (queries.LATE, gettext("期限を過ぎたもの"))],
    }
