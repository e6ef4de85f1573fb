"""What a workbook of a return is held against: the cases as they stand, read at once; and the workbooks handed in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from register.formspec.loader import FormLibrary, from_canonical
from register.formspec.schema import FormSpec
from register.formspec.terms import round_terms
from register.models import FormVersion, Ministry, Round, Submission, SubmissionItem, Upload, UseCase
from register.queries.answers import last_items
from register.queries.receipts import items_of
from register.vocab import Lifecycle

RECENT = 10
# Of the last report only the answers matter; reading the rest from JSON would take as long again.
UNASKED = (
    SubmissionItem.states,
    SubmissionItem.carried,
    SubmissionItem.recheck,
    SubmissionItem.mapping,
    SubmissionItem.notes,
)


@dataclass(frozen=True)
class Life:
    """How the register knows a case: its state, and since when."""

    lifecycle: Lifecycle
    since: dt.date


@dataclass(frozen=True)
class Content:
    """A return as it stands, and what its cases reported before; nothing more is asked of the database for one row.

    ``fresh`` maps a form version's id to the questions that it did not have.
    """

    submission: Submission
    round: Round
    ministry: Ministry
    spec: FormSpec
    terms: Mapping[str, str]
    items: Sequence[SubmissionItem]
    last: Mapping[int, SubmissionItem]
    lives: Mapping[int, Life]
    fresh: Mapping[int, frozenset[str]]

    def before(self, item: SubmissionItem) -> tuple[frozenset[str], SubmissionItem | None]:
        """Return the questions that the form of the case's last report did not have, and that report."""
        last = self.last.get(item.use_case_id or 0)
        return (self.fresh[last.round.form_version_id], last) if last else (frozenset(), None)


def content(session: Session, submission: Submission) -> Content:
    """Return ``submission`` with all its cases, in seven statements whatever their number."""
    current = session.get_one(Round, submission.round_id)
    spec = from_canonical(current.form_version.canonical)
    last = last_items(session, submission.ministry_id, current, *(defer(column) for column in UNASKED))
    forms = {item.round.form_version_id: item.round.form_version for item in last.values()}
    lives = select(UseCase.id, UseCase.lifecycle, UseCase.lifecycle_since)
    found = session.execute(lives.where(UseCase.ministry_id == submission.ministry_id))
    return Content(
        submission,
        current,
        session.get_one(Ministry, submission.ministry_id),
        spec,
        round_terms(current.as_of),
        items_of(session, submission),
        last,
        {row.id: Life(row.lifecycle, row.lifecycle_since) for row in found},
        {number: _not_in(from_canonical(form.canonical), spec) for number, form in forms.items()},
    )


def _not_in(before: FormSpec, spec: FormSpec) -> frozenset[str]:
    return frozenset(question.id for question in spec.questions if not before.has(question.id))


def form_with(session: Session, forms: FormLibrary, sha256: str) -> FormSpec | None:
    """Return the form version with this digest, published here or shipped; None when nobody knows it."""
    published = session.scalar(select(FormVersion).where(FormVersion.sha256 == sha256))
    if published is not None:
        return from_canonical(published.canonical)
    return next((spec for spec in forms.versions.values() if spec.digest == sha256), None)


def recent(session: Session, submission: Submission) -> Sequence[Upload]:
    """Return the workbooks last handed in for ``submission``, newest first."""
    own = select(Upload).where(Upload.submission_id == submission.id)
    return session.scalars(own.order_by(Upload.id.desc()).limit(RECENT)).all()
