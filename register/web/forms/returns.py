"""The forms of a return: one section of a case as its form version asks it, and the small ones round it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField

from register.errors import Invalid
from register.formspec.schema import Field
from register.queries.answers import NEEDED
from register.queries.returns import SectionPage
from register.queries.risk_counts import QUESTION
from register.services.answers import Typed
from register.vocab import ChangeCause
from register.web.filters import language, say
from register.web.forms.base import JaDateField, RegisterForm, needed

ANSWER, DECLINE, NOTE, CAUSE, WHY = "answer_", "decline_", "note_", "cause_", "why_"
DATE_HINT = lazy_gettext("例：2025-09-30、令和7年9月30日")


class SectionForm(RegisterForm):
    """One section of a case; the fields of its questions are added by ``section_form``."""

    seen = HiddenField()
    questions: tuple[Field, ...] = ()

    def refuse(self, refusal: Invalid) -> None:
        """Show what a service refused beside the questions that it names."""
        for name, sentence in refusal.fields.items():
            field = self[ANSWER + name]
            field.errors = [*field.errors, say(sentence)]

    def typed(self) -> Typed:
        """Return what was given for the questions of the page."""
        return Typed(
            {q.id: self[ANSWER + q.id].data or "" for q in self.questions},
            {q.id: self[NOTE + q.id].data or "" for q in self.questions if self[DECLINE + q.id].data},
            {q.id: self[CAUSE + q.id].data or "" for q in self.questions},
            {q.id: self[WHY + q.id].data or "" for q in self.questions if WHY + q.id in self},
        )

    @property
    def causes(self) -> list[tuple[str, str, str]]:
        """Why a redefined answer may differ, as the page offers it."""
        return [(cause.value, cause.label(language()), "") for cause in ChangeCause]

    def kept(self) -> dict[str, Any]:
        """Return what a draft keeps of the page."""
        names = [prefix + q.id for q in self.questions for prefix in (ANSWER, DECLINE, NOTE, CAUSE, WHY)]
        return {name: self[name].data for name in names if name in self and self[name].data}

    def same(self, field_id: str, carried: Mapping[str, Any]) -> None:
        """Fill one question with its answer of last time; nothing is saved by that."""
        name = ANSWER + field_id
        if name in self:
            self[name].data = str(carried.get(field_id, ""))
            self[name].raw_data = None


def section_form(page: SectionPage) -> SectionForm:
    """Return the form of a section: as it was sent, else with the draft, else with what is known.

    A redefined answer is not filled in: it has to be chosen again.
    """
    fields: dict[str, Any] = {"questions": tuple(shown.field for shown in page.questions)}
    for question in fields["questions"]:
        fields |= _fields(question)
    if page.risk is not None:
        label = lazy_gettext("件数が台帳と違う理由")
        fields[WHY + QUESTION] = TextAreaField(
            label, description=lazy_gettext("台帳と違う件数を回答する場合に入力してください。")
        )
    made: SectionForm = type("SectionForm", (SectionForm,), fields)()
    if made.is_submitted():
        return made
    made.seen.data = page.draft.seen if page.draft else page.seen
    values = page.draft.values if page.draft else _known(page)
    for name, value in values.items():
        if name in made:
            made[name].data = value
    return made


def _fields(question: Field) -> dict[str, Any]:
    label, hint = question.label(language()), question.help(language())
    kinds = {"choice": RadioField, "long": TextAreaField}
    kind = kinds.get(question.type, StringField)
    choices: dict[str, Any] = {}
    if kind is RadioField:
        choices = {"choices": [], "validate_choice": False}
    must = [flagged] if question.id in NEEDED else []
    return {
        ANSWER + question.id: kind(label, must, description=hint, **choices),
        DECLINE + question.id: BooleanField(lazy_gettext("回答を控える")),
        NOTE + question.id: StringField(lazy_gettext("回答を控える理由")),
        CAUSE + question.id: RadioField(lazy_gettext("変わった理由"), choices=[], validate_choice=False),
    }


def flagged(_form: Any, _field: Any) -> None:
    """Mark a question that no case can be without; the service says so when it is missing."""


flagged.field_flags = {"needed": True}  # type: ignore[attr-defined]


def _known(page: SectionPage) -> dict[str, Any]:
    item = page.item
    values: dict[str, Any] = {}
    for shown in page.questions:
        name = shown.field.id
        if name in item.answers:
            values[ANSWER + name] = str(item.answers[name])
        elif name not in item.states and name not in item.recheck and name in item.carried:
            values[ANSWER + name] = str(item.carried[name])
        if name in item.notes and name in item.answers:
            values[WHY + name] = item.notes[name]
        elif name in item.notes:
            values |= {DECLINE + name: True, NOTE + name: item.notes[name]}
        if cause := item.mapping.get(name, {}).get("cause"):
            values[CAUSE + name] = cause
    if page.risk is not None and QUESTION not in item.states and (count := page.risk.of(item)):
        # What the register counts is only typed in for the person, who says it by saving.
        values.setdefault(ANSWER + QUESTION, str(count))
    return values


class EndForm(RegisterForm):
    """That a use has ended."""

    on = JaDateField(
        lazy_gettext("利用を終えた日"),
        [needed(lazy_gettext("利用を終えた日を入力してください。"))],
        description=DATE_HINT,
    )
    reason = TextAreaField(lazy_gettext("理由"), [needed(lazy_gettext("理由を入力してください。"))])


class DeclineForm(RegisterForm):
    """Why an approver gives a return back."""

    reason = TextAreaField(lazy_gettext("担当者に戻す理由"), [needed(lazy_gettext("理由を入力してください。"))])


class ApproveForm(RegisterForm):
    """The approval of what was seen: the digest of the page travels with it."""

    seen = HiddenField()


class SureForm(RegisterForm):
    """A deed that asks for nothing but the word."""
