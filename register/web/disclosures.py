"""The pages on which it is proposed and decided what of a use case is public (公開の区分)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import Permission
from register.errors import Invalid, NotFound, NotNow, Stale, say
from register.models import Disclosure, UseCase
from register.queries import disclosures as queries
from register.queries.disclosures import Part
from register.services import disclosures as services
from register.vocab import DisclosureState
from register.web.forms.base import version_of
from register.web.forms.disclosures import DecisionForm, ProposalForm
from register.web.guard import guarded, writable
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("disclosures", __name__)


@blueprint.get("/disclosures")
@guarded(Permission.DISCLOSURE_READ)
def index() -> ResponseReturnValue:
    """What waits for a decision or for another look."""
    today = runtime().clock.today()
    rows = queries.waiting(db_session(), current_actor(), today)
    return render_template("disclosures/index.html", rows=rows, today=today)


@blueprint.get("/use-cases/<uuid:use_case>/disclosure")
@guarded(Permission.DISCLOSURE_READ, use_case=UseCase)
def show(use_case: UseCase) -> ResponseReturnValue:
    """What of a case is public, part by part."""
    parts = queries.parts_of(db_session(), use_case)
    return render_template("disclosures/show.html", use_case=use_case, parts=parts, today=runtime().clock.today())


@blueprint.route("/use-cases/<uuid:use_case>/disclosure/<part>", methods=["GET", "POST"])
@guarded(Permission.DISCLOSURE_PROPOSE, use_case=UseCase)
def propose(use_case: UseCase, part: str) -> ResponseReturnValue:
    """Propose how far a part of a case is public; until it is decided, it is not."""
    one = _part(use_case, part)
    form = ProposalForm(version=str(one.row.version if one.row else 0))
    form.offer(one.part)
    if not form.is_submitted() and one.row:
        form.fill(one.row)
    if form.validate_on_submit():
        change: dict[str, Any] = {"version": version_of(form), "by": current_actor()}
        try:
            services.propose(db_session(), writable(use_case), one.part, form.values(), **change)
        except Invalid as refusal:
            form.refuse(refusal)
        except Stale as stale:
            raise NotNow(stale.sentence) from None
        else:
            return _done(use_case, gettext("公開の区分を提案しました。事務局が決めるまで、公開されません。"))
    page = render_template("disclosures/propose.html", form=form, use_case=use_case, part=one)
    return page, 422 if form.errors else 200


@blueprint.route("/disclosures/<uuid:disclosure>/decide", methods=["GET", "POST"])
@guarded(Permission.DISCLOSURE_DECIDE, disclosure=Disclosure)
def decide(disclosure: Disclosure) -> ResponseReturnValue:
    """Decide as the ministry proposes, or send the proposal back."""
    if disclosure.state is not DisclosureState.PROPOSED:
        raise NotNow(say("この公開の区分は「%(state)s」です。最新の状態を確認してください。", state=disclosure.state))
    form = DecisionForm(version=str(disclosure.version))
    if form.validate_on_submit():
        accept = "decline" not in request.form
        told: dict[str, Any] = {"word": form.word.data or "", "version": version_of(form), "by": current_actor()}
        try:
            services.decide(db_session(), writable(disclosure), accept=accept, **told)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("提案のとおり決めました。") if accept else gettext("差し戻しました。"), "done")
            return redirect(url_for("disclosures.index"), 303)
    part = next(one for one in queries.parts_of(reading_session(), disclosure.use_case) if one.part is disclosure.part)
    page = render_template("disclosures/decide.html", form=form, row=disclosure, part=part)
    return page, 422 if form.errors else 200


def _part(use_case: UseCase, word: str) -> Part:
    found = next((one for one in queries.parts_of(reading_session(), use_case) if one.part.value == word), None)
    if found is None:
        raise NotFound(say("お探しのページはありません。"))
    return found


def _done(use_case: UseCase, said: str) -> ResponseReturnValue:
    flash(said, "done")
    return redirect(url_for("disclosures.show", use_case=use_case.public_id), 303)
