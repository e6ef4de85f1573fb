"""The form in which a published report is entered: a file or pasted text, and which table it is."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from wtforms import StringField, TextAreaField

from register.errors import Invalid
from register.reports.plain import FILE
from register.reports.report import Report
from register.web.filters import say
from register.web.forms.base import ChoiceField, RegisterForm, needed


class PrintForm(RegisterForm):
    """What a published report says, as a file or as text; the table needs to be told where neither says it."""

    name = StringField(
        lazy_gettext("資料の名前"),
        [needed(lazy_gettext("資料の名前を入力してください。"))],
        description=lazy_gettext("例：各府省庁生成AIシステム定期報告概要（2025年度第2回）"),
    )
    table = ChoiceField(
        lazy_gettext("表"),
        description=lazy_gettext("表を1つだけ登録するときに選びます。資料全体のJSONでは選びません。"),
    )
    file = FileField(
        lazy_gettext("ファイル"),
        description=lazy_gettext("Excelブック（.xlsx、.xls）、OpenDocument（.ods）、CSVまたはJSON。"),
    )
    text = TextAreaField(
        lazy_gettext("表の貼り付け"),
        description=lazy_gettext("ファイルの代わりに、行の見出しと数字を表のとおりに貼り付けることもできます。"),
    )

    def offer(self, report: Report) -> None:
        """Offer the tables of a report."""
        self.table.offer([("", ""), *((slug, say(table.title)) for slug, table in report.tables.items())])

    def refuse(self, refusal: Invalid) -> None:
        """Show what cannot be read beside what was given: the file, or else the pasted text."""
        given = self.file.name if self.file.data else self.text.name
        super().refuse(Invalid({given if name == FILE else name: why for name, why in refusal.fields.items()}))

    def validate(self, **more: Any) -> bool:
        """Ask for a file or a text, not for both."""
        whole: bool = super().validate(**more)
        if bool(self.file.data) == bool((self.text.data or "").strip()):
            self.file.errors = [
                *self.file.errors,
                gettext("ファイルを選ぶか、表を貼り付けるか、どちらか一方にしてください。"),
            ]
            whole = False
        return whole
