"""How the register itself works: slow work, and what brought a change in."""

from __future__ import annotations

from register.vocab.terms import Term


class JobState(Term):
    """The life of a piece of slow work that a request asked for."""

    QUEUED = "queued", "待機中", "Queued"
    RUNNING = "running", "処理中", "Running"
    DONE = "done", "完了", "Done"
    FAILED = "failed", "失敗", "Failed"


class Source(Term):
    """What brought a change into the register."""

    WEB = "web", "画面", "Screen"
    IMPORT = "import", "取込み", "Import"
    SEED = "seed", "デモデータ", "Demo data"
    ROUND = "round", "定期報告", "Periodic report"
