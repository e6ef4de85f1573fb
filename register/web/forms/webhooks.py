"""The form that sets up a webhook."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext, lazy_gettext
from wtforms import StringField

from register.models import Ministry
from register.web.filters import language
from register.web.forms.base import ChoiceField, RegisterForm, needed


class WebhookForm(RegisterForm):
    """For whom, and where to."""

    ministry = ChoiceField(lazy_gettext("だれへのお知らせか"))
    url = StringField(lazy_gettext("送信先のURL"), [needed(lazy_gettext("送信先のURLを入力してください。"))])

    def offer(self, bodies: Iterable[Ministry]) -> None:
        """Set for whom it can be; the blank is the secretariat."""
        self.bodies = {body.key: body for body in bodies}
        blank = ("", gettext("事務局"))
        self.ministry.offer([blank, *((key, body.label(language())) for key, body in self.bodies.items())])

    @property
    def body(self) -> Ministry | None:
        """The ministry that was chosen; None is the secretariat."""
        return self.bodies.get(self.ministry.data or "")
