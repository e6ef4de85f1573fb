"""The form of AI systems."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext
from wtforms import BooleanField, HiddenField, StringField, TextAreaField

from register.models import AISystem
from register.services.ai_systems import EDITABLE
from register.web.forms.base import RegisterForm, needed


class AISystemForm(RegisterForm):
    """Registration and edit of an AI system."""

    name = StringField(lazy_gettext("名称"), [needed(lazy_gettext("AIシステムの名称を入力してください。"))])
    vendor = StringField(lazy_gettext("事業者"))
    model_usage = StringField(lazy_gettext("モデル利用状況"))
    note = TextAreaField(lazy_gettext("備考"))
    shared = BooleanField(
        lazy_gettext("ほかの府省庁と共用する"),
        description=lazy_gettext(
            "共用すると、名称と事業者がほかの府省庁にも見え、案件を結び付けられるようになります。"
        ),
    )
    version = HiddenField()

    def fill(self, system: AISystem) -> None:
        """Show what is stored."""
        for name in EDITABLE:
            self[name].data = getattr(system, name)
        self.version.data = str(system.version)

    def values(self) -> dict[str, Any]:
        """Return what was typed, as the services take it."""
        return {name: self[name].data for name in EDITABLE}
