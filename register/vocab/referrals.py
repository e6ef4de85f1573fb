"""Referrals (アドバイザリーボードへの報告・相談): where they stand and what is done with them (domain.md section 3)."""

from __future__ import annotations

from register.vocab.terms import Term


class ReferralState(Term):
    """Where a referral stands."""

    DRAFT = "draft", "下書き", "Draft"
    SENT = "sent", "送付済み", "Sent"
    RETURNED = "returned", "差戻し", "Returned"
    SCHEDULED = "scheduled", "会議予定", "Scheduled"
    ADVISED = "advised", "意見あり", "Opinion given"
    RESPONDED = "responded", "対応回答済み", "Responded"
    CLOSED = "closed", "終結", "Closed"
    WITHDRAWN = "withdrawn", "取下げ", "Withdrawn"


class ReferralDeed(Term):
    """What is done with a referral."""

    EDIT = "edit", "内容を直す", "Edit"
    SEND = "send", "事務局に送る", "Send to the secretariat"
    RETURN = "return", "差し戻す", "Return"
    SCHEDULE = "schedule", "会議の予定を記録する", "Record the meeting"
    ADVISE = "advise", "意見を記録する", "Record the opinion"
    RESPOND = "respond", "対応を回答する", "Respond"
    CLOSE = "close", "終結する", "Close"
    WITHDRAW = "withdraw", "取り下げる", "Withdraw"


class Publicity(Term):
    """What of a referral may be made public; it is decided for each one by itself."""

    OPEN = "open", "公開", "Public"
    PARTLY = "partly", "一部非公開", "Partly closed"
    CLOSED = "closed", "非公開", "Closed"
