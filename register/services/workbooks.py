"""The workbook of a return (様式): which columns it has, what it is prefilled with, and the same as a plain CSV.

One row is one case. The cells show what is known of it; what has to be looked at again is left empty. Everything is
said in the form version of the round, whose digest travels in the file with the round and the ministry.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from register.errors import Say, say
from register.formats import Cell, csv, printable
from register.formats.form_xlsx import MAX_PROPERTY, Choice, Column, FormRow, FormSheet, Kind, Problem, Words
from register.formats.workbook_table import Record, Table
from register.formspec import types
from register.formspec.schema import Field
from register.models import SubmissionItem
from register.queries.answers import NEEDED, known
from register.queries.uploads import Content
from register.vocab import ChangeCause, Confirmation

CASE_NO, MINISTRY = "case_no", "ministry"
CONFIRMATION, ENDED_ON, ENDED_REASON = "confirmation", "ended_on", "ended_reason"
AGAIN, CAUSE, VERSION = "again", "cause", "version"
# The columns beside the questions of the form; a file may come without the last three.
OWN: Mapping[str, Say] = {
    CONFIRMATION: say("確認の状況"),
    ENDED_ON: say("利用を終えた日"),
    ENDED_REASON: say("利用終了の理由"),
    AGAIN: say("選び直す項目"),
    CAUSE: say("変わった理由"),
    VERSION: say("版"),
}
OPTIONAL = frozenset({AGAIN, CAUSE, VERSION})
HELP: Mapping[str, Say] = {
    CONFIRMATION: say(
        "前回と同じなら「変更なし」、回答を直したら「変更あり」を選びます。「未確認」のままでは確認したことになりません。"
    ),
    ENDED_ON: say("「利用終了」を選んだ案件だけに入力します。"),
    ENDED_REASON: say("「利用終了」を選んだ案件だけに入力します。"),
    AGAIN: say("様式の定義が変わったため、空欄にしてあります。新しい定義を見て選び直してください。"),
    CAUSE: say("選び直した回答が前回と違うときだけ選びます。"),
    VERSION: say("ほかの人の変更に気付くための番号です。"),
}
CONFIRMATIONS = (
    Confirmation.UNCONFIRMED,
    Confirmation.UNCHANGED,
    Confirmation.CHANGED,
    Confirmation.ENDED,
    Confirmation.NEW,
)
ROUND, BODY, FORM, FORM_VERSION, CREATED = "round", "ministry", "form", "form_version", "created"
# The plain CSV says in each row what the workbook says once: its column, and what that is called in the workbook.
PLAIN_META = {"round": ROUND, "ministry_key": BODY, "form_sha256": FORM, "created_at": CREATED}
INSTRUCTIONS = (
    say("1行が1案件です。灰色の列は変更できません。列と、上の方にある管理用の行は、消さずに使ってください。"),
    say(
        "前回と同じ案件は「確認の状況」で「変更なし」を選びます。変わった案件は回答を直して「変更あり」を選びます。"
        "「未確認」のままの案件は、確認したことになりません。"
    ),
    say("利用を終えた案件は「利用終了」を選び、終えた日と理由を入力します。"),
    say("新しい案件は、下の空いた行に、案件番号を空けたまま入力します。"),
    say("項目の説明と選択肢の意味は「定義」のシートにあります。アップロードすると、取り込む前に結果を確かめられます。"),
)
KINDS = {"line": Kind.TEXT, "long": Kind.LONG, "choice": Kind.CHOICE, "date": Kind.DATE, "count": Kind.COUNT}
LONGEST_REASON = 4000
NARROW, WIDE = 16, 30
Tell = Callable[[Say], str]


@dataclass(frozen=True)
class Speech:
    """The language of a file, how a sentence is told in it, and the workbook's own words."""

    language: str
    tell: Tell
    words: Words


