"""The words that code branches on: each member is the stored code, with its label in Japanese and English.

A word that no code branches on lives in ``config/codes``; a word that owns rows is a table.
"""

from register.vocab.answers import ChangeCause, ChangeKind, Fate, MappedBy, Mark, Odd
from register.vocab.assessments import AssessmentDeed, AssessmentState, ReaskCause, RiskResult
from register.vocab.editions import (
    DISCLOSED_TEXTS,
    DisclosureClass,
    DisclosurePart,
    DisclosureState,
    EditionDeed,
    EditionState,
    Ground,
    Variant,
)
from register.vocab.incidents import IncidentDeed, IncidentKind, IncidentState, Precision
from register.vocab.notices import AudienceKind, NoticeDeed, NoticeState, Reply, ReplyState
from register.vocab.outbox import Channel, MessageState
from register.vocab.people import MINISTRY_ROLES, Role
from register.vocab.questions import About, Need, QuestionDeed, QuestionState, Weight
from register.vocab.referrals import Publicity, ReferralDeed, ReferralState
from register.vocab.register import ChoreName, JobState, RunState, Source
from register.vocab.reminders import ReminderAudience, ReminderEvent, ReminderState, ReminderTone
from register.vocab.rounds import (
    AnswerState,
    Confirmation,
    RemarkKind,
    RoundDeed,
    RoundState,
    SectionState,
    SubmissionDeed,
    SubmissionState,
)
from register.vocab.snapshots import SnapshotKind, SnapshotState
from register.vocab.terms import Term
from register.vocab.use_cases import Lifecycle, Stage, StartTiming

__all__ = [
    "DISCLOSED_TEXTS",
    "MINISTRY_ROLES",
    "About",
    "AnswerState",
    "AssessmentDeed",
    "AssessmentState",
    "AudienceKind",
    "ChangeCause",
    "ChangeKind",
    "Channel",
    "ChoreName",
    "Confirmation",
    "DisclosureClass",
    "DisclosurePart",
    "DisclosureState",
    "EditionDeed",
    "EditionState",
    "Fate",
    "Ground",
    "IncidentDeed",
    "IncidentKind",
    "IncidentState",
    "JobState",
    "Lifecycle",
    "MappedBy",
    "Mark",
    "MessageState",
    "Need",
    "NoticeDeed",
    "NoticeState",
    "Odd",
    "Precision",
    "Publicity",
    "QuestionDeed",
    "QuestionState",
    "ReaskCause",
    "ReferralDeed",
    "ReferralState",
    "RemarkKind",
    "ReminderAudience",
    "ReminderEvent",
    "ReminderState",
    "ReminderTone",
    "Reply",
    "ReplyState",
    "RiskResult",
    "Role",
    "RoundDeed",
    "RoundState",
    "RunState",
    "SectionState",
    "SnapshotKind",
    "SnapshotState",
    "Source",
    "Stage",
    "StartTiming",
    "SubmissionDeed",
    "SubmissionState",
    "Term",
    "Variant",
    "Weight",
]
