"""The forms of use cases: the shape of what a person types; the rules stand in the services."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from flask_babel import gettext, lazy_gettext, lazy_pgettext
from wtforms import HiddenField, StringField, TextAreaField

from register.formspec.schema import Field, FormSpec
from register.models import AISystem, UseCase
from register.services.use_cases import CODES
from register.vocab import Stage
from register.web.filters import language
from register.web.forms.base import ChoiceField, JaDateField, RegisterForm, needed

DATE_HINT = lazy_gettext("例：2025-09-30、令和7年9月30日")
PLAIN = ("title", "unit", "purpose", *CODES, "planned_stage", "start_on", "goal_text", "model_usage")
KEPT = "kept"


class UseCaseForm(RegisterForm):
    """Registration and edit of a use case; the choices come from the newest form version."""

    title = StringField(lazy_gettext("案件名"), [needed(lazy_gettext("案件名を入力してください。"))])
    unit = StringField(lazy_gettext("部局・課室"))
    purpose = TextAreaField(
        lazy_gettext("利用用途"),
        description=lazy_gettext("どの業務で、だれが、何のために生成AIを使うかを入力してください。"),
    )
    usage_type = ChoiceField(lazy_gettext("利用類型"))
    user_scope = ChoiceField(lazy_gettext("利用者の範囲"))
    confidentiality = ChoiceField(lazy_gettext("取扱情報の機密性"))
    planned_stage = ChoiceField(lazy_gettext("導入段階（予定を含む）"))
    start_on = JaDateField(lazy_gettext("利用開始（予定）日"), description=DATE_HINT)
    output_type = ChoiceField(lazy_gettext("出力データの種類"))
    goal_kind = ChoiceField(lazy_gettext("成果目標"))
    goal_text = TextAreaField(lazy_gettext("成果目標の内容"))
    model_usage = StringField(lazy_gettext("モデル利用状況"))
    ai_system_id = ChoiceField(lazy_pgettext("singular", "AIシステム"))
    version = HiddenField()

    def offer(self, spec: FormSpec, find: Callable[[], Sequence[AISystem]], tied: int | None = None) -> None:
        """Set the choices: codes of ``spec``, stages, and the AI systems that ``find`` returns when they are needed.

        ``tied`` is the system that the case is tied to; where it is shared no longer, the tie may stay, unnamed.
        """
        self._find, self._tied = find, tied
        for name in CODES:
            self[name].offer(_codes(spec.field(name)), spec.field(name).codes)
        self.planned_stage.offer(_stages(), frozenset(Stage))
        self.ai_system_id.offer(self._systems())

    @cached_property
    def _found(self) -> Sequence[AISystem]:
        return self._find()

    @property
    def _kept(self) -> bool:
        return self._tied is not None and self._tied not in {system.id for system in self._found}

    def _systems(self) -> Iterator[tuple[str, str]]:
        yield "", gettext("（結び付けない）")
        for system in self._found:
            yield str(system.public_id), _system_text(system)
        if self._kept:
            yield KEPT, gettext("（共用が終わったAIシステム）")

    def fill(self, use_case: UseCase) -> None:
        """Show what is stored."""
        for name in PLAIN:
            self[name].data = getattr(use_case, name)
        self.ai_system_id.data = self.choice_of(use_case.ai_system_id)
        self.version.data = str(use_case.version)

    def choice_of(self, system_id: int | None) -> str:
        """Return the choice that stands for an AI system; the blank one for none."""
        if system_id is not None and system_id == self._tied and self._kept:
            return KEPT
        return next((str(system.public_id) for system in self._found if system.id == system_id), "")

    def values(self) -> dict[str, Any]:
        """Return what was typed, as the services take it."""
        return {name: self[name].data for name in PLAIN} | {"ai_system_id": self._chosen()}

    def _chosen(self) -> int | None:
        chosen: str | None = self.ai_system_id.data
        if not chosen or chosen == KEPT:
            return self._tied if chosen else None
        return int(next(system.id for system in self._found if str(system.public_id) == chosen))


def _codes(field: Field) -> Iterator[tuple[str, str]]:
    yield "", gettext("（未回答）")
    for option in field.options:
        yield option.code, option.label(language())


def _stages() -> Iterator[tuple[str, str]]:
    yield "", gettext("（未回答）")
    for stage in Stage:
        yield stage.value, stage.label(language())


def _system_text(system: AISystem) -> str:
    owner = system.ministry.label(language())
    return str(gettext("%(name)s（%(ministry)s）", name=system.name, ministry=owner))


class MoveForm(RegisterForm):
    """One step of a use case's life: the day and, where the table asks for it, the reason."""

    to = HiddenField()
    on = JaDateField(
        lazy_gettext("移行日"), [needed(lazy_gettext("移行日を入力してください。"))], description=DATE_HINT
    )
    reason = TextAreaField(lazy_gettext("理由"))
    version = HiddenField()
