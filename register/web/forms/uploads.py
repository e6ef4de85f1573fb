"""The forms of the Excel channel: choose a file, and the word that takes it over."""

from __future__ import annotations

from flask_babel import lazy_gettext
from flask_wtf.file import FileField
from wtforms import HiddenField
from wtforms.validators import ValidationError

from register.web.forms.base import RegisterForm

NO_FILE = lazy_gettext("ファイルを選んでください。")


def _chosen(_form: object, field: FileField) -> None:
    if not field.data:
        raise ValidationError(str(NO_FILE))


_chosen.field_flags = {"needed": True}  # type: ignore[attr-defined]


class UploadForm(RegisterForm):
    """A workbook to look at; nothing of it is saved by that."""

    file = FileField(
        lazy_gettext("記入した様式"),
        [_chosen],
        description=lazy_gettext("Excelブック（.xlsx、.xls）、OpenDocument（.ods）またはCSV。32MBまで。"),
    )


class ApplyForm(RegisterForm):
    """That a file may be taken over; ``seen`` is the digest of what it was said to do."""

    seen = HiddenField()
