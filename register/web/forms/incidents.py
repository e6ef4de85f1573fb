"""The forms of incidents: the report, one step, a measure, a reference, a file. The rules stand in the services."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, IntegerField, SelectMultipleField, StringField, TextAreaField

from register.formspec.risk import CodeList, RiskTerms
from register.models import Incident, Measure, Ministry
from register.services.incident_values import EDITABLE
from register.services.incidents import Report
from register.vocab import IncidentKind, Precision, Term
from register.web.filters import language
from register.web.forms.base import ChoiceField, JaDateField, RegisterForm, needed

DATE_HINT = lazy_gettext("例：2025-09-30、令和7年9月30日")


class CountField(IntegerField):  # type: ignore[misc]
    """A whole number as people type it: full-width digits and separators too; what was typed stays in the box."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = valuelist[0] if valuelist else ""
        text = unicodedata.normalize("NFKC", self.typed).replace(",", "").strip().removesuffix("人")
        self.data = None
        if not text:
            return
        if not (text.isascii() and text.isdigit() and len(text) < 12):
            raise ValueError(gettext("数字で入力してください。"))
        self.data = int(text)

    def _value(self) -> str:
        if self.raw_data is not None:
            return str(self.typed)
        return "" if self.data is None else str(self.data)


class IncidentForm(RegisterForm):
    """Report and update of an incident: five things are asked for, the rest may follow."""

    ministry = ChoiceField(lazy_gettext("府省庁"))
    kind = ChoiceField(
        lazy_gettext("種類"),
        default=IncidentKind.RISK_CASE.value,
        description=lazy_gettext("実際に起きたことはリスクケース、起きる前に防いだことはヒヤリ・ハットです。"),
    )
    title = StringField(lazy_gettext("件名"), [needed(lazy_gettext("件名を入力してください。"))])
    detected_on = JaDateField(
        lazy_gettext("覚知した日"), [needed(lazy_gettext("覚知した日を入力してください。"))], description=DATE_HINT
    )
    categories = SelectMultipleField(lazy_gettext("分類"), choices=[], validate_choice=False)
    cases = StringField(
        lazy_gettext("関係する案件の案件番号"),
        description=lazy_gettext(
            "複数の場合は空白で区切ってください。登録外の利用の場合は、次の欄に入力してください。"
        ),
    )
    unregistered = StringField(lazy_gettext("台帳に登録されていない利用"))
    suspend = BooleanField(
        lazy_gettext("関係する案件の利用を停止する"),
        description=lazy_gettext("検証段階と常用段階の案件を、この報告と同時に「停止中」にします。"),
    )
    summary = TextAreaField(lazy_gettext("起きたこと"))
    occurred_on = JaDateField(lazy_gettext("発生した日"), description=DATE_HINT)
    occurred_precision = ChoiceField(lazy_gettext("発生した日の確かさ"))
    grade = ChoiceField(lazy_gettext("重大度"))
    affected = StringField(lazy_gettext("影響を受けた人"))
    affected_count = CountField(lazy_gettext("影響を受けた人の数"))
    affected_precision = ChoiceField(lazy_gettext("人数の確かさ"))
    information = ChoiceField(lazy_gettext("関係した情報"))
    cause = TextAreaField(lazy_gettext("原因"))
    containment = TextAreaField(lazy_gettext("応急の対応"))
    suspended_from = JaDateField(lazy_gettext("利用を停止した日"), description=DATE_HINT)
    suspended_to = JaDateField(lazy_gettext("利用を再開した日"), description=DATE_HINT)
    announced_on = JaDateField(lazy_gettext("公表した日"), description=DATE_HINT)
    announcement = TextAreaField(lazy_gettext("公表の内容"))
    lessons = TextAreaField(lazy_gettext("教訓"))
    version = HiddenField()

    def offer(self, terms: RiskTerms, ministries: Iterable[Ministry] = ()) -> None:
        """Set what may be chosen; ``ministries`` are those for which the secretariat may enter something."""
        self.kind.offer(_words(IncidentKind))
        for name in ("occurred_precision", "affected_precision"):
            self[name].offer(_words(Precision))
            self[name].default = Precision.UNKNOWN.value
            self[name].data = self[name].data or Precision.UNKNOWN.value
        self.grade.offer([("", gettext("（未定）")), *_codes(terms.grades)])
        self.information.offer([("", gettext("（未回答）")), *_codes(terms.information)])
        self.listed = _codes(terms.categories)
        bodies = [(one.key, one.label(language())) for one in ministries]
        if bodies:
            self.ministry.offer([("", gettext("（選んでください）")), *bodies])
            self.ministry.flags.needed = True
        else:
            del self.ministry

    def fill(self, incident: Incident, cases: str) -> None:
        """Show what is stored."""
        for name in EDITABLE:
            self[name].data = getattr(incident, name)
        self.categories.data = incident.categories.split()
        self.cases.data, self.version.data = cases, str(incident.version)

    def report(self, bodies: Mapping[str, int] | None = None) -> Report:
        """Return what was typed, as the services take it; ``bodies`` are the ids of ministries by key."""
        values: dict[str, Any] = {name: self[name].data for name in EDITABLE}
        chosen = (bodies or {}).get(self.ministry.data or "") if "ministry" in self else None
        return Report(values, self.cases.data or "", bool(self.suspend.data), chosen)


