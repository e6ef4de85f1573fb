"""The plan of reminders (督促・お知らせ): who is told of what and when, read from ``config/reminders.toml`` once."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from register.errors import Unusable
from register.formspec.reminder_words import WORDS
from register.vocab import ReminderAudience, ReminderEvent, ReminderTone

FILE = "reminders.toml"
FIELDS = {"code": str, "event": str, "offset": int, "repeat": int, "audience": list, "tone": str, "stop": bool}
# What a round may have otherwise than the plan; business days, a year of them at most.
ROUND_EVENTS = frozenset({ReminderEvent.ROUND_OPENED, ReminderEvent.ROUND_DUE})
FARTHEST = 250
LONGEST_CODE = 32
# Where the day of a stage must lie, seen from the day of the event, for its words to be true.
SIDES: Mapping[ReminderTone, tuple[int, int]] = {
    ReminderTone.NEWS: (0, FARTHEST),
    ReminderTone.BEFORE: (-FARTHEST, -1),
    ReminderTone.TODAY: (0, 0),
    ReminderTone.LATE: (1, FARTHEST),
    ReminderTone.ESCALATED: (1, FARTHEST),
}
# Their late words say that the day has come, not that it has gone by.
ON_THE_DAY = frozenset({ReminderEvent.DISCLOSURE_REVIEW, ReminderEvent.ASSESSMENT_REVIEW})


@dataclass(frozen=True)
class Stage:
    """One line of the plan: ``offset`` and ``repeat`` (0: once) are business days; ``stop``: a person may stop it."""

    code: str
    event: ReminderEvent
    offset: int
    repeat: int
    audience: frozenset[ReminderAudience]
    tone: ReminderTone
    stop: bool


@dataclass(frozen=True)
class ReminderPlan:
    """The stages in the order of the file: of two on one day, the later one is what is told."""

    stages: tuple[Stage, ...]

    @cached_property
    def by_event(self) -> Mapping[ReminderEvent, tuple[Stage, ...]]:
        """The stages of each event."""
        return {event: tuple(one for one in self.stages if one.event is event) for event in ReminderEvent}

    @cached_property
    def of_rounds(self) -> tuple[Stage, ...]:
        """The stages that a round may have otherwise."""
        return tuple(one for one in self.stages if one.event in ROUND_EVENTS)

    @cached_property
    def stoppable(self) -> tuple[ReminderEvent, ...]:
        """The events of which a person may stop something."""
        return tuple(event for event, stages in self.by_event.items() if any(one.stop for one in stages))

    def kept(self, event: ReminderEvent) -> tuple[Stage, ...]:
        """Return the stages of an event that nobody may stop."""
        return tuple(one for one in self.by_event[event] if not one.stop)


def load_reminders(config_dir: Path) -> ReminderPlan:
    """Return the plan in ``config_dir``; raise ``Unusable`` naming the stage and what is wrong with it."""
    try:
        raw = tomllib.loads((config_dir / FILE).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise Unusable(f"config/{FILE}: {error}") from None
    stages = raw.get("stage")
    if set(raw) != {"stage"} or not isinstance(stages, list):
        raise Unusable(f"config/{FILE}: only [[stage]] tables may stand in it, one at least")
    plan = ReminderPlan(tuple(_stage(number, one) for number, one in enumerate(stages, 1)))
    double = [code for code, times in Counter(one.code for one in plan.stages).items() if times > 1]
    if double:
        raise Unusable(f"config/{FILE}: {', '.join(double)}: a code may stand once only")
    return plan


def sides(event: ReminderEvent, tone: ReminderTone) -> tuple[int, int]:
    """Return between which days, seen from that of the event, the words are true."""
    first, last = SIDES[tone]
    return (0 if tone is ReminderTone.LATE and event in ON_THE_DAY else first), last


def _stage(number: int, raw: Mapping[str, Any]) -> Stage:
    where = f"config/{FILE}: stage {number} ({raw.get('code', 'without a code')})"
    for name, kind in FIELDS.items():
        if type(raw.get(name)) is not kind:
            raise Unusable(f"{where}: {name} is missing or no {kind.__name__}")
    if more := sorted(set(raw) - set(FIELDS)):
        raise Unusable(f"{where}: {', '.join(more)} is not known")
    if not raw["code"].replace("_", "").isalnum() or not raw["code"].isascii() or len(raw["code"]) > LONGEST_CODE:
        raise Unusable(f"{where}: code must be up to {LONGEST_CODE} letters, digits and _")
    event = ReminderEvent(_among(where, "event", raw["event"], list(ReminderEvent)))
    tone = ReminderTone(_among(where, "tone", raw["tone"], [tone for told, tone in WORDS if told is event]))
    audience = frozenset(
        ReminderAudience(_among(where, "audience", one, list(ReminderAudience))) for one in raw["audience"]
    )
    if not audience:
        raise Unusable(f"{where}: audience is empty")
    first, last = sides(event, tone)
    if not first <= raw["offset"] <= last:
        raise Unusable(f"{where}: offset must lie between {first} and {last} for the tone {tone.value}")
    if not 0 <= raw["repeat"] <= FARTHEST:
        raise Unusable(f"{where}: repeat must lie between 0 and {FARTHEST}")
    if raw["repeat"] and tone in (ReminderTone.BEFORE, ReminderTone.TODAY):
        raise Unusable(f"{where}: what comes before or on the day is not repeated")
    return Stage(raw["code"], event, raw["offset"], raw["repeat"], audience, tone, raw["stop"])


def _among(where: str, name: str, value: Any, known: Sequence[str]) -> str:
    if value not in known:
        raise Unusable(f"{where}: {name} {value!r} is none of {', '.join(known)}")
    return str(value)
