"""The form of one step of a question, with the words that go into its trail."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import HiddenField, TextAreaField

from register.web.forms.base import RegisterForm


class QuestionStepForm(RegisterForm):
    """What somebody says to a question."""

    word = TextAreaField(lazy_gettext("内容"))
    version = HiddenField()
