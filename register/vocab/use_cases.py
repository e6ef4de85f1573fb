"""The life of a use case (案件) and the questions of the form that speak of it."""

from __future__ import annotations

from register.vocab.terms import Term


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
