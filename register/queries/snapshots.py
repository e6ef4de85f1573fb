"""Reading snapshots: the filtered list, and one with its set, what it supersedes, and who looked at it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, select
from sqlalchemy.orm import Session, joinedload

from register import authz
from register.audit import Event
from register.authz import Actor
from register.models import AuditEntry, Ministry, Round, Snapshot
from register.queries import listing
from register.queries.listing import PER_PAGE, pages_of
from register.queries.ministries import ministries
from register.vocab import SnapshotKind, SnapshotState, Term, Variant

# How many of the newest readings of a snapshot its page shows; the log has them all.
SHOWN = 50
READ = (Event.SNAPSHOT_READ, Event.SNAPSHOT_DOWNLOADED, Event.SNAPSHOT_CHECKED)
Filter = Callable[[Sequence[str]], ColumnElement[bool]]


def _of_terms(column: Any, terms: type[Term]) -> Filter:
    known = {term.value: term for term in terms}
    return lambda values: column.in_([known[value] for value in values if value in known])


def _of_rounds(values: Sequence[str]) -> ColumnElement[bool]:
    code = cast(Round.fiscal_year, String) + "-" + cast(Round.number, String)
    return Snapshot.round_id.in_(select(Round.id).where(code.in_(values), Round.rehearsal.is_(False)))


def _of_ministries(values: Sequence[str]) -> ColumnElement[bool]:
    return Snapshot.ministry_id.in_(select(Ministry.id).where(Ministry.key.in_(values)))


FILTERS: Mapping[str, Filter] = {
    "kind": _of_terms(Snapshot.kind, SnapshotKind),
    "variant": _of_terms(Snapshot.variant, Variant),
    "state": _of_terms(Snapshot.state, SnapshotState),
    "language": Snapshot.language.in_,
    "round": _of_rounds,
    "ministry": _of_ministries,
}
SORTS: Mapping[str, tuple[Any, ...]] = {
    "made": (Snapshot.made_at.desc(), Snapshot.id.desc()),
    "size": (Snapshot.size.desc(), Snapshot.id.desc()),
}


@dataclass(frozen=True)
class ListState(listing.ListState):
    """The list's whole state as the URL holds it; the words look into the names of the files."""

    filters = FILTERS
    sorts = SORTS
    sort: str = "made"


@dataclass(frozen=True)
class SnapshotsPage:
    """One page of the list, what it may be narrowed to, and which of its rows a newer one supersedes."""

    rows: Sequence[Snapshot]
    total: int
    state: ListState
    rounds: Sequence[Round]
    ministries: Sequence[Ministry]
    superseded: frozenset[int]

    @property
    def pages(self) -> int:
        return pages_of(self.total)


@dataclass(frozen=True)
class Reading:
    """That somebody opened, took out or checked a snapshot."""

    at: dt.datetime
    event: str
    actor_name: str
    role: str


@dataclass(frozen=True)
class SnapshotPage:
    """One snapshot: the other files of its set, the one that supersedes it, and its newest readings."""

    snapshot: Snapshot
    volumes: Sequence[Snapshot]
    superseded_by: Snapshot | None
    readings: Sequence[Reading]


def list_page(session: Session, actor: Actor, state: ListState) -> SnapshotsPage:
    """Return one page of the snapshots that ``actor`` may see."""
    own = select(Snapshot).where(*_conditions(actor, state))
    total = session.scalar(select(func.count()).select_from(own.subquery())) or 0
    page = min(state.page, pages_of(total))
    rows = own.options(joinedload(Snapshot.round), joinedload(Snapshot.ministry)).order_by(*SORTS[state.sort])
    found = session.scalars(rows.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    newer = select(Snapshot.supersedes_id).where(Snapshot.supersedes_id.in_([one.id for one in found]))
    told = authz.visible(select(Snapshot.round_id).distinct(), Snapshot, actor)
    rounds = session.scalars(select(Round).where(Round.id.in_(told)).order_by(Round.as_of.desc(), Round.id.desc()))
    return SnapshotsPage(
        found,
        total,
        replace(state, page=page),
        rounds.all(),
        list(ministries(session, actor).values()),
        frozenset(number for number in session.scalars(newer) if number is not None),
    )


def _conditions(actor: Actor, state: ListState) -> list[ColumnElement[bool]]:
    narrowed = [FILTERS[name](values) for name, values in state.chosen.items()]
    words = [Snapshot.file_name.icontains(word, autoescape=True) for word in state.q.split()[: listing.MOST_WORDS]]
    return [authz.sight(Snapshot, actor), *narrowed, *words]


def snapshot_page(session: Session, snapshot: Snapshot, actor: Actor) -> SnapshotPage:
    """Return what the page of ``snapshot`` shows."""
    set_of = select(Snapshot).where(
        Snapshot.made_at == snapshot.made_at,
        Snapshot.audit_seq == snapshot.audit_seq,
        Snapshot.kind == snapshot.kind,
        Snapshot.volumes == snapshot.volumes,
    )
    volumes = session.scalars(authz.visible(set_of.order_by(Snapshot.volume), Snapshot, actor)).all()
    return SnapshotPage(
        snapshot,
        volumes if snapshot.volumes > 1 else (),
        newer_than(session, snapshot),
        readings(session, snapshot),
    )


def newer_than(session: Session, snapshot: Snapshot) -> Snapshot | None:
    """Return the newest of the snapshots that came in the place of ``snapshot``; None while it holds."""
    found, last = None, snapshot
    while newer := session.scalars(select(Snapshot).where(Snapshot.supersedes_id == last.id)).first():
        found = last = newer
    return found


def readings(session: Session, snapshot: Snapshot) -> Sequence[Reading]:
    """Return who opened, took out or checked ``snapshot``, the newest first."""
    columns = (AuditEntry.at, AuditEntry.event, AuditEntry.actor_name, AuditEntry.role)
    of_it = select(*columns).where(
        AuditEntry.subject_table == Snapshot.__tablename__,
        AuditEntry.subject_id == str(snapshot.id),
        AuditEntry.event.in_([event.value for event in READ]),
    )
    return [Reading(*row) for row in session.execute(of_it.order_by(AuditEntry.seq.desc()).limit(SHOWN))]


def of_edition(session: Session, edition_id: int, actor: Actor) -> Sequence[Snapshot]:
    """Return the snapshots of an edition that ``actor`` may see, the newest first."""
    own = select(Snapshot).where(Snapshot.edition_id == edition_id).order_by(Snapshot.id.desc())
    return session.scalars(authz.visible(own, Snapshot, actor)).all()
