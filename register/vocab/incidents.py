"""Incidents (リスクケース): what they are, where they stand and what is done with them (domain.md section 4)."""

from __future__ import annotations

from register.vocab.terms import Term


class IncidentKind(Term):
    """Whether something happened or nearly did; only the first is ever counted."""

    RISK_CASE = "risk_case", "リスクケース", "Risk case"
    NEAR_MISS = "near_miss", "ヒヤリ・ハット", "Near miss"


class IncidentState(Term):
    """Where an incident stands."""

    DRAFT = "draft", "下書き", "Draft"
    REPORTED = "reported", "報告済み", "Reported"
    RECEIVED = "received", "受理済み", "Received"
    IN_RESPONSE = "in_response", "対応中", "In response"
    MEASURES_DONE = "measures_done", "恒久対策済み", "Measures done"
    CLOSED = "closed", "終結", "Closed"
    DISMISSED = "dismissed", "該当せず", "Dismissed"
    WITHDRAWN = "withdrawn", "取消し", "Withdrawn"


class IncidentDeed(Term):
    """What is done with an incident."""

    EDIT = "edit", "内容を直す", "Edit"
    REVISE = "revise", "内容を更新する", "Update"
    REPORT = "report", "報告する", "Report"
    RECEIVE = "receive", "受理する", "Receive"
    DISMISS = "dismiss", "該当せずとする", "Dismiss"
    NOTIFY = "notify", "事務局に報告する", "Report to the secretariat"
    COMPLETE = "complete", "恒久対策を終える", "Complete the measures"
    CLOSE = "close", "終結する", "Close"
    REOPEN = "reopen", "再開する", "Reopen"
    WITHDRAW = "withdraw", "取り消す", "Withdraw"
    COMMENT = "comment", "経過を記録する", "Add to the record"


class Precision(Term):
    """How well a day or a number is known; not knowing is an answer too."""

    EXACT = "exact", "確定", "Exact"
    ESTIMATE = "estimate", "推定", "Estimate"
    UNKNOWN = "unknown", "不明", "Unknown"
