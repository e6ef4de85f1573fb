"""The deeds on the cases of a return: answer a section, confirm, end, add, take away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from register import audit, states
from register.authz import Actor
from register.clock import fiscal_year
from register.errors import Invalid, NotNow, Say, Stale, say
from register.formspec.loader import FormLibrary, from_canonical
from register.formspec.schema import Field, FormSpec
from register.models import AnswerDraft, Ministry, Remark, Round, Submission, SubmissionItem, UseCase
from register.queries.answers import NEEDED, known, last_items, seen_of, unheard, unready
from register.services import answers, carry_forward, case_numbers
from register.services.answers import Typed
from register.services.returns import begin_filling, item_of, reason_for, step
from register.vocab import Confirmation, Lifecycle, SubmissionDeed


def save_section(
    session: Session,
    submission: Submission,
    item_id: int,
    section: str,
    typed: Typed,
    *,
    seen: str,
    spec: FormSpec,
    by: Actor,
) -> SubmissionItem:
    """Settle the questions of one section; raise ``Stale`` when somebody saved it since ``seen``, ``Invalid`` on bad
    values. What is asked depends on the answers: the questions that ``typed`` names are settled, no others.
    """
    begin_filling(session, submission, by=by)
    item = item_of(session, submission, item_id)
    _not_ended(item)
    stored = seen_of(item, spec, section)
    if stored != seen:
        raise Stale(say("ほかの人が先に保存しました。両方の内容を確認してください。"), texts(item, spec, section), 0)
    answers.write(item, asked(spec, section, typed), typed, spec)
    answers.conclude(item, spec)
    _drop_drafts(session, item, section, by)
    audit.record(session, audit.Event.SUBMISSION_FILLED, item, by=by, section=section)
    return item


def asked(spec: FormSpec, section: str, typed: Typed) -> list[Field]:
    """Return the questions of a section that ``typed`` speaks of."""
    return [question for question in spec.questions if question.section == section and question.id in typed.texts]


def texts(item: SubmissionItem, spec: FormSpec, section: str) -> dict[str, str]:
    """Return what a section holds as a form shows it: the answer as typed, "" for none."""
    values = known(item)
    return {q.id: str(values.get(q.id, "")) for q in spec.questions if q.section == section}


def confirm(
    session: Session,
    submission: Submission,
    item_ids: Sequence[int],
    *,
    spec: FormSpec,
    forms: FormLibrary,
    by: Actor,
) -> list[SubmissionItem]:
    """Confirm cases as they were carried over, all or none; raise ``NotNow`` naming those that cannot be."""
    if not item_ids:
        raise Invalid({"items": say("確認する案件を選んでください。")})
    begin_filling(session, submission, by=by)
    items = [item_of(session, submission, item_id) for item_id in dict.fromkeys(item_ids)]
    last = last_items(session, submission.ministry_id, session.get_one(Round, submission.round_id))
    for item in items:
        if why := unready(item, spec, forms, last.get(item.use_case_id or 0)):
            raise NotNow(say("案件 %(case)s：%(why)s", case=item.case_no, why=why))
        answers.confirm_carried(item, spec)
        answers.follow(item, spec)
        answers.conclude(item, spec)
    audit.record(session, audit.Event.SUBMISSION_FILLED, submission, by=by, confirmed=len(items))
    return items


def confirm_rest(
    session: Session, submission: Submission, item_id: int, *, spec: FormSpec, by: Actor
) -> SubmissionItem:
    """Settle what is left of one case as it was carried over; raise ``NotNow`` while a question must be looked at."""
    begin_filling(session, submission, by=by)
    item = item_of(session, submission, item_id)
    _not_ended(item)
    if item.confirmation is Confirmation.NEW:
        raise NotNow(say("新しい案件は、すべての項目を入力してください。"))
    if item.recheck:
        labels = "、".join(spec.field(name).label("ja") for name in item.recheck)
        raise NotNow(say("定義が変わった項目を先に確認してください：%(fields)s", fields=labels))
    last = last_items(session, submission.ministry_id, session.get_one(Round, submission.round_id))
    if why := unheard(item, spec, *_before(spec, last.get(item.use_case_id or 0))):
        raise NotNow(why)
    answers.confirm_carried(item, spec)
    answers.follow(item, spec)
    answers.conclude(item, spec)
    audit.record(session, audit.Event.SUBMISSION_FILLED, item, by=by, section="rest")
    return item


def _before(spec: FormSpec, last: SubmissionItem | None) -> tuple[frozenset[str], SubmissionItem | None]:
    """Return the questions that the form of the last report did not have, and that report."""
    if last is None:
        return frozenset(), None
    asked_then = from_canonical(last.round.form_version.canonical)
    return frozenset(q.id for q in spec.questions if not asked_then.has(q.id)), last


def end(
    session: Session, submission: Submission, item_id: int, *, on: dt.date | None, reason: str, by: Actor
) -> SubmissionItem:
    """Report that the use ended on the day ``on``; the register follows when the return is accepted."""
    begin_filling(session, submission, by=by)
    item = item_of(session, submission, item_id)
    if item.use_case_id is None:
        raise NotNow(say("新しい案件は、利用終了ではなく「取り除く」を使ってください。"))
    use_case = session.get_one(UseCase, item.use_case_id)
    problems: dict[str, Say] = {}
    try:
        reason = reason_for(reason)
    except Invalid as refusal:
        problems.update(refusal.fields)
    as_of = session.get_one(Round, submission.round_id).as_of
    if problem := wrong_end(use_case.lifecycle, use_case.lifecycle_since, on, as_of, session.info["clock"].today()):
        problems["on"] = problem
    if problems:
        raise Invalid(problems)
    mark_ended(item, on, reason)
    audit.record(session, audit.Event.SUBMISSION_FILLED, item, by=by, reason=reason, ended=True)
    return item


def mark_ended(item: SubmissionItem, on: dt.date | None, reason: str) -> None:
    """Say of a case of the register that its use ended; it is asked nothing more."""
    if item.confirmation is Confirmation.NEW:
        # It was accepted once: all that is known of it stands here, should the end be taken back.
        item.carried = dict(item.answers)
    answers.reset(item)
    item.ended_on, item.ended_reason, item.confirmation = on, reason, Confirmation.ENDED


def wrong_end(lifecycle: Lifecycle, since: dt.date, on: dt.date | None, as_of: dt.date, today: dt.date) -> Say | None:
    """Return why a use that has been ``lifecycle`` since ``since`` cannot have ended on ``on``; None when it can.

    A round asks how things stood on the day ``as_of``: a use that ended later is counted in it.
    """
    if on is None:
        return say("利用を終えた日を入力してください。")
    if as_of < on <= today:
        return say(
            "基準日（%(day)s）より後に利用を終えた案件は、基準日の状況を回答してください。利用終了は、台帳の案件のページで登録します。",
            day=as_of,
        )
    facts = states.MoveFacts(on, today, since)
    if lifecycle is Lifecycle.RETIRED:
        return states.not_in_future(facts)
    move = states.lifecycle_move(lifecycle, Lifecycle.RETIRED)
    return next(iter(states.refusals(move, facts)), None)


def reopen(session: Session, submission: Submission, item_id: int, *, by: Actor) -> SubmissionItem:
    """Take back what was said of a case: it waits for its answers again."""
    begin_filling(session, submission, by=by)
    item = item_of(session, submission, item_id)
    if item.confirmation is Confirmation.NEW:
        raise NotNow(say("新しい案件は、未確認に戻せません。"))
    answers.reset(item)
    audit.record(session, audit.Event.SUBMISSION_FILLED, item, by=by, reopened=True)
    return item


def add(
    session: Session, submission: Submission, typed: Typed, *, spec: FormSpec, by: Actor, section: str | None = None
) -> SubmissionItem:
    """Add a case that the register does not know yet, under a new number, with the answers in ``typed``."""
    begin_filling(session, submission, by=by)
    ministry = session.get_one(Ministry, submission.ministry_id)
    item = blank(submission)
    questions = asked(spec, section, typed) if section else [q for q in spec.questions if q.id in typed.texts]
    # Also of a case whose file says nothing of it.
    questions += [spec.field(name) for name in NEEDED if spec.field(name) not in questions]
    answers.write(item, questions, typed, spec)
    item.case_no = case_numbers.next_number(session, ministry, fiscal_year(session.info["clock"].today()))
    session.add(item)
    audit.record(session, audit.Event.SUBMISSION_FILLED, item, by=by, added=True)
    return item


def blank(submission: Submission) -> SubmissionItem:
    """Return a case of ``submission`` that nobody has said anything of, without a number and in no session."""
    return SubmissionItem(
        round_id=submission.round_id,
        submission_id=submission.id,
        ministry_id=submission.ministry_id,
        use_case_id=None,
        case_no="",
        confirmation=Confirmation.NEW,
        answers={},
        states={},
        carried={},
        recheck={},
        mapping={},
        notes={},
    )


def remove(session: Session, submission: Submission, item_id: int, *, by: Actor) -> str:
    """Take a case out that was added in this round and not accepted yet; return its number, which is not used again."""
    begin_filling(session, submission, by=by)
    item = item_of(session, submission, item_id)
    if item.confirmation is not Confirmation.NEW or item.use_case_id is not None:
        raise NotNow(say("台帳にある案件は取り除けません。利用を終えた場合は「利用終了」として報告してください。"))
    if session.scalar(select(Remark.id).where(Remark.item_id == item.id).limit(1)) is not None:
        raise NotNow(say("事務局の質問や指摘がある案件は取り除けません。事務局に相談してください。"))
    session.execute(delete(AnswerDraft).where(AnswerDraft.item_id == item.id))
    session.delete(item)
    audit.record(session, audit.Event.SUBMISSION_FILLED, submission, by=by, removed=item.case_no)
    return item.case_no


def lay_out_new(session: Session, submission: Submission, *, spec: FormSpec, forms: FormLibrary, by: Actor) -> int:
    """Lay cases into the return that entered the register after the round was opened; return how many."""
    begin_filling(session, submission, by=by)
    current = session.get_one(Round, submission.round_id)
    added = carry_forward.lay_out(session, submission, round=current, spec=spec, forms=forms)
    audit.record(session, audit.Event.SUBMISSION_FILLED, submission, by=by, laid_out=added)
    return added


def keep_draft(
    session: Session,
    submission: Submission,
    item_id: int,
    section: str,
    values: Mapping[str, Any],
    *,
    seen: str,
    by: Actor,
) -> dt.datetime:
    """Keep what a person has typed into a section and not saved yet; nobody else sees it, and it is no answer."""
    step(session, submission, SubmissionDeed.FILL)
    item = item_of(session, submission, item_id)
    now: dt.datetime = session.info["clock"].now()
    own = select(AnswerDraft).where(
        AnswerDraft.item_id == item.id, AnswerDraft.section == section, AnswerDraft.user_id == by.user_id
    )
    draft = session.scalar(own.with_for_update())
    if draft is None:
        draft = AnswerDraft(item_id=item.id, section=section, user_id=by.user_id)
        session.add(draft)
    draft.values, draft.seen, draft.saved_at = dict(values), seen, now
    return now


def drop_draft(session: Session, submission: Submission, item_id: int, section: str, *, by: Actor) -> None:
    """Forget what a person has typed into a section and not saved."""
    _drop_drafts(session, item_of(session, submission, item_id), section, by)


def _drop_drafts(session: Session, item: SubmissionItem, section: str, by: Actor) -> None:
    own = (AnswerDraft.item_id == item.id, AnswerDraft.section == section, AnswerDraft.user_id == by.user_id)
    session.execute(delete(AnswerDraft).where(*own))


def _not_ended(item: SubmissionItem) -> None:
    if item.confirmation is Confirmation.ENDED:
        raise NotNow(say("利用終了として報告した案件です。入力するには、先に未確認に戻してください。"))
