"""What the rules look at, as plain values: a case with its answers, incidents, system and judgment.

Every property is a fact that a rule may name (``words.FACTS`` has what people call it).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from register.vocab import IncidentKind, IncidentState, Lifecycle, RiskResult, StartTiming

COUNT = "risk_case_count"


class View(Protocol):
    """What a question can be about: it knows its ministry and the rows that the question is tied to."""

    @property
    def subject(self) -> str: ...
    @property
    def ministry_id(self) -> int: ...
    @property
    def rows(self) -> Mapping[str, int]: ...


@dataclass(frozen=True)
class RoundFacts:
    """What was answered about a case in one round; ``after`` is the day of the round before it.

    ``handed_in`` says whether the secretariat has it; ``reasoned`` names the questions beside which a reason stands.
    """

    round: str
    form: str
    as_of: dt.date
    after: dt.date | None = None
    running: bool = False
    handed_in: bool = True
    answers: Mapping[str, Any] = field(default_factory=dict)
    reasoned: frozenset[str] = frozenset()

    @property
    def started(self) -> bool:
        return self.answers.get("start_timing") == StartTiming.STARTED


@dataclass(frozen=True)
class IncidentFacts:
    """What is known of an incident; ``told`` says whether the secretariat knows of it.

    ``counted`` and ``open`` are those of ``states``; ``cases`` and ``late_measures`` are numbers of rows.
    """

    id: int
    ministry_id: int
    incident_no: str
    state: IncidentState
    kind: IncidentKind
    detected_on: dt.date
    grade: str | None = None
    codes: frozenset[str] = frozenset()
    report_due: dt.date | None = None
    notify_due: dt.date | None = None
    told: bool = True
    counted: bool = True
    open: bool = True
    affected_count: int | None = None
    cases: int = 1
    late_measures: int = 0
    suspended_from: dt.date | None = None
    suspended_to: dt.date | None = None

    @property
    def subject(self) -> str:
        return f"incident:{self.id}"

    @property
    def rows(self) -> Mapping[str, int]:
        return {"incident_id": self.id}

    @property
    def categories(self) -> str:
        return " ".join(sorted(self.codes))

    @property
    def incident_state(self) -> str:
        return self.state.value

    @property
    def stands(self) -> bool:
        """Whether it was reported and neither dismissed nor taken back."""
        return self.state not in (IncidentState.DRAFT, IncidentState.DISMISSED, IncidentState.WITHDRAWN)

    @property
    def clock(self) -> dt.date | None:
        """The day by which the next step of its ministry is due."""
        if self.state is IncidentState.DRAFT:
            return self.report_due
        return self.notify_due if self.state in (IncidentState.REPORTED, IncidentState.RECEIVED) else None


@dataclass(frozen=True)
class AxisFacts:
    """The answer to one viewpoint of a judgment, and whether it counts as high (None: not answered)."""

    code: str
    high: bool | None


@dataclass(frozen=True)
class AssessmentFacts:
    """A high-risk judgment: what the one that holds says, and whether another one is being made (``open``)."""

    decided_on: dt.date | None
    result: RiskResult | None
    axes: Mapping[str, AxisFacts]
    review_due: dt.date | None
    open: bool

    def high(self, viewpoint: str) -> bool | None:
        """Return whether a viewpoint was judged high; None when nothing was answered."""
        return self.axes[viewpoint].high if viewpoint in self.axes else None


@dataclass(frozen=True)
class SystemFacts:
    """The AI system that a case runs on, as the owner describes it."""

    id: int
    ministry_id: int
    model_usage: str = ""
    shared: bool = False


@dataclass(frozen=True)
class UseFacts:
    """How one ministry describes a system, beside what others say: theirs is compared and never told.

    ``shared_vendor`` is the vendor of a system of the same name that another ministry shares with all.
    """

    system_id: int
    ministry_id: int
    vendor: str = ""
    shared_vendor: str = ""
    own_confidentiality: tuple[str, ...] = ()
    other_confidentiality: tuple[str, ...] = ()
    own_stages: tuple[str, ...] = ()
    other_stages: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return f"system:{self.system_id}/ministry:{self.ministry_id}"

    @property
    def rows(self) -> Mapping[str, int]:
        return {"ai_system_id": self.system_id}


@dataclass(frozen=True)
class CaseFacts:
    """A use case with all that belongs to it; ``answered`` holds what was answered of it, the newest round first.

    ``twin`` is the number of another case of the ministry with the same title; ``left_out`` is the newest return of the
    ministry when the case does not stand in it and was known before. ``open_notices`` are the numbers of the notices
    that it fits and that the ministry, which has confirmed its answer, did not answer for it.
    """

    id: int
    ministry_id: int
    case_no: str
    title: str
    lifecycle: Lifecycle
    since: dt.date
    start_on: dt.date | None = None
    usage_type: str | None = None
    user_scope: str | None = None
    confidentiality: str | None = None
    goal_kind: str | None = None
    goal_text: str = ""
    model_usage: str = ""
    twin: str = ""
    left_out: str = ""
    open_notices: str = ""
    system: SystemFacts | None = None
    answered: tuple[RoundFacts, ...] = ()
    incidents: tuple[IncidentFacts, ...] = ()
    assessment: AssessmentFacts | None = None

    @property
    def subject(self) -> str:
        return f"case:{self.id}"

    @property
    def rows(self) -> Mapping[str, int]:
        return {"use_case_id": self.id}

    @property
    def running(self) -> bool:
        return self.lifecycle in (Lifecycle.VERIFICATION, Lifecycle.PRODUCTION)

    @property
    def living(self) -> bool:
        return self.lifecycle is not Lifecycle.RETIRED

    @property
    def external(self) -> bool:
        """Whether people outside the administration use it directly."""
        return self.user_scope in ("6", "7")

    @property
    def sensitive(self) -> bool:
        """Whether it handles information of confidentiality 2 or personal information."""
        return self.confidentiality in ("2", "3", "4")

    @property
    def newest(self) -> RoundFacts | None:
        return self.answered[0] if self.answered else None

    @property
    def earlier(self) -> RoundFacts | None:
        return self.answered[1] if len(self.answered) > 1 else None

    @property
    def round(self) -> str:
        return self.newest.round if self.newest else ""

    def _said(self, name: str) -> Any:
        return self.newest.answers.get(name) if self.newest else None

    def _said_before(self, name: str) -> Any:
        return self.earlier.answers.get(name) if self.earlier else None

    def reasoned(self, name: str) -> bool:
        """Tell whether a reason stands beside the newest answer to a question."""
        return self.newest is not None and name in self.newest.reasoned

    @property
    def said_usage(self) -> str | None:
        return self._said("usage_type")  # type: ignore[no-any-return]

    @property
    def said_usage_before(self) -> str | None:
        return self._said_before("usage_type")  # type: ignore[no-any-return]

    @property
    def said_stage(self) -> str | None:
        return self._said("stage")  # type: ignore[no-any-return]

    @property
    def said_stage_before(self) -> str | None:
        return self._said_before("stage")  # type: ignore[no-any-return]

    @property
    def said_confidentiality(self) -> str | None:
        return self._said("confidentiality")  # type: ignore[no-any-return]

    @property
    def said_confidentiality_before(self) -> str | None:
        return self._said_before("confidentiality")  # type: ignore[no-any-return]

    @property
    def said_timing(self) -> str | None:
        return self._said("start_timing")  # type: ignore[no-any-return]

    @property
    def said_learning(self) -> str | None:
        return self._said("additional_learning")  # type: ignore[no-any-return]

    @property
    def said_count(self) -> int | None:
        return self._said(COUNT)  # type: ignore[no-any-return]

    @property
    def said_start(self) -> dt.date | None:
        text = self._said("start_on")
        return dt.date.fromisoformat(text) if text else None

    @cached_property
    def asked_for(self) -> tuple[IncidentFacts, ...]:
        """The risk cases of the period that the newest round asks about."""
        newest = self.newest
        if newest is None:
            return ()
        after = newest.after or dt.date.min
        return tuple(one for one in self.incidents if one.counted and after < one.detected_on <= newest.as_of)

    @property
    def logged_count(self) -> int:
        return len(self.asked_for)

    @property
    def system_model(self) -> str:
        return self.system.model_usage if self.system else ""

    @property
    def system_shared(self) -> bool | None:
        return self.system.shared if self.system else None

    @property
    def judged(self) -> bool:
        return self.assessment is not None and self.assessment.decided_on is not None

    @property
    def decided_on(self) -> dt.date | None:
        return self.assessment.decided_on if self.assessment else None

    @property
    def review_due(self) -> dt.date | None:
        return self.assessment.review_due if self.assessment else None

    @property
    def viewpoint_a(self) -> str:
        return self.assessment.axes["A"].code if self.assessment and "A" in self.assessment.axes else ""

    @property
    def viewpoint_c(self) -> str:
        return self.assessment.axes["C"].code if self.assessment and "C" in self.assessment.axes else ""

    @cached_property
    def grave_since(self) -> tuple[IncidentFacts, ...]:
        """The grave risk cases that were detected after the judgment."""
        day = self.decided_on
        grave = (one for one in self.incidents if one.counted and one.grade == "L3")
        return tuple(one for one in grave if day is not None and one.detected_on > day)

    @property
    def grave_numbers(self) -> str:
        return " ".join(one.incident_no for one in self.grave_since)


@dataclass(frozen=True)
class TiedFacts:
    """A case together with one of its incidents."""

    case: CaseFacts
    incident: IncidentFacts

    @property
    def subject(self) -> str:
        return f"{self.case.subject}/{self.incident.subject}"

    @property
    def ministry_id(self) -> int:
        return self.case.ministry_id

    @property
    def rows(self) -> Mapping[str, int]:
        return {"use_case_id": self.case.id, "incident_id": self.incident.id}

    @property
    def lifecycle(self) -> Lifecycle:
        return self.case.lifecycle

    @property
    def since(self) -> dt.date:
        return self.case.since

    @property
    def confidentiality(self) -> str | None:
        return self.case.confidentiality

    @property
    def incident_no(self) -> str:
        return self.incident.incident_no

    @property
    def grade(self) -> str | None:
        return self.incident.grade

    @property
    def categories(self) -> str:
        return self.incident.categories

    @property
    def suspended_from(self) -> dt.date | None:
        return self.incident.suspended_from