def shown(item: SubmissionItem) -> dict[str, Any]:
    """Return the answers that the row of a case shows: all that is known, but what must be looked at again."""
    again = item.recheck
    return {name: value for name, value in known(item).items() if name not in again}


def cause_of(item: SubmissionItem) -> str:
    """Return why the redefined answers of a case differ, where one reason holds for all; else nothing."""
    causes = {how["cause"] for how in item.mapping.values() if how.get("cause")}
    return causes.pop() if len(causes) == 1 else ""


def metadata(content: Content, created: dt.datetime) -> dict[str, str]:
    """Return what tells where a file belongs."""
    return {
        ROUND: content.round.code,
        BODY: content.ministry.key,
        FORM: content.spec.digest,
        FORM_VERSION: content.spec.version,
        CREATED: created.isoformat(timespec="seconds"),
    }


def form(content: Content, speech: Speech, created: dt.datetime) -> FormSheet:
    """Return the workbook of a return, prefilled with its cases."""
    title = say(
        "%(form)s　%(year)d年度第%(number)d回　%(ministry)s",
        form=content.spec.title,
        year=content.round.fiscal_year,
        number=content.round.number,
        ministry=content.ministry.label(speech.language),
    )
    columns = [_column(content, name, speech) for name in _order(content)]
    return FormSheet(
        name=speech.tell(say("様式")),
        title=speech.tell(title),
        columns=columns,
        rows=[FormRow(_row(content, item, speech)) for item in content.items],
        words=speech.words,
        instructions=[speech.tell(line) for line in INSTRUCTIONS],
        properties=metadata(content, created),
        frozen=2,
    )


def _order(content: Content) -> list[str]:
    """Return the columns as a person works through them: what tells the case, what becomes of it, the questions."""
    own = [CONFIRMATION, ENDED_ON, ENDED_REASON, *([AGAIN, CAUSE] if _redefined(content) else ())]
    rest = [question.id for question in content.spec.questions if question.id not in NEEDED]
    return [CASE_NO, *NEEDED, *own, *rest, MINISTRY, VERSION]


def _redefined(content: Content) -> bool:
    """Tell whether the form changed what an answer of these cases means."""
    return any(item.recheck or any("kind" in how for how in item.mapping.values()) for item in content.items)


def _column(content: Content, name: str, speech: Speech) -> Column:
    if content.spec.has(name):
        return _question(content, content.spec.field(name), speech)
    choices: Sequence[Choice] = ()
    if name in (CONFIRMATION, CAUSE):
        terms = CONFIRMATIONS if name == CONFIRMATION else tuple(ChangeCause)
        choices = [Choice(term.value, term.label(speech.language)) for term in terms]
    kind = Kind.CHOICE if choices else Kind.DATE if name == ENDED_ON else Kind.LONG if name == AGAIN else Kind.TEXT
    return Column(
        name,
        speech.tell(OWN[name]),
        Kind.COUNT if name == VERSION else kind,
        help=speech.tell(HELP[name]),
        choices=choices,
        locked=name in (AGAIN, VERSION),
        limit=LONGEST_REASON if name == ENDED_REASON else None,
    )


def _question(content: Content, field: Field, speech: Speech) -> Column:
    language = speech.language
    choices = [
        Choice(option.code, option.label(language, content.terms), option.definition(language))
        for option in field.options
    ]
    return Column(
        field.id,
        field.label(language),
        KINDS[field.type],
        help=field.help(language),
        choices=choices,
        locked=field.identity,
        limit=None if field.identity or field.type not in ("line", "long") else field.max_chars,
        width=NARROW if field.identity else WIDE if field.id in NEEDED else None,
    )


