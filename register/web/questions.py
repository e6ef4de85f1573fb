"""The pages of the consistency check: its questions, one with its trail, a step, the rules, a check on demand."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from register.authz import QUESTION_DEEDS, Permission, require
from register.errors import Invalid, NotFound, say
from register.models import Question
from register.queries import questions as queries
from register.sentinel import FACTS, RULES
from register.services import questions as services
from register.services import sentinel
from register.states import QUESTION_BY_CHECK, question_step
from register.vocab import QuestionDeed, QuestionState
from register.web import listing
from register.web.filters import language
from register.web.forms.base import version_of
from register.web.forms.questions import QuestionStepForm
from register.web.guard import guarded, writable
from register.web.session import current_actor, db_session, reading_session, runtime

blueprint = Blueprint("questions", __name__)


@blueprint.get("/questions")
@guarded(Permission.QUESTION_READ)
def index() -> ResponseReturnValue:
    """The list with its filter and page, all of it in the URL."""
    state = listing.state_of(queries.ListState)
    page = queries.list_page(db_session(), current_actor(), state, teller())
    options = _options(page)
    return render_template(
        "questions/index.html",
        page=page,
        state=page.state,
        options=options,
        chips=listing.chips(page.state, options),
        link=lambda number: url_for("questions.index", **page.state.args(page=number)),
    )


@blueprint.get("/questions/rules")
@guarded(Permission.QUESTION_READ)
def rules() -> ResponseReturnValue:
    """Everything that is checked, with the question that is asked."""
    return render_template("questions/rules.html", rules=queries.rules(), facts=FACTS, limits=runtime().limits)


@blueprint.post("/questions/check")
@guarded(Permission.SENTINEL_RUN)
def check() -> ResponseReturnValue:
    """Ask for a check of the whole register; the job's page shows how far it is."""
    job = sentinel.ask(db_session(), by=current_actor())
    return redirect(url_for("jobs.show", job=job.public_id), 303)


@blueprint.get("/questions/<uuid:question>")
@guarded(Permission.QUESTION_READ, question=Question)
def show(question: Question) -> ResponseReturnValue:
    """One question: what it is about, and what was said to it."""
    page = queries.question_page(reading_session(), question, current_actor(), teller())
    return render_template("questions/show.html", page=page)


@blueprint.route("/questions/<uuid:question>/<answer>", methods=["GET", "POST"])
@guarded(Permission.QUESTION_READ, question=Question)
def step(question: Question, answer: str) -> ResponseReturnValue:
    """Answer a question, or look at what was answered."""
    wanted = _deed(answer)
    require(current_actor(), QUESTION_DEEDS[wanted], question)
    taken, form = question_step(wanted, question.state), QuestionStepForm(version=str(question.version))
    form.word.flags.needed = taken.reason
    if form.validate_on_submit():
        said: dict[str, Any] = {"word": form.word.data or "", "version": version_of(form), "by": current_actor()}
        try:
            services.move(db_session(), writable(question), wanted, **said)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash(gettext("確認の質問に記録しました。"), "done")
            return redirect(url_for("questions.show", question=question.public_id), 303)
    page = queries.question_page(reading_session(), question, current_actor(), teller())
    return render_template("questions/step.html", form=form, page=page, step=taken), 422 if form.errors else 200


def teller() -> queries.Teller:
    """Return what puts facts into words."""
    run = runtime()
    return queries.Teller(run.forms.newest, run.risk)


def _deed(text: str) -> QuestionDeed:
    if text not in set(QuestionDeed) - QUESTION_BY_CHECK:
        raise NotFound(say("お探しのページはありません。"))
    return QuestionDeed(text)


def _options(page: queries.ListPage) -> dict[str, list[tuple[str, str]]]:
    states = [(state.value, state.label(language())) for state in QuestionState]
    return {
        "state": [(queries.OPEN, gettext("終わっていないもの")), *states],
        "rule": [(rule.code, f"{rule.code} {gettext(rule.checks.template)}") for rule in RULES],
        "ministry": [(one.key, one.label(language())) for one in page.ministries.values()],
    }
