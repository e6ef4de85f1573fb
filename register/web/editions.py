"""The pages of editions: what a round's report says in public, how it came about, and the files of it."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register import audit
from register.authz import Permission
from register.documents.language import speakers
from register.errors import Invalid, NotFound, say
from register.formats import csv, xlsx
from register.models import Edition, Round
from register.queries import editions as queries
from register.queries import snapshots
from register.reports import contents
from register.reports.charts import charts
from register.reports.contents import Shown
from register.reports.edition_files import as_csv_rows, as_sheets
from register.services import editions as services
from register.services.edition_check import Inspection, inspect
from register.states import edition_step, edition_steps
from register.vocab import EditionDeed, SnapshotKind, Variant
from register.web import downloads, filters
from register.web.filters import language
from register.web.forms.base import version_of
from register.web.forms.editions import EditionForm, WordForm
from register.web.guard import guarded, writable
from register.web.papers import handed_to, paper_of
from register.web.session import audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("editions", __name__)
KINDS = "json, csv, xlsx, pdf"


@blueprint.get("/rounds/<round_code:round>/report/editions")
@guarded(Permission.REPORT_READ, round=Round)
def index(round: Round) -> ResponseReturnValue:
    """The editions of a round's report, the newest first."""
    found = queries.of_round(db_session(), round.id, current_actor())
    return render_template("editions/index.html", round=round, editions=found)


@blueprint.post("/rounds/<round_code:round>/report/editions")
@guarded(Permission.EDITION_WRITE, round=Round)
def begin(round: Round) -> ResponseReturnValue:
    """Begin the next edition, or go on with the one that is begun."""
    session = db_session()
    made = services.begin(session, writable(round), by=current_actor())
    session.flush()
    return redirect(url_for("editions.show", edition=made.public_id), 303)


@blueprint.get("/editions/<uuid:edition>")
@guarded(Permission.EDITION_READ, edition=Edition)
def show(edition: Edition) -> ResponseReturnValue:
    """One edition: where it stands, who did what, and what it says."""
    actor = current_actor()
    steps = [one for one in edition_steps(edition.state) if one.deed is not EditionDeed.EDIT]
    return render_template(
        "editions/show.html",
        edition=edition,
        Variant=Variant,
        steps=[one for one in steps if one.deed is not EditionDeed.APPROVE or services.may_approve(edition, actor)],
        examples=queries.examples(db_session(), edition),
        snapshots=snapshots.of_edition(db_session(), edition.id, actor),
    )


