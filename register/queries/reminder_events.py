"""The events that people are reminded of: for each, the one query that finds what of it is open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from register.queries import reminder_events_risk as risk
from register.queries import reminder_events_round as rounds
from register.queries.reminder_subjects import Asked, Subject
from register.vocab import ReminderEvent

SOURCES: Mapping[ReminderEvent, Callable[[Asked], Iterable[Subject]]] = {
    ReminderEvent.ROUND_OPENED: rounds.opened,
    ReminderEvent.ROUND_DUE: rounds.due,
    ReminderEvent.RETURNED: rounds.returned,
    ReminderEvent.RETURN_QUESTION: rounds.questions,
    ReminderEvent.APPROVAL: rounds.approvals,
    ReminderEvent.EDITION_APPROVAL: rounds.editions,
    ReminderEvent.DISCLOSURE_PROPOSED: rounds.disclosures,
    ReminderEvent.DISCLOSURE_REVIEW: rounds.disclosure_reviews,
    ReminderEvent.INCIDENT_REPORT: risk.reports,
    ReminderEvent.INCIDENT_NOTIFY: risk.notifications,
    ReminderEvent.INCIDENT_SILENCE: risk.silences,
    ReminderEvent.ASSESSMENT_REVIEW: risk.reviews,
    ReminderEvent.NOTICE_UNANSWERED: risk.notices,
    ReminderEvent.QUESTION_OPEN: risk.questions,
}


def subjects(asked: Asked) -> list[Subject]:
    """Return everything that is open, by one statement for each event."""
    return [subject for source in SOURCES.values() for subject in source(asked)]
