"""Who may do what, as one table. When it may be done (state, deadline) is ``states``'s matter and never a 403."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select, true
from sqlalchemy.orm import DeclarativeBase

from register.errors import Forbidden, say
from register.models import (
    AISystem,
    AuditEntry,
    Job,
    LifecycleEvent,
    Remark,
    Round,
    Snapshot,
    Submission,
    SubmissionItem,
    Upload,
    UseCase,
    User,
)
from register.states import ROUND_SETTLED
from register.vocab import Role, RoundDeed, RoundState, SubmissionDeed, SubmissionState

# A statement of any shape: narrowing it says nothing of its columns.
AnySelect = Select[*tuple[Any, ...]]


class Permission(StrEnum):
    """A deed that somebody may or may not do: ``<object>.<deed>``."""

    HOME = "home.read"
    USE_CASE_READ = "use_case.read"
    USE_CASE_CREATE = "use_case.create"
    USE_CASE_WRITE = "use_case.write"
    USE_CASE_MOVE = "use_case.move"
    USE_CASE_RETIRE = "use_case.retire"
    USE_CASE_EXPORT = "use_case.export"
    AI_SYSTEM_READ = "ai_system.read"
    AI_SYSTEM_CREATE = "ai_system.create"
    AI_SYSTEM_WRITE = "ai_system.write"
    ROUND_READ = "round.read"
    ROUND_BOARD = "round.board"
    ROUND_PLAN = "round.plan"
    SUBMISSION_READ = "submission.read"
    SUBMISSION_FILL = "submission.fill"
    SUBMISSION_SEND = "submission.send"
    SUBMISSION_APPROVE = "submission.approve"
    SUBMISSION_REVIEW = "submission.review"
    SUBMISSION_EXTEND = "submission.extend"
    REMARK_REPLY = "remark.reply"
    ITEM_READ = "submission_item.read"
    ITEM_FILL = "submission_item.fill"
    ITEM_CORRECT = "submission_item.correct"
    UPLOAD_READ = "upload.read"
    REPORT_READ = "report.read"
    SNAPSHOT_CREATE = "snapshot.create"
    SNAPSHOT_READ = "snapshot.read"
    SNAPSHOT_DOWNLOAD = "snapshot.download"
    JOB_READ = "job.read"
    AUDIT_READ = "audit.read"


class Reach(Enum):
    """How far a permission goes over the rows."""

    ALL = "every row"
    OWN = "rows of the actor's ministry"
    OWN_OR_SHARED = "rows of the actor's ministry, and those that others share"
    HANDED_IN = "rows of submissions from their submission on"
    ANNOUNCED = "rounds that are no longer a draft"
    SETTLED = "rounds whose answers are frozen"
    ASKED = "rows that the actor asked for"


_OWN_STAFF = {Role.REPORTER: Reach.OWN, Role.APPROVER: Reach.OWN}
_OVERSIGHT = {Role.SECRETARIAT: Reach.ALL, Role.AUDITOR: Reach.ALL}
_EVERYBODY_BUT_ADMIN = {
    Role.REPORTER: Reach.ALL,
    Role.APPROVER: Reach.ALL,
    Role.SECRETARIAT: Reach.ALL,
    Role.AUDITOR: Reach.ALL,
}

# domain.md section 13.
RULES: Mapping[Permission, Mapping[Role, Reach]] = {
    Permission.HOME: {**_EVERYBODY_BUT_ADMIN, Role.ADMIN: Reach.ALL},
    Permission.USE_CASE_READ: {**_OWN_STAFF, **_OVERSIGHT},
    Permission.USE_CASE_CREATE: _OWN_STAFF,
    Permission.USE_CASE_WRITE: _OWN_STAFF,
    Permission.USE_CASE_MOVE: _OWN_STAFF,
    Permission.USE_CASE_RETIRE: {Role.APPROVER: Reach.OWN},
    Permission.USE_CASE_EXPORT: {**_OWN_STAFF, **_OVERSIGHT},
    Permission.AI_SYSTEM_READ: {
        Role.REPORTER: Reach.OWN_OR_SHARED,
        Role.APPROVER: Reach.OWN_OR_SHARED,
        **_OVERSIGHT,
    },
    Permission.AI_SYSTEM_CREATE: _OWN_STAFF,
    Permission.AI_SYSTEM_WRITE: _OWN_STAFF,
    Permission.ROUND_READ: {Role.REPORTER: Reach.ANNOUNCED, Role.APPROVER: Reach.ANNOUNCED, **_OVERSIGHT},
    Permission.ROUND_BOARD: _OVERSIGHT,
    Permission.ROUND_PLAN: {Role.SECRETARIAT: Reach.ALL},
    Permission.SUBMISSION_READ: {**_OWN_STAFF, Role.SECRETARIAT: Reach.HANDED_IN, Role.AUDITOR: Reach.ALL},
    Permission.ITEM_READ: {**_OWN_STAFF, Role.SECRETARIAT: Reach.HANDED_IN, Role.AUDITOR: Reach.ALL},
    Permission.SUBMISSION_FILL: {Role.REPORTER: Reach.OWN},
    Permission.SUBMISSION_SEND: {Role.REPORTER: Reach.OWN},
    Permission.SUBMISSION_APPROVE: {Role.APPROVER: Reach.OWN},
    Permission.SUBMISSION_REVIEW: {Role.SECRETARIAT: Reach.HANDED_IN},
    # Asked of the round: the secretariat may extend a deadline without seeing what the ministry has filled in so far.
    Permission.SUBMISSION_EXTEND: {Role.SECRETARIAT: Reach.ALL},
    Permission.REMARK_REPLY: _OWN_STAFF,
    Permission.ITEM_FILL: {Role.REPORTER: Reach.OWN},
    Permission.ITEM_CORRECT: {Role.SECRETARIAT: Reach.HANDED_IN},
    Permission.UPLOAD_READ: {Role.REPORTER: Reach.OWN},
    Permission.REPORT_READ: {Role.REPORTER: Reach.SETTLED, Role.APPROVER: Reach.SETTLED, **_OVERSIGHT},
    Permission.SNAPSHOT_CREATE: {Role.SECRETARIAT: Reach.ALL},
    Permission.SNAPSHOT_READ: _OVERSIGHT,
    Permission.SNAPSHOT_DOWNLOAD: _OVERSIGHT,
    Permission.JOB_READ: {Role.SECRETARIAT: Reach.ASKED, Role.AUDITOR: Reach.ALL},
    Permission.AUDIT_READ: {Role.APPROVER: Reach.OWN, **_OVERSIGHT},
}

# Who does what with a round and with a return; when it may be done is in ``states``.
ROUND_DEEDS: Mapping[RoundDeed, Permission] = dict.fromkeys(RoundDeed, Permission.ROUND_PLAN)
SUBMISSION_DEEDS: Mapping[SubmissionDeed, Permission] = {
    SubmissionDeed.FILL: Permission.SUBMISSION_FILL,
    SubmissionDeed.DECLARE_NIL: Permission.SUBMISSION_SEND,
    SubmissionDeed.SEND: Permission.SUBMISSION_SEND,
    SubmissionDeed.DECLINE: Permission.SUBMISSION_APPROVE,
    SubmissionDeed.APPROVE: Permission.SUBMISSION_APPROVE,
    SubmissionDeed.ASK: Permission.SUBMISSION_REVIEW,
    SubmissionDeed.REPLY: Permission.REMARK_REPLY,
    SubmissionDeed.EXTEND: Permission.SUBMISSION_EXTEND,
    SubmissionDeed.RETURN: Permission.SUBMISSION_REVIEW,
    SubmissionDeed.ACCEPT: Permission.SUBMISSION_REVIEW,
    SubmissionDeed.CORRECT: Permission.ITEM_CORRECT,
}

# The permission that lets a row of each kind be seen at all: whoever lacks it gets a 404.
SIGHT: Mapping[type[DeclarativeBase], Permission] = {
    UseCase: Permission.USE_CASE_READ,
    LifecycleEvent: Permission.USE_CASE_READ,
    AISystem: Permission.AI_SYSTEM_READ,
    Round: Permission.ROUND_READ,
    Submission: Permission.SUBMISSION_READ,
    SubmissionItem: Permission.ITEM_READ,
    Remark: Permission.SUBMISSION_READ,
    Upload: Permission.UPLOAD_READ,
    Snapshot: Permission.SNAPSHOT_READ,
    Job: Permission.JOB_READ,
    AuditEntry: Permission.AUDIT_READ,
}

_HANDED_IN = (
    SubmissionState.SUBMITTED,
    SubmissionState.RETURNED,
    SubmissionState.ACCEPTED,
    SubmissionState.FROZEN,
)


@dataclass(frozen=True)
class Actor:
    """Who acts: a signed-in person, or a command of the system (``role`` is then None and it is never asked)."""

    name: str
    user_id: int | None = None
    role: Role | None = None
    ministry_id: int | None = None

    @classmethod
    def of(cls, user: User) -> Actor:
        """Return the actor that ``user`` is."""
        return cls(name=user.name, user_id=user.id, role=user.role, ministry_id=user.ministry_id)

    @classmethod
    def system(cls, name: str) -> Actor:
        """Return the actor of a command or a job, for example ``flask rounds import``."""
        return cls(name=name)


def reach(actor: Actor, permission: Permission) -> Reach | None:
    """Return how far ``permission`` goes for ``actor``; None when not at all."""
    return RULES[permission].get(actor.role) if actor.role else None


def can(actor: Actor, permission: Permission, row: Any = None) -> bool:
    """Tell whether ``actor`` may do the deed, with ``row`` when it concerns one."""
    extent = reach(actor, permission)
    if extent is None:
        return False
    return row is None or _holds(extent, row, actor)


def require(actor: Actor, permission: Permission, row: Any = None) -> None:
    """Raise ``Forbidden`` when ``actor`` may not do the deed."""
    if not can(actor, permission, row):
        raise Forbidden(say("この操作を行う権限がありません。"))


def visible(statement: AnySelect, model: type[DeclarativeBase], actor: Actor) -> AnySelect:
    """Narrow ``statement`` to the rows of ``model`` that ``actor`` may know of."""
    return statement.where(sight(model, actor))


def sight(model: type[DeclarativeBase], actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which ``actor`` may know of a row of ``model``."""
    extent = reach(actor, SIGHT[model])
    return false() if extent is None else _clause(extent, model, actor)


