"""People who work in one return at the same moment come one after the other, and lose nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.db import Database
from register.errors import NotNow, RegisterError, Stale
from register.models import Submission, SubmissionItem
from register.vocab import SubmissionState
from tests.support.databases import Build
from tests.support.running_round import COLLEAGUE, FULL, Office, busy


@pytest.fixture
def content() -> Build:
    """The staff with a colleague."""
    return busy


@pytest.fixture
def submission(database: Database) -> Submission:
    """A return with one case, which nobody has begun."""
    with database.writing() as session:
        office = Office(session)
        office.case()
        return office.submission(office.opened())


Work = Callable[[Office, Submission], object]


def at_once(database: Database, submission: Submission, *works: Work) -> list[RegisterError | None]:
    """Let everybody begin at the same moment, each in a session that locks the return as an edge does."""
    barrier = Barrier(len(works))

    def run(work: Work) -> RegisterError | None:
        barrier.wait()
        try:
            with database.writing() as session:
                office = Office(session)
                work(office, locked(session, submission.id))
        except RegisterError as refusal:
            return refusal
        return None

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def locked(session: Session, submission_id: int) -> Submission:
    """Return the return under its lock."""
    own = select(Submission).where(Submission.id == submission_id)
    return session.scalars(own.with_for_update(of=Submission, key_share=True)).one()


def item_of(database: Database, submission: Submission) -> SubmissionItem:
    """Return the one case as it is stored."""
    with database.reading() as session:
        assert audit.verify(session).finding is None
        return session.scalars(select(SubmissionItem).where(SubmissionItem.submission_id == submission.id)).one()


def test_sections_that_are_saved_at_once_are_all_kept(database: Database, submission: Submission) -> None:
    parts = {
        "identity": ("title", "unit"),
        "use": ("purpose",),
        "operation": ("user_scope",),
        "risk": ("risk_case_count",),
    }

    def save(section: str, who: str) -> Work:
        own = {name: FULL[name] for name in parts[section]}
        return lambda office, one: office.save(office.items(one)[0], section, own, who=who)

    people = ("reporter", COLLEAGUE, "reporter", COLLEAGUE)
    works = [save(section, who) for section, who in zip(parts, people, strict=True)]
    assert at_once(database, submission, *works) == [None] * len(works)
    kept = {name: FULL[name] for names in parts.values() for name in names} | {"risk_case_count": 0}
    assert item_of(database, submission).answers == kept


def test_of_two_who_save_one_section_the_second_sees_the_first(database: Database, submission: Submission) -> None:
    with database.reading() as session:
        office = Office(session)
        seen = office.seen(office.items(session.get_one(Submission, submission.id))[0], "use")

    def save(text: str, who: str) -> Work:
        return lambda office, one: office.save(office.items(one)[0], "use", {"purpose": text}, who=who, seen=seen)

    refusals = at_once(database, submission, save("一人目", "reporter"), save("二人目", COLLEAGUE))
    [stale] = [one for one in refusals if one is not None]
    assert isinstance(stale, Stale)
    assert stale.theirs["purpose"] == item_of(database, submission).answers["purpose"]


def test_what_is_approved_while_it_is_changed_is_not_what_was_changed(
    database: Database, submission: Submission
) -> None:
    with database.writing() as session:
        office = Office(session)
        office.confirm(session.get_one(Submission, submission.id))
        sent = office.send(session.get_one(Submission, submission.id)).sent_sha256
    refusals = at_once(
        database,
        submission,
        lambda office, one: office.approve(one),
        lambda office, one: office.save(office.items(one)[0], "use", {"purpose": "直前の変更"}),
    )
    # Whoever came first decides: either it was handed in as it was seen, or the request is void.
    assert [type(one) for one in refusals if one] == [NotNow]
    with database.reading() as session:
        now = session.get_one(Submission, submission.id)
        changed = item_of(database, submission).answers["purpose"] == "直前の変更"
        assert now.state is (SubmissionState.IN_PROGRESS if changed else SubmissionState.SUBMITTED)
        assert now.approved_sha256 == ("" if changed else sent)