@blueprint.route("/editions/<uuid:edition>/edit", methods=["GET", "POST"])
@guarded(Permission.EDITION_WRITE, edition=Edition)
def edit(edition: Edition) -> ResponseReturnValue:
    """Choose what a drafted edition holds."""
    edition_step(EditionDeed.EDIT, edition.state)
    now = {"threshold": str(edition.threshold), "note": edition.note, "examples": edition.examples}
    form = EditionForm(**now, version=str(edition.version))
    form.offer()
    if form.validate_on_submit():
        change: dict[str, Any] = {"version": version_of(form), "by": current_actor()}
        try:
            services.edit(db_session(), writable(edition), form.values(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return _done(edition, gettext("報告書の版を保存しました。"))
    offered = queries.offered(reading_session(), edition.round_id)
    page = render_template(
        "editions/edit.html", form=form, edition=edition, offered=offered, ticked=set(form.examples.data or ())
    )
    return page, 422 if form.errors else 200


@blueprint.route("/editions/<uuid:edition>/check", methods=["GET", "POST"])
@guarded(Permission.EDITION_WRITE, edition=Edition)
def check(edition: Edition) -> ResponseReturnValue:
    """What the public edition would leave out and what it would leak; sent, it asks for approval."""
    edition_step(EditionDeed.CHECK, edition.state)
    form, found = WordForm(version=str(edition.version)), _inspected(edition)
    if form.validate_on_submit() and found.passes:
        change: dict[str, Any] = {"version": version_of(form), "by": current_actor()}
        try:
            services.check(db_session(), writable(edition), found, **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return _done(edition, gettext("点検を終え、承認を求めました。"))
    page = render_template("editions/check.html", form=form, edition=edition, found=found)
    return page, 422 if form.is_submitted() else 200


@blueprint.route("/editions/<uuid:edition>/<any(send_back, approve, publish, discard):turn>", methods=["GET", "POST"])
@guarded(Permission.EDITION_WRITE, edition=Edition)
def step(edition: Edition, turn: str) -> ResponseReturnValue:
    """Send back, approve, publish or discard, with the reason where one is asked for."""
    deed = EditionDeed(turn)
    taken, form = edition_step(deed, edition.state), WordForm(version=str(edition.version))
    form.word.flags.needed = taken.reason
    if form.validate_on_submit():
        told: dict[str, Any] = {"word": form.word.data or "", "version": version_of(form), "by": current_actor()}
        try:
            services.move(db_session(), writable(edition), deed, forms=runtime().forms, **told)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return _done(edition, gettext("報告書の版に記録しました。"))
    page = render_template("editions/step.html", form=form, edition=edition, step=taken)
    return page, 422 if form.errors else 200


@blueprint.get("/editions/<uuid:edition>/public")
@guarded(Permission.EDITION_READ, edition=Edition)
def public(edition: Edition) -> ResponseReturnValue:
    """The public edition, as everybody will read it."""
    return _page(edition, Variant.PUBLIC)


@blueprint.get("/editions/<uuid:edition>/closed")
@guarded(Permission.EDITION_READ_CLOSED, edition=Edition)
def closed(edition: Edition) -> ResponseReturnValue:
    """The closed edition; who read it is recorded."""
    audit_read(audit.Event.EDITION_READ, edition)
    return _page(edition, Variant.CLOSED)


@blueprint.get(f"/editions/<uuid:edition>/public.<any({KINDS}):kind>")
@guarded(Permission.EDITION_READ, edition=Edition)
def public_file(edition: Edition, kind: str) -> ResponseReturnValue:
    """The public edition as a file; who took it out is recorded."""
    return _file(edition, Variant.PUBLIC, kind)


@blueprint.get(f"/editions/<uuid:edition>/closed.<any({KINDS}):kind>")
@guarded(Permission.EDITION_READ_CLOSED, edition=Edition)
def closed_file(edition: Edition, kind: str) -> ResponseReturnValue:
    """The closed edition as a file; who took it out is recorded."""
    return _file(edition, Variant.CLOSED, kind)


def _page(edition: Edition, variant: Variant) -> ResponseReturnValue:
    shown = _shown(edition, variant)
    return render_template(
        "editions/read.html", edition=edition, shown=shown, charts=charts(shown, filters.say), link=lambda *_: ""
    )


def _file(edition: Edition, variant: Variant, kind: str) -> ResponseReturnValue:
    content, run = _content(edition, variant), runtime()
    shown, name = contents.read(content), f"report-{edition.audit_label}-{variant.value}"
    if kind == "json":
        made = json.dumps(content, ensure_ascii=False, indent=2).encode()
    elif kind == "csv":
        made = csv.write(*as_csv_rows(shown, filters.say))
    elif kind == "xlsx":
        made = xlsx.write(as_sheets(shown, filters.say), created=edition.checked_at or run.clock.now(), title=name)
    else:
        # A copy of what is not public says on every page whose it is.
        reader = handed_to() if variant is Variant.CLOSED else ""
        made = paper_of(SnapshotKind.EDITION, variant, reader, edition_id=edition.id)
    audit_read(audit.Event.EDITION_EXPORTED, edition, kind=kind, variant=variant.value)
    return downloads.attachment(made, kind, name)


def _shown(edition: Edition, variant: Variant) -> Shown:
    return contents.read(_content(edition, variant))


def _content(edition: Edition, variant: Variant) -> dict[str, Any]:
    found = queries.text_of(db_session(), edition, variant, language())
    if found is None:
        raise NotFound(say("お探しのページはありません。"))
    return found.content


def _inspected(edition: Edition) -> Inspection:
    run = runtime()
    return inspect(reading_session(), edition, run.forms, speakers(run.settings.translations_dir))


def _done(edition: Edition, said: str) -> ResponseReturnValue:
    flash(said, "done")
    return redirect(url_for("editions.show", edition=edition.public_id), 303)
