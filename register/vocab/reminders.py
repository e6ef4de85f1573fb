"""Reminders (お知らせ): what they are about, when within it they come, whom they go to, and what became of them."""

from __future__ import annotations

from register.vocab.terms import Term


class ReminderEvent(Term):
    """What a reminder is about."""

    ROUND_OPENED = "round_opened", "定期報告の受付開始", "Opening of a round"
    ROUND_DUE = "round_due", "定期報告の提出期限", "Deadline of a round"
    RETURNED = "returned", "差し戻された定期報告", "Return sent back"
    RETURN_QUESTION = "return_question", "定期報告の回答への質問", "Question on a return"
    APPROVAL = "approval", "定期報告の承認待ち", "Return awaiting approval"
    EDITION_APPROVAL = "edition_approval", "報告書の版の承認待ち", "Edition awaiting approval"
    DISCLOSURE_PROPOSED = "disclosure_proposed", "公開の区分の決定待ち", "Disclosure awaiting a decision"
    DISCLOSURE_REVIEW = "disclosure_review", "公開の区分の見直し", "Review of a disclosure"
    INCIDENT_REPORT = "incident_report", "リスクケースの報告期限", "Deadline to report an incident"
    INCIDENT_NOTIFY = "incident_notify", "リスクケースの事務局への報告期限", "Deadline to tell the secretariat"
    INCIDENT_SILENCE = "incident_silence", "リスクケースの経過の報告", "Next word on an incident"
    ASSESSMENT_REVIEW = "assessment_review", "高リスク判定の見直し", "Review of a high-risk judgment"
    NOTICE_UNANSWERED = "notice_unanswered", "注意喚起への回答", "Answer to a notice"
    QUESTION_OPEN = "question_open", "確認の質問への回答", "Answer to questions of the consistency check"


class ReminderTone(Term):
    """When within its event a reminder comes, and so in which words."""

    NEWS = "news", "発生したとき", "When it happens"
    BEFORE = "before", "期限の前", "Before the day"
    TODAY = "today", "期限の日", "On the day"
    LATE = "late", "期限の後・督促", "After the day"
    ESCALATED = "escalated", "取りまとめ・事務局への連絡", "Escalation"


class ReminderAudience(Term):
    """Whom a stage of the plan addresses: people of a role, or the person that the matter names."""

    REPORTER = "reporter", "府省庁担当者", "Reporters"
    APPROVER = "approver", "府省庁取りまとめ", "Approvers"
    SECRETARIAT = "secretariat", "事務局", "Secretariat"
    PERSON = "person", "本人", "The person concerned"


class ReminderState(Term):
    """What became of an entry of the plan."""

    TOLD = "told", "通知済み", "Told"
    SUPERSEDED = "superseded", "後の通知に置換え", "Superseded by a later one"