class StepForm(RegisterForm):
    """One step of an incident, with the words that go into its record."""

    word = TextAreaField(lazy_gettext("内容"))
    version = HiddenField()


class MeasureForm(RegisterForm):
    """A lasting measure: what, who, by when."""

    body = TextAreaField(lazy_gettext("対策の内容"), [needed(lazy_gettext("対策の内容を入力してください。"))])
    owner = StringField(lazy_gettext("担当"), [needed(lazy_gettext("担当を入力してください。"))])
    due_on = JaDateField(
        lazy_gettext("期限"), [needed(lazy_gettext("期限を入力してください。"))], description=DATE_HINT
    )
    version = HiddenField()

    def fill(self, measure: Measure) -> None:
        """Show what is stored."""
        self.body.data, self.owner.data, self.due_on.data = measure.body, measure.owner, measure.due_on
        self.version.data = str(measure.version)

    def values(self) -> dict[str, Any]:
        """Return what was typed, as the services take it."""
        return {"body": self.body.data or "", "owner": self.owner.data or "", "due_on": self.due_on.data}


class DoneForm(RegisterForm):
    """That a measure was carried out, on which day."""

    on = JaDateField(
        lazy_gettext("実施した日"), [needed(lazy_gettext("実施した日を入力してください。"))], description=DATE_HINT
    )
    version = HiddenField()


class VersionForm(RegisterForm):
    """A button's word: what it was pressed in sight of."""

    version = HiddenField()


class ReferenceForm(RegisterForm):
    """Another register in which the same event stands."""

    kind = ChoiceField(lazy_gettext("記録の種類"), [needed(lazy_gettext("記録の種類を選んでください。"))])
    number = StringField(
        lazy_gettext("番号・名称"),
        [needed(lazy_gettext("番号か名称を入力してください。"))],
        description=lazy_gettext("内容は写さず、相手の記録を探せる番号だけを入力してください。"),
    )

    def offer(self, terms: RiskTerms) -> None:
        """Set what may be chosen."""
        self.kind.offer([("", gettext("（選んでください）")), *_codes(terms.references)])


class FileForm(RegisterForm):
    """A file to be kept beside an incident."""

    file = FileField(
        lazy_gettext("添付するファイル"),
        description=lazy_gettext(
            "PDF、PNG、JPEG、テキスト、CSV、Word、Excel、PowerPoint（マクロなし）。5MBまで。機密性３情報は添付しないでください。"
        ),
    )

    def sent(self) -> tuple[bytes, str]:
        """Return the content and the name of what was sent; nothing when no file was."""
        if not self.file.data:
            return b"", ""
        with self.file.data.stream as stream:
            return stream.read(), self.file.data.filename or ""


def _codes(listed: CodeList) -> list[tuple[str, str]]:
    return [(code, text.of(language())) for code, text in listed.texts.items()]


def _words(kind: type[Term]) -> list[tuple[str, str]]:
    return [(one.value, one.label(language())) for one in kind]
