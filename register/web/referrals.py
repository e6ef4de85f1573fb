"""The pages of referrals to the Advisory Board: list, draft, one referral, its edit, its steps. Reading is logged."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register import audit
from register.authz import REFERRAL_DEEDS, Permission, require
from register.errors import Invalid, NotFound, Stale, say
from register.models import Referral, UseCase
from register.queries import referrals as queries
from register.services import referrals as services
from register.vocab import ReferralDeed, ReferralState
from register.web import listing
from register.web.filters import language
from register.web.forms.base import beside, version_of
from register.web.forms.referrals import ReferralForm, step_form
from register.web.guard import guarded, writable
from register.web.session import SAFE_METHODS, audit_read, current_actor, db_session, reading_session, runtime

blueprint = Blueprint("referrals", __name__)


@blueprint.get("/referrals")
@guarded(Permission.REFERRAL_READ)
def index() -> ResponseReturnValue:
    """The list with its filter and page, all of it in the URL; it says of no referral what is in it."""
    state = listing.state_of(queries.ListState)
    page = queries.list_page(db_session(), current_actor(), state)
    options = _options(page)
    return render_template(
        "referrals/index.html",
        page=page,
        state=page.state,
        options=options,
        chips=listing.chips(page.state, options),
        link=lambda number: url_for("referrals.index", **page.state.args(page=number)),
    )


@blueprint.route("/use-cases/<uuid:use_case>/referrals/new", methods=["GET", "POST"])
@guarded(Permission.REFERRAL_DRAFT, use_case=UseCase)
def new(use_case: UseCase) -> ResponseReturnValue:
    """Begin the referral of a use case."""
    services.refuse_second(reading_session(), use_case)
    form = ReferralForm()
    form.offer()
    if form.validate_on_submit():
        try:
            made = services.draft(db_session(), writable(use_case), form.values(), by=current_actor())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("下書きを保存しました。まだ事務局には送っていません。"), "done")
            return _back(made)
    page = render_template("referrals/edit.html", form=form, use_case=use_case, referral=None)
    return page, 422 if form.errors else 200


@blueprint.get("/referrals/<uuid:referral>")
@guarded(Permission.REFERRAL_READ, referral=Referral)
def show(referral: Referral) -> ResponseReturnValue:
    """One referral: its package, its meeting, the opinion and what came of it. Who read it is recorded."""
    page = queries.referral_page(db_session(), referral, current_actor(), runtime().clock.today())
    _note_reading(referral)
    return render_template("referrals/show.html", page=page, texts=queries.PACKAGE)


@blueprint.route("/referrals/<uuid:referral>/edit", methods=["GET", "POST"])
@guarded(Permission.REFERRAL_DRAFT, referral=Referral)
def edit(referral: Referral) -> ResponseReturnValue:
    """Edit the package; what somebody else saved meanwhile is shown beside what was typed."""
    services.ready(reading_session(), referral, ReferralDeed.EDIT)
    form, conflict = ReferralForm(), None
    form.offer()
    _note_reading(referral)
    if not form.is_submitted():
        form.fill(referral)
    elif form.validate():
        change: dict[str, Any] = {"version": version_of(form), "by": current_actor()}
        try:
            services.edit(db_session(), writable(referral), form.values(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            conflict = beside(form, stale)
        else:
            flash(gettext("報告・相談の内容を保存しました。"), "done")
            return _back(referral)
    return _edit_page(form, referral, conflict), 409 if conflict else 422 if form.errors else 200


@blueprint.route("/referrals/<uuid:referral>/step/<act>", methods=["GET", "POST"])
@guarded(Permission.REFERRAL_READ, referral=Referral)
def step(referral: Referral, act: str) -> ResponseReturnValue:
    """Take a step with a referral, with the words that go into its record."""
    deed = _deed(act)
    require(current_actor(), REFERRAL_DEEDS[deed], referral)
    taken = services.ready(reading_session(), referral, deed)
    _note_reading(referral)
    form = step_form(deed, referral, queries.conditions_of(reading_session(), referral))
    if form.validate_on_submit():
        change: dict[str, Any] = {"version": version_of(form), "by": current_actor()}
        try:
            services.move(db_session(), writable(referral), deed, form.words(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("報告・相談に記録しました。"), "done")
            return _back(referral)
    page = render_template("referrals/step.html", form=form, referral=referral, step=taken)
    return page, 422 if form.errors else 200


def _back(referral: Referral) -> ResponseReturnValue:
    return redirect(url_for("referrals.show", referral=referral.public_id), 303)


def _note_reading(referral: Referral) -> None:
    """Record that a page with the referral's text was opened; what is sent from it was read already."""
    if request.method in SAFE_METHODS:
        audit_read(audit.Event.REFERRAL_READ, referral)


def _edit_page(form: ReferralForm, referral: Referral, conflict: Any) -> str:
    use_case = reading_session().get_one(UseCase, referral.use_case_id)
    return render_template("referrals/edit.html", form=form, use_case=use_case, referral=referral, conflict=conflict)


def _deed(text: str) -> ReferralDeed:
    if text not in set(ReferralDeed) or text == ReferralDeed.EDIT:
        raise NotFound(say("お探しのページはありません。"))
    return ReferralDeed(text)


def _options(page: queries.ListPage) -> dict[str, list[tuple[str, str]]]:
    lang = language()
    states = [(state.value, state.label(lang)) for state in ReferralState]
    return {
        "state": [(queries.OPEN, gettext("終わっていないもの")), *states],
        "ministry": [(one.key, one.label(lang)) for one in page.ministries.values()],
    }
