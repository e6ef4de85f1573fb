"""How an answer stands to the one before, and to the form that it was given on."""

from __future__ import annotations

from register.vocab.terms import Term


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


class MappedBy(Term):
    """Who carried an answer from an earlier version of the form into this one."""

    AUTOMATIC = "automatic", "自動", "Automatic"
    MINISTRY = "ministry", "府省庁", "Ministry"
    SECRETARIAT = "secretariat", "事務局", "Secretariat"


class ChangeCause(Term):
    """Why an answer differs from the one before, where the form changed what its codes mean."""

    DEFINITION = "definition", "定義が変わったため", "The definition changed"
    ACTUAL = "actual", "利用の実態が変わったため", "The use itself changed"


class ChangeKind(Term):
    """What became of a question, or of an answer to it, in the next version of a form (design.md section 4)."""

    SAME = "same", "変更なし", "Unchanged"
    NARROWED = "narrowed", "範囲を狭めた", "Narrowed"
    WIDENED = "widened", "範囲を広げた", "Widened"
    SPLIT = "split", "細分した", "Split"
    NEW = "new", "新設", "New"
    RETIRED = "retired", "廃止", "Dropped"
