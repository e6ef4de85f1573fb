"""Notices (注意喚起): where they stand, whom they address, what is done and answered (domain.md section 4)."""

from __future__ import annotations

from register.vocab.terms import Term


class NoticeState(Term):
    """Where a notice stands."""

    DRAFT = "draft", "下書き", "Draft"
    ASKED = "asked", "了承待ち", "Awaiting consent"
    CLEARED = "cleared", "了承済み", "Cleared"
    ISSUED = "issued", "発出済み", "Issued"
    CLOSED = "closed", "終了", "Closed"
    WITHDRAWN = "withdrawn", "取下げ", "Withdrawn"


class NoticeDeed(Term):
    """What is done with a notice, and with a ministry's answer to it."""

    EDIT = "edit", "文面を直す", "Edit the text"
    ASK = "ask", "了承を求める", "Ask for consent"
    CLEAR = "clear", "了承する", "Give consent"
    REFUSE = "refuse", "差し戻す", "Send back"
    ISSUE = "issue", "発出する", "Issue"
    EXTEND = "extend", "宛先を加える", "Add recipients"
    CLOSE = "close", "終える", "Close"
    WITHDRAW = "withdraw", "取り下げる", "Withdraw"
    ANSWER = "answer", "回答を入力する", "Enter answers"
    REOPEN = "reopen", "確定した回答を直す", "Change confirmed answers"
    CONFIRM = "confirm", "回答を確定する", "Confirm the answer"


class AudienceKind(Term):
    """What the cases of the ministries that a notice addresses have in common."""

    ALL = "all", "すべての府省庁", "All ministries"
    MODEL = "model", "利用するモデル", "Model in use"
    VENDOR = "vendor", "事業者", "Vendor"
    USAGE_TYPE = "usage_type", "利用類型", "Usage type"
    CONFIDENTIALITY = "confidentiality", "取扱情報の機密性", "Confidentiality of the information"


class ReplyState(Term):
    """Where a ministry's answer to a notice stands."""

    OPEN = "open", "未回答", "Not answered"
    DRAFTED = "drafted", "回答中", "Being answered"
    CONFIRMED = "confirmed", "回答済み", "Answered"


class Reply(Term):
    """What is answered of one case, or of a ministry that has no such case."""

    NOT_CONCERNED = "not_concerned", "該当なし", "Not concerned"
    DONE = "done", "該当あり・対応済", "Concerned, done"
    IN_PROGRESS = "in_progress", "該当あり・対応中", "Concerned, in progress"
