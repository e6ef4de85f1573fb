"""The forms of reminders: what a person wants to hear less, and on which days a round has them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, HiddenField, RadioField, SelectMultipleField, StringField
from wtforms.validators import ValidationError

from register.formspec.reminders import ReminderPlan, Stage
from register.vocab import ReminderEvent, ReminderTone
from register.web.filters import term
from register.web.forms.base import RegisterForm
from register.web.ui import LANGUAGES

MOST_DIGITS = 3


class ChoiceForm(RegisterForm):
    """In which language a person is written to, and the events of which they hear no more than they must."""

    language = RadioField(lazy_gettext("メールとカレンダーの言語"), choices=list(LANGUAGES))
    spoken = tuple((code, name, "") for code, name in LANGUAGES.items())
    stopped = SelectMultipleField(lazy_gettext("止めるお知らせ"), choices=[], validate_choice=False)

    def offer(self, events: Iterable[ReminderEvent]) -> None:
        """Set what may be stopped."""
        self.offered = tuple(events)

    def validate_stopped(self, field: SelectMultipleField) -> None:
        """Refuse what may not be stopped."""
        if set(field.data or ()) - {event.value for event in self.offered}:
            raise ValidationError(gettext("止められるお知らせの中から選んでください。"))


class RoundRemindersForm(RegisterForm):
    """The stages of a round: whether each is told, and how many business days from its day."""

    seen = HiddenField()
    stages: tuple[Stage, ...] = ()

    def fill(self, known: Mapping[str, tuple[int, bool]]) -> None:
        """Show what the round has."""
        for stage in self.stages:
            offset, enabled = known[stage.code]
            self[f"on_{stage.code}"].data = enabled
            if f"offset_{stage.code}" in self:
                self[f"offset_{stage.code}"].data = str(abs(offset))
        self.saw(known)

    def saw(self, known: Mapping[str, tuple[int, bool]]) -> None:
        """Let the next save be made in sight of ``known``."""
        self.seen.data = json.dumps({code: list(one) for code, one in known.items()}, sort_keys=True)

    def was_seen(self) -> dict[str, tuple[int, bool]]:
        """Return what the person had before them; nothing, which no round has, when the form was tampered with."""
        try:
            raw = json.loads(self.seen.data or "")
            return {code: (int(one[0]), bool(one[1])) for code, one in raw.items()}
        except (ValueError, TypeError, AttributeError, LookupError):
            return {}

    def wanted(self) -> dict[str, tuple[int, bool]]:
        """Return what was typed; only of a form whose numbers could be read."""
        return {stage.code: (self._offset(stage), bool(self[f"on_{stage.code}"].data)) for stage in self.stages}

    def _offset(self, stage: Stage) -> int:
        if f"offset_{stage.code}" not in self:
            return stage.offset
        count = _number(self[f"offset_{stage.code}"].data or "")
        return -(count or 0) if stage.tone is ReminderTone.BEFORE else count or 0


def round_form(plan: ReminderPlan) -> RoundRemindersForm:
    """Return the form for the stages that a round may have otherwise; on the day itself there is nothing to count."""
    fields: dict[str, Any] = {"stages": plan.of_rounds}
    for stage in plan.of_rounds:
        fields[f"on_{stage.code}"] = BooleanField(lazy_gettext("知らせる"))
        if stage.tone is not ReminderTone.TODAY:
            fields[f"offset_{stage.code}"] = StringField(label_of(stage), [_counted])
    form: RoundRemindersForm = type("RoundRemindersForm", (RoundRemindersForm,), fields)()
    return form


def label_of(stage: Stage) -> str:
    """Return what the number of days of a stage is called."""
    before = stage.tone is ReminderTone.BEFORE
    told = gettext("何開庁日前か") if before else gettext("何開庁日後か")
    return str(gettext("%(event)s（%(tone)s）：%(told)s", event=term(stage.event), tone=term(stage.tone), told=told))


def _counted(_form: Any, field: StringField) -> None:
    if _number(field.data or "") is None:
        raise ValidationError(gettext("開庁日の数を、半角の整数で入力してください。"))


def _number(text: str) -> int | None:
    digits = unicodedata.normalize("NFKC", text).strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS else None
