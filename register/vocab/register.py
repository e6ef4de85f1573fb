"""How the register itself works: slow work, and what brought a change in."""

from __future__ import annotations

from register.vocab.terms import Term


class JobState(Term):
    """The life of a piece of slow work that a request asked for."""

    QUEUED = "queued", "待機中", "Queued"
    RUNNING = "running", "処理中", "Running"
    DONE = "done", "完了", "Done"
    FAILED = "failed", "失敗", "Failed"


class RunState(Term):
    """The life of one run of a chore, the work that nobody asks for because its time comes."""

    RUNNING = "running", "処理中", "Running"
    DONE = "done", "完了", "Done"
    FAILED = "failed", "失敗（再試行待ち）", "Failed, to be tried again"
    PARKED = "parked", "失敗（停止中）", "Failed, given up"


class ChoreName(Term):
    """The chores that the register does by itself; their times stand in ``states.SCHEDULE``."""

    REMINDERS = "reminders", "督促・お知らせの作成", "Planning of reminders"
    OUTBOX = "outbox", "メールと通知の送信", "Delivery of mail and posts"
    RETENTION = "retention", "保存期間が満了した台帳写しの廃棄", "Disposal of snapshots whose term is over"
    SIGNING = "signing", "署名を待つ台帳写しへの署名", "Signing of snapshots that wait for it"
    SENTINEL = "sentinel", "台帳の確認", "Consistency check"
    AUDIT = "audit", "監査記録の検証", "Check of the audit log"
    DATABASE = "database", "データベースの点検", "Check of the database"


class Source(Term):
    """What brought a change into the register."""

    WEB = "web", "画面", "Screen"
    IMPORT = "import", "取込み", "Import"
    SEED = "seed", "デモデータ", "Demo data"
    ROUND = "round", "定期報告", "Periodic report"
