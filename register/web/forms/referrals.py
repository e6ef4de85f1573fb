"""The forms of referrals: the package, and one step with the words that it asks for. The rules are in the services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import Field, HiddenField, TextAreaField

from register.models import Referral, ReferralCondition
from register.services.referral_words import Words
from register.services.referrals import EDITABLE
from register.vocab import Publicity, ReferralDeed
from register.web.filters import language, written
from register.web.forms.base import ChoiceField, JaDateField, RegisterForm

DATE_HINT = lazy_gettext("例：2025-09-30、令和7年9月30日")


class ReferralForm(RegisterForm):
    """The package of a referral: a draft may be saved with any of it blank."""

    details = TextAreaField(
        lazy_gettext("概要"), description=lazy_gettext("案件の内容と、アドバイザリーボードに相談したいこと。")
    )
    purpose = TextAreaField(lazy_gettext("目的"), description=lazy_gettext("生成AIを使って何を実現するか。"))
    mitigation = TextAreaField(
        lazy_gettext("リスク軽減策"), description=lazy_gettext("想定するリスクと、それぞれを小さくする手立て。")
    )
    quality = TextAreaField(
        lazy_gettext("運用時を含めた品質確保策"),
        description=lazy_gettext("利用を始める前の確認と、始めた後の監視、見直し、止める基準。"),
    )
    publicity = ChoiceField(
        lazy_gettext("公開の区分（府省庁の案）"), description=lazy_gettext("意見を記録するときに、事務局が定めます。")
    )
    version = HiddenField()

    def offer(self) -> None:
        """Set what may be chosen."""
        self.publicity.offer([("", gettext("（未定）")), *_publicity()])

    def fill(self, referral: Referral) -> None:
        """Show what is stored."""
        for name in EDITABLE:
            self[name].data = getattr(referral, name)
        self.version.data = str(referral.version)

    def values(self) -> dict[str, Any]:
        """Return what was typed, as the services take it."""
        return {name: self[name].data for name in EDITABLE}


@dataclass(frozen=True)
class Asked:
    """What a step asks for: what its words are called, whether they must be there, and the fields beside them."""

    word: Any
    needed: bool = True
    hint: Any = ""
    on: Any = None
    opinion: bool = False


REASON = lazy_gettext("理由")
ASKED: Mapping[ReferralDeed, Asked] = {
    ReferralDeed.SEND: Asked(lazy_gettext("事務局への連絡"), needed=False),
    ReferralDeed.RETURN: Asked(REASON, hint=lazy_gettext("何を補ってほしいかを書いてください。府省庁が読みます。")),
    ReferralDeed.SCHEDULE: Asked(
        lazy_gettext("会議の名称"),
        hint=lazy_gettext("例：第5回先進的AI利活用アドバイザリーボード"),
        on=lazy_gettext("会議の日"),
    ),
    ReferralDeed.ADVISE: Asked(lazy_gettext("意見"), on=lazy_gettext("意見が出された日"), opinion=True),
    ReferralDeed.RESPOND: Asked(lazy_gettext("意見への対応")),
    ReferralDeed.CLOSE: Asked(REASON, hint=lazy_gettext("終結と判断した理由を書いてください。府省庁も読みます。")),
    ReferralDeed.WITHDRAW: Asked(
        REASON, hint=lazy_gettext("取り下げる理由を書いてください。報告・相談は「取下げ」として残ります。")
    ),
}


class StepForm(RegisterForm):
    """One step of a referral, with the words that go into its record."""

    word = TextAreaField()
    on = JaDateField(description=DATE_HINT)
    conditions = TextAreaField(
        lazy_gettext("条件"), description=lazy_gettext("一行に一つずつ書いてください。なければ空欄にします。")
    )
    publicity = ChoiceField(lazy_gettext("公開の区分"))
    version = HiddenField()

    def ask(self, deed: ReferralDeed, referral: Referral) -> None:
        """Keep the fields that ``deed`` asks for, under its names, filled with what is known."""
        asked = ASKED[deed]
        self.word.label.text, self.word.description = asked.word, asked.hint
        self.word.flags.needed = asked.needed
        if asked.on is None:
            del self.on
        else:
            self.on.label.text, self.on.flags.needed = asked.on, True
        if not asked.opinion:
            del self.conditions, self.publicity
            return
        self.publicity.offer([("", gettext("（選んでください）")), *_publicity()])
        self.publicity.flags.needed = True
        if not self.is_submitted():
            self.publicity.data = referral.publicity

    def known(self, deed: ReferralDeed, referral: Referral, conditions: Sequence[ReferralCondition]) -> None:
        """Show what was said before, where the step says it anew."""
        if deed is ReferralDeed.SCHEDULE:
            self.word.data, self.on.data = referral.meeting_name, referral.meeting_on
        elif deed is ReferralDeed.ADVISE:
            self.word.data, self.on.data = referral.opinion, referral.opinion_on or referral.meeting_on
            self.conditions.data = "\n".join(one.body for one in conditions)
        elif deed is ReferralDeed.RESPOND:
            self.word.data = referral.response
            for one in conditions:
                self[f"condition_{one.number}"].data = one.response

    @property
    def shown(self) -> list[Field]:
        """The fields that a person fills, in their order."""
        order = ["on", "word", "conditions", "publicity"]
        return [self[name] for name in order if name in self] + [field for field in self if _number(field.name)]

    def words(self) -> Words:
        """Return what was typed, as the services take it."""
        told = {name: self[name].data or "" for name in ("word", "conditions", "publicity") if name in self}
        responses = {number: field.data or "" for field in self if (number := _number(field.name))}
        return Words(**told, on=self.on.data if "on" in self else None, responses=responses)


def step_form(deed: ReferralDeed, referral: Referral, conditions: Sequence[ReferralCondition]) -> StepForm:
    """Return the form of a step; a response has a field for every condition."""
    asked = conditions if deed is ReferralDeed.RESPOND else ()
    fields = {f"condition_{one.number}": _answer_to(one) for one in asked}
    form: StepForm = type("StepForm", (StepForm,), fields)(version=str(referral.version))
    form.ask(deed, referral)
    for name in fields:
        form[name].flags.needed = True
    if not form.is_submitted():
        form.known(deed, referral, conditions)
    return form


def _answer_to(one: ReferralCondition) -> TextAreaField:
    label = gettext("条件%(number)sへの対応", number=one.number)
    return TextAreaField(label, description=written(one.body))


def _number(name: str) -> int:
    """Return the number of the condition that a field answers; 0 for any other field."""
    number = name.removeprefix("condition_")
    return int(number) if number != name else 0


def _publicity() -> list[tuple[str, str]]:
    return [(one.value, one.label(language())) for one in Publicity]
