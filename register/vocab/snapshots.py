"""Snapshots (台帳写し): what each tells, and where its file stands."""

from __future__ import annotations

from register.vocab.terms import Term


class SnapshotKind(Term):
    """What a snapshot tells."""

    REPORT = "report", "定期報告の集計", "Figures of a round"
    EDITION = "edition", "定期報告の報告書", "Report of a round"
    REGISTER = "register", "台帳（案件一覧）", "Register (list of cases)"
    CASE = "case", "案件の記録", "Record of a case"
    INCIDENT = "incident", "リスクケースの記録", "Record of an incident"
    RECEIPT = "receipt", "提出の控え", "Receipt of a return"
    ANNEX = "annex", "高リスク案件の別冊", "High-risk annex"
    AGENDA = "agenda", "アドバイザリーボード議題資料", "Papers of the Advisory Board"
    PACK = "pack", "証拠資料一式", "Evidence pack"


class SnapshotState(Term):
    """Where the file of a snapshot stands."""

    ISSUED = "issued", "発行済み（署名なし）", "Issued, not signed"
    WAITING = "waiting", "署名待ち", "Waiting for its signature"
    SIGNED = "signed", "署名済み", "Signed"
    DISPOSED = "disposed", "保存期間満了により廃棄", "Disposed of after its term"
