"""Workbooks that a ministry hands in: kept as they came, held against the return without saving, taken over as a whole.

What a file would do is worked out from the stored file each time. It is taken over under the lock of the return, only
when it still does what was shown.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from register import audit
from register.authz import Actor
from register.clock import fiscal_year
from register.errors import NotNow, say
from register.files import FileStore
from register.formspec.loader import FormLibrary
from register.models import AnswerDraft, Submission, SubmissionItem, Upload
from register.queries.uploads import Content, content, form_with
from register.services import case_numbers
from register.services.returns import begin_filling, step
from register.services.workbook_diff import KEPT, Diff, Step, compare
from register.services.workbook_row import COPIED
from register.services.workbook_rows import Handed, open_file
from register.services.workbooks import FORM
from register.text import clean_line
from register.vocab import SubmissionDeed

LONGEST_NAME = 200
CHANGED = say("確かめた後に、回答が変わりました。何も取り込んでいません。もう一度、結果を確かめてください。")
# SQLite takes so many values in one statement, and more.
BATCH = 500


@dataclass(frozen=True)
class Stored:
    """A file in the store: what the row of an upload keeps of it."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Examined:
    """A file beside the return that it is for: what it would do, and nothing saved."""

    handed: Handed
    content: Content
    diff: Diff


def store(files: FileStore, data: bytes) -> Stored:
    """Keep a file under a name of our own; what it was called is never part of a path."""
    path = files.put(f"uploads/{uuid.uuid4().hex}", data)
    return Stored(path, len(data), hashlib.sha256(data).hexdigest())


def keep(session: Session, submission: Submission, stored: Stored, *, name: str, by: Actor) -> Upload:
    """Note a file that was handed in for ``submission``; raise ``NotNow`` when the return takes no answers now."""
    step(session, submission, SubmissionDeed.FILL)
    upload = Upload(
        submission_id=submission.id,
        ministry_id=submission.ministry_id,
        user_id=by.user_id,
        file_name=clean_line(name)[-LONGEST_NAME:],
        path=stored.path,
        size=stored.size,
        sha256=stored.sha256,
        at=session.info["clock"].now(),
    )
    session.add(upload)
    session.flush()
    return upload


def fillable(session: Session, submission: Submission) -> None:
    """Raise ``NotNow`` when the return takes no answers now."""
    step(session, submission, SubmissionDeed.FILL)


def opened(files: FileStore, upload: Upload) -> Handed:
    """Return the file of an upload, read; raise ``NotNow`` when the store no longer holds what was handed in."""
    try:
        data = files.get(upload.path)
    except OSError:
        data = b""
    if hashlib.sha256(data).hexdigest() != upload.sha256:
        raise NotNow(say("アップロードしたファイルが見つからないか、壊れています。もう一度アップロードしてください。"))
    return open_file(data, upload.file_name)


def examine(session: Session, submission: Submission, handed: Handed, *, forms: FormLibrary) -> Examined:
    """Return what a file would do to ``submission`` as it stands now; nothing is changed."""
    return _held(session, handed, content(session, submission), forms)


def dry_run(session: Session, submission: Submission, read: Callable[[], Handed], *, forms: FormLibrary) -> Examined:
    """Return what the file that ``read`` opens would do: it is read by another process while the database is asked."""
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(read)
        found = content(session, submission)
        return _held(session, reading.result(), found, forms)


def _held(session: Session, handed: Handed, found: Content, forms: FormLibrary) -> Examined:
    before = form_with(session, forms, handed.table.metadata.get(FORM, ""))
    return Examined(handed, found, compare(handed, found, before, session.info["clock"].today()))


def apply(
    session: Session,
    submission: Submission,
    upload_id: int,
    handed: Handed,
    *,
    seen: str,
    forms: FormLibrary,
    by: Actor,
) -> Diff:
    """Take a file over, all of it or nothing; raise ``NotNow`` when it no longer does what was ``seen``."""
    begin_filling(session, submission, by=by)
    upload = session.get_one(Upload, upload_id, populate_existing=True)
    if upload.applied_at is not None:
        raise NotNow(say("このファイルは、すでに取り込みました。"))
    examined = examine(session, submission, handed, forms=forms)
    diff = examined.diff
    if diff.troubles or not diff.steps or diff.sha256 != seen:
        raise NotNow(CHANGED)
    _number(session, examined)
    for one in diff.steps:
        _take_over(session, one)
    _drop_drafts(session, diff.steps, by)
    upload.applied_at = session.info["clock"].now()
    facts: dict[str, Any] = {fate.value: count for fate, count in diff.counts.items()}
    # A file's name may tell of a case: the log keeps a digest of it.
    facts |= {"sha256": upload.sha256, "name_sha256": hashlib.sha256(upload.file_name.encode()).hexdigest()}
    audit.record(session, audit.Event.SUBMISSION_UPLOADED, submission, by=by, kind=handed.book.kind, **facts)
    return diff


def _number(session: Session, examined: Examined) -> None:
    """Give the new cases their numbers, in the order of their rows."""
    new = [one.outcome for one in examined.diff.steps if one.item is None]
    if not new:
        return
    year = fiscal_year(session.info["clock"].today())
    numbers = case_numbers.next_numbers(session, examined.content.ministry, year, len(new))
    for item, number in zip(new, numbers, strict=True):
        item.case_no = number


def _take_over(session: Session, one: Step) -> None:
    if one.item is None:
        session.add(SubmissionItem(**{name: getattr(one.outcome, name) for name in COPIED}))
        return
    for name in KEPT:
        value = getattr(one.outcome, name)
        if getattr(one.item, name) != value:
            setattr(one.item, name, value)


def _drop_drafts(session: Session, steps: Sequence[Step], by: Actor) -> None:
    """Forget what the person had typed into these cases and not saved: the file is their word now."""
    ids = [one.item.id for one in steps if one.item is not None]
    for start in range(0, len(ids), BATCH):
        own = AnswerDraft.item_id.in_(ids[start : start + BATCH])
        session.execute(delete(AnswerDraft).where(own, AnswerDraft.user_id == by.user_id))
