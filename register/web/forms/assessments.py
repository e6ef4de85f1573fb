"""The forms of high-risk judgments: the sheet as its version has it, the decision, a step with words."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, StringField, TextAreaField

from register.formspec.sheets import Sheet, Viewpoint
from register.models import Assessment
from register.services.assessments import DECISIONS, Decision, Filled
from register.vocab import RiskResult
from register.web.filters import language
from register.web.forms.base import ChoiceField, JaDateField, RegisterForm, needed

PARTS = {"answer": "answers", "reason": "reasons", "evidence": "evidence"}


class SheetForm(RegisterForm):
    """One sheet to be filled in; ``sheet_form`` gives it a field for every viewpoint's answer, reason and evidence."""

    sheet: Sheet
    version = HiddenField()

    def fill(self, assessment: Assessment) -> None:
        """Show what was filled in before; an option that this sheet has no more is left open."""
        for viewpoint in self.sheet.viewpoints:
            for part, column in PARTS.items():
                self[f"{part}_{viewpoint.id}"].data = getattr(assessment, column).get(viewpoint.id, "")
            if viewpoint.option(assessment.answers.get(viewpoint.id, "")) is None:
                self[f"answer_{viewpoint.id}"].data = ""

    def options_of(self, viewpoint: Viewpoint) -> list[tuple[str, str, str]]:
        """Return what may be chosen for a viewpoint, as radio buttons want it."""
        return [(one.code, one.text.of(language()), "") for one in viewpoint.options]

    def filled(self) -> Filled:
        """Return what was filled in, as the services take it."""
        told = {
            column: {one: self[f"{part}_{one}"].data or "" for one in self.sheet.ids} for part, column in PARTS.items()
        }
        return Filled(**told)


def sheet_form(sheet: Sheet, **data: Any) -> SheetForm:
    """Return a form with the fields of ``sheet``."""
    fields: dict[str, Any] = {"sheet": sheet}
    for viewpoint in sheet.viewpoints:
        name = f"{viewpoint.id} {viewpoint.text.of(language())}"
        fields[f"answer_{viewpoint.id}"] = ChoiceField(name, description=viewpoint.guidance.of(language()))
        fields[f"reason_{viewpoint.id}"] = TextAreaField(gettext("%(viewpoint)sの理由", viewpoint=viewpoint.id))
        fields[f"evidence_{viewpoint.id}"] = TextAreaField(
            gettext("%(viewpoint)sの根拠", viewpoint=viewpoint.id),
            description=gettext("仕様書、契約書、試験の結果など、理由を裏付けるものの名前と場所を入力してください。"),
        )
    form = type("OneSheetForm", (SheetForm,), fields)(**data)
    for viewpoint in sheet.viewpoints:
        form[f"answer_{viewpoint.id}"].offer([(code, text) for code, text, _ in form.options_of(viewpoint)])
    made: SheetForm = form
    return made


class DecisionForm(RegisterForm):
    """What the CAIO's side decided."""

    result = ChoiceField(lazy_gettext("判定の結果"), [needed(lazy_gettext("判定の結果を選んでください。"))])
    reason = TextAreaField(
        lazy_gettext("判定の理由"), description=lazy_gettext("シートの示す結果と違う判定には、必ず入力してください。")
    )
    on = JaDateField(
        lazy_gettext("判定した日"),
        [needed(lazy_gettext("判定した日を入力してください。"))],
        description=lazy_gettext("例：2025-09-30、令和7年9月30日"),
    )
    document_no = StringField(
        lazy_gettext("文書番号"), description=lazy_gettext("決裁の文書があれば、その番号を入力してください。")
    )
    version = HiddenField()

    def offer(self) -> None:
        """Set what may be decided."""
        self.result.offer([(value, label) for value, label, _ in self.options])

    @property
    def options(self) -> list[tuple[str, str, str]]:
        """What may be decided, as radio buttons want it."""
        return [(one.value, one.label(language()), "") for one in DECISIONS]

    def decision(self) -> Decision:
        """Return what was decided, as the services take it."""
        result = RiskResult(self.result.data) if self.result.data in set(RiskResult) else None
        return Decision(result, self.on.data, self.reason.data or "", self.document_no.data or "")
