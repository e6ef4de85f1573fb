"""The forms of notices: the text and whom it addresses, consent, issue, a ministry's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from flask import request
from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, StringField, TextAreaField

from register.errors import Invalid
from register.formspec.schema import FormSpec
from register.models import Notice
from register.queries.notice_replies import ITSELF, Line
from register.queries.resemblance import CODED, WRITTEN
from register.services.notice_answers import Told
from register.vocab import AudienceKind, Reply
from register.web.filters import language, say
from register.web.forms.base import ChoiceField, JaDateField, RegisterForm, needed


class NoticeForm(RegisterForm):
    """What a notice says and to whom: the kinds that have a code are one choice with it."""

    title = StringField(lazy_gettext("件名"), [needed(lazy_gettext("件名を入力してください。"))])
    text = TextAreaField(
        lazy_gettext("注意喚起の内容"),
        [needed(lazy_gettext("注意喚起の内容を入力してください。"))],
        description=lazy_gettext(
            "宛先の府省庁がそのまま読みます。もとの府省庁やリスクケースが分かることは書かないでください。"
        ),
    )
    action = TextAreaField(lazy_gettext("求める対応"), [needed(lazy_gettext("府省庁に求める対応を入力してください。"))])
    audience_kind = ChoiceField(
        lazy_gettext("宛先"),
        default=AudienceKind.ALL.value,
        description=lazy_gettext("選んだ点が同じで、利用を終えていない案件がある府省庁に送ります。"),
    )
    audience_value = StringField(
        lazy_gettext("モデルか事業者の名称"),
        description=lazy_gettext(
            "宛先に「利用するモデル」か「事業者」を選んだときに入力してください。名称の一部でも探せます。"
        ),
    )
    version = HiddenField()

    def offer(self, spec: FormSpec) -> None:
        """Set what may be chosen."""
        plain = [(kind.value, kind.label(language())) for kind in AudienceKind if kind not in CODED]
        coded = [
            (_chosen(kind, option.code), f"{kind.label(language())}{gettext('：')}{option.label(language())}")
            for kind in CODED
            for option in spec.field(kind.value).options
        ]
        self.audience_kind.offer([*plain, *coded])

    def fill(self, notice: Notice) -> None:
        """Show what is stored."""
        stored = {name: getattr(notice, name) for name in ("title", "text", "action")}
        for name, value in {**stored, **audience_shown(notice.audience_kind, notice.audience_value)}.items():
            self[name].data = value
        self.version.data = str(notice.version)

    def values(self) -> dict[str, Any]:
        """Return what was typed, as the services take it."""
        told: dict[str, Any] = {name: self[name].data for name in ("title", "text", "action")}
        kind, _, value = (self.audience_kind.data or "").partition(":")
        return {**told, "audience_kind": kind, "audience_value": value or self.audience_value.data}


def audience_shown(kind: AudienceKind, value: str) -> dict[str, str]:
    """Return an audience as the two fields of the form hold it."""
    return {
        "audience_kind": _chosen(kind, value) if kind in CODED else kind.value,
        "audience_value": value if kind in WRITTEN else "",
    }


class WordForm(RegisterForm):
    """One step of a notice, with the words that go into its record."""

    word = TextAreaField(lazy_gettext("内容"))
    version = HiddenField()


class IssueForm(RegisterForm):
    """By when the ministries are to answer."""

    due_on = JaDateField(
        lazy_gettext("回答の期限"),
        [needed(lazy_gettext("回答の期限を入力してください。"))],
        description=lazy_gettext("例：2025-09-30、令和7年9月30日"),
    )
    version = HiddenField()


@dataclass
class Cell:
    """The two controls of one line, as a person filled them, and what is wrong with them."""

    line: Line
    reply: str
    comment: str
    errors: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        """What the first of them is called."""
        return f"reply-{self.line.key}"

    @property
    def number(self) -> str:
        """What the line is about, in a few letters."""
        return self.line.use_case.case_no if self.line.use_case else str(gettext("府省庁として"))

    @property
    def label(self) -> SimpleNamespace:
        """What a summary of errors calls it."""
        return SimpleNamespace(text=self.number)


class AnswersForm(RegisterForm):
    """What a ministry answers: a choice and a comment for every line of the page."""

    version = HiddenField()

    def show(self, lines: Sequence[Line]) -> None:
        """Lay out the lines, as they are stored or as they were just filled."""
        self.cells = [self._cell(line) for line in lines]

    def told(self) -> dict[int | None, Told]:
        """Return what was said, by case."""
        codes = set(Reply)
        return {
            cell.line.case_id: Told(Reply(cell.reply) if cell.reply in codes else None, cell.comment)
            for cell in self.cells
        }

    def refuse(self, refusal: Invalid) -> None:
        """Show what a service refused beside the lines that it names."""
        for cell in self.cells:
            if sentence := refusal.fields.get(str(cell.line.case_id or ITSELF)):
                cell.errors.append(say(sentence))

    @property
    def wrong(self) -> list[Any]:
        """The lines with errors."""
        return [cell for cell in self.cells if cell.errors]

    @property
    def errors(self) -> Mapping[str, Any]:
        """What is wrong, by control."""
        return {**super().errors, **{cell.id: cell.errors for cell in self.wrong}}

    def _cell(self, line: Line) -> Cell:
        stored = (line.answer.reply.value, line.answer.comment) if line.answer else ("", "")
        if not self.is_submitted():
            return Cell(line, *stored)
        # A line that the sent page did not hold stays as it is.
        reply = request.form.get(f"reply-{line.key}", stored[0])
        return Cell(line, reply, request.form.get(f"comment-{line.key}", stored[1]))


def _chosen(kind: AudienceKind, code: str) -> str:
    return f"{kind.value}:{code}"
