"""Planning a round and taking it through its states; opening lays every case before its ministry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit, states
from register.authz import Actor
from register.errors import Invalid, NotFound, NotNow, Say, say
from register.formspec.loader import FormLibrary, from_canonical
from register.formspec.schema import FormSpec
from register.models import Ministry, Round, Submission
from register.queries import editions
from register.queries.ministries import existed
from register.services import carry_forward, form_versions
from register.services.editing import refuse_stale
from register.services.returns import FIRST_YEAR, LAST_YEAR, closed_day, reason_for
from register.text import clean
from register.vocab import RoundDeed, RoundState, SubmissionState

EDITABLE = ("as_of", "opens_on", "due_on", "instructions", "contact")
LONGEST_TEXT = 4000
# What no row has, so that an edit that carries it is stale.
NO_VERSION = 0


@dataclass(frozen=True)
class Plan:
    """What the secretariat says of a round: its name, its days, its form, who takes part, what the ministries read."""

    fiscal_year: int
    number: int
    rehearsal: bool
    as_of: dt.date | None
    opens_on: dt.date | None
    due_on: dt.date | None
    form: str
    ministries: tuple[int, ...]
    instructions: str = ""
    contact: str = ""


def plan(session: Session, wanted: Plan, *, forms: FormLibrary, by: Actor) -> Round:
    """Make a round in draft; raise ``Invalid`` on bad values, among them a number that is taken."""
    problems = _wrong(wanted, forms) | _wrong_ministries(session, wanted)
    taken = select(Round.id).where(
        Round.fiscal_year == wanted.fiscal_year,
        Round.number == wanted.number,
        Round.rehearsal.is_(wanted.rehearsal),
    )
    if session.scalar(taken) is not None:
        problems["number"] = say("この年度と回の定期報告はすでにあります。")
    if problems:
        raise Invalid(problems)
    version = form_versions.publish(session, forms.versions[wanted.form], by=by)
    made = Round(
        fiscal_year=wanted.fiscal_year,
        number=wanted.number,
        rehearsal=wanted.rehearsal,
        state=RoundState.DRAFT,
        form_version=version,
        **_facts(wanted),
    )
    session.add(made)
    session.flush()  # the returns need its id
    _take_part(session, made, wanted.ministries)
    audit.record(session, audit.Event.ROUND_CREATED, made, by=by, ministries=len(wanted.ministries))
    return made


def revise(
    session: Session,
    round: Round,
    wanted: Plan,
    *,
    version: int,
    forms: FormLibrary,
    by: Actor,
    seen: Collection[int] | None = None,
) -> Round:
    """Change the plan; once the round runs, only the deadline and the texts.

    ``seen`` are the ministries that took part when ``version`` was read: they stand in rows of their own, which do not
    raise it. Raise ``Stale`` when either was saved since, ``Invalid`` on bad values, ``NotNow`` once frozen.
    """
    own = set(session.scalars(select(Submission.ministry_id).where(Submission.round_id == round.id)))
    refuse_stale(round, version if seen is None or own == set(seen) else NO_VERSION, EDITABLE)
    if round.state in states.ROUND_SETTLED:
        raise NotNow(say("確定した回の予定は変えられません。"))
    running = round.state in states.ROUND_RUNNING
    problems = _wrong(wanted, forms, running=running) | ({} if running else _wrong_ministries(session, wanted))
    if problems:
        raise Invalid(problems)
    if not running:
        for name, value in _facts(wanted).items():
            setattr(round, name, value)
        round.form_version = form_versions.publish(session, forms.versions[wanted.form], by=by)
        _take_part(session, round, wanted.ministries)
    else:
        round.due_on = wanted.due_on
        round.instructions, round.contact = clean(wanted.instructions), clean(wanted.contact)
    session.flush()
    audit.record(session, audit.Event.ROUND_REVISED, round, by=by)
    return round


def _facts(wanted: Plan) -> dict[str, Any]:
    return {
        "as_of": wanted.as_of,
        "opens_on": wanted.opens_on,
        "due_on": wanted.due_on,
        "instructions": clean(wanted.instructions),
        "contact": clean(wanted.contact),
    }


def _wrong(wanted: Plan, forms: FormLibrary, *, running: bool = False) -> dict[str, Say]:
    problems: dict[str, Say] = {}
    if not FIRST_YEAR <= wanted.fiscal_year <= LAST_YEAR:
        problems["fiscal_year"] = say("年度は西暦4桁で入力してください。")
    if not 0 < wanted.number < 100:
        problems["number"] = say("回は1から99までの数で入力してください。")
    if wanted.as_of is None:
        problems["as_of"] = say("基準日を入力してください。")
    if wanted.form not in forms.versions:
        problems["form"] = say("選択肢の中から選んでください。")
    problems |= {} if running else _wrong_day("opens_on", wanted.opens_on, say("受付開始日を入力してください。"))
    problems |= _wrong_day("due_on", wanted.due_on, say("提出期限を入力してください。"))
    if wanted.opens_on and wanted.due_on and wanted.opens_on > wanted.due_on:
        problems["due_on"] = say("提出期限は受付開始日以降の日付にしてください。")
    for name in ("instructions", "contact"):
        if len(getattr(wanted, name)) > LONGEST_TEXT:
            problems[name] = say("%(longest)d文字以内で入力してください。", longest=LONGEST_TEXT)
    return problems


def _wrong_ministries(session: Session, wanted: Plan) -> dict[str, Say]:
    if not wanted.ministries:
        return {"ministries": say("参加する府省庁を選んでください。")}
    if wanted.as_of is None:
        return {}
    standing = set(session.scalars(select(Ministry.id).where(existed(wanted.as_of))))
    if standing.issuperset(wanted.ministries):
        return {}
    return {"ministries": say("基準日に置かれていない府省庁が選ばれています。基準日と府省庁を確認してください。")}


def _wrong_day(name: str, day: dt.date | None, missing: Say) -> dict[str, Say]:
    if day is None:
        return {name: missing}
    closed = closed_day(day)
    return {name: closed} if closed else {}


def _take_part(session: Session, round: Round, ministries: Sequence[int]) -> None:
    """Make the returns of a planned round those of ``ministries``."""
    own = {one.ministry_id: one for one in session.scalars(select(Submission).where(Submission.round_id == round.id))}
    for ministry_id in own.keys() - set(ministries):
        session.delete(own[ministry_id])
    session.add_all(
        Submission(round_id=round.id, ministry_id=ministry_id, state=SubmissionState.NOT_STARTED, submitted_at=None)
        for ministry_id in sorted(set(ministries) - own.keys())
    )


def move(session: Session, round: Round, deed: RoundDeed, *, forms: FormLibrary, reason: str = "", by: Actor) -> Round:
    """Take a round along one step; raise ``NotNow`` when the table says no, ``Invalid`` when a reason is missing."""
    step = states.round_step(deed, round.state)
    reason = reason_for(reason) if step.reason or clean(reason) else ""
    details = DEEDS.get(deed, _nothing)(session, round, forms, reason)
    round.state = step.target
    audit.record(session, audit.Event.ROUND_MOVED, round, by=by, reason=reason, deed=deed.value, **details)
    return round


def _nothing(_session: Session, _round: Round, _forms: FormLibrary, _reason: str) -> dict[str, int]:
    return {}


def _open(session: Session, round: Round, forms: FormLibrary, _reason: str) -> dict[str, int]:
    spec = from_canonical(round.form_version.canonical)
    laid = [carry_forward.lay_out(session, one, round=round, spec=spec, forms=forms) for one in returns(session, round)]
    return {"ministries": len(laid), "cases": sum(laid)}


def _freeze(session: Session, round: Round, _forms: FormLibrary, reason: str) -> dict[str, int]:
    """Fix what was accepted. Returns that were not are left out, when a reason says why."""
    own = returns(session, round)
    left_out = [one for one in own if one.state is not states.SETTLED_RETURN]
    if left_out and not reason:
        sentence = say(
            "受理していない府省庁が%(count)dあります。除いて確定する場合は、理由を入力してください。",
            count=len(left_out),
        )
        raise Invalid({"reason": sentence})
    for one in own:
        if one not in left_out:
            one.state = states.FIXED_RETURN
    return {"frozen": len(own) - len(left_out), "left_out": len(left_out)}


def _publish(session: Session, round: Round, _forms: FormLibrary, _reason: str) -> dict[str, int]:
    """Count a round as published once an edition of its report is: nothing else is published of a round."""
    edition = editions.published(session, round.id)
    if edition is None:
        raise NotNow(
            say("報告書の版を公表すると、回も公表済みになります。集計のページから公表の準備を進めてください。")
        )
    return {"edition": edition.number}


DEEDS: Mapping[RoundDeed, Any] = {
    RoundDeed.OPEN: _open,
    RoundDeed.FREEZE: _freeze,
    RoundDeed.PUBLISH: _publish,
}


def returns(session: Session, round: Round) -> Sequence[Submission]:
    """Return the submissions of ``round`` in official order, locked for the deed."""
    statement = (
        select(Submission)
        .join(Ministry, Ministry.id == Submission.ministry_id)
        .where(Submission.round_id == round.id)
        .order_by(Ministry.sort_no, Ministry.id)
        .with_for_update(of=Submission)
    )
    return session.scalars(statement).all()


def return_of(session: Session, round: Round, ministry_key: str) -> Submission:
    """Return the submission of one ministry in ``round``, locked for the deed; raise ``NotFound`` when it has none.

    For deeds of the secretariat on a return whose content it may not see yet.
    """
    own = select(Submission).join(Ministry, Ministry.id == Submission.ministry_id)
    own = own.where(Submission.round_id == round.id, Ministry.key == ministry_key)
    found = session.scalar(own.with_for_update(of=Submission).execution_options(populate_existing=True))
    if found is None:
        raise NotFound(say("お探しのページはありません。"))
    return found


def form_of(round: Round) -> FormSpec:
    """Return the form version that ``round`` is answered on, as it was published."""
    return from_canonical(round.form_version.canonical)
