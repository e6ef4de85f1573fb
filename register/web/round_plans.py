"""The pages on which the secretariat plans a round, and changes its plan as long as it may."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register import states
from register.authz import Permission
from register.errors import Invalid, NotNow, Stale, say
from register.models import Ministry, Round
from register.queries import round_plans as queries
from register.services import rounds as services
from register.web.filters import language
from register.web.forms.base import beside, version_of
from register.web.forms.rounds import PlanForm, TextsForm
from register.web.guard import guarded, writable
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("round_plans", __name__)


@blueprint.route("/rounds/new", methods=["GET", "POST"])
@guarded(Permission.ROUND_PLAN)
def new() -> ResponseReturnValue:
    """Plan a round; what is usual is filled in."""
    form, forms = PlanForm(), runtime().forms
    form.offer(forms)
    if not form.is_submitted():
        usual = queries.suggestion(reading_session(), runtime().clock.today())
        form.suggest(usual, forms.newest.version, queries.ministries(reading_session(), usual.as_of))
        return _page(form)
    if _only_looked_at():
        return _page(form)
    if form.validate():
        wanted = form.wanted(queries.by_key(reading_session()))
        try:
            made = services.plan(db_session(), wanted, forms=forms, by=current_actor())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("定期報告の回を作りました。内容を確かめて、予定を確定してください。"), "done")
            return redirect(url_for("rounds.show", round=made.code), 303)
    return _page(form), 422


@blueprint.route("/rounds/<round_code:round>/plan", methods=["GET", "POST"])
@guarded(Permission.ROUND_PLAN, round=Round)
def revise(round: Round) -> ResponseReturnValue:
    """Change the plan of a round; what somebody else saved meanwhile is shown beside what was typed."""
    form = _form_of(round)
    if not form.is_submitted():
        form.fill(round, queries.taking_part(reading_session(), round))
        return _page(form, round)
    if _only_looked_at():
        return _page(form, round)
    if form.validate():
        wanted, seen = _wanted(form, round), form.seen_of(queries.by_key(reading_session()))
        change: dict[str, Any] = {"version": version_of(form), "seen": seen, "forms": runtime().forms}
        try:
            services.revise(db_session(), writable(round), wanted, **change, by=current_actor())
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            return _page(form, round, _both(form, stale, round)), 409
        else:
            flash(gettext("予定を保存しました。"), "done")
            return redirect(url_for("rounds.show", round=round.code), 303)
    return _page(form, round), 422


def _form_of(round: Round) -> PlanForm:
    if round.state in states.ROUND_SETTLED:
        raise NotNow(say("確定した回の予定は変えられません。"))
    if round.state in states.ROUND_RUNNING:
        return TextsForm()
    form = PlanForm()
    form.offer(runtime().forms)
    form.name_after(round)
    return form


def _wanted(form: PlanForm, round: Round) -> services.Plan:
    if isinstance(form, TextsForm):
        return form.wanted_of(round, queries.taking_part(reading_session(), round))
    return form.wanted(queries.by_key(reading_session()))


def _only_looked_at() -> bool:
    """Tell whether the person only wants to see what the days they typed come to."""
    return "count" in request.form


def _page(form: PlanForm, round: Round | None = None, conflict: list[tuple[str, str, str, bool]] | None = None) -> str:
    planned, today = not isinstance(form, TextsForm), runtime().clock.today()
    opens_on = round.opens_on if round and not planned else form.opens_on.data
    return render_template(
        "rounds/plan.html",
        form=form,
        round=round,
        planned=planned,
        days=queries.days(opens_on, form.due_on.data, today),
        ministries=_offered(form) if planned else (),
        conflict=conflict,
    )


def _offered(form: PlanForm) -> list[Ministry]:
    """Return the ministries of the round's day, and those that were ticked and did not stand on it."""
    standing = queries.ministries(reading_session(), form.as_of.data or runtime().clock.today())
    keys = {ministry.key for ministry in standing} | set(form.ministries.data or ())
    return [ministry for key, ministry in queries.by_key(reading_session()).items() if key in keys]


def _both(form: PlanForm, stale: Stale, round: Round) -> list[tuple[str, str, str, bool]]:
    """Return what was typed beside what is stored now, and let the next save be made in sight of both."""
    session = db_session()
    newest = session.get_one(Round, round.id)
    taking_part = queries.taking_part(session, newest)
    form.saw(taking_part)
    theirs = {name: value for name, value in stale.theirs.items() if name in form}
    if isinstance(form, TextsForm):
        return beside(form, Stale(stale.sentence, theirs, stale.version))
    rows = beside(form, Stale(stale.sentence, theirs | {"form": newest.form_version.version}, stale.version))
    known = queries.by_key(session)
    mine = _names(known[key] for key in known if key in (form.ministries.data or ()))
    others = _names(taking_part)
    return [*rows, (str(form.ministries.label.text), mine, others, mine != others)]


def _names(ministries: Iterable[Ministry]) -> str:
    return "\n".join(ministry.label(language()) for ministry in ministries)
