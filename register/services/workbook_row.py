"""One row of a form to one outcome: what its confirmation column says decides what is done, by the rules of the pages.

未確認 keeps what was changed and confirms nothing; 変更なし and 変更あり confirm the row as it stands; 利用終了 ends
the case; 新規 is a case that the register does not know. See docs/adr/009-excel-channel.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

from register.clock import parse_date
from register.errors import Invalid, Say, say
from register.formats.workbook_table import Record
from register.formspec.schema import Field, Text
from register.models import SubmissionItem
from register.queries.answers import NEEDED, known, put, unheard_fields
from register.queries.uploads import Content
from register.services import answers, items
from register.services.answers import Typed
from register.services.returns import reason_for
from register.services.workbook_cells import DATES, Cells, Choices, WrongCell, text_of
from register.services.workbook_rows import Handed, Trouble
from register.services.workbooks import (
    CAUSE,
    CONFIRMATION,
    CONFIRMATIONS,
    ENDED_ON,
    ENDED_REASON,
    LONGEST_REASON,
    MINISTRY,
    VERSION,
    cause_of,
    shown,
)
from register.text import code_key
from register.vocab import AnswerState, ChangeCause, Confirmation

LONGEST_VERSION = 10
BACK = say("回答を元に戻すか、「確認の状況」で「変更あり」を選んでください。")


@dataclass(slots=True)
class Copy:
    """A case while a row is read: what the rules of the pages ask of an item, without the weight of a mapped row."""

    round_id: int
    submission_id: int
    ministry_id: int
    use_case_id: int | None
    case_no: str
    confirmation: Confirmation
    answers: dict[str, Any]
    states: dict[str, str]
    carried: dict[str, Any]
    recheck: dict[str, str]
    mapping: dict[str, Any]
    notes: dict[str, str]
    ended_on: dt.date | None
    ended_reason: str


COPIED = tuple(field.name for field in fields(Copy))


def copy_of(item: SubmissionItem) -> SubmissionItem:
    """Return a copy of an item to be changed; the rules put new dicts into it and never change one."""
    return cast("SubmissionItem", Copy(**{name: getattr(item, name) for name in COPIED}))


class Wrong(Exception):
    """A row that cannot be taken, with everything that stands against it."""

    def __init__(self, troubles: Sequence[Trouble]) -> None:
        super().__init__(len(troubles))
        self.troubles = troubles


@dataclass(frozen=True, slots=True)
class Given:
    """What a row says: ``values`` are its answers, None for an empty cell; ``said`` is None when nothing was chosen.

    ``before`` is what the case shows before it.
    """

    row: int
    record: Record
    before: Mapping[str, Any]
    values: Mapping[str, Any]
    said: Confirmation | None
    ended_on: dt.date | None
    ended_reason: str
    cause: str
    version: int | None


class Reading:
    """What every row of one file is read by."""

    def __init__(self, handed: Handed, content: Content, today: dt.date) -> None:
        self.handed, self.content, self.today = handed, content, today
        self.questions = content.spec.questions
        self.cells = Cells(self.questions, content.terms)
        self.confirmations = Choices.of_terms(CONFIRMATIONS)
        self.causes = Choices.of_terms(ChangeCause)
        self.blank = items.blank(content.submission)
        self.blank.ended_reason = ""
        body = content.ministry
        names = (body.name, body.name_short, body.name_en, body.key)
        self.names = {"", *names, *map(code_key, names)}

    def trouble(self, row: int, field: str, reason: Say, mend: Say, value: object = None) -> Trouble:
        """Return a trouble at a cell."""
        return self.handed.trouble(reason, mend, row, field, value)

    def given(self, record: Record, before: Mapping[str, Any]) -> Given:
        """Return what the row says of a case that shows ``before``; raise ``Wrong`` with every cell that is wrong."""
        troubles: list[Trouble] = []

        def read(field: str, take: Callable[[Any], Any]) -> Any:
            cell = record.cells.get(field)
            try:
                return take(cell)
            except WrongCell as wrong:
                troubles.append(self.trouble(record.row, field, wrong.reason, wrong.mend, cell))

        read(MINISTRY, self._own)
        said, cause = read(CONFIRMATION, self.confirmations.code), read(CAUSE, self.causes.code)
        end, reason = read(ENDED_ON, _day), text_of(record.cells.get(ENDED_REASON))
        values: dict[str, Any] = {}
        for question in self.questions:
            cell = record.cells[question.id]
            try:
                values[question.id] = self.cells.answer(question, cell, before.get(question.id))
            except WrongCell as wrong:
                troubles.append(self.trouble(record.row, question.id, wrong.reason, wrong.mend, cell))
        if troubles:
            raise Wrong(troubles)
        version = _number(record.cells.get(VERSION))
        return Given(
            record.row, record, before, values, Confirmation(said) if said else None, end, reason, cause or "", version
        )

    def _own(self, cell: Any) -> None:
        text = text_of(cell)
        if text not in self.names and code_key(text) not in self.names:
            body = self.content.ministry
            mend = say("「%(ministry)s」に戻してください。", ministry=Text(body.label("ja"), body.label("en")))
            raise WrongCell(say("ほかの府省庁の名称です。"), mend)


def _number(cell: Any) -> int | None:
    text = text_of(cell)
    return int(text) if text.isdecimal() and len(text) < LONGEST_VERSION else None


def _day(cell: Any) -> dt.date | None:
    text = text_of(cell)
    try:
        return parse_date(text) if text.strip() else None
    except ValueError:
        raise WrongCell(say("日付として読めません。"), DATES) from None


@dataclass(frozen=True, slots=True)
class _Row:
    """One row with the case that it speaks of, as that stands; ``case`` is a copy that takes what the row says."""

    reading: Reading
    given: Given
    case: SubmissionItem

    @property
    def values(self) -> Mapping[str, Any]:
        """The answer of each question, None for an empty cell."""
        return self.given.values

    def wrong(self, field: str, reason: Say, mend: Say) -> Wrong:
        return Wrong([self.trouble(field, reason, mend)])

    def trouble(self, field: str, reason: Say, mend: Say) -> Trouble:
        return self.reading.trouble(self.given.row, field, reason, mend, self.given.record.cells.get(field))

    @property
    def changed(self) -> list[Field]:
        """The questions whose cells say something else than what the case shows now."""
        before = shown(self.case)
        return [question for question in self.reading.questions if self.values[question.id] != before.get(question.id)]


def added(reading: Reading, given: Given) -> SubmissionItem:
    """Return the case that a row without a number adds; raise ``Wrong``."""
    row = _Row(reading, given, copy_of(reading.blank))
    if given.said not in (None, Confirmation.NEW):
        mend = say("新しい案件は「新規」を選んでください。今ある案件の行なら、案件番号を元に戻してください。")
        raise row.wrong(CONFIRMATION, say("案件番号のない行です。"), mend)
    _no_end(row)
    _settle(row, reading.questions)
    return row.case


def outcome(reading: Reading, given: Given, item: SubmissionItem) -> SubmissionItem | None:
    """Return the case as the row wants it, None when the row shows what stands already; raise ``Wrong``."""
    said = given.said or item.confirmation
    if said is item.confirmation and _as_it_stands(given, item):
        return None
    row = _Row(reading, given, copy_of(item))
    if said is not Confirmation.ENDED:
        _no_end(row)
    DEEDS[said](row)
    return row.case


def _as_it_stands(given: Given, item: SubmissionItem) -> bool:
    before = given.before
    same = all(value == before.get(name) for name, value in given.values.items())
    end = (given.ended_on, given.ended_reason) == (item.ended_on, item.ended_reason)
    return same and end and given.cause in ("", cause_of(item))


def _no_end(row: _Row) -> None:
    field = ENDED_ON if row.given.ended_on else ENDED_REASON
    if row.given.ended_on or row.given.ended_reason.strip():
        mend = say("利用を終えた案件は「確認の状況」で「利用終了」を選んでください。そうでなければ空欄にしてください。")
        raise row.wrong(field, say("「利用終了」でない案件に、利用終了の日または理由があります。"), mend)


def _settle(row: _Row, questions: Sequence[Field]) -> None:
    """Settle ``questions`` as the row says; refuse an answer to a question that is not asked beside the others."""
    causes = dict.fromkeys(row.values, row.given.cause) if row.given.cause else {}
    texts = {q.id: "" if row.values[q.id] is None else str(row.values[q.id]) for q in questions}
    try:
        if questions:
            answers.write(row.case, questions, Typed(texts, causes=causes), row.reading.content.spec)
    except Invalid as refusal:
        raise Wrong([row.trouble(name, reason, _mend(name)) for name, reason in refusal.fields.items()]) from refusal
    kept = known(row.case)
    unasked = [q for q in row.reading.questions if row.values[q.id] is not None and q.id not in kept]
    if unasked:
        reason = say("ほかの項目の回答により、記入しない項目です。")
        mend = say("空欄にしてください。記入が要る場合は、もとになる項目の回答を直してください。")
        raise Wrong([row.trouble(question.id, reason, mend) for question in unasked])


def _mend(field: str) -> Say:
    if field in NEEDED:
        return say("空欄のままにはできません。入力してください。")
    return say("「変わった理由」の列で、理由を選んでください。")


def _written(row: _Row) -> list[Field]:
    """Return the questions that the row settles: what changed, and answers whose difference gets another reason."""
    questions = row.changed
    if row.given.cause and row.given.cause != cause_of(row.case):
        again = {name for name, how in row.case.mapping.items() if "cause" in how}
        questions += [q for q in row.reading.questions if q.id in again and q not in questions]
    return questions


def _leave(row: _Row) -> None:
    """未確認: what was changed is kept, the rest waits; a case that was confirmed is taken back first."""
    if row.case.confirmation is Confirmation.NEW:
        raise row.wrong(CONFIRMATION, say("この回で加えた案件です。"), say("「新規」に戻してください。"))
    if row.case.confirmation is not Confirmation.UNCONFIRMED:
        answers.reset(row.case)
    _settle(row, _written(row))
    answers.conclude(row.case, row.reading.content.spec)


def _confirm_same(row: _Row) -> None:
    """変更なし: every answer of last time must stand; what had none may be answered now."""
    carried, recheck = row.case.carried, row.case.recheck
    troubles = [
        row.trouble(question.id, say("「変更なし」の案件ですが、前回の回答と違います。"), BACK)
        for question in row.reading.questions
        if question.id in carried
        and row.values[question.id] != carried[question.id]
        and not (question.id in recheck and row.values[question.id] is None)
    ]
    if troubles:
        raise Wrong(troubles)
    _confirm(row)


def _confirm(row: _Row) -> None:
    """変更あり: the row is what the ministry reports, once everything that must be looked at was."""
    content, case = row.reading.content, row.case
    if case.confirmation is Confirmation.NEW:
        raise row.wrong(CONFIRMATION, say("この回で加えた案件です。"), say("「新規」に戻してください。"))
    if case.confirmation is Confirmation.ENDED:
        answers.reset(case)
    _settle(row, _written(row))
    again = [q for q in row.reading.questions if q.id in case.recheck and put(case, q)]
    open_ = unheard_fields(case, content.spec, *content.before(case))
    troubles = [
        row.trouble(q.id, say("様式の定義が変わった項目です。"), say("新しい定義を見て、選び直してください。"))
        for q in again
    ]
    blank = say("入力してください。分からない場合は「未確認」に戻すか、画面で入力してください。")
    troubles += [
        row.trouble(name, say("前回の回答がなく、この回に答えが要る項目です。"), blank)
        for name in open_
        if name not in case.recheck
    ]
    if troubles:
        raise Wrong(troubles)
    answers.confirm_carried(case, content.spec)
    answers.follow(case, content.spec)
    answers.conclude(case, content.spec)


def _renew(row: _Row) -> None:
    """新規: a case that was added in this round; the row is all that is said of it, but what was declined stays so."""
    if row.case.confirmation is not Confirmation.NEW:
        mend = say("「変更なし」、「変更あり」または「利用終了」を選んでください。")
        raise row.wrong(CONFIRMATION, say("台帳にある案件です。"), mend)
    declined = {name for name, state in row.case.states.items() if state == AnswerState.DECLINED}
    _settle(row, [q for q in row.reading.questions if q.id not in declined or row.values[q.id] is not None])


def _end(row: _Row) -> None:
    """利用終了: the day and the reason; the answers are those of last time, or nobody would see what was dropped."""
    case, given, content = row.case, row.given, row.reading.content
    if case.use_case_id is None:
        mend = say("取りやめる場合は、画面でこの案件を取り除いてください。")
        raise row.wrong(CONFIRMATION, say("この回で加えた案件は、利用終了にできません。"), mend)
    mend = say("回答を元に戻すか、「確認の状況」を選び直してください。")
    troubles = [row.trouble(q.id, say("利用を終えた案件の回答は変えられません。"), mend) for q in row.changed]
    try:
        reason = reason_for(given.ended_reason)
    except Invalid as refusal:
        mend = say("利用を終えた理由を、%(longest)d文字以内で入力してください。", longest=LONGEST_REASON)
        troubles.append(row.trouble(ENDED_REASON, refusal.sentence, mend))
    life = content.lives[case.use_case_id]
    if problem := items.wrong_end(life.lifecycle, life.since, given.ended_on, content.round.as_of, row.reading.today):
        mend = say("利用を終えた日（%(since)s以降、基準日まで）を入力してください。", since=life.since)
        troubles.append(row.trouble(ENDED_ON, problem, mend))
    if troubles:
        raise Wrong(troubles)
    items.mark_ended(case, given.ended_on, reason)


DEEDS: Mapping[Confirmation, Callable[[_Row], None]] = {
    Confirmation.UNCONFIRMED: _leave,
    Confirmation.UNCHANGED: _confirm_same,
    Confirmation.CHANGED: _confirm,
    Confirmation.NEW: _renew,
    Confirmation.ENDED: _end,
}
