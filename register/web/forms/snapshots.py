"""The forms of snapshots: in which language and of which moment; the file or the id that is to be checked."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.validators import ValidationError

from register.clock import TOKYO
from register.web.forms.base import ChoiceField, JaDateField, RegisterForm, needed

CLOCK = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)")
LANGUAGES = (("ja", "日本語"), ("en", "English"))


class SnapshotForm(RegisterForm):
    """What may be chosen of a snapshot: the language, and of some kinds the moment that it tells of."""

    language = ChoiceField(lazy_gettext("文書の言語"), [needed(lazy_gettext("日本語か英語を選んでください。"))])
    as_of_on = JaDateField(
        lazy_gettext("いつの時点か（日付）"),
        description=lazy_gettext("空欄にすると、作成した時点になります。例：2025-09-30、令和7年9月30日"),
    )
    as_of_at = StringField(
        lazy_gettext("いつの時点か（時刻）"),
        description=lazy_gettext("日本時間で入力してください。空欄にすると、その日の終わりになります。例：17:00"),
    )

    def offer(self, chosen: str, *, past: bool) -> None:
        """Set the languages, ``chosen`` before the others; a kind that cannot tell of the past asks for no moment."""
        self.language.offer(LANGUAGES)
        self.language.data = self.language.data or chosen
        if not past:
            del self.as_of_on, self.as_of_at

    def validate_as_of_at(self, field: StringField) -> None:
        """Refuse a time that is none, and one without its day."""
        if not (field.data or "").strip():
            return
        if not CLOCK.fullmatch(field.data.strip()):
            raise ValidationError(gettext("時刻として読めません。17:00 のように入力してください。"))
        if self.as_of_on.data is None:
            raise ValidationError(gettext("時刻を指定するときは、日付も入力してください。"))

    @property
    def as_of(self) -> dt.datetime | None:
        """The moment that was chosen; None for that of the making."""
        if "as_of_on" not in self or self.as_of_on.data is None:
            return None
        found = CLOCK.fullmatch((self.as_of_at.data or "").strip())
        at = dt.time(int(found[1]), int(found[2])) if found else dt.time(23, 59, 59, 999_999)
        return dt.datetime.combine(self.as_of_on.data, at, TOKYO)


class CheckForm(RegisterForm):
    """What is to be checked: a file, or the id that is printed in it."""

    file = FileField(
        lazy_gettext("ファイル"),
        description=lazy_gettext("台帳が発行したPDFまたは証拠資料一式（ZIP）。32MBまで。ファイルは保存しません。"),
    )
    id = StringField(
        lazy_gettext("写しのID"),
        description=lazy_gettext("ファイルが手元にないときは、表紙に印刷された写しのIDを入力してください。"),
    )

    def validate(self, **more: Any) -> bool:
        """Ask for a file or an id that can be one."""
        whole: bool = super().validate(**more)
        if not self.file.data and self.public_id is None:
            said = gettext("ファイルを選ぶか、写しのIDを入力してください。")
            wrong = gettext("写しのIDとして読めません。表紙に印刷されたとおりに入力してください。")
            field = self.id if (self.id.data or "").strip() else self.file
            field.errors = [*field.errors, wrong if field is self.id else said]
            whole = False
        return whole

    @property
    def public_id(self) -> uuid.UUID | None:
        """The id that was typed; None where it is none."""
        try:
            return uuid.UUID((self.id.data or "").strip().removeprefix("urn:uuid:"))
        except ValueError:
            return None
