"""What a reminder can be about while it is open, the business days of its stages, and how its words are stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from register import workdays
from register.clock import TOKYO
from register.errors import Say, say
from register.formspec.reminder_words import WORDS
from register.formspec.risk import RiskTerms
from register.formspec.schema import Text
from register.models import Ministry, Round
from register.states import PLANNED_AT
from register.vocab import ReminderAudience, ReminderEvent, ReminderTone


@dataclass(frozen=True)
class Page:
    """The page on which the matter is done: its endpoint and what its address names."""

    endpoint: str
    args: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """One open matter; it is gone as soon as it is done, and its reminders with it.

    ``key`` is unique within the event and day; ``anchor`` is the day that the stages count from, ``until`` the last day
    on which it can still be done. ``ministry_id`` and ``internal`` say who may know of it. ``roles`` are those whose
    matter it is now (None: all that a stage names), ``people`` those it names, ``without`` those who may not do it.
    ``overseen`` is the page of whoever only watches. ``expected``: it will be one only after a deed of somebody.
    """

    event: ReminderEvent
    key: str
    anchor: dt.date
    params: Mapping[str, Any]
    page: Page
    ministry_id: int | None = None
    round_id: int | None = None
    overseen: Page | None = None
    roles: frozenset[ReminderAudience] | None = None
    people: frozenset[int] = frozenset()
    without: frozenset[int] = frozenset()
    internal: bool = False
    until: dt.date | None = None
    expected: bool = False

    @property
    def matter(self) -> tuple[ReminderEvent, str, dt.date]:
        """What tells it from every other one."""
        return self.event, self.key, self.anchor

    def page_for(self, role: str) -> Page:
        """Return the page of a person with ``role``."""
        return self.overseen if self.overseen and role == ReminderAudience.SECRETARIAT.value else self.page


@dataclass(frozen=True)
class Asked:
    """What the queries of all events are given; ``ministry_id`` narrows them to the matters of one ministry."""

    session: Session
    today: dt.date
    terms: RiskTerms
    ministry_id: int | None = None

    def own(self, column: Any) -> list[Any]:
        """Return the condition that narrows a query, where one is asked for."""
        return [] if self.ministry_id is None else [column == self.ministry_id]


def counting_day(moment: dt.datetime) -> dt.date:
    """Return the first business day whose reminders are planned after ``moment``."""
    local = moment.astimezone(TOKYO)
    first = local.date() if local.time() < PLANNED_AT else local.date() + workdays.DAY
    return workdays.on_or_after(first)


@lru_cache(maxsize=4096)
def stage_day(anchor: dt.date, offset: int, tone: ReminderTone) -> dt.date:
    """Return the business day that lies ``offset`` business days from ``anchor``.

    The word of a deadline's own day comes before a weekend, not after it; everything else waits for the office.
    """
    if offset:
        return workdays.add(anchor, offset)
    if tone is ReminderTone.TODAY and not workdays.is_business_day(anchor):
        return workdays.add(anchor, -1)
    return workdays.on_or_after(anchor)


def round_name(round: Round) -> Say:
    """Return what a round is called."""
    name = say("%(year)s年度第%(number)s回", year=str(round.fiscal_year), number=str(round.number))
    return say("%(name)s（演習）", name=name) if round.rehearsal else name


def ministry_text(ministry: Ministry) -> Text:
    """Return the name of a ministry in both languages."""
    return Text(ministry.name, ministry.name_en or ministry.name)


def packed(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters of a sentence as a row keeps them: the reader's language comes later."""
    return {name: _packed(value) for name, value in params.items()}


def unpacked(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that ``packed`` was given."""
    return {name: _unpacked(value) for name, value in params.items()}


def sentence(event: ReminderEvent, tone: ReminderTone, params: Mapping[str, Any]) -> Say:
    """Return what a reminder says; ``params`` as the subject has them."""
    return say(WORDS[event, tone].template, **params)


def _packed(value: Any) -> Any:
    if isinstance(value, Say):
        return {"say": value.template, "params": packed(value.params)}
    if isinstance(value, Text):
        return {"ja": value.ja, "en": value.en}
    return {"day": value.isoformat()} if isinstance(value, dt.date) else value


def _unpacked(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "say" in value:
        return Say(value["say"], unpacked(value["params"]))
    return Text(value["ja"], value["en"]) if "ja" in value else dt.date.fromisoformat(value["day"])
