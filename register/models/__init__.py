"""The tables. Importing this package registers every model with the metadata."""

from register.models.ai_system import AISystem
from register.models.assessment import Assessment, AssessmentEvent, HighRiskFlag
from register.models.audit import AuditClear, AuditEntry, AuditHead, ChangeMark
from register.models.built_table import BuiltTable, BuiltTableVersion
from register.models.calendar_feed import CalendarFeed
from register.models.disclosure import Disclosure
from register.models.edition import Edition, EditionText, texts_digest
from register.models.incident import (
    Incident,
    IncidentCase,
    IncidentEvent,
    IncidentFile,
    IncidentReference,
    IncidentSerial,
    Measure,
    NilReport,
)
from register.models.job import Job
from register.models.job_run import JobLeader, JobRun
from register.models.message import DeadAddress, Message
from register.models.ministry import CaseSerial, Ministry
from register.models.mixins import Audited
from register.models.notice import Notice, NoticeAnswer, NoticeEvent, NoticeRecipient, NoticeSerial
from register.models.question import Question, QuestionEvent
from register.models.referral import Referral, ReferralCondition, ReferralEvent, ReferralPackage, ReferralSerial
from register.models.reminder import Reminder, ReminderStop, RoundReminder
from register.models.request_token import RequestToken
from register.models.round import FormVersion, Round
from register.models.round_print import RoundPrint
from register.models.snapshot import Snapshot, SnapshotCopy
from register.models.submission import (
    AnswerDraft,
    ItemVersion,
    Remark,
    Submission,
    SubmissionEvent,
    SubmissionItem,
    Upload,
    counted,
)
from register.models.tally import RoundTally
from register.models.use_case import LifecycleEvent, UseCase
from register.models.user import User
from register.models.webhook import Webhook

__all__ = [
    "AISystem",
    "AnswerDraft",
    "Assessment",
    "AssessmentEvent",
    "AuditClear",
    "AuditEntry",
    "AuditHead",
    "Audited",
    "BuiltTable",
    "BuiltTableVersion",
    "CalendarFeed",
    "CaseSerial",
    "ChangeMark",
    "DeadAddress",
    "Disclosure",
    "Edition",
    "EditionText",
    "FormVersion",
    "HighRiskFlag",
    "Incident",
    "IncidentCase",
    "IncidentEvent",
    "IncidentFile",
    "IncidentReference",
    "IncidentSerial",
    "ItemVersion",
    "Job",
    "JobLeader",
    "JobRun",
    "LifecycleEvent",
    "Measure",
    "Message",
    "Ministry",
    "NilReport",
    "Notice",
    "NoticeAnswer",
    "NoticeEvent",
    "NoticeRecipient",
    "NoticeSerial",
    "Question",
    "QuestionEvent",
    "Referral",
    "ReferralCondition",
    "ReferralEvent",
    "ReferralPackage",
    "ReferralSerial",
    "Remark",
    "Reminder",
    "ReminderStop",
    "RequestToken",
    "Round",
    "RoundPrint",
    "RoundReminder",
    "RoundTally",
    "Snapshot",
    "SnapshotCopy",
    "Submission",
    "SubmissionEvent",
    "SubmissionItem",
    "Upload",
    "UseCase",
    "User",
    "Webhook",
    "counted",
    "texts_digest",
]
