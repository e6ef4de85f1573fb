"""The forms of the table builder: the choices, which stand in the address, and the name under which they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext, lazy_gettext
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, HiddenField, SelectMultipleField, StringField

from register.errors import Invalid
from register.reports import builder
from register.reports.builder import AXES, DIMENSIONS, MEASURES, ONLY, QUESTIONS, Definition
from register.reports.dimensions import FIELDS, Dimensions
from register.web.filters import say
from register.web.forms.base import ChoiceField, RegisterForm, needed


class TableForm(RegisterForm):
    """What a table shows; ``table_form`` gives it a filter for every question that can be counted by."""

    class Meta:
        # Choosing changes nothing, and a token would stand in the URL.
        csrf = False

    request_token = None
    dimensions: Dimensions

    rows = ChoiceField(lazy_gettext("行"), [needed(lazy_gettext("行にするものを選んでください。"))])
    rows_inner = ChoiceField(lazy_gettext("行の内訳"))
    columns = ChoiceField(lazy_gettext("列"))
    columns_inner = ChoiceField(lazy_gettext("列の内訳"))
    population = ChoiceField(lazy_gettext("対象の案件"))
    measure = ChoiceField(lazy_gettext("表す値"))

    def chosen(self) -> Definition | None:
        """Return the table that was chosen; None when it cannot be, which is then said beside the fields."""
        try:
            definition = builder.declare(self.data)
            builder.check(definition, self.dimensions)
            builder.refuse_unknown(definition, self.dimensions)
        except Invalid as refusal:
            self.refuse(refusal)
            return None
        return definition

    def offer(self) -> None:
        """Offer what the round's form asked, and what was chosen all the same, so that no choice is lost."""
        for name in AXES:
            field = self[name]
            known = [key for key in DIMENSIONS if builder.askable(key, self.dimensions) or key == field.data]
            field.offer(
                [("", gettext("なし") if name != AXES[0] else ""), *((k, say(DIMENSIONS[k].name)) for k in known)]
            )
        self.population.offer([(key, say(one.name)) for key, one in self.dimensions.populations.items()])
        self.measure.offer([(one.value, say(name)) for one, name in MEASURES.items()])

    @property
    def filters(self) -> Iterator[tuple[Field, list[tuple[str, str]]]]:
        """The filters with their options; one that the round's form does not have can still be unticked."""
        for name in FIELDS:
            field = self[f"{ONLY}{name}"]
            options = builder.options(name, self.dimensions)
            strange = [code for code in field.data or () if code not in dict(options)]
            if options or strange:
                yield field, [*options, *((code, code) for code in strange)]


def table_form(dimensions: Dimensions, chosen: MultiDict[str, str]) -> TableForm:
    """Return the form of the builder for a round, with what was chosen."""
    fields: dict[str, Any] = {
        f"{ONLY}{name}": SelectMultipleField(say(QUESTIONS[name]), choices=[], validate_choice=False) for name in FIELDS
    }
    form: TableForm = type("RoundTableForm", (TableForm,), fields | {"dimensions": dimensions})(chosen)
    form.offer()
    return form


class SaveForm(RegisterForm):
    """The name of a table; of a new one also who sees it, of a revised one also why it changes."""

    name = StringField(lazy_gettext("表の名前"), [needed(lazy_gettext("表の名前を入力してください。"))])
    reason = StringField(
        lazy_gettext("変えた理由"),
        [needed(lazy_gettext("変えた理由を入力してください。"))],
        description=lazy_gettext("前の版とともに残り、表を見る人が読みます。"),
    )
    shared = BooleanField(
        lazy_gettext("府省庁と監査に公開する"),
        description=lazy_gettext("公開しない表は、事務局だけに表示されます。公開は後から変えられます。"),
    )
    version = HiddenField()
