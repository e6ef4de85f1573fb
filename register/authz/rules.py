"""Who may do what, as one table. When it may be done (state, deadline) is ``states``'s matter and never a 403."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import DeclarativeBase

from register.authz.permissions import Permission, Reach
from register.models import (
    AISystem,
    Assessment,
    AuditEntry,
    BuiltTable,
    CalendarFeed,
    DeadAddress,
    Disclosure,
    Edition,
    HighRiskFlag,
    Incident,
    IncidentFile,
    Job,
    JobRun,
    LifecycleEvent,
    Measure,
    Message,
    NilReport,
    Notice,
    NoticeAnswer,
    NoticeRecipient,
    Question,
    Referral,
    Remark,
    Reminder,
    Round,
    Snapshot,
    Submission,
    SubmissionItem,
    Upload,
    UseCase,
    Webhook,
)
from register.vocab import (
    AssessmentDeed,
    EditionDeed,
    IncidentDeed,
    NoticeDeed,
    QuestionDeed,
    ReferralDeed,
    Role,
    RoundDeed,
    SubmissionDeed,
)

_OWN_STAFF = {Role.REPORTER: Reach.OWN, Role.APPROVER: Reach.OWN}
_OVERSIGHT = {Role.SECRETARIAT: Reach.ALL, Role.AUDITOR: Reach.ALL}
_EVERYBODY_BUT_ADMIN = {
    Role.REPORTER: Reach.ALL,
    Role.APPROVER: Reach.ALL,
    Role.SECRETARIAT: Reach.ALL,
    Role.AUDITOR: Reach.ALL,
}

_SNAPSHOTS = {
    Role.REPORTER: Reach.OWN_OR_PUBLIC,
    Role.APPROVER: Reach.OWN_OR_PUBLIC,
    Role.SECRETARIAT: Reach.NOT_INTERNAL,
    Role.AUDITOR: Reach.NOT_INTERNAL,
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
    Permission.PRINT_ENTER: {Role.SECRETARIAT: Reach.ALL},
    Permission.EDITION_READ: {Role.REPORTER: Reach.PUBLISHED, Role.APPROVER: Reach.PUBLISHED, **_OVERSIGHT},
    Permission.EDITION_READ_CLOSED: _OVERSIGHT,
    Permission.EDITION_WRITE: {Role.SECRETARIAT: Reach.ALL},
    # Not of whoever drafted or checked it: see ``services.editions``.
    Permission.EDITION_APPROVE: {Role.SECRETARIAT: Reach.ALL},
    Permission.DISCLOSURE_READ: {**_OWN_STAFF, **_OVERSIGHT},
    Permission.DISCLOSURE_PROPOSE: {Role.APPROVER: Reach.OWN},
    Permission.DISCLOSURE_DECIDE: {Role.SECRETARIAT: Reach.ALL},
    Permission.REPORT_READ: {Role.REPORTER: Reach.SETTLED, Role.APPROVER: Reach.SETTLED, **_OVERSIGHT},
    Permission.TABLE_READ: {
        Role.REPORTER: Reach.SHARED,
        Role.APPROVER: Reach.SHARED,
        Role.SECRETARIAT: Reach.ALL,
        Role.AUDITOR: Reach.SHARED,
    },
    Permission.TABLE_BUILD: {Role.SECRETARIAT: Reach.ALL},
    # An auditor who had to ask the secretariat for a copy would have the secretariat's word for it.
    Permission.SNAPSHOT_CREATE: _OVERSIGHT,
    Permission.SNAPSHOT_CREATE_ROW: {**_OWN_STAFF, **_OVERSIGHT},
    Permission.SNAPSHOT_READ: _SNAPSHOTS,
    Permission.SNAPSHOT_DOWNLOAD: _SNAPSHOTS,
    Permission.SNAPSHOT_CHECK: _EVERYBODY_BUT_ADMIN,
    Permission.JOB_READ: {
        Role.REPORTER: Reach.ASKED,
        Role.APPROVER: Reach.ASKED,
        Role.SECRETARIAT: Reach.ASKED,
        Role.AUDITOR: Reach.ALL,
    },
    # What the register does by itself is no content of it: whoever keeps the machine going sees that it does.
    Permission.JOB_RUN_READ: {**_OVERSIGHT, Role.ADMIN: Reach.ALL},
    Permission.JOB_RUN_AGAIN: {Role.SECRETARIAT: Reach.ALL, Role.ADMIN: Reach.ALL},
    Permission.AUDIT_READ: {Role.APPROVER: Reach.OWN, **_OVERSIGHT},
    # Whom mail reaches, and never what it says: that is not kept.
    Permission.DELIVERY_READ: {**_OVERSIGHT, Role.ADMIN: Reach.ALL},
    Permission.DELIVERY_SEND: {Role.SECRETARIAT: Reach.ALL},
    # Where to, and never what: which hosts there are is a matter of the installation.
    Permission.WEBHOOK_READ: {Role.ADMIN: Reach.ALL},
    Permission.WEBHOOK_MANAGE: {Role.ADMIN: Reach.ALL},
    # The secretariat may not learn from a reminder what its ministry has not told yet.
    Permission.REMINDER_READ: {**_OWN_STAFF, Role.SECRETARIAT: Reach.NOT_INTERNAL, Role.AUDITOR: Reach.NOT_INTERNAL},
    Permission.INBOX: dict.fromkeys((Role.REPORTER, Role.APPROVER, Role.SECRETARIAT, Role.AUDITOR), Reach.RECEIVED),
    Permission.INCIDENT_READ: {**_OWN_STAFF, Role.SECRETARIAT: Reach.NOTIFIED, Role.AUDITOR: Reach.NOTIFIED},
    # The secretariat enters what it heard of itself, for the ministry concerned.
    Permission.INCIDENT_CREATE: {**_OWN_STAFF, Role.SECRETARIAT: Reach.NOTIFIED},
    Permission.INCIDENT_REPORT: _OWN_STAFF,
    Permission.INCIDENT_MANAGE: {Role.APPROVER: Reach.OWN},
    Permission.INCIDENT_REOPEN: {Role.APPROVER: Reach.OWN, Role.SECRETARIAT: Reach.NOTIFIED},
    Permission.INCIDENT_CLOSE: {Role.SECRETARIAT: Reach.NOTIFIED},
    Permission.INCIDENT_NOTE: {**_OWN_STAFF, Role.SECRETARIAT: Reach.NOTIFIED},
    Permission.MEASURE_WRITE: _OWN_STAFF,
    Permission.NIL_READ: {**_OWN_STAFF, **_OVERSIGHT},
    Permission.NIL_DECLARE: _OWN_STAFF,
    Permission.ASSESSMENT_READ: {**_OWN_STAFF, Role.SECRETARIAT: Reach.DECIDED, Role.AUDITOR: Reach.DECIDED},
    Permission.ASSESSMENT_WRITE: _OWN_STAFF,
    Permission.ASSESSMENT_DECIDE: {Role.APPROVER: Reach.OWN},
    Permission.REFERRAL_READ: {**_OWN_STAFF, Role.SECRETARIAT: Reach.SENT, Role.AUDITOR: Reach.SENT},
    Permission.REFERRAL_DRAFT: _OWN_STAFF,
    Permission.REFERRAL_SEND: {Role.APPROVER: Reach.OWN},
    Permission.REFERRAL_REVIEW: {Role.SECRETARIAT: Reach.SENT},
    Permission.NOTICE_READ: {Role.REPORTER: Reach.ADDRESSED, Role.APPROVER: Reach.ADDRESSED, **_OVERSIGHT},
    Permission.NOTICE_WRITE: {Role.SECRETARIAT: Reach.ALL},
    Permission.NOTICE_CONSENT: {Role.APPROVER: Reach.ORIGIN},
    Permission.NOTICE_BOARD: _OVERSIGHT,
    Permission.NOTICE_ANSWER_READ: {
        **_OWN_STAFF,
        Role.SECRETARIAT: Reach.CONFIRMED,
        Role.AUDITOR: Reach.CONFIRMED,
    },
    Permission.NOTICE_ANSWER_DRAFT: _OWN_STAFF,
    Permission.NOTICE_ANSWER_CONFIRM: {Role.APPROVER: Reach.OWN},
    Permission.SENTINEL_RUN: {Role.SECRETARIAT: Reach.ALL},
    Permission.QUESTION_READ: {**_OWN_STAFF, Role.SECRETARIAT: Reach.NOT_INTERNAL, Role.AUDITOR: Reach.NOT_INTERNAL},
    Permission.QUESTION_ANSWER: _OWN_STAFF,
    Permission.QUESTION_REVIEW: {Role.SECRETARIAT: Reach.NOT_INTERNAL},
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

INCIDENT_DEEDS: Mapping[IncidentDeed, Permission] = {
    IncidentDeed.EDIT: Permission.INCIDENT_REPORT,
    IncidentDeed.REVISE: Permission.INCIDENT_MANAGE,
    IncidentDeed.REPORT: Permission.INCIDENT_REPORT,
    IncidentDeed.RECEIVE: Permission.INCIDENT_MANAGE,
    IncidentDeed.DISMISS: Permission.INCIDENT_MANAGE,
    IncidentDeed.NOTIFY: Permission.INCIDENT_MANAGE,
    IncidentDeed.COMPLETE: Permission.INCIDENT_MANAGE,
    IncidentDeed.CLOSE: Permission.INCIDENT_CLOSE,
    IncidentDeed.REOPEN: Permission.INCIDENT_REOPEN,
    IncidentDeed.WITHDRAW: Permission.INCIDENT_REPORT,
    IncidentDeed.COMMENT: Permission.INCIDENT_NOTE,
}

ASSESSMENT_DEEDS: Mapping[AssessmentDeed, Permission] = {
    AssessmentDeed.EDIT: Permission.ASSESSMENT_WRITE,
    AssessmentDeed.PROPOSE: Permission.ASSESSMENT_WRITE,
    AssessmentDeed.SEND_BACK: Permission.ASSESSMENT_DECIDE,
    AssessmentDeed.DECIDE: Permission.ASSESSMENT_DECIDE,
    # Nobody asks for it: the next decision does it.
    AssessmentDeed.SUPERSEDE: Permission.ASSESSMENT_DECIDE,
    AssessmentDeed.WITHDRAW: Permission.ASSESSMENT_WRITE,
}

REFERRAL_DEEDS: Mapping[ReferralDeed, Permission] = {
    ReferralDeed.EDIT: Permission.REFERRAL_DRAFT,
    ReferralDeed.SEND: Permission.REFERRAL_SEND,
    ReferralDeed.RETURN: Permission.REFERRAL_REVIEW,
    ReferralDeed.SCHEDULE: Permission.REFERRAL_REVIEW,
    ReferralDeed.ADVISE: Permission.REFERRAL_REVIEW,
    ReferralDeed.RESPOND: Permission.REFERRAL_SEND,
    ReferralDeed.CLOSE: Permission.REFERRAL_REVIEW,
    ReferralDeed.WITHDRAW: Permission.REFERRAL_SEND,
}

NOTICE_DEEDS: Mapping[NoticeDeed, Permission] = {
    NoticeDeed.EDIT: Permission.NOTICE_WRITE,
    NoticeDeed.ASK: Permission.NOTICE_WRITE,
    NoticeDeed.CLEAR: Permission.NOTICE_CONSENT,
    NoticeDeed.REFUSE: Permission.NOTICE_CONSENT,
    NoticeDeed.ISSUE: Permission.NOTICE_WRITE,
    NoticeDeed.EXTEND: Permission.NOTICE_WRITE,
    NoticeDeed.CLOSE: Permission.NOTICE_WRITE,
    NoticeDeed.WITHDRAW: Permission.NOTICE_WRITE,
    NoticeDeed.ANSWER: Permission.NOTICE_ANSWER_DRAFT,
    NoticeDeed.REOPEN: Permission.NOTICE_ANSWER_DRAFT,
    NoticeDeed.CONFIRM: Permission.NOTICE_ANSWER_CONFIRM,
}

EDITION_DEEDS: Mapping[EditionDeed, Permission] = {
    **dict.fromkeys(EditionDeed, Permission.EDITION_WRITE),
    EditionDeed.APPROVE: Permission.EDITION_APPROVE,
}

# What people do with a question; the rest the check does by itself.
QUESTION_DEEDS: Mapping[QuestionDeed, Permission] = {
    QuestionDeed.CLAIM: Permission.QUESTION_ANSWER,
    QuestionDeed.EXPLAIN: Permission.QUESTION_ANSWER,
    QuestionDeed.ACCEPT: Permission.QUESTION_REVIEW,
    QuestionDeed.ASK_BACK: Permission.QUESTION_REVIEW,
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
    BuiltTable: Permission.TABLE_READ,
    Snapshot: Permission.SNAPSHOT_READ,
    Job: Permission.JOB_READ,
    JobRun: Permission.JOB_RUN_READ,
    AuditEntry: Permission.AUDIT_READ,
    Incident: Permission.INCIDENT_READ,
    Measure: Permission.INCIDENT_READ,
    IncidentFile: Permission.INCIDENT_READ,
    NilReport: Permission.NIL_READ,
    Assessment: Permission.ASSESSMENT_READ,
    HighRiskFlag: Permission.ASSESSMENT_READ,
    Referral: Permission.REFERRAL_READ,
    Notice: Permission.NOTICE_READ,
    NoticeRecipient: Permission.NOTICE_READ,
    NoticeAnswer: Permission.NOTICE_ANSWER_READ,
    Question: Permission.QUESTION_READ,
    Disclosure: Permission.DISCLOSURE_READ,
    Edition: Permission.EDITION_READ,
    Message: Permission.DELIVERY_READ,
    DeadAddress: Permission.DELIVERY_READ,
    Reminder: Permission.REMINDER_READ,
    CalendarFeed: Permission.INBOX,
    Webhook: Permission.WEBHOOK_READ,
}
