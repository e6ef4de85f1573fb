"""Incidents for tests: what a person tells, and every deed in a line. Services do the work."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import FixedClock
from register.formspec.risk import load_risk
from register.models import Incident, Measure, User
from register.services import incidents, measures
from register.vocab import IncidentDeed, IncidentState
from tests.support.round_files import CONFIG

RISK = load_risk(CONFIG)
TODAY = dt.date(2025, 11, 10)
# The way to every state, as the people who take it: (who, deed).
WAYS: dict[IncidentState, tuple[tuple[str, str], ...]] = {
    IncidentState.DRAFT: (),
    IncidentState.REPORTED: (("reporter", "report"),),
    IncidentState.RECEIVED: (("reporter", "report"), ("approver", "receive")),
    IncidentState.IN_RESPONSE: (("reporter", "report"), ("approver", "receive"), ("approver", "notify")),
    IncidentState.MEASURES_DONE: (
        ("reporter", "report"), ("approver", "receive"), ("approver", "notify"), ("approver", "complete"),
    ),
    IncidentState.CLOSED: (
        ("reporter", "report"), ("approver", "receive"), ("approver", "notify"), ("approver", "complete"),
        ("secretariat", "close"),
    ),
    IncidentState.DISMISSED: (("reporter", "report"), ("approver", "receive"), ("approver", "dismiss")),
    IncidentState.WITHDRAWN: (("reporter", "report"), ("reporter", "withdraw")),
}  # fmt: skip


def told(**changes: Any) -> dict[str, Any]:
    """Return what a person tells of an incident, with some of it changed."""
    values = {
        "title": "誤った要約",
        "detected_on": TODAY,
        "categories": ["RC01"],
        "unregistered": "試行",
        "grade": "L1",
    }
    return values | changes


class Desk:
    """What the people of a test do with incidents in one session; who is named as in ``STAFF``."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.people = {user.name: Actor.of(user) for user in session.scalars(select(User))}

    def on(self, day: dt.date) -> None:
        """Let it be noon of ``day`` in Japan."""
        clock = self.session.info["clock"]
        assert isinstance(clock, FixedClock)
        clock.moment = dt.datetime(day.year, day.month, day.day, 3, tzinfo=dt.UTC)

    def enter(
        self, *, who: str = "reporter", draft: bool = False, cases: str = "", suspend: bool = False,
        ministry_id: int | None = None, **changes: Any,
    ) -> Incident:  # fmt: skip
        """Enter an incident."""
        report = incidents.Report(told(**changes), cases, suspend, ministry_id)
        return incidents.enter(self.session, report, terms=RISK, draft=draft, by=self.people[who])

    def edit(self, incident: Incident, *, who: str = "reporter", cases: str = "", **changes: Any) -> Incident:
        """Edit an incident as somebody who has just read it."""
        report = incidents.Report(told(**changes), cases)
        own: dict[str, Any] = {"version": incident.version, "terms": RISK, "by": self.people[who]}
        return incidents.edit(self.session, incident, report, **own)

    def move(self, incident: Incident, deed: str, *, who: str = "approver", word: str = "理由") -> Incident:
        """Take a step as somebody who has just read the incident."""
        own: dict[str, Any] = {"word": word, "version": incident.version, "by": self.people[who]}
        return incidents.move(self.session, incident, IncidentDeed(deed), **own)

    def at(self, state: IncidentState, **changes: Any) -> Incident:
        """Return an incident of ministry A that stands in ``state``."""
        made = self.enter(draft=True, **changes)
        for who, deed in WAYS[state]:
            self.move(made, deed, who=who)
        return made

    def measure(self, incident: Incident, *, who: str = "reporter", due_on: dt.date = TODAY) -> Measure:
        """Set a measure."""
        own: dict[str, Any] = {"body": "点検する", "owner": "課", "due_on": due_on, "by": self.people[who]}
        return measures.add(self.session, incident, **own)
