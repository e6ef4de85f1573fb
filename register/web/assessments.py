"""The pages of high-risk judgments (高リスク判定): lists, what is due, one judgment, its sheet, its decision."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register import audit
from register.authz import ASSESSMENT_DEEDS, Permission, require
from register.errors import Invalid, NotFound, Stale, say
from register.formspec.sheets import sheet_of
from register.models import Assessment, UseCase
from register.queries import assessments as queries
from register.queries import reasking
from register.queries.listing import PER_PAGE, pages_of
from register.services import assessments as services
from register.states import assessment_step
from register.vocab import AssessmentDeed, AssessmentState
from register.web import assessment_file, listing
from register.web.downloads import attachment
from register.web.filters import language
from register.web.forms.assessments import DecisionForm, SheetForm, sheet_form
from register.web.forms.base import beside, version_of
from register.web.forms.incidents import StepForm
from register.web.guard import guarded, writable
from register.web.paging import page_number
from register.web.session import audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("assessments", __name__)
# Their pages are forms of their own.
APART = frozenset({AssessmentDeed.EDIT, AssessmentDeed.DECIDE, AssessmentDeed.SUPERSEDE})


@blueprint.get("/assessments")
@guarded(Permission.ASSESSMENT_READ)
def index() -> ResponseReturnValue:
    """The list with its filter and page, all of it in the URL; that it was read is recorded."""
    page = queries.list_page(db_session(), current_actor(), listing.state_of(queries.ListState))
    options = _options(page)
    if page.rows:
        audit_read(audit.Event.ASSESSMENTS_LISTED, None, rows=len(page.rows))
    return render_template(
        "assessments/index.html",
        page=page,
        state=page.state,
        options=options,
        chips=listing.chips(page.state, options),
        newest=runtime().sheets.on(runtime().clock.today()).version,
        link=lambda number: url_for("assessments.index", **page.state.args(page=number)),
    )


@blueprint.get("/assessments.<any(xlsx, csv):kind>")
@guarded(Permission.ASSESSMENT_READ)
def export(kind: str) -> ResponseReturnValue:
    """The filtered list as a file; who took it out is recorded."""
    rows = queries.export_rows(db_session(), current_actor(), listing.state_of(queries.ListState))
    content, count = assessment_file.assessments(rows, kind, runtime().clock.now())
    audit_read(audit.Event.ASSESSMENTS_EXPORTED, None, kind=kind, rows=count, filtered=bool(request.args))
    return attachment(content, kind, "assessments")


@blueprint.get("/assessments/due")
@guarded(Permission.ASSESSMENT_WRITE)
def due() -> ResponseReturnValue:
    """The cases that have to be judged, each with the reason why."""
    run, actor, session = runtime(), current_actor(), db_session()
    asked = (session, actor, run.sheets, run.clock.today())
    total = reasking.count_due(*asked)
    number = min(page_number(request.args), pages_of(total))
    found = reasking.due_cases(*asked, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    pages = {"page": number, "pages": pages_of(total)}
    return render_template("assessments/due.html", found=found, total=total, grades=run.sheets.grades, **pages)


@blueprint.get("/assessments/sheets/<version>")
@guarded(Permission.ASSESSMENT_READ)
def sheet(version: str) -> ResponseReturnValue:
    """A version of the sheet: what it asks, and how the answers combine."""
    known = runtime().sheets.versions.get(version)
    if known is None:
        raise NotFound(say("お探しのページはありません。"))
    return render_template("assessments/sheet.html", sheet=known, versions=runtime().sheets.versions.values())


@blueprint.route("/use-cases/<uuid:use_case>/assessments/new", methods=["GET", "POST"])
@guarded(Permission.ASSESSMENT_WRITE, use_case=UseCase)
def new(use_case: UseCase) -> ResponseReturnValue:
    """Begin a judgment of a use case; what was filled in for the last one is there already."""
    run = runtime()
    form = sheet_form(run.sheets.on(run.clock.today()))
    if not form.is_submitted():
        if held := queries.held_by(reading_session(), use_case):
            form.fill(held)
    elif form.validate():
        change: dict[str, Any] = {"library": run.sheets, "propose": "propose" in request.form, "by": current_actor()}
        try:
            made = services.start(db_session(), writable(use_case), form.filled(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return _saved(made)
    return _sheet_page(form, use_case, None), 422 if form.errors else 200


@blueprint.get("/assessments/<uuid:assessment>")
@guarded(Permission.ASSESSMENT_READ, assessment=Assessment)
def show(assessment: Assessment) -> ResponseReturnValue:
    """One judgment under the sheet that it was made under; that it was read is recorded."""
    run = runtime()
    page = queries.assessment_page(db_session(), assessment, current_actor(), run.sheets, run.clock.today())
    barred = services.filled_in(db_session(), assessment, current_actor())
    audit_read(audit.Event.ASSESSMENT_READ, assessment)
    return render_template("assessments/show.html", page=page, spec=run.forms.newest, barred=barred)


@blueprint.route("/assessments/<uuid:assessment>/edit", methods=["GET", "POST"])
@guarded(Permission.ASSESSMENT_WRITE, assessment=Assessment)
def edit(assessment: Assessment) -> ResponseReturnValue:
    """Fill in the sheet; what somebody else saved meanwhile is shown beside what was typed."""
    assessment_step(AssessmentDeed.EDIT, assessment.state)
    form, conflict = sheet_form(sheet_of(assessment.form_version.canonical)), None
    if not form.is_submitted():
        form.fill(assessment)
        form.version.data = str(assessment.version)
    elif form.validate():
        change: dict[str, Any] = {"library": runtime().sheets, "version": version_of(form), "by": current_actor()}
        try:
            change["propose"] = "propose" in request.form
            saved = services.edit(db_session(), writable(assessment), form.filled(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            conflict = beside(form, stale)
        else:
            return _saved(saved)
    page = _sheet_page(form, assessment.use_case, assessment, conflict)
    return page, 409 if conflict else 422 if form.errors else 200


@blueprint.route("/assessments/<uuid:assessment>/decide", methods=["GET", "POST"])
@guarded(Permission.ASSESSMENT_DECIDE, assessment=Assessment)
def decide(assessment: Assessment) -> ResponseReturnValue:
    """Enter what the CAIO's side decided."""
    assessment_step(AssessmentDeed.DECIDE, assessment.state)
    run = runtime()
    form = DecisionForm(on=run.clock.today(), version=str(assessment.version))
    form.offer()
    if form.validate_on_submit():
        change: dict[str, Any] = {"library": run.sheets, "version": version_of(form), "by": current_actor()}
        try:
            services.decide(db_session(), writable(assessment), form.decision(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("判定を記録しました。"), "done")
            return _back(assessment)
    page = queries.assessment_page(reading_session(), assessment, current_actor(), run.sheets, run.clock.today())
    return render_template("assessments/decide.html", form=form, page=page), 422 if form.errors else 200


@blueprint.route("/assessments/<uuid:assessment>/step/<deed>", methods=["GET", "POST"])
@guarded(Permission.ASSESSMENT_WRITE, assessment=Assessment)
def step(assessment: Assessment, deed: str) -> ResponseReturnValue:
    """Take a step with a judgment, with the words that go into its record."""
    wanted = _deed(deed)
    require(current_actor(), ASSESSMENT_DEEDS[wanted], assessment)
    taken, form = assessment_step(wanted, assessment.state), StepForm(version=str(assessment.version))
    form.word.flags.needed = taken.reason
    if form.validate_on_submit():
        change: dict[str, Any] = {"word": form.word.data or "", "version": version_of(form), "by": current_actor()}
        try:
            services.move(db_session(), writable(assessment), wanted, library=runtime().sheets, **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("高リスク判定に記録しました。"), "done")
            return _back(assessment)
    page = render_template("assessments/step.html", form=form, assessment=assessment, step=taken)
    return page, 422 if form.errors else 200


def _back(assessment: Assessment) -> ResponseReturnValue:
    return redirect(url_for("assessments.show", assessment=assessment.public_id), 303)


def _saved(assessment: Assessment) -> ResponseReturnValue:
    if assessment.state is AssessmentState.PROPOSED:
        flash(gettext("判定を求めました。入力していない取りまとめ担当者が判定します。"), "done")
    else:
        flash(gettext("下書きを保存しました。"), "done")
    return _back(assessment)


def _sheet_page(form: SheetForm, use_case: UseCase, assessment: Assessment | None, conflict: Any = None) -> str:
    named = {"use_case": use_case, "assessment": assessment, "spec": runtime().forms.newest}
    return render_template("assessments/edit.html", form=form, sheet=form.sheet, conflict=conflict, **named)


def _deed(text: str) -> AssessmentDeed:
    if text not in set(AssessmentDeed) or AssessmentDeed(text) in APART:
        raise NotFound(say("お探しのページはありません。"))
    return AssessmentDeed(text)


def _options(page: queries.ListPage) -> dict[str, list[tuple[str, str]]]:
    return {
        "state": [(one.value, one.label(language())) for one in AssessmentState],
        "decision": [(one.value, one.label(language())) for one in services.DECISIONS],
        "differs": [("1", gettext("シートと違う判定"))],
        "unreferred": [("1", gettext("報告・相談していない高リスク"))],
        "ministry": [(one.key, one.label(language())) for one in page.ministries.values()],
    }
