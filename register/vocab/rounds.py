"""Rounds, returns and what is done with them."""

from __future__ import annotations

from register.vocab.terms import Term


class AnswerState(Term):
    """The five states of an answer; an unanswered question is never a blank that counts as zero."""

    ANSWERED = "answered", "回答あり", "Answered"
    MISSING = "missing", "未回答", "Not answered"
    NOT_APPLICABLE = "not_applicable", "対象外", "Not applicable"
    NOT_ASKED = "not_asked", "設問なし", "Not asked"
    DECLINED = "declined", "回答を控える", "Declined"


class RoundState(Term):
    """The life of a reporting round (定期報告の回)."""

    DRAFT = "draft", "準備中", "Draft"
    SCHEDULED = "scheduled", "受付前", "Scheduled"
    OPEN = "open", "受付中", "Open"
    CLOSED = "closed", "受付終了", "Closed"
    FROZEN = "frozen", "確定", "Frozen"
    PUBLISHED = "published", "公表済み", "Published"


class SubmissionState(Term):
    """The life of one ministry's return in a round."""

    NOT_STARTED = "not_started", "未着手", "Not started"
    IN_PROGRESS = "in_progress", "入力中", "In progress"
    IN_REVIEW = "in_review", "府省庁内確認", "In ministry review"
    SUBMITTED = "submitted", "提出", "Submitted"
    RETURNED = "returned", "差戻し", "Returned"
    ACCEPTED = "accepted", "受理", "Accepted"
    FROZEN = "frozen", "確定", "Frozen"


class Confirmation(Term):
    """What a ministry said of one case in a round; only what was confirmed is an answer."""

    UNCONFIRMED = "unconfirmed", "未確認", "Not confirmed"
    UNCHANGED = "unchanged", "変更なし", "Unchanged"
    CHANGED = "changed", "変更あり", "Changed"
    NEW = "new", "新規", "New"
    ENDED = "ended", "利用終了", "Ended"
    # From a file of a round that was collected elsewhere: what happened to the case there is not known.
    REPORTED = "reported", "報告済み", "Reported"


class SectionState(Term):
    """How far one section of a case is in a round."""

    TO_DO = "to_do", "未着手", "Not started"
    STARTED = "started", "入力中", "In progress"
    DONE = "done", "完了", "Done"
    AGAIN = "again", "要確認", "Look again"


class RoundDeed(Term):
    """What the secretariat does with a round as a whole."""

    SCHEDULE = "schedule", "予定を確定する", "Schedule"
    UNSCHEDULE = "unschedule", "準備中に戻す", "Back to draft"
    OPEN = "open", "受付を始める", "Open"
    CLOSE = "close", "受付を終える", "Close"
    REOPEN = "reopen", "受付を再開する", "Reopen"
    FREEZE = "freeze", "確定する", "Freeze"
    PUBLISH = "publish", "公表済みにする", "Publish"


class SubmissionDeed(Term):
    """What a ministry and the secretariat do with one ministry's return."""

    FILL = "fill", "入力する", "Fill in"
    DECLARE_NIL = "declare_nil", "該当なしと報告する", "Report that there is none"
    SEND = "send", "確認に回す", "Send for approval"
    DECLINE = "decline", "担当者に戻す", "Decline"
    APPROVE = "approve", "承認して提出する", "Approve and submit"
    ASK = "ask", "質問する", "Ask"
    REPLY = "reply", "質問に答える", "Reply"
    EXTEND = "extend", "期限を延ばす", "Extend the deadline"
    RETURN = "return", "差し戻す", "Return"
    ACCEPT = "accept", "受理する", "Accept"
    CORRECT = "correct", "確定後に訂正する", "Correct after freezing"


class RemarkKind(Term):
    """What the secretariat wrote beside an answer."""

    QUESTION = "question", "質問", "Question"
    FINDING = "finding", "差戻しの指摘", "Finding"
