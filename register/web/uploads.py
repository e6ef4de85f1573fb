"""The Excel channel of a return (様式): take the workbook, hand it in, see what it would do, take it over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from flask_security import current_user

from register import audit
from register.authz import Permission
from register.errors import Invalid
from register.formats import form_xlsx
from register.formats.workbook import DEFAULT_LIMITS
from register.models import Submission, Upload
from register.queries import returns
from register.queries import uploads as queries
from register.services import uploads as services
from register.services import workbooks
from register.services.workbook_rows import open_file
from register.web import workbook_words
from register.web.downloads import attachment
from register.web.forms.uploads import ApplyForm, UploadForm
from register.web.guard import guarded, writable
from register.web.paging import page_number
from register.web.session import audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("uploads", __name__)
# Beside the file: the boundaries and the tokens of the form.
ENVELOPE = 64 * 1024
SHOWN = 100
UNSAFE_IN_NAME = re.compile(r"[^0-9A-Za-z-]")


@blueprint.url_value_preprocessor
def make_room(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a workbook in where one is handed in; before anything reads the request, and for people we know."""
    if endpoint == "uploads.new" and current_user.is_authenticated:
        request.max_content_length = DEFAULT_LIMITS.size + ENVELOPE


@blueprint.get("/submissions/<uuid:submission>/workbook.<any(xlsx, csv):kind>")
@guarded(Permission.SUBMISSION_FILL, submission=Submission)
def workbook(submission: Submission, kind: str) -> ResponseReturnValue:
    """The workbook of the return, prefilled with what is known; or the same for machines."""
    session, now = reading_session(), runtime().clock.now()
    services.fillable(session, submission)
    content = queries.content(session, submission)
    if kind == "csv":
        data = workbooks.plain(content, now)
    else:
        data = form_xlsx.write(workbooks.form(content, workbook_words.speech(), now), created=now)
    audit_read(audit.Event.SUBMISSION_EXPORTED, submission, kind=kind, rows=len(content.items))
    return attachment(data, kind, _name(content))


@blueprint.route("/submissions/<uuid:submission>/upload", methods=["GET", "POST"])
@guarded(Permission.SUBMISSION_FILL, submission=Submission)
def new(submission: Submission) -> ResponseReturnValue:
    """Hand a workbook in: it is kept and looked at, and nothing of it is saved."""
    form = UploadForm()
    if form.validate_on_submit():
        data, name = form.file.data.read(), form.file.data.filename or ""
        try:
            open_file(data, name)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            stored = services.store(runtime().files, data)
            upload = services.keep(db_session(), writable(submission), stored, name=name, by=current_actor())
            return redirect(url_for("uploads.show", upload=upload.public_id), 303)
    frame = returns.frame(reading_session(), submission, current_actor(), runtime().clock.today())
    recent = queries.recent(reading_session(), submission)
    page = render_template("uploads/new.html", frame=frame, form=form, recent=recent)
    return page, 422 if form.errors else 200


@blueprint.get("/uploads/<uuid:upload>")
@guarded(Permission.UPLOAD_READ, upload=Upload)
def show(upload: Upload) -> ResponseReturnValue:
    """What a workbook would do, before anything is saved; of one that was taken over, that it was."""
    session = reading_session()
    frame = returns.frame(session, upload.submission, current_actor(), runtime().clock.today())
    page = None if upload.applied_at or not frame.may_fill else _dry_run(upload)
    form = ApplyForm(formdata=None)
    if page is not None:
        form.seen.data = page.examined.diff.sha256

    def link(number: int) -> str:
        return url_for("uploads.show", upload=upload.public_id, page=number)

    return render_template("uploads/show.html", frame=frame, upload=upload, page=page, form=form, link=link)


@blueprint.get("/uploads/<uuid:upload>/reasons.xlsx")
@guarded(Permission.UPLOAD_READ, upload=Upload)
def reasons(upload: Upload) -> ResponseReturnValue:
    """The workbook that was handed in, with what is wrong beside each row."""
    services.fillable(reading_session(), upload.submission)
    examined = _examined(upload)
    troubles, speech = examined.diff.troubles, workbook_words.speech()
    told = workbook_words.problems(troubles), workbook_words.notes(troubles)
    sheet = workbooks.reasons(examined.handed.table, examined.content, speech, *told)
    data = form_xlsx.write(sheet, created=runtime().clock.now())
    audit_read(audit.Event.SUBMISSION_EXPORTED, upload.submission, kind="xlsx", rows=len(sheet.rows))
    return attachment(data, "xlsx", f"{_name(examined.content)}-reasons")


@blueprint.post("/uploads/<uuid:upload>/apply")
@guarded(Permission.SUBMISSION_FILL, upload=Upload)
def apply(upload: Upload) -> ResponseReturnValue:
    """Take a workbook over as it was shown, all of it or nothing."""
    form = ApplyForm()
    if not form.validate():
        return redirect(url_for("uploads.show", upload=upload.public_id), 303)
    # The file is read before the lock is taken: nobody waits for that.
    handed = services.opened(runtime().files, upload)
    change: dict[str, Any] = {"seen": form.seen.data or "", "forms": runtime().forms, "by": current_actor()}
    diff = services.apply(db_session(), writable(upload.submission), upload.id, handed, **change)
    count = len(diff.steps)
    flash(ngettext("様式から%(num)s件を取り込みました。", "様式から%(num)s件を取り込みました。", count), "done")
    return redirect(url_for("submissions.show", submission=upload.submission.public_id), 303)


@dataclass(frozen=True)
class DryRun:
    """What a page shows of a workbook before anything is saved."""

    examined: services.Examined
    changes: workbook_words.ChangePage

    @property
    def troubles(self) -> Any:
        """The first troubles; the workbook that goes back has them all."""
        return self.examined.diff.troubles[:SHOWN]


def _dry_run(upload: Upload) -> DryRun:
    examined = _examined(upload)
    return DryRun(examined, workbook_words.changes(examined.content, examined.diff.steps, page_number(request.args)))


def _examined(upload: Upload) -> services.Examined:
    run, session = runtime(), reading_session()
    # Loaded here: the file is opened beside this thread.
    submission, files = upload.submission, run.files
    return services.dry_run(session, submission, lambda: services.opened(files, upload), forms=run.forms)


def _name(content: queries.Content) -> str:
    return f"form-{content.round.code}-{UNSAFE_IN_NAME.sub('', content.ministry.key)}"
