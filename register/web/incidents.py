"""The pages of incidents (リスクケース): list, export, report, one incident, its edit and its steps."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register import audit
from register.authz import INCIDENT_DEEDS, Permission, require
from register.errors import Invalid, NotFound, Stale, say
from register.models import Incident, Ministry
from register.queries import incidents as queries
from register.queries import notices, questions
from register.queries.ministries import ministries
from register.services import incidents as services
from register.states import incident_step
from register.vocab import MINISTRY_ROLES, IncidentDeed, IncidentKind, IncidentState
from register.web import incident_file, listing
from register.web.downloads import attachment
from register.web.filters import language
from register.web.forms.base import beside, version_of
from register.web.forms.incidents import IncidentForm, StepForm
from register.web.guard import guarded, writable
from register.web.session import audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("incidents", __name__)


@blueprint.get("/incidents")
@guarded(Permission.INCIDENT_READ)
def index() -> ResponseReturnValue:
    """The list with its filter, order and page, all of it in the URL."""
    state = listing.state_of(queries.ListState)
    page = queries.list_page(db_session(), current_actor(), state, runtime().risk, runtime().clock.today())
    options = _options(page)
    return render_template(
        "incidents/index.html",
        page=page,
        state=page.state,
        options=options,
        chips=listing.chips(page.state, options),
        terms=runtime().risk,
        link=lambda number: url_for("incidents.index", **page.state.args(page=number)),
    )


@blueprint.get("/incidents.<any(xlsx, csv):kind>")
@guarded(Permission.INCIDENT_READ)
def export(kind: str) -> ResponseReturnValue:
    """The filtered list as a file; who took it out is recorded."""
    run = runtime()
    state = listing.state_of(queries.ListState)
    rows = queries.export_rows(db_session(), current_actor(), state, run.risk, run.clock.today())
    content, count = incident_file.incidents(rows, run.risk, kind, run.clock.now())
    audit_read(audit.Event.INCIDENT_EXPORTED, None, kind=kind, rows=count, filtered=bool(request.args))
    return attachment(content, kind, "incidents")


@blueprint.route("/incidents/new", methods=["GET", "POST"])
@guarded(Permission.INCIDENT_CREATE)
def new() -> ResponseReturnValue:
    """Report an incident, or keep it as a draft."""
    form, bodies = IncidentForm(), _bodies()
    form.offer(runtime().risk, bodies)
    if not form.is_submitted():
        form.cases.data = request.args.get("case", "")
    elif form.validate():
        change: dict[str, Any] = {"terms": runtime().risk, "draft": "draft" in request.form, "by": current_actor()}
        try:
            made = services.enter(db_session(), form.report({one.key: one.id for one in bodies}), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(_entered(made), "done")
            return _back(made)
    return _edit_page(form, None), 422 if form.errors else 200


@blueprint.get("/incidents/<uuid:incident>")
@guarded(Permission.INCIDENT_READ, incident=Incident)
def show(incident: Incident) -> ResponseReturnValue:
    """One incident: what happened, its clocks, its measures, its record."""
    run, session, actor = runtime(), db_session(), current_actor()
    page = queries.incident_page(session, incident, actor, run.risk, run.clock.today())
    around = {
        "notices": notices.of_incident(session, incident, actor),
        "questions": questions.about(session, incident, actor, questions.Teller(run.forms.newest, run.risk)),
    }
    return render_template("incidents/show.html", page=page, terms=run.risk, **around)


@blueprint.route("/incidents/<uuid:incident>/edit", methods=["GET", "POST"])
@guarded(Permission.INCIDENT_REPORT, incident=Incident)
def edit(incident: Incident) -> ResponseReturnValue:
    """Edit an incident; what somebody else saved meanwhile is shown beside what was typed."""
    _may_edit(incident)
    form, conflict = IncidentForm(), None
    form.offer(runtime().risk)
    if not form.is_submitted():
        form.fill(incident, services.case_numbers(reading_session(), incident))
    elif form.validate():
        change: dict[str, Any] = {"terms": runtime().risk, "version": version_of(form), "by": current_actor()}
        try:
            services.edit(db_session(), writable(incident), form.report(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            conflict = _beside(form, stale)
        else:
            flash(gettext("リスクケースを保存しました。"), "done")
            return _back(incident)
    return _edit_page(form, incident, conflict), 409 if conflict else 422 if form.errors else 200


@blueprint.route("/incidents/<uuid:incident>/step/<deed>", methods=["GET", "POST"])
@guarded(Permission.INCIDENT_READ, incident=Incident)
def step(incident: Incident, deed: str) -> ResponseReturnValue:
    """Take a step with an incident, with the words that go into its record."""
    wanted = _deed(deed)
    require(current_actor(), INCIDENT_DEEDS[wanted], incident)
    taken, form = incident_step(wanted, incident.state), StepForm(version=str(incident.version))
    form.word.flags.needed = taken.reason
    if form.validate_on_submit():
        change: dict[str, Any] = {"word": form.word.data or "", "version": version_of(form), "by": current_actor()}
        try:
            services.move(db_session(), writable(incident), wanted, **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("リスクケースに記録しました。"), "done")
            return _back(incident)
    return render_template("incidents/step.html", form=form, incident=incident, step=taken), 422 if form.errors else 200


def _back(incident: Incident) -> ResponseReturnValue:
    return redirect(url_for("incidents.show", incident=incident.public_id), 303)


def _entered(incident: Incident) -> str:
    if incident.state is IncidentState.DRAFT:
        return str(gettext("下書きを保存しました。まだ報告していません。"))
    return str(gettext("%(number)sとして報告しました。", number=incident.incident_no))


def _edit_page(form: IncidentForm, incident: Incident | None, conflict: Any = None) -> str:
    return render_template("incidents/edit.html", form=form, incident=incident, conflict=conflict, terms=runtime().risk)


def _may_edit(incident: Incident) -> None:
    """Refuse whoever may not edit it in the state that it is in, and everybody when nobody may."""
    deed = services.editing(incident)
    require(current_actor(), INCIDENT_DEEDS[deed], incident)
    incident_step(deed, incident.state)


def _deed(text: str) -> IncidentDeed:
    edits = (IncidentDeed.EDIT, IncidentDeed.REVISE)
    if text not in set(IncidentDeed) or IncidentDeed(text) in edits:
        raise NotFound(say("お探しのページはありません。"))
    return IncidentDeed(text)


def _bodies() -> list[Ministry]:
    """Return for whom the person may enter something; nobody but the own ministry for its people."""
    actor = current_actor()
    return [] if actor.role in MINISTRY_ROLES else list(ministries(reading_session(), actor).values())


def _beside(form: IncidentForm, stale: Stale) -> list[tuple[str, str, str, bool]]:
    labels = dict(form.listed)
    rows = beside(form, stale)
    place = list(stale.theirs).index("categories")
    mine, theirs = form.categories.data or [], stale.theirs["categories"].split()
    told = [gettext("、").join(labels.get(code, code) for code in codes) for codes in (mine, theirs)]
    rows[place] = (str(form.categories.label.text), told[0], told[1], told[0] != told[1])
    return rows


def _options(page: queries.ListPage) -> dict[str, list[tuple[str, str]]]:
    terms, lang = runtime().risk, language()
    states = [(state.value, state.label(lang)) for state in IncidentState]
    return {
        "state": [(queries.OPEN, gettext("終わっていないもの")), *states],
        "kind": [(kind.value, kind.label(lang)) for kind in IncidentKind],
        "grade": [(code, terms.grades.label(code, lang)) for code in terms.grades.texts]
        + [(queries.NONE, gettext("未定"))],
        "category": [(code, terms.categories.label(code, lang)) for code in terms.categories.texts],
        "ministry": [(one.key, one.label(lang)) for one in page.ministries.values()],
        "late": [("1", gettext("期限を過ぎたもの")), (queries.SILENT, gettext("経過の報告の期限を過ぎたもの"))],
    }
