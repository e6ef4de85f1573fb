"""What our forms share: fields that keep what was typed, our own sentences, a token that lets a deed happen once."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Container, Iterable
from functools import cached_property
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectField, StringField
from wtforms.csrf.core import CSRFTokenField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from register.clock import parse_date
from register.errors import Invalid, Stale
from register.web.filters import day_text, foreign, say


class _TokenField(CSRFTokenField):  # type: ignore[misc]
    """The token against foreign forms, signed when it is shown: a form that is saved shows none."""

    def process(self, *args: Any, **kwargs: Any) -> None:
        HiddenField.process(self, *args, **kwargs)

    def _value(self) -> Any:
        return self.csrf_impl.generate_csrf_token(self)


class _Protection(FlaskForm.Meta.csrf_class):  # type: ignore[misc]
    field_class = _TokenField


class RegisterForm(FlaskForm):  # type: ignore[misc]
    """A form of ours: it carries a ``request_token`` that the guard honours once."""

    class Meta:
        csrf_class = _Protection

    request_token = HiddenField(default=lambda: secrets.token_urlsafe(24))

    def refuse(self, refusal: Invalid) -> None:
        """Show what a service refused beside the fields that it names."""
        for name, sentence in refusal.fields.items():
            field = self[name] if name in self else next(iter(self))
            field.errors = [*field.errors, say(sentence)]

    @property
    def wrong(self) -> list[Field]:
        """The fields with errors, in the order of the form."""
        return [field for field in self if field.errors]


class ChoiceField(SelectField):  # type: ignore[misc]
    """One of several codes; an unknown code is answered with a sentence that says what to do.

    The choices are worked out when they are first needed: a form that is saved shows none.
    """

    def offer(self, choices: Iterable[tuple[str, str]], codes: Container[str] | None = None) -> None:
        """Set what may be chosen, the blank among it; with ``codes``, a saved form needs no labels to be checked."""
        self._source, self._codes = choices, codes
        self.__dict__.pop("choices", None)

    @cached_property
    def choices(self) -> list[SelectChoice]:
        """What may be chosen."""
        return [SelectChoice(value, label, _language_of(label)) for value, label in self._source]

    def pre_validate(self, form: Any) -> None:
        if not self.data:
            return
        if self.data not in (self._codes or {choice.value for choice in self.choices}):
            raise ValidationError(gettext("選択肢の中から選んでください。"))


class JaDateField(StringField):  # type: ignore[misc]
    """A day typed in any usual Japanese or western form; ``data`` is the day, and what was typed stays in the box."""

    data: dt.date | None

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = valuelist[0] if valuelist else ""
        self.data = None
        if self.typed.strip():
            try:
                self.data = parse_date(self.typed)
            except ValueError:
                raise ValueError(
                    gettext("日付として読めません。2025-09-30 や 令和7年9月30日 のように入力してください。")
                ) from None

    def _value(self) -> str:
        if self.raw_data is not None:
            return self.typed
        return day_text(self.data) if self.data else ""


def needed(sentence: str) -> Any:
    """Return a validator that asks for a value with ``sentence``, a lazily translated text."""

    def validate(_form: Any, field: Field) -> None:
        blank = field.data is None or (isinstance(field.data, str) and not field.data.strip())
        # A date that could not be read has its own sentence already.
        if blank and not field.process_errors:
            raise ValidationError(str(sentence))

    validate.field_flags = {"needed": True}  # type: ignore[attr-defined]
    return validate


def _language_of(text: Any) -> dict[str, str]:
    """Return the attribute that marks a Japanese text in an English page."""
    return {"lang": "ja"} if isinstance(text, str) and foreign(text) else {}


def control_attrs(field: Field, css: str, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the attributes of a control: the error is described before the hint, and no browser bubble comes up."""
    attrs: dict[str, Any] = {"class": css, "required": False, **_language_of(field.data), **(extra or {})}
    if field.flags.needed:
        attrs["aria-required"] = "true"
    if field.errors:
        attrs["aria-invalid"] = "true"
    described = [f"{field.id}-err"] if field.errors else []
    described += [f"{field.id}-hint"] if field.description else []
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return attrs


def version_of(form: Any) -> int:
    """Return the version that the form was opened with; 0, which no row has, when the form was tampered with."""
    text = form.version.data or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def beside(form: Any, stale: Stale) -> list[tuple[str, str, str, bool]]:
    """Return (label, typed, stored, differs) per field of a stale edit, and let the next save be made in sight of both.

    ``stale.theirs`` is keyed by the form's field names.
    """
    form.version.data = str(stale.version)
    rows = []
    for name, stored in stale.theirs.items():
        field = form[name]
        mine, theirs = shown(field, field.data), shown(field, stored)
        rows.append((str(field.label.text), mine, theirs, mine != theirs))
    return rows


def shown(field: Field, value: Any) -> str:
    """Return ``value`` as the person sees it in ``field``."""
    if isinstance(field, ChoiceField):
        return next((str(choice.label) for choice in field.choices if choice.value == (value or "")), "")
    if isinstance(value, dt.date):
        return day_text(value)
    if isinstance(value, bool):
        return str(gettext("はい") if value else gettext("いいえ"))
    return str(value or "").replace("\r\n", "\n")
