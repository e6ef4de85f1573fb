"""The words that code branches on: each member is the stored code, with its label in Japanese and English.

A word that no code branches on lives in ``config/codes``; a word that owns rows is a table.
"""

from __future__ import annotations

from enum import StrEnum


class Term(StrEnum):
    """A stored code that knows its two labels; ``ja`` is the msgid of the screens, ``en`` the English text."""

    ja: str
    en: str

    def __new__(cls, code: str, ja: str = "", en: str = "") -> Term:
        member = str.__new__(cls, code)
        member._value_ = code
        member.ja = ja
        member.en = en
        return member

    def label(self, language: str) -> str:
        """Return the label in ``language`` (``ja`` or ``en``)."""
        return self.en if language == "en" else self.ja


class Role(Term):
    """What a person may do in the register (domain.md section 2); exactly one each."""

    REPORTER = "reporter", "府省庁担当者", "Reporter"
    APPROVER = "approver", "府省庁取りまとめ", "Approver"
    SECRETARIAT = "secretariat", "事務局", "Secretariat"
    AUDITOR = "auditor", "監査", "Auditor"
    ADMIN = "admin", "システム管理", "Administrator"


MINISTRY_ROLES = frozenset({Role.REPORTER, Role.APPROVER})


class Lifecycle(Term):
    """Where a use case stands in its life (domain.md section 5)."""

    PLANNED = "planned", "利用開始前", "Planned"
    VERIFICATION = "verification", "検証段階", "Verification"
    PRODUCTION = "production", "常用段階", "Production"
    SUSPENDED = "suspended", "停止中", "Suspended"
    RETIRED = "retired", "利用終了", "Retired"


class Stage(Term):
    """導入段階 as the form asks it: an intention, no proof of a start."""

    PRODUCTION = "R", "常用段階", "Production"
    VERIFICATION = "V", "検証段階", "Verification"


class StartTiming(Term):
    """利用開始時期; the printed labels move with the round, so these are only the fixed names."""

    STARTED = "1", "利用開始済み", "Started"
    THIS_YEAR = "2", "当年中に利用開始予定", "Planned within the calendar year"
    THIS_FISCAL_YEAR = "3", "当年度中に利用開始予定", "Planned within the fiscal year"
    LATER = "4", "翌年度以降に利用開始予定", "Planned for the next fiscal year or later"
    UNDECIDED = "5", "未定", "Undecided"


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


class Fate(Term):
    """What a workbook that was handed in does with one case."""

    ADDED = "added", "新しく加える案件", "Cases to be added"
    CHANGED = "changed", "回答が変わる案件", "Cases whose answers change"
    CONFIRMED = "confirmed", "変更なしと確認する案件", "Cases confirmed as unchanged"
    ENDED = "ended", "利用終了とする案件", "Cases reported as ended"


class Mark(Term):
    """How an answer stands to the one of last time."""

    SAME = "same", "変更なし", "Unchanged"
    CHANGED = "changed", "変更", "Changed"
    ADDED = "added", "新しく回答", "Newly answered"
    GONE = "gone", "回答がなくなった", "No longer answered"
    FIRST = "first", "前回は設問なし", "Not asked last time"


class Odd(Term):
    """What is odd about a case, though no rule forbids it."""

    MISSING = "missing", "未回答の項目", "Questions not answered"
    DECLINED = "declined", "回答を控えた項目", "Answers declined"
    RECHECK = "recheck", "定義の変更を確かめていない項目", "Redefined answers nobody looked at"
    REDEFINED = "redefined", "定義の変更により答えが変わった項目", "Answers changed by a new definition"
    SUSPENDED = (
        "suspended",
        "台帳では停止中の案件を、利用開始済みと報告",
        "Reported as started, suspended in the register",
    )
    RETIRED = "retired", "台帳では利用終了の案件を報告", "Reported, though retired in the register"
    BACK = "back", "台帳では利用中の案件を、開始前と報告", "Reported as not started, in use in the register"


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


class MappedBy(Term):
    """Who carried an answer from an earlier version of the form into this one."""

    AUTOMATIC = "automatic", "自動", "Automatic"
    MINISTRY = "ministry", "府省庁", "Ministry"
    SECRETARIAT = "secretariat", "事務局", "Secretariat"


class ChangeCause(Term):
    """Why an answer differs from the one before, where the form changed what its codes mean."""

    DEFINITION = "definition", "定義が変わったため", "The definition changed"
    ACTUAL = "actual", "利用の実態が変わったため", "The use itself changed"


class JobState(Term):
    """The life of a piece of slow work that a request asked for."""

    QUEUED = "queued", "待機中", "Queued"
    RUNNING = "running", "処理中", "Running"
    DONE = "done", "完了", "Done"
    FAILED = "failed", "失敗", "Failed"


class ChangeKind(Term):
    """What became of a question, or of an answer to it, in the next version of a form (design.md section 4)."""

    SAME = "same", "変更なし", "Unchanged"
    NARROWED = "narrowed", "範囲を狭めた", "Narrowed"
    WIDENED = "widened", "範囲を広げた", "Widened"
    SPLIT = "split", "細分した", "Split"
    NEW = "new", "新設", "New"
    RETIRED = "retired", "廃止", "Dropped"


class Source(Term):
    """What brought a change into the register."""

    WEB = "web", "画面", "Screen"
    IMPORT = "import", "取込み", "Import"
    SEED = "seed", "デモデータ", "Demo data"
    ROUND = "round", "定期報告", "Periodic report"
