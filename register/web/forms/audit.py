"""The filter of the audit log: a form that is sent by GET, so that its whole state stands in the URL."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import Field, StringField

from register.audit import Event
from register.models import Ministry
from register.queries.audit import LogFilter
from register.queries.log_names import SENTENCES
from register.web.filters import language, say
from register.web.forms.base import ChoiceField, JaDateField

DATE_HINT = lazy_gettext("例：2025-09-30、令和7年9月30日")


class LogForm(FlaskForm):  # type: ignore[misc]
    """What the log is narrowed to."""

    class Meta:
        # Reading changes nothing, and a token would stand in the URL.
        csrf = False

    event = ChoiceField(lazy_gettext("したこと"))
    subject = StringField(lazy_gettext("対象"), description=lazy_gettext("案件番号やファイル名の一部"))
    who = StringField(lazy_gettext("行った人"), description=lazy_gettext("氏名の一部"))
    ministry = ChoiceField(lazy_gettext("府省庁"))
    since = JaDateField(lazy_gettext("この日から"), description=DATE_HINT)
    until = JaDateField(lazy_gettext("この日まで"), description=DATE_HINT)

    def offer(self, ministries: Iterable[Ministry]) -> None:
        """Fill the choices: every event, and the ministries whose entries the person may see."""
        blank = ("", gettext("すべて"))
        self.event.offer([blank, *((event.value, say(SENTENCES[event])) for event in Event)])
        self.ministry.offer([blank, *((ministry.key, ministry.label(language())) for ministry in ministries)])

    @property
    def wrong(self) -> list[Field]:
        """The fields with errors, in the order of the form."""
        return [field for field in self if field.errors]

    def wanted(self) -> LogFilter:
        """Return the filter that was asked for."""
        return LogFilter(
            self.event.data or "",
            (self.subject.data or "").strip(),
            (self.who.data or "").strip(),
            self.ministry.data or "",
            self.since.data,
            self.until.data,
        )
