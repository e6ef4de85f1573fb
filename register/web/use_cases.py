"""The pages of use cases: list, export, one case, registration, edit and the steps of its life."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register import audit, states
from register.authz import Permission, require
from register.errors import Invalid, NotNow, Stale, say
from register.models import AISystem, Round, UseCase
from register.queries import assessments as judgments
from register.queries import incidents, questions, reasking, referrals
from register.queries import use_cases as queries
from register.services import use_cases as services
from register.vocab import Lifecycle
from register.web import downloads, listing
from register.web.filters import language
from register.web.forms.base import beside, version_of
from register.web.forms.use_cases import MoveForm, UseCaseForm
from register.web.guard import guarded, writable
from register.web.session import audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("use_cases", __name__)


@blueprint.get("/use-cases")
@guarded(Permission.USE_CASE_READ)
def index() -> ResponseReturnValue:
    """The list with its filter, order and page, all of it in the URL."""
    page = queries.list_page(db_session(), current_actor(), listing.state_of(queries.ListState))
    spec, state, options = runtime().forms.newest, page.state, _options(page)
    return render_template(
        "use_cases/index.html",
        page=page,
        state=state,
        spec=spec,
        options=options,
        chips=listing.chips(state, options),
        link=lambda number: url_for("use_cases.index", **state.args(page=number)),
    )


@blueprint.get("/use-cases.<any(xlsx, csv):kind>")
@guarded(Permission.USE_CASE_EXPORT)
def export(kind: str) -> ResponseReturnValue:
    """The filtered list as a file; who took it out is recorded."""
    rows = queries.export_rows(db_session(), current_actor(), listing.state_of(queries.ListState))
    content, count = downloads.use_cases(rows, runtime().forms.newest, kind, runtime().clock.now())
    # Search words may quote a case: the log keeps that there were some, not which.
    audit_read(audit.Event.USE_CASES_EXPORTED, None, kind=kind, rows=count, filtered=bool(request.args))
    return downloads.attachment(content, kind, "use-cases")


@blueprint.get("/use-cases/<uuid:use_case>")
@guarded(Permission.USE_CASE_READ, use_case=UseCase)
def show(use_case: UseCase) -> ResponseReturnValue:
    """One use case: what it is, its life, its answers."""
    session, actor, run = db_session(), current_actor(), runtime()
    page = queries.case_page(session, use_case, actor, run.clock.today())
    judged = judgments.of_case(session, use_case, actor, run.sheets, run.clock.today())
    if judged and judged.assessments:
        audit_read(audit.Event.ASSESSMENT_READ, use_case)
    around = {
        "judgments": judged,
        "incidents": incidents.of_case(session, use_case, actor),
        "referrals": referrals.of_case(session, use_case, actor),
        "questions": questions.about(session, use_case, actor, questions.Teller(run.forms.newest, run.risk)),
    }
    return render_template("use_cases/show.html", page=page, spec=run.forms.newest, **around)


@blueprint.route("/use-cases/new", methods=["GET", "POST"])
@guarded(Permission.USE_CASE_CREATE)
def new() -> ResponseReturnValue:
    """Register a use case of one's own ministry."""
    form, spec = UseCaseForm(), runtime().forms.newest
    form.offer(spec, _systems)
    if form.validate_on_submit():
        try:
            made = services.create(db_session(), form=spec, values=form.values(), by=current_actor())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("案件を登録しました。"), "done")
            return redirect(url_for("use_cases.show", use_case=made.public_id), 303)
    return render_template("use_cases/edit.html", form=form, use_case=None), _status(form)


