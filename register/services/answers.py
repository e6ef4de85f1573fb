"""The answers of one item while a round runs: which questions are put, what is settled, what is left to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from register.errors import Invalid, Say, say
from register.formspec import types
from register.formspec.schema import Field, FormSpec
from register.models import SubmissionItem
from register.queries.answers import NEEDED, known, left, settled
from register.text import clean
from register.vocab import AnswerState, ChangeCause, Confirmation, MappedBy

LONGEST_NOTE = 1000


@dataclass(frozen=True)
class Typed:
    """What a person gave for some questions: texts, reasons for declining, why a redefined answer differs.

    ``reasons`` say why an answer differs from what the register counts.

    ``by`` is whose word it is: a ministry's, or the secretariat's, which corrects with a reason and is asked no cause.
    """

    texts: Mapping[str, str]
    declined: Mapping[str, str] = field(default_factory=dict)
    causes: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    by: MappedBy = MappedBy.MINISTRY


def write(item: SubmissionItem, questions: Iterable[Field], typed: Typed, spec: FormSpec) -> None:
    """Settle ``questions`` as ``typed`` says; raise ``Invalid`` with a sentence per field and change nothing."""
    questions = list(questions)
    parsed, notes = _parsed(item, questions, typed)
    answers, states = dict(item.answers), dict(item.states)
    for question in questions:
        answers.pop(question.id, None)
        states.pop(question.id, None)
        if parsed[question.id] is not None:
            answers[question.id] = parsed[question.id]
        elif question.id in notes:
            states[question.id] = AnswerState.DECLINED.value
        else:
            states[question.id] = AnswerState.MISSING.value
    kept = {name: note for name, note in item.notes.items() if name not in {q.id for q in questions}}
    item.notes = kept | notes
    _looked_at(item, questions, parsed, typed)
    item.answers, item.states = answers, states
    follow(item, spec)


def follow(item: SubmissionItem, spec: FormSpec) -> None:
    """Renew what every blank means after the answers changed.

    A question may have become unnecessary; one that was unnecessary and is not any more waits for somebody again.
    """
    answers, states, notes, so_far = dict(item.answers), {}, dict(item.notes), known(item)
    for question in spec.questions:
        name, state = question.id, item.states.get(question.id)
        if question.asked is not None and not question.asked.holds(so_far):
            # Its answer and its reason go with it: nobody would see them any more.
            for gone in (answers, notes, so_far):
                gone.pop(name, None)
            states[name] = AnswerState.NOT_APPLICABLE.value
        elif state == AnswerState.DECLINED:
            states[name] = state
        elif name not in so_far:
            blank, unnecessary = question.blank(so_far), question.exempt is not None and question.exempt.holds(so_far)
            opened = (state, blank) == (AnswerState.NOT_APPLICABLE, AnswerState.MISSING)
            if unnecessary or (state and not opened):
                states[name] = blank.value
    item.answers, item.states, item.notes = answers, states, notes
    item.recheck = {name: kind for name, kind in item.recheck.items() if name not in states}


def conclude(item: SubmissionItem, spec: FormSpec) -> None:
    """Say what became of the case, once nothing is left to do: unchanged or changed; a new case stays new."""
    if item.confirmation is Confirmation.NEW:
        return
    if left(item, spec):
        item.confirmation = Confirmation.UNCONFIRMED
        return
    same = item.answers == item.carried and AnswerState.DECLINED not in item.states.values()
    item.confirmation = Confirmation.UNCHANGED if same else Confirmation.CHANGED


def confirm_carried(item: SubmissionItem, spec: FormSpec) -> None:
    """Settle every question that nobody has looked at as it was carried over."""
    waiting = [question for question in spec.questions if not settled(item, question)]
    answers = {q.id: item.carried[q.id] for q in waiting if q.id in item.carried and q.id not in item.recheck}
    item.answers = item.answers | answers
    blank = {q.id: q.blank(item.answers).value for q in waiting if q.id not in item.answers}
    item.states = item.states | blank


def close(item: SubmissionItem, spec: FormSpec) -> None:
    """Settle the questions that still wait as blank: nobody will be asked any more."""
    item.states = item.states | {question.id: question.blank(item.answers).value for question in left(item, spec)}


def reset(item: SubmissionItem) -> None:
    """Take an item back to where the round laid it: carried over, and confirmed by nobody."""
    looked_at = {name: how["kind"] for name, how in item.mapping.items() if "kind" in how}
    item.recheck = dict(item.recheck) | looked_at
    item.mapping = {name: {"by": MappedBy.AUTOMATIC.value} for name in item.mapping if name not in looked_at}
    item.answers, item.states, item.notes = {}, {}, {}
    item.ended_on, item.ended_reason = None, ""
    item.confirmation = Confirmation.UNCONFIRMED


def _parsed(
    item: SubmissionItem, questions: Iterable[Field], typed: Typed
) -> tuple[dict[str, types.Answer | None], dict[str, str]]:
    parsed: dict[str, types.Answer | None] = {}
    notes: dict[str, str] = {}
    problems: dict[str, Say] = {}
    for question in questions:
        try:
            parsed[question.id] = types.parse(question, typed.texts.get(question.id, ""))
        except types.BadValue as bad:
            problems[question.id] = bad.sentence
            continue
        if question.id in typed.declined and parsed[question.id] is None:
            notes[question.id] = clean(typed.declined[question.id])
        elif parsed[question.id] is not None and (reason := clean(typed.reasons.get(question.id, ""))):
            notes[question.id] = reason
        if problem := _problem(item, question, parsed[question.id], notes, typed):
            problems[question.id] = problem
    if problems:
        raise Invalid(problems)
    return parsed, notes


def _problem(
    item: SubmissionItem,
    question: Field,
    answer: types.Answer | None,
    notes: Mapping[str, str],
    typed: Typed,
) -> Say | None:
    if question.id in NEEDED and answer is None:
        return say("「%(field)s」を入力してください。", field=question.label("ja"))
    if question.id in notes and not notes[question.id]:
        return say("回答を控える理由を入力してください。")
    if len(notes.get(question.id, "")) > LONGEST_NOTE:
        return say("%(longest)d文字以内で入力してください。", longest=LONGEST_NOTE)
    wanted = typed.by is MappedBy.MINISTRY and _kind(item, question) and answer != item.carried.get(question.id)
    if wanted and _cause(item, question, answer, typed) not in set(ChangeCause):
        return say("前回と違う回答です。変わった理由を選んでください。")
    return None


def _kind(item: SubmissionItem, question: Field) -> str | None:
    """Return how the form redefined the answer that was carried over; None when it still means the same."""
    return item.recheck.get(question.id) or item.mapping.get(question.id, {}).get("kind")


def _cause(item: SubmissionItem, question: Field, answer: types.Answer | None, typed: Typed) -> str:
    """Return why the answer is not the one that was carried over; what was said of an answer stays with it."""
    same = answer == item.answers.get(question.id)
    stored: str = item.mapping.get(question.id, {}).get("cause", "") if same else ""
    return typed.causes.get(question.id) or stored


def _looked_at(item: SubmissionItem, questions: Iterable[Field], parsed: Mapping[str, Any], typed: Typed) -> None:
    """Note who carried the answers over from an earlier form: what was looked at or changed, a person did."""
    mapping, recheck = dict(item.mapping), dict(item.recheck)
    corrects = typed.by is MappedBy.SECRETARIAT
    for question in questions:
        name, answer, kind = question.id, parsed[question.id], _kind(item, question)
        recheck.pop(name, None)
        if (kind is None and name not in mapping) or (corrects and answer == item.answers.get(name)):
            continue
        differs = answer != item.carried.get(name)
        by = typed.by if kind or differs or corrects else MappedBy.AUTOMATIC
        mapping[name] = {"by": by.value} | ({"kind": kind} if kind else {})
        if kind and differs and (cause := _cause(item, question, answer, typed)):
            mapping[name]["cause"] = cause
    item.mapping, item.recheck = mapping, recheck
