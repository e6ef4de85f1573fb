"""Incidents (リスクケース) with their cases, record, measures, references and files, and the months without any."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from register.db import Base, UtcDateTime, code, term
from register.models.ministry import Ministry
from register.models.mixins import CONFIDENTIAL, Audited, OfMinistry, PublicId, Stamped, Versioned
from register.models.use_case import UseCase
from register.vocab import IncidentDeed, IncidentKind, IncidentState, Precision


class Incident(Audited, PublicId, OfMinistry, Stamped, Versioned, Base):
    """Something that went wrong, or nearly, in a ministry's use of generative AI.

    ``categories`` holds codes with a blank between them. ``unregistered`` says which use it was when no registered case
    is tied. ``report_due`` and ``notify_due`` are the clocks as they were set; ``report_late`` and ``notify_late`` are
    None until the step was taken and never change after. ``heard_at`` is the ministry's last word.
    """

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("ministry_id", "incident_no"),
        # One index per order of the list, ending in the id; then what narrows it, so that a count reads no row
        # (the months of all ministries count by the first one).
        Index("ix_incident_all_detected", "detected_on", "id", "state", "kind", "grade", "notified_at", "ministry_id"),
        Index("ix_incident_own_detected", "ministry_id", "detected_on", "id", "state", "kind", "grade"),
        Index("ix_incident_all_updated", "updated_at", "id", "state", "kind", "grade", "notified_at"),
        Index("ix_incident_own_updated", "ministry_id", "updated_at", "id", "state", "kind", "grade"),
        Index("ix_incident_state", "state", "ministry_id", "notify_due", "grade", "heard_at", "notified_at"),
    )

    incident_no: Mapped[str] = mapped_column(Text)
    kind: Mapped[IncidentKind] = mapped_column(term(IncidentKind, "kind"))
    state: Mapped[IncidentState] = mapped_column(term(IncidentState, "state"))
    title: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)
    summary: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    categories: Mapped[str] = mapped_column(Text)
    grade: Mapped[str | None] = mapped_column(code())
    unregistered: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    occurred_on: Mapped[dt.date | None]
    occurred_precision: Mapped[Precision] = mapped_column(term(Precision, "occurred_precision"))
    detected_on: Mapped[dt.date]
    affected: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    affected_count: Mapped[int | None]
    affected_precision: Mapped[Precision] = mapped_column(term(Precision, "affected_precision"))
    information: Mapped[str | None] = mapped_column(code())
    cause: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    containment: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    suspended_from: Mapped[dt.date | None]
    suspended_to: Mapped[dt.date | None]
    announced_on: Mapped[dt.date | None]
    announcement: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    lessons: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)
    reporter_id: Mapped[int | None]
    reporter: Mapped[str] = mapped_column(Text)
    reported_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    notified_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    heard_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    report_due: Mapped[dt.date]
    notify_due: Mapped[dt.date]
    report_late: Mapped[bool | None]
    notify_late: Mapped[bool | None]
    search_key: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)

    ministry: Mapped[Ministry] = relationship()

    @property
    def audit_label(self) -> str:
        return self.incident_no


class OfIncident:
    """A row that belongs to an incident and is seen by whoever sees that."""

    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)


class IncidentCase(Audited, OfIncident, OfMinistry, Base):
    """That an incident concerns a registered use case."""

    __tablename__ = "incident_case"
    __table_args__ = (UniqueConstraint("incident_id", "use_case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    use_case_id: Mapped[int] = mapped_column(ForeignKey("use_case.id"), index=True)

    use_case: Mapped[UseCase] = relationship()


class IncidentEvent(Audited, OfIncident, OfMinistry, Base):
    """One line of an incident's record: what was done, by whom, when and in which words. Rows are never changed."""

    __tablename__ = "incident_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    deed: Mapped[IncidentDeed] = mapped_column(term(IncidentDeed, "deed"))
    to_state: Mapped[IncidentState] = mapped_column(term(IncidentState, "to_state"))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text, default="", info=CONFIDENTIAL)


class Measure(Audited, PublicId, OfIncident, OfMinistry, Versioned, Base):
    """A lasting measure (恒久対策): who does it by when; who did it, and who of the others verified that."""

    __tablename__ = "measure"

    body: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)
    owner: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)
    due_on: Mapped[dt.date]
    done_on: Mapped[dt.date | None]
    done_by_id: Mapped[int | None]
    done_by: Mapped[str] = mapped_column(Text, default="")
    verified_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    verified_by_id: Mapped[int | None]
    verified_by: Mapped[str] = mapped_column(Text, default="")

    incident: Mapped[Incident] = relationship()


class IncidentReference(Audited, OfIncident, OfMinistry, Base):
    """Where else the same event stands: the kind of register (a code) and the number that it has there."""

    __tablename__ = "incident_reference"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(code())
    number: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)


class IncidentFile(Audited, PublicId, OfIncident, OfMinistry, Base):
    """A file beside an incident: kept in the store under a name of our own, never changed."""

    __tablename__ = "incident_file"

    file_name: Mapped[str] = mapped_column(Text, info=CONFIDENTIAL)
    path: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    author_name: Mapped[str] = mapped_column(Text)

    incident: Mapped[Incident] = relationship()


class NilReport(Audited, OfMinistry, Base):
    """That a ministry had no risk case in a month (該当なし); ``month`` is its first day."""

    __tablename__ = "nil_report"
    __table_args__ = (UniqueConstraint("ministry_id", "month"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[dt.date]
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(Text)

    ministry: Mapped[Ministry] = relationship()


class IncidentSerial(Base):
    """The last serial given per ministry and fiscal year, so that no incident number is ever used twice."""

    __tablename__ = "incident_serial"

    ministry_id: Mapped[int] = mapped_column(ForeignKey("ministry.id"), primary_key=True)
    fiscal_year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
