"""The forms in which it is proposed and decided what of a case is public."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from wtforms import HiddenField, TextAreaField

from register.models import Disclosure
from register.vocab import DisclosureClass, DisclosurePart, Ground
from register.web.filters import language
from register.web.forms.base import ChoiceField, JaDateField, RegisterForm, needed


class ProposalForm(RegisterForm):
    """How far a part of a case is public, why not, and what stands in its place."""

    level = ChoiceField(lazy_gettext("公開の区分"), [needed(lazy_gettext("公開の区分を選んでください。"))])
    ground = ChoiceField(
        lazy_gettext("公開しない根拠（情報公開法第5条）"),
        description=lazy_gettext("「一部非公開」か「非公開」のときに選びます。"),
    )
    public_text = TextAreaField(
        lazy_gettext("公開する文"),
        description=lazy_gettext(
            "「一部非公開」のときに、公開版に載せる文を書きます。伏せる部分は書かないでください。"
        ),
    )
    review_on = JaDateField(
        lazy_gettext("見直す日"),
        description=lazy_gettext("「一部非公開」か「非公開」のときに、公開できるかをもう一度考える日を入力します。"),
    )
    version = HiddenField()

    def offer(self, part: DisclosurePart) -> None:
        """Set what may be chosen; of the case as a whole, public in part means that its ministry is not named."""
        self.level.offer([("", ""), *((one.value, one.label(language())) for one in DisclosureClass)])
        self.ground.offer([("", ""), *((one.value, one.label(language())) for one in Ground)])
        if part is DisclosurePart.CASE:
            self.level.description = lazy_gettext("「一部非公開」にすると、府省庁の名前を示しません。")
            del self.public_text

    def fill(self, row: Disclosure) -> None:
        """Show what was said before."""
        self.level.data, self.review_on.data = row.level.value, row.review_on
        self.ground.data = row.ground.value if row.ground else ""
        if "public_text" in self:
            self.public_text.data = row.public_text

    def values(self) -> dict[str, Any]:
        """Return what was said, as the service takes it."""
        return {
            "level": DisclosureClass(self.level.data) if self.level.data in set(DisclosureClass) else None,
            "ground": Ground(self.ground.data) if self.ground.data in set(Ground) else None,
            "public_text": self.public_text.data if "public_text" in self else "",
            "review_on": self.review_on.data,
        }


class DecisionForm(RegisterForm):
    """Decided as proposed, or sent back with the reason."""

    word = TextAreaField(
        lazy_gettext("差し戻す理由"), description=lazy_gettext("差し戻すときに入力してください。府省庁が読みます。")
    )
    version = HiddenField()