def _row(content: Content, item: SubmissionItem, speech: Speech) -> dict[str, Cell]:
    spec, language = content.spec, speech.language
    cells: dict[str, Cell] = {
        CASE_NO: item.case_no,
        MINISTRY: content.ministry.label(language),
        CONFIRMATION: item.confirmation.label(language),
        ENDED_ON: item.ended_on,
        ENDED_REASON: item.ended_reason,
        AGAIN: _again(content, item, speech),
        VERSION: item.version,
    }
    if cause := cause_of(item):
        cells[CAUSE] = ChangeCause(cause).label(language)
    for name, answer in shown(item).items():
        field = spec.field(name)
        cells[name] = types.show(field, answer, language, content.terms) if field.options else types.cell(field, answer)
    return cells


def _again(content: Content, item: SubmissionItem, speech: Speech) -> str:
    """Return which answers must be looked at again, each with the one of last time."""
    fields = [content.spec.field(name) for name in item.recheck]
    lines = [
        say(
            "%(field)s（前回：%(answer)s）",
            field=field.text,
            answer=types.show(field, item.carried[field.id], speech.language, content.terms),
        )
        for field in fields
        if field.id in item.carried
    ]
    return "\n".join(speech.tell(line) for line in lines)


def plain(content: Content, created: dt.datetime) -> bytes:
    """Return the cases as CSV for machines: field ids as heading, codes as values."""
    questions = [question.id for question in content.spec.questions]
    own = [CONFIRMATION, ENDED_ON, ENDED_REASON, CAUSE, VERSION]
    meta = metadata(content, created)
    header = [CASE_NO, MINISTRY, *questions, *own, *PLAIN_META]
    return csv.write(header, _lines(content, questions, [meta[name] for name in PLAIN_META.values()]))


def _lines(content: Content, questions: Sequence[str], meta: Sequence[str]) -> Iterator[list[Cell]]:
    for item in content.items:
        answers = shown(item)
        # A count stays a number: nothing of it could be taken for a formula.
        said = [marked(value) if isinstance(value := answers.get(name), str) else value for name in questions]
        end = item.ended_on.isoformat() if item.ended_on else None
        own = [item.confirmation.value, end, marked(item.ended_reason), cause_of(item), item.version]
        yield [item.case_no, content.ministry.name, *said, *own, *meta]


def marked(text: str) -> str:
    """Return a text as the CSV holds it: with an apostrophe before what a spreadsheet would run, or before another."""
    text = printable(text)
    return f"'{text}" if csv.FORMULA.match(text) or text.startswith("'") else text


def unmarked(text: str) -> str:
    """Return the text that ``marked`` made this of; what a person wrote without knowing of it stays."""
    bare = text[1:]
    return bare if text.startswith("'") and (csv.FORMULA.match(bare) or bare.startswith("'")) else text


def reasons(
    handed: Table, content: Content, speech: Speech, problems: Mapping[int, Sequence[Problem]], notes: Sequence[str]
) -> FormSheet:
    """Return the workbook that was handed in, with what is wrong beside each row and ``notes`` for the whole."""
    known_columns = {*OWN, *content.spec.columns}
    columns = [
        _column(content, name, speech) if name in known_columns else Column(name, name) for name in handed.columns
    ]
    return FormSheet(
        name=speech.tell(say("様式")),
        title=speech.tell(say("誤りの理由を付けた様式")),
        columns=columns,
        rows=[FormRow(_as_handed(record), problems.get(record.row, ())) for record in handed.records],
        words=speech.words,
        instructions=[*notes, *(speech.tell(line) for line in INSTRUCTIONS)],
        properties={name: value for name, value in handed.metadata.items() if _fits(name, value)},
        frozen=2,
    )


def _as_handed(record: Record) -> dict[str, Cell]:
    return {name: str(cell) if isinstance(cell, bool) else cell for name, cell in record.cells.items()}


def _fits(name: str, value: str) -> bool:
    """Tell whether a workbook takes this property; a file from elsewhere may hold anything."""
    text = name + value
    return len(value) <= MAX_PROPERTY and "=" not in name and printable(text) == text and "\n" not in text