@blueprint.route("/use-cases/<uuid:use_case>/edit", methods=["GET", "POST"])
@guarded(Permission.USE_CASE_WRITE, use_case=UseCase)
def edit(use_case: UseCase) -> ResponseReturnValue:
    """Edit a use case; what somebody else saved meanwhile is shown beside what was typed."""
    form, spec = UseCaseForm(), runtime().forms.newest
    form.offer(spec, _systems, use_case.ai_system_id)
    if not form.is_submitted():
        form.fill(use_case)
    elif form.validate():
        change: dict[str, Any] = {"values": form.values(), "version": version_of(form), "by": current_actor()}
        try:
            services.edit(db_session(), writable(use_case), form=spec, **change)
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            return _stale(form, use_case, stale), 409
        else:
            flash(gettext("案件を保存しました。"), "done")
            return redirect(url_for("use_cases.show", use_case=use_case.public_id), 303)
    return render_template("use_cases/edit.html", form=form, use_case=use_case), _status(form)


@blueprint.route("/use-cases/<uuid:use_case>/move", methods=["GET", "POST"])
@guarded(Permission.USE_CASE_MOVE, use_case=UseCase)
def move(use_case: UseCase) -> ResponseReturnValue:
    """Take a use case to another state of its life."""
    form = MoveForm(to=request.args.get("to", ""), on=runtime().clock.today(), version=use_case.version)
    target = _target(form.to.data)
    if target is Lifecycle.RETIRED:
        require(current_actor(), Permission.USE_CASE_RETIRE, use_case)
    if not form.is_submitted():
        return _move_page(form, use_case, target)
    if form.validate():
        step: dict[str, Any] = {
            "to": target,
            "on": form.on.data,
            "reason": form.reason.data or "",
            "version": version_of(form),
            "sheets": runtime().sheets,
        }
        try:
            services.move(db_session(), writable(use_case), form=runtime().forms.newest, by=current_actor(), **step)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("案件の状態を変えました。"), "done")
            return redirect(url_for("use_cases.show", use_case=use_case.public_id), 303)
    return _move_page(form, use_case, target), 422


def _move_page(form: MoveForm, use_case: UseCase, target: Lifecycle) -> str:
    transition = states.lifecycle_move(use_case.lifecycle, target)
    form.reason.flags.needed = transition.reason
    run = runtime()
    asked = states.judged_for_start in transition.guards
    unjudged = asked and reasking.unjudged(reading_session(), use_case, run.sheets, run.clock.today())
    named = {"use_case": use_case, "transition": transition, "unjudged": unjudged}
    return render_template("use_cases/move.html", form=form, **named)


def _systems() -> list[AISystem]:
    return queries.systems_for(reading_session(), current_actor())


def _options(page: queries.ListPage) -> dict[str, list[tuple[str, str]]]:
    """Return what each filter offers, in official order; an unanswered question can be looked for too."""
    spec = runtime().forms.newest
    offered = {"lifecycle": [(state.value, state.label(language())) for state in Lifecycle]}
    for name in ("usage_type", "user_scope", "confidentiality"):
        listed = [(option.code, option.label(language())) for option in spec.field(name).options]
        offered[name] = [*listed, (queries.UNANSWERED, gettext("未回答"))]
    offered["ministry"] = [(ministry.key, ministry.label(language())) for ministry in page.ministries.values()]
    offered["round"] = [(one.code, _round_name(one)) for one in page.rounds]
    return offered


def _round_name(round: Round) -> str:
    return str(gettext("%(year)s年度第%(number)s回", year=round.fiscal_year, number=round.number))


def _status(form: UseCaseForm) -> int:
    return 422 if form.errors else 200


def _target(text: str | None) -> Lifecycle:
    if text not in set(Lifecycle):
        raise NotNow(say("移す先の状態が選ばれていません。案件のページからやり直してください。"))
    return Lifecycle(text)


def _stale(form: UseCaseForm, use_case: UseCase, stale: Stale) -> str:
    theirs = {**stale.theirs, "ai_system_id": form.choice_of(stale.theirs["ai_system_id"])}
    rows = beside(form, Stale(stale.sentence, theirs, stale.version))
    return render_template("use_cases/edit.html", form=form, use_case=use_case, conflict=rows)
