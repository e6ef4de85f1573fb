"""What a workbook of a return says in the language of the page, and how a page says what a file would do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from register.formats.form_xlsx import Kind, Problem, Words
from register.formspec import types
from register.queries.uploads import Content
from register.services.workbook_diff import Step, label_of
from register.services.workbook_rows import Trouble
from register.services.workbooks import Speech
from register.vocab import Confirmation
from register.web.filters import day_text, language, say, term

PAGE = 100


@dataclass(frozen=True)
class ChangeLine:
    """One field of one case as the page shows it; ``first`` lines name the case."""

    step: Step
    first: bool
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class ChangePage:
    """One page of the cases that a file changes."""

    lines: Sequence[ChangeLine]
    number: int
    pages: int


def speech() -> Speech:
    """Return the language of the page for a workbook."""
    words = Words(
        definitions=gettext("定義"),
        lists=gettext("選択肢"),
        field=gettext("項目"),
        help=gettext("説明"),
        code=gettext("コード"),
        choice=gettext("選択肢"),
        meaning=gettext("定義"),
        reasons=gettext("誤りの理由"),
        metadata=gettext("管理用（変更しないでください）"),
        alert_title=gettext("この値は入力できません"),
        alerts={
            Kind.CHOICE: gettext("一覧から選んでください。"),
            Kind.DATE: gettext("2025-09-30 や 令和7年9月30日 のように入力してください。"),
            Kind.COUNT: gettext("0以上の整数を入力してください。"),
        },
        too_long=gettext("文字数が多すぎます。") + "（%(limit)d）",
    )
    return Speech(language(), say, words)


def changes(content: Content, steps: Sequence[Step], number: int) -> ChangePage:
    """Return a page of what ``steps`` change, field by field."""
    pages = max(1, -(-len(steps) // PAGE))
    number = min(number, pages)
    shown = steps[(number - 1) * PAGE : number * PAGE]
    lines = [
        ChangeLine(
            step,
            place == 0,
            say(label_of(content.spec, change.field)),
            _value(content, change.field, change.old),
            _value(content, change.field, change.new),
        )
        for step in shown
        for place, change in enumerate(step.changes)
    ]
    return ChangePage(lines, number, pages)


def _value(content: Content, field: str, value: Any) -> str:
    if value in (None, ""):
        return ""
    if isinstance(value, Confirmation):
        return term(value)
    if isinstance(value, dt.date):
        return day_text(value)
    if content.spec.has(field):
        return types.show(content.spec.field(field), value, language(), content.terms)
    return str(value)


def problems(troubles: Sequence[Trouble]) -> dict[int, list[Problem]]:
    """Return the reasons that stand beside the rows of the workbook that goes back."""
    found: dict[int, list[Problem]] = {}
    for trouble in troubles:
        if trouble.row:
            text = gettext("%(reason)s%(mend)s", reason=say(trouble.reason), mend=say(trouble.mend))
            found.setdefault(trouble.row, []).append(Problem(text, trouble.field))
    return found


def notes(troubles: Sequence[Trouble]) -> list[str]:
    """Return what stands against the file as a whole."""
    return [
        gettext("%(reason)s%(mend)s", reason=say(trouble.reason), mend=say(trouble.mend))
        for trouble in troubles
        if not trouble.row
    ]
