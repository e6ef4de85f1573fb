"""The clocks of an incident: they run from the day of detection, no edit puts them off, a late step stays late."""

from __future__ import annotations

import datetime as dt

from register import workdays
from register.clock import TOKYO
from register.formspec.risk import RiskTerms
from register.models import Incident
from register.vocab import IncidentDeed


def set_clocks(incident: Incident, terms: RiskTerms, *, first: bool = False) -> None:
    """Set the due days by the day of detection and the grade; where they stand already, only nearer."""
    due = {
        "report_due": workdays.add(incident.detected_on, terms.report),
        "notify_due": workdays.add(incident.detected_on, terms.notify[incident.grade or ""]),
    }
    for name, day in due.items():
        setattr(incident, name, day if first else min(getattr(incident, name), day))


def stop_clock(incident: Incident, deed: IncidentDeed, at: dt.datetime) -> None:
    """Write down the moment of a step and whether it came late; what was written once stays."""
    day = at.astimezone(TOKYO).date()
    if deed is IncidentDeed.REPORT and incident.reported_at is None:
        incident.reported_at, incident.report_late = at, day > incident.report_due
    elif deed is IncidentDeed.RECEIVE and incident.received_at is None:
        incident.received_at = at
    elif deed is IncidentDeed.NOTIFY and incident.notify_late is None:
        incident.notified_at, incident.notify_late = incident.notified_at or at, day > incident.notify_due
    elif deed is IncidentDeed.CLOSE:
        incident.closed_at = at
    elif deed is IncidentDeed.REOPEN:
        incident.closed_at = None
