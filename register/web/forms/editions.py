"""The forms of editions: what one holds, and the word that goes with a step."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, SelectMultipleField, TextAreaField

from register.services.editions import THRESHOLDS
from register.web.forms.base import ChoiceField, RegisterForm


class EditionForm(RegisterForm):
    """What a drafted edition holds; ``examples`` are the ids of items."""

    threshold = ChoiceField(
        lazy_gettext("公開版で隠す小さな件数"),
        description=lazy_gettext("この数より小さい件数（0件を除く）と、それを推定できる件数を公開版から除きます。"),
    )
    note = TextAreaField(
        lazy_gettext("前の版から訂正したこと"),
        description=lazy_gettext("訂正する版では必ず入力してください。公開版にも載ります。"),
    )
    examples = SelectMultipleField(
        lazy_gettext("成果目標の例"), coerce=int, validate_choice=False, validators=[], choices=[]
    )
    version = HiddenField()

    def offer(self) -> None:
        """Set what may be chosen."""
        named = [(str(one), gettext("%(count)d件未満", count=one)) for one in THRESHOLDS if one]
        self.threshold.offer([("0", gettext("隠さない")), *named])

    def values(self) -> dict[str, Any]:
        """Return what was chosen, as the service takes it."""
        return {
            "threshold": int(self.threshold.data or 0),
            "note": self.note.data or "",
            "examples": self.examples.data or (),
        }


class WordForm(RegisterForm):
    """The word that goes with a step."""

    word = TextAreaField(lazy_gettext("理由"))
    version = HiddenField()
