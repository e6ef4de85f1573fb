"""The forms of rounds: the plan, one step, a later deadline for one ministry. The rules stand in the services."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from flask_babel import lazy_gettext
from wtforms import BooleanField, HiddenField, SelectMultipleField, StringField, TextAreaField

from register.formspec.loader import FormLibrary
from register.models import Ministry, Round
from register.queries.round_plans import Suggestion
from register.services.rounds import Plan
from register.web.filters import language
from register.web.forms.base import ChoiceField, JaDateField, RegisterForm, needed

DATE_HINT = lazy_gettext("例：2025-09-30、令和7年9月30日")
# What may still be changed once a round runs, and what a plan holds before.
RUNNING = ("due_on", "instructions", "contact")
PLANNED = ("as_of", "opens_on", *RUNNING)


class PlanForm(RegisterForm):
    """The whole plan of a round that is not open yet."""

    fiscal_year = StringField(
        lazy_gettext("年度"),
        [needed(lazy_gettext("年度を入力してください。"))],
        description=lazy_gettext("西暦4桁で入力してください。例：2025"),
    )
    number = StringField(lazy_gettext("回"), [needed(lazy_gettext("回を入力してください。"))])
    rehearsal = BooleanField(
        lazy_gettext("演習の回にする"),
        description=lazy_gettext("実際の回と同じように動きますが、入力した内容は台帳にも集計にも入りません。"),
    )
    as_of = JaDateField(
        lazy_gettext("基準日"), [needed(lazy_gettext("基準日を入力してください。"))], description=DATE_HINT
    )
    opens_on = JaDateField(
        lazy_gettext("受付開始日"), [needed(lazy_gettext("受付開始日を入力してください。"))], description=DATE_HINT
    )
    due_on = JaDateField(
        lazy_gettext("提出期限"), [needed(lazy_gettext("提出期限を入力してください。"))], description=DATE_HINT
    )
    form = ChoiceField(lazy_gettext("様式"), [needed(lazy_gettext("様式を選んでください。"))])
    ministries = SelectMultipleField(
        lazy_gettext("参加する府省庁"),
        choices=[],
        validate_choice=False,
        description=lazy_gettext("基準日に置かれている府省庁を、建制順に表示しています。"),
    )
    instructions = TextAreaField(
        lazy_gettext("記入の案内"), description=lazy_gettext("府省庁の提出のページに表示します。")
    )
    contact = TextAreaField(lazy_gettext("問合せ先"))
    version = HiddenField()
    seen = HiddenField()

    def offer(self, forms: FormLibrary) -> None:
        """Set the form versions that may be chosen, the newest first."""
        self.form.offer([(name, spec.title.of(language())) for name, spec in reversed(list(forms.versions.items()))])

    def suggest(self, new: Suggestion, form: str, ministries: Iterable[Ministry]) -> None:
        """Show what is suggested for the next round."""
        self.fiscal_year.data, self.number.data = str(new.fiscal_year), str(new.number)
        self.as_of.data, self.opens_on.data, self.due_on.data = new.as_of, new.opens_on, new.due_on
        self.form.data, self.contact.data = form, new.contact
        self.ministries.data = [ministry.key for ministry in ministries]

    def fill(self, round: Round, ministries: Iterable[Ministry]) -> None:
        """Show what is stored."""
        for name in PLANNED:
            if name in self:
                self[name].data = getattr(round, name)
        self.version.data = str(round.version)
        keys = self.saw(ministries)
        if "ministries" in self:
            self.form.data, self.ministries.data = round.form_version.version, keys

    def saw(self, ministries: Iterable[Ministry]) -> list[str]:
        """Note who takes part as the person sees it now; return the keys."""
        keys = [ministry.key for ministry in ministries]
        self.seen.data = " ".join(keys)
        return keys

    def seen_of(self, known: Mapping[str, Ministry]) -> list[int]:
        """Return the ids of the ministries that took part when the form was opened."""
        return [known[key].id for key in (self.seen.data or "").split() if key in known]

    def name_after(self, round: Round) -> None:
        """Take the name of the round, which never changes, from the round itself."""
        self.fiscal_year.data, self.number.data = str(round.fiscal_year), str(round.number)
        self.rehearsal.data = round.rehearsal

    def wanted(self, known: Mapping[str, Ministry]) -> Plan:
        """Return what was typed, as the services take it; ``known`` are the ministries by key."""
        keys = set(self.ministries.data or ())
        return Plan(
            number_of(self.fiscal_year.data),
            number_of(self.number.data),
            bool(self.rehearsal.data),
            self.as_of.data,
            self.opens_on.data,
            self.due_on.data,
            self.form.data or "",
            tuple(ministry.id for key, ministry in known.items() if key in keys),
            self.instructions.data or "",
            self.contact.data or "",
        )


class TextsForm(PlanForm):
    """What of a plan may be changed while the round runs: the deadline and what the ministries read."""

    fiscal_year = number = rehearsal = ministries = None
    as_of = opens_on = form = None  # type: ignore[assignment]

    def wanted_of(self, round: Round, ministries: Iterable[Ministry]) -> Plan:
        """Return the plan of ``round`` with what was typed."""
        return Plan(
            round.fiscal_year,
            round.number,
            round.rehearsal,
            round.as_of,
            round.opens_on,
            self.due_on.data,
            round.form_version.version,
            tuple(ministry.id for ministry in ministries),
            self.instructions.data or "",
            self.contact.data or "",
        )


class MoveForm(RegisterForm):
    """One step of a round; the reason is asked for where the step needs one."""

    reason = TextAreaField(lazy_gettext("理由"))


class ExtendForm(RegisterForm):
    """A later deadline for one ministry."""

    due_on = JaDateField(
        lazy_gettext("新しい期限"), [needed(lazy_gettext("新しい期限を入力してください。"))], description=DATE_HINT
    )
    reason = TextAreaField(
        lazy_gettext("理由"),
        [needed(lazy_gettext("理由を入力してください。"))],
        description=lazy_gettext("府省庁の提出のページと、事務局の提出状況に表示します。"),
    )


def number_of(text: str | None) -> int:
    """Return the number in ``text``, in any width; 0, which is no year and no round, when it is none."""
    folded = unicodedata.normalize("NFKC", text or "").strip()
    return int(folded) if folded.isascii() and folded.isdigit() and len(folded) < 5 else 0
