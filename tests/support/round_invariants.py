"""What holds of a round after any deed, looked up row by row; it knows nothing of the services that do the deeds."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.formspec.schema import FormSpec
from register.models import AuditEntry, Round, Submission, SubmissionItem, UseCase
from register.queries.answers import left
from register.queries.receipts import digest
from register.queries.risk_counts import QUESTION
from register.reports import counts
from register.vocab import Confirmation, Lifecycle, SubmissionState

COUNTED_RETURNS = ("accepted", "frozen")
COUNTED_CASES = ("unchanged", "changed", "new", "reported")
COUNTED_FIELDS = ("usage_type", "start_timing", "user_scope", "stage", "confidentiality", "output_type")
# What the log must tell of the rows as they stand; confidential columns stand in it as digests only.
TOLD: Mapping[str, tuple[type[Any], tuple[str, ...]]] = {
    "round": (Round, ("state", "due_on")),
    "submission": (
        Submission,
        (
            "state",
            "nil",
            "late",
            "granted",
            "due_on",
            "sent_by",
            "sent_sha256",
            "approved_by",
            "approved_sha256",
        ),
    ),
    "submission_item": (
        SubmissionItem,
        ("confirmation", "states", "recheck", "mapping", "ended_on", "use_case_id", "case_no"),
    ),
    "use_case": (UseCase, ("lifecycle", "lifecycle_since", "planned_stage", "as_of", "usage_type")),
}
# The cases by their counted answers, which ministry has which scope and start, and the risk cases.
Figures = tuple[Counter[tuple[str | None, ...]], set[tuple[Any, ...]], int]


@dataclass
class Log:
    """The rows as the log alone tells them; ``seq`` is how far it was read."""

    seq: int = 0
    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def read_on(self, session: Session) -> None:
        """Take in what was written since."""
        newer = select(AuditEntry.seq, AuditEntry.body).where(AuditEntry.seq > self.seq).order_by(AuditEntry.seq)
        for seq, body in session.execute(newer):
            self.seq = seq
            for change in json.loads(body)["changes"]:
                key = (change["table"], change["pk"])
                if change["op"] == "delete":
                    self.rows.pop(key, None)
                else:
                    row = self.rows.setdefault(key, {})
                    row.update({name: old_new[1] for name, old_new in change["fields"].items()})


def check_log(session: Session, log: Log) -> None:
    """Hold every row against what the log tells of it."""
    log.read_on(session)
    for table, (model, columns) in TOLD.items():
        stored = {
            str(row.id): {name: _plain(getattr(row, name)) for name in columns}
            for row in session.scalars(select(model))
        }
        # What a new row has by default is not told of it.
        usual = {name: _usual(model, name) for name in columns}
        told = {
            pk: {name: row.get(name, usual[name]) for name in columns}
            for (of, pk), row in log.rows.items()
            if of == table
        }
        differ = {pk: (stored.get(pk), told.get(pk)) for pk in stored.keys() | told if stored.get(pk) != told.get(pk)}
        assert differ == {}, table


def _usual(model: type[Any], name: str) -> Any:
    default = model.__table__.c[name].default
    if default is None:
        return None
    return default.arg if default.is_scalar else {}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def count_by_hand(session: Session, round_id: int) -> Figures:
    """Count a round row by row."""
    returns = {
        one.id
        for one in session.scalars(select(Submission))
        if one.round_id == round_id and one.state in COUNTED_RETURNS
    }
    cases = [
        item
        for item in session.scalars(select(SubmissionItem).where(SubmissionItem.round_id == round_id))
        if item.submission_id in returns and item.confirmation in COUNTED_CASES
    ]
    return (
        Counter(tuple(item.answers.get(name) for name in COUNTED_FIELDS) for item in cases),
        {(item.ministry_id, item.answers.get("user_scope"), item.answers.get("start_timing")) for item in cases},
        sum(item.answers.get("risk_case_count", 0) for item in cases),
    )


def check_figures(session: Session, round_id: int) -> Figures:
    """Hold the figures of a round against a count by hand, and return them."""
    found = counts.count(session, round_id)
    groups = Counter(dict(found.cells))
    present = {(one.ministry_id, one.key["user_scope"], one.key["start_timing"]) for one in found.presences}
    by_hand = count_by_hand(session, round_id)
    assert (groups, present, found.risk_cases) == by_hand
    assert found.count(()) == groups.total()
    return by_hand


def check_items(items: Iterable[SubmissionItem], spec: FormSpec) -> None:
    """Hold what was said of each case against what stands in it."""
    questions = {question.id for question in spec.questions}
    for item in items:
        answered, blank = item.answers.keys(), item.states.keys()
        assert not answered & blank, item.case_no
        assert answered | blank <= questions
        # A note stands beside what was declined, and beside a count that is not the register's.
        declined = {name for name, state in item.states.items() if state == "declined"}
        assert item.notes.keys() - declined <= answered & {QUESTION}
        assert declined <= item.notes.keys()
        assert not item.recheck.keys() & answered
        if item.confirmation is Confirmation.ENDED:
            assert not answered | blank
            assert item.ended_on is not None
            assert item.ended_reason
            continue
        assert (item.ended_on, item.ended_reason) == (None, "")
        if item.confirmation in (Confirmation.UNCHANGED, Confirmation.CHANGED):
            assert answered | blank == questions, item.case_no
            assert not left(item, spec)
        if item.confirmation is Confirmation.UNCHANGED:
            assert item.answers == item.carried
        if item.confirmation is Confirmation.NEW:
            assert "title" in answered


def check_return(session: Session, submission: Submission, items: Sequence[SubmissionItem], spec: FormSpec) -> None:
    """Hold a return against its own state: what was sent is complete, what was approved is what stands there."""
    check_items(items, spec)
    handed_on = (SubmissionState.IN_REVIEW, SubmissionState.SUBMITTED, SubmissionState.ACCEPTED)
    if submission.state in handed_on:
        assert not [item for item in items if item.confirmation is Confirmation.UNCONFIRMED]
        assert not [item for item in items if item.confirmation is Confirmation.NEW and left(item, spec)]
        assert submission.nil is False or all(item.confirmation is Confirmation.ENDED for item in items)
        content = digest(session, submission)
        assert content == submission.sent_sha256
        assert submission.state is SubmissionState.IN_REVIEW or content == submission.approved_sha256
    if submission.state in (SubmissionState.SUBMITTED, SubmissionState.ACCEPTED, SubmissionState.FROZEN):
        assert submission.submitted_at is not None
    if submission.state is SubmissionState.NOT_STARTED:
        assert {item.confirmation for item in items} <= {Confirmation.UNCONFIRMED}


def register_of(session: Session) -> dict[int, tuple[Any, ...]]:
    """Return what a rehearsal must leave alone."""
    return {one.id: (one.version, one.lifecycle, one.as_of, one.title) for one in session.scalars(select(UseCase))}


def counts_by_confirmation(session: Session, submission: Submission) -> dict[Confirmation, int]:
    """Return how many cases of a return stand in each state of confirmation."""
    grouped = select(SubmissionItem.confirmation, func.count()).where(SubmissionItem.submission_id == submission.id)
    return dict(map(tuple, session.execute(grouped.group_by(SubmissionItem.confirmation))))


def life_after(item: SubmissionItem, before: Lifecycle | None, since: dt.date | None, as_of: dt.date) -> Lifecycle:
    """Return the state of a case after its return was accepted (domain.md section 5); ``before`` None: it is new."""
    if item.confirmation is Confirmation.ENDED:
        kept = before is Lifecycle.RETIRED or (
            since is not None and item.ended_on is not None and since > item.ended_on
        )
        return before if kept and before else Lifecycle.RETIRED
    timing, stage = item.answers.get("start_timing"), item.answers.get("stage")
    if timing != "1":
        after = Lifecycle.PLANNED
    elif stage is None:
        after = before or Lifecycle.VERIFICATION
    else:
        after = Lifecycle.PRODUCTION if stage == "R" else Lifecycle.VERIFICATION
    stays = before in (Lifecycle.SUSPENDED, Lifecycle.RETIRED) or (since is not None and since > as_of)
    return before if stays and before else after
