"""The forms of a review: a question, a reply, a return with its findings, a correction after freezing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField

from register.errors import Invalid
from register.formspec.schema import Field, FormSpec
from register.models import SubmissionItem
from register.services.answers import Typed
from register.services.remarks import LONGEST
from register.services.submissions import Finding
from register.vocab import AnswerState
from register.web.filters import language, say
from register.web.forms.base import ChoiceField, RegisterForm, needed
from register.web.forms.returns import ANSWER, DECLINE, NOTE

# Findings that the form has room for: at first, more at a time, at most.
ROWS, MORE, MOST = 3, 3, 30
WHOLE = "-"


class AskForm(RegisterForm):
    """A question on one field of a case, or on the whole case."""

    body = TextAreaField(
        lazy_gettext("質問"),
        [needed(lazy_gettext("質問を入力してください。"))],
        description=lazy_gettext("府省庁の人が読みます。何を確かめてほしいかを書いてください。"),
    )


class ReplyForm(RegisterForm):
    """A reply to a question or a finding."""

    body = TextAreaField(lazy_gettext("回答"), [needed(lazy_gettext("回答を入力してください。"))])


class ReturnForm(RegisterForm):
    """Why a return goes back to its ministry, and what is wrong with which answer; ``return_form`` adds the rows."""

    reason = TextAreaField(
        lazy_gettext("差し戻す理由"),
        [needed(lazy_gettext("差し戻す理由を入力してください。"))],
        description=lazy_gettext("府省庁の提出のページに表示します。"),
    )
    rows = 0

    @property
    def lines(self) -> list[tuple[Any, Any, Any]]:
        """The rows of findings: which case, which question, what is wrong."""
        return [(self[f"item_{n}"], self[f"field_{n}"], self[f"body_{n}"]) for n in range(self.rows)]

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the case of each finding and for the text beside each case; rows left blank are none."""
        good = bool(super().validate(extra_validators))
        for item, _field, body in self.lines:
            text = (body.data or "").strip()
            if text and not item.data:
                item.errors = [*item.errors, gettext("指摘する案件を選んでください。")]
            if item.data and not text:
                sentence = gettext("指摘の内容を入力してください。使わない行は、案件を空に戻してください。")
                body.errors = [*body.errors, sentence]
            if len(text) > LONGEST:
                body.errors = [*body.errors, gettext("%(longest)d文字以内で入力してください。", longest=LONGEST)]
        return good and not self.wrong

    def findings(self, ids: Mapping[str, int]) -> list[Finding]:
        """Return what was found; ``ids`` are the items by what names them in the form."""
        return [
            Finding(ids[item.data], "" if field.data == WHOLE else field.data, body.data)
            for item, field, body in self.lines
            if item.data
        ]


def return_form(
    items: Sequence[SubmissionItem], spec: FormSpec, rows: int, chosen: Sequence[tuple[str, str]]
) -> ReturnForm:
    """Return the form with ``rows`` rows of findings; ``chosen`` are the (item, field) that were ticked before."""
    rows = min(max(rows, ROWS, len(chosen)), MOST)
    fields: dict[str, Any] = {"rows": rows}
    for n in range(rows):
        fields |= {
            f"item_{n}": ChoiceField(lazy_gettext("案件（指摘%(n)s）", n=n + 1)),
            f"field_{n}": ChoiceField(lazy_gettext("項目（指摘%(n)s）", n=n + 1), default=WHOLE),
            f"body_{n}": TextAreaField(lazy_gettext("指摘の内容（指摘%(n)s）", n=n + 1)),
        }
    form: ReturnForm = type("ReturnForm", (ReturnForm,), fields)()
    cases, questions = list(_cases(items)), list(_questions(spec))
    for n, (item, field, _body) in enumerate(form.lines):
        item.offer(cases)
        field.offer(questions)
        if not form.is_submitted() and n < len(chosen):
            item.data, field.data = chosen[n]
    return form


def _cases(items: Sequence[SubmissionItem]) -> Iterator[tuple[str, str]]:
    yield "", gettext("（選ばない）")
    for item in items:
        yield str(item.public_id), f"{item.case_no} {item.title}"


def _questions(spec: FormSpec) -> Iterator[tuple[str, str]]:
    yield WHOLE, gettext("案件全体")
    for question in spec.questions:
        yield question.id, question.label(language())


class CorrectionForm(RegisterForm):
    """The answers of a frozen item and why they are wrong; ``correction_form`` adds the questions."""

    reason = TextAreaField(
        lazy_gettext("訂正の理由"),
        [needed(lazy_gettext("訂正の理由を入力してください。"))],
        description=lazy_gettext("前の版と並べて残り、集計の注にも表示します。"),
    )
    version = HiddenField()
    questions: tuple[Field, ...] = ()

    def refuse(self, refusal: Invalid) -> None:
        """Show what a service refused beside the questions that it names."""
        for name, sentence in refusal.fields.items():
            field = self[ANSWER + name if ANSWER + name in self else "reason"]
            field.errors = [*field.errors, say(sentence)]

    def typed(self, item: SubmissionItem) -> Typed:
        """Return what is said anew: only the questions whose answer is not the stored one."""
        texts, declined = {}, {}
        for question in self.questions:
            text = plain(self[ANSWER + question.id].data)
            note = self[NOTE + question.id].data or "" if self[DECLINE + question.id].data else None
            if (text, note) != stored(item, question):
                texts[question.id] = text
                if note is not None:
                    declined[question.id] = note
        return Typed(texts, declined)


def stored(item: SubmissionItem, question: Field) -> tuple[str, str | None]:
    """Return an answer as the form shows it, and the reason for declining (None: it was not declined)."""
    declined = item.states.get(question.id) == AnswerState.DECLINED
    return str(item.answers.get(question.id, "")), item.notes.get(question.id, "") if declined else None


def plain(text: str | None) -> str:
    """Return what a browser sent with the line ends as they are stored."""
    return (text or "").replace("\r\n", "\n")


def correction_form(spec: FormSpec, item: SubmissionItem) -> CorrectionForm:
    """Return the form of every question with the stored answers, or with what was sent."""
    fields: dict[str, Any] = {"questions": spec.questions}
    for question in spec.questions:
        fields |= _fields(question)
    form: CorrectionForm = type("CorrectionForm", (CorrectionForm,), fields)()
    if form.is_submitted():
        return form
    form.version.data = str(item.version)
    for question in spec.questions:
        text, note = stored(item, question)
        form[ANSWER + question.id].data = text
        form[DECLINE + question.id].data, form[NOTE + question.id].data = note is not None, note or ""
    return form


def _fields(question: Field) -> dict[str, Any]:
    label, hint = question.label(language()), question.help(language())
    if question.type == "choice":
        answer = RadioField(label, choices=[], validate_choice=False, description=hint)
    else:
        answer = (TextAreaField if question.type == "long" else StringField)(label, description=hint)
    return {
        ANSWER + question.id: answer,
        DECLINE + question.id: BooleanField(lazy_gettext("回答を控える")),
        NOTE + question.id: StringField(lazy_gettext("回答を控える理由")),
    }
