"""Reading the answers of one item while a round runs: which questions are put, what is settled, what is left to do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence, Set
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.sql.base import ExecutableOption

from register.errors import Say, say
from register.formspec.loader import FormLibrary
from register.formspec.mapping import new_questions
from register.formspec.schema import Field, FormSpec
from register.models import Round, SubmissionItem, counted
from register.vocab import AnswerState, Confirmation

# What no case can be without.
NEEDED = ("title",)


def put(item: SubmissionItem, question: Field) -> bool:
    """Tell whether ``question`` is put for this item: the answers so far may make it unnecessary.

    A question that is only exempt is put while an answer to it is known, so that nothing is dropped unseen.
    """
    return put_beside(known(item), question)


def put_beside(answers: Mapping[str, Any], question: Field) -> bool:
    """Tell whether ``question`` is put beside these answers."""
    if question.asked is not None and not question.asked.holds(answers):
        return False
    exempt = question.exempt is not None and question.exempt.holds(answers)
    return not exempt or question.id in answers


def known(item: SubmissionItem) -> dict[str, Any]:
    """Return the answers so far over those that were carried over and nobody has settled yet."""
    states = item.states
    open_ = {name: value for name, value in item.carried.items() if name not in states}
    return open_ | item.answers


def settled(item: SubmissionItem, question: Field) -> bool:
    """Tell whether somebody has said something to ``question``: an answer, or in so many words none."""
    return _settled(question.id, item.answers, item.states, item.recheck)


def _settled(name: str, answers: Mapping[str, Any], states: Mapping[str, str], recheck: Mapping[str, str]) -> bool:
    return (name in answers or name in states) and name not in recheck


def left(item: SubmissionItem, spec: FormSpec) -> list[Field]:
    """Return the questions that still wait for somebody, in the order of the form."""
    so_far, said = known(item), (item.answers, item.states, item.recheck)
    return [
        question for question in spec.questions if put_beside(so_far, question) and not _settled(question.id, *said)
    ]


def missing(item: SubmissionItem, spec: FormSpec) -> list[Field]:
    """Return the questions that stay 未回答, which is a warning and no mistake."""
    return [question for question in spec.questions if item.states.get(question.id) == AnswerState.MISSING]


def seen_of(item: SubmissionItem, spec: FormSpec, section: str) -> str:
    """Return the digest of what a section says, which tells a later save whether somebody else saved in between.

    The state of a blank is left out: it may follow from an answer in another section, and no text is lost with it.
    """
    own = {
        question.id: (item.answers.get(question.id), item.notes.get(question.id))
        for question in spec.questions
        if question.section == section
    }
    return hashlib.sha256(rfc8785.dumps(own)).hexdigest()


def last_items(
    session: Session, ministry_id: int, round: Round, *options: ExecutableOption
) -> dict[int, SubmissionItem]:
    """Return what each case of a ministry last reported in a real round before ``round``, by the case's id.

    ``options`` may leave columns out that nobody will ask for.
    """
    statement = (
        select(SubmissionItem)
        .join(Round, Round.id == SubmissionItem.round_id)
        .where(
            SubmissionItem.ministry_id == ministry_id,
            SubmissionItem.use_case_id.is_not(None),
            SubmissionItem.round_id != round.id,
            Round.rehearsal.is_(False),
            Round.as_of <= round.as_of,
            counted(),
        )
        .order_by(Round.as_of, Round.id)
        .options(joinedload(SubmissionItem.round).joinedload(Round.form_version), *options)
    )
    # The newest comes last and wins.
    return {item.use_case_id: item for item in session.scalars(statement) if item.use_case_id is not None}


def unready(item: SubmissionItem, spec: FormSpec, forms: FormLibrary, last: SubmissionItem | None) -> Say | None:
    """Return why a case cannot be confirmed as it was; None when it can."""
    if item.confirmation is Confirmation.NEW or item.confirmation is Confirmation.ENDED:
        return say("新規または利用終了の案件は、まとめて確認できません。")
    if item.recheck:
        return say("様式の定義が変わった項目があります。案件を開いて確認してください。")
    steps = forms.between(last.round.form_version.version, spec.version) if last else ()
    return unheard(item, spec, new_questions(steps, spec), last)


def unheard(item: SubmissionItem, spec: FormSpec, fresh: Set[str], last: SubmissionItem | None) -> Say | None:
    """Return why what is left of a case cannot be settled as it was; None when it can.

    ``fresh`` are the questions that the form of the ``last`` report did not have. A question that was put and stayed
    未回答 may stay so; one that nobody was asked before may not.
    """
    return next(iter(unheard_fields(item, spec, fresh, last).values()), None)


def unheard_fields(
    item: SubmissionItem, spec: FormSpec, fresh: Set[str], last: SubmissionItem | None
) -> dict[str, Say]:
    """Return the questions of which ``unheard`` speaks, each with its sentence."""
    questions = {question.id for question in spec.questions}
    waiting = [question for question in left(item, spec) if question.required and question.id not in item.carried]
    opened = {question.id for question in waiting if question.blank(item.carried) is AnswerState.NOT_APPLICABLE}
    reasons: tuple[tuple[Say, Set[str]], ...] = (
        (say("この回で新しく尋ねる項目があります。案件を開いて入力してください。"), fresh),
        # Answered last time, and not to be carried over: the day of a plan has passed, or a count starts anew.
        (
            say("前回の回答を引き継げない項目があります。案件を開いて入力してください。"),
            {*NEEDED, *(last.answers if last else ())},
        ),
        (say("回答を変えたために尋ねる項目があります。案件を開いて入力してください。"), opened),
        (say("まだ報告したことのない案件です。案件を開いて入力してください。"), set() if last else questions),
    )
    found: dict[str, Say] = {}
    for reason, names in reasons:
        for question in waiting:
            if question.id in names:
                found.setdefault(question.id, reason)
    return found


def open_points(items: Sequence[SubmissionItem], spec: FormSpec) -> list[Say]:
    """Return what still stands against sending: cases that nobody confirmed, questions that nobody looked at."""
    if not items:
        return [say("案件がありません。報告する案件がない場合は「該当なし」を報告してください。")]
    waiting = [item for item in items if item.confirmation is Confirmation.UNCONFIRMED]
    half = [item for item in items if item.confirmation is Confirmation.NEW and left(item, spec)]
    points = []
    if waiting:
        points.append(say("まだ確認していない案件があります：%(count)d件", count=len(waiting)))
    points += [say("新しい案件 %(case)s の入力が終わっていません。", case=item.case_no) for item in half]
    return points