def _clause(extent: Reach, model: Any, actor: Actor) -> ColumnElement[bool]:
    match extent:
        case Reach.ALL:
            return true()
        case Reach.OWN:
            return model.ministry_id == actor.ministry_id  # type: ignore[no-any-return]
        case Reach.OWN_OR_SHARED:
            return or_(model.ministry_id == actor.ministry_id, model.shared)
        case Reach.HANDED_IN:
            submission = model.id if model is Submission else model.submission_id
            return submission.in_(  # type: ignore[no-any-return]
                select(Submission.id).where(Submission.state.in_(_HANDED_IN))
            )
        case Reach.ANNOUNCED:
            return model.state != RoundState.DRAFT  # type: ignore[no-any-return]
        case Reach.SETTLED:
            return model.state.in_(ROUND_SETTLED)  # type: ignore[no-any-return]
        case Reach.ASKED:
            return model.asked_by_id == actor.user_id  # type: ignore[no-any-return]


def _holds(extent: Reach, row: Any, actor: Actor) -> bool:
    match extent:
        case Reach.ALL:
            return True
        case Reach.OWN:
            return bool(row.ministry_id == actor.ministry_id)
        case Reach.OWN_OR_SHARED:
            return bool(row.shared or row.ministry_id == actor.ministry_id)
        case Reach.HANDED_IN:
            submission = row if isinstance(row, Submission) else row.submission
            return submission.state in _HANDED_IN
        case Reach.ANNOUNCED:
            return bool(row.state is not RoundState.DRAFT)
        case Reach.SETTLED:
            return row.state in ROUND_SETTLED
        case Reach.ASKED:
            return bool(row.asked_by_id == actor.user_id)
