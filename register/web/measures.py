"""The pages of what stands beside an incident: measures, references to other registers, files."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register import audit
from register.authz import Permission
from register.errors import Invalid, Stale
from register.models import Incident, IncidentFile, Measure
from register.services import incident_files, measures
from register.states import incident_step
from register.vocab import IncidentDeed
from register.web.downloads import plain_file
from register.web.forms.base import beside, version_of
from register.web.forms.incidents import DoneForm, FileForm, MeasureForm, ReferenceForm, VersionForm
from register.web.guard import guarded, writable
from register.web.session import audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("measures", __name__)


@blueprint.route("/incidents/<uuid:incident>/measures/new", methods=["GET", "POST"])
@guarded(Permission.MEASURE_WRITE, incident=Incident)
def new(incident: Incident) -> ResponseReturnValue:
    """Set a lasting measure."""
    form = MeasureForm()
    if form.validate_on_submit():
        try:
            measures.add(db_session(), writable(incident), by=current_actor(), **form.values())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("対策を加えました。"), "done")
            return _back(incident, "measures")
    page = render_template("incidents/measure.html", form=form, incident=incident, measure=None)
    return page, 422 if form.errors else 200


@blueprint.route("/measures/<uuid:measure>/edit", methods=["GET", "POST"])
@guarded(Permission.MEASURE_WRITE, measure=Measure)
def edit(measure: Measure) -> ResponseReturnValue:
    """Change what a measure says; what somebody else saved meanwhile is shown beside what was typed."""
    form, conflict = MeasureForm(), None
    if not form.is_submitted():
        form.fill(measure)
    elif form.validate():
        change: dict[str, Any] = {"version": version_of(form), "by": current_actor()}
        try:
            measures.edit(db_session(), writable(measure), **form.values(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            conflict = beside(form, stale)
        else:
            flash(gettext("対策を保存しました。"), "done")
            return _back(measure.incident, "measures")
    page = render_template(
        "incidents/measure.html", form=form, incident=measure.incident, measure=measure, conflict=conflict
    )
    return page, 409 if conflict else 422 if form.errors else 200


@blueprint.route("/measures/<uuid:measure>/done", methods=["GET", "POST"])
@guarded(Permission.MEASURE_WRITE, measure=Measure)
def done(measure: Measure) -> ResponseReturnValue:
    """Say that a measure was carried out."""
    form = DoneForm(on=runtime().clock.today(), version=str(measure.version))
    if form.validate_on_submit():
        change: dict[str, Any] = {"on": form.on.data, "version": version_of(form), "by": current_actor()}
        try:
            measures.done(db_session(), writable(measure), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("対策を実施済みにしました。"), "done")
            return _back(measure.incident, "measures")
    page = render_template("incidents/done.html", form=form, incident=measure.incident, measure=measure)
    return page, 422 if form.errors else 200


@blueprint.route("/measures/<uuid:measure>/<any(verify, take_up):word>", methods=["GET", "POST"])
@guarded(Permission.MEASURE_WRITE, measure=Measure)
def settle(measure: Measure, word: str) -> ResponseReturnValue:
    """Say that a measure works, or that it has to be taken up again."""
    form = VersionForm(version=str(measure.version))
    if form.validate_on_submit():
        deed = measures.verify if word == "verify" else measures.take_up
        deed(db_session(), writable(measure), version=version_of(form), by=current_actor())
        said = gettext("対策を確認済みにしました。") if word == "verify" else gettext("対策を実施前に戻しました。")
        flash(said, "done")
        return _back(measure.incident, "measures")
    return render_template("incidents/settle.html", form=form, incident=measure.incident, measure=measure, word=word)


@blueprint.route("/incidents/<uuid:incident>/references/new", methods=["GET", "POST"])
@guarded(Permission.INCIDENT_NOTE, incident=Incident)
def refer(incident: Incident) -> ResponseReturnValue:
    """Name another register in which the same event stands."""
    incident_step(IncidentDeed.COMMENT, incident.state)
    form = ReferenceForm()
    form.offer(runtime().risk)
    if form.validate_on_submit():
        told = {"kind": form.kind.data or "", "number": form.number.data or ""}
        try:
            incident_files.refer(db_session(), writable(incident), terms=runtime().risk, by=current_actor(), **told)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("関連する記録を加えました。"), "done")
            return _back(incident, "references")
    page = render_template("incidents/reference.html", form=form, incident=incident)
    return page, 422 if form.errors else 200


@blueprint.route("/incidents/<uuid:incident>/files/new", methods=["GET", "POST"])
@guarded(Permission.INCIDENT_NOTE, incident=Incident)
def attach(incident: Incident) -> ResponseReturnValue:
    """Attach a file; its content is looked at before anything is kept."""
    incident_step(IncidentDeed.COMMENT, incident.state)
    form = FileForm()
    if form.validate_on_submit():
        try:
            stored = incident_files.store(runtime().files, *form.sent())
            incident_files.attach(db_session(), writable(incident), stored, by=current_actor())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("ファイルを添付しました。"), "done")
            return _back(incident, "files")
    page = render_template("incidents/file.html", form=form, incident=incident)
    return page, 422 if form.errors else 200


@blueprint.get("/incident-files/<uuid:file>")
@guarded(Permission.INCIDENT_READ, file=IncidentFile)
def download(file: IncidentFile) -> ResponseReturnValue:
    """A file as it was handed in: to be saved, never shown; who took it is recorded."""
    data = incident_files.content(runtime().files, file)
    incident = reading_session().get_one(Incident, file.incident_id)
    audit_read(audit.Event.INCIDENT_FILE_READ, incident, sha256=file.sha256)
    return plain_file(data, file.file_name)


def _back(incident: Incident, place: str) -> ResponseReturnValue:
    return redirect(url_for("incidents.show", incident=incident.public_id, _anchor=place), 303)
