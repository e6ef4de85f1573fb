"""High-risk judgments (高リスク判定, domain.md section 3): where they stand, what they say, why they are asked anew."""

from __future__ import annotations

from register.vocab.terms import Term


class AssessmentState(Term):
    """Where a judgment stands."""

    DRAFT = "draft", "下書き", "Draft"
    PROPOSED = "proposed", "判定待ち", "Awaiting decision"
    DECIDED = "decided", "判定済み", "Decided"
    SUPERSEDED = "superseded", "置換え済み", "Superseded"
    WITHDRAWN = "withdrawn", "取下げ", "Withdrawn"


class AssessmentDeed(Term):
    """What is done with a judgment."""

    EDIT = "edit", "シートを直す", "Edit the sheet"
    PROPOSE = "propose", "判定を求める", "Ask for a decision"
    SEND_BACK = "send_back", "担当者に差し戻す", "Send back"
    DECIDE = "decide", "判定する", "Decide"
    SUPERSEDE = "supersede", "新しい判定に置き換える", "Supersede"
    WITHDRAW = "withdraw", "取り下げる", "Withdraw"


class RiskResult(Term):
    """What a sheet suggests and what is decided; there is no "prohibited"."""

    NOT_HIGH = "not_high", "高リスクに該当しない", "Not high risk"
    POSSIBLE_HIGH = "possible_high", "高リスクの可能性", "Possibly high risk"
    UNDETERMINED = "undetermined", "未判定", "Undetermined"


class ReaskCause(Term):
    """Why a case has to be judged, or judged anew."""

    FIRST = "first", "まだ判定していません", "Not judged yet"
    USER_SCOPE = "user_scope", "利用者の範囲が変わりました", "The users have changed"
    CONFIDENTIALITY = "confidentiality", "取扱情報の機密性が変わりました", "The information handled has changed"
    USAGE_TYPE = "usage_type", "利用類型が変わりました", "The usage type has changed"
    STAGE = "stage", "導入段階が変わりました", "The stage has changed"
    MODEL = "model", "モデルやAIシステムが変わりました", "The model or AI system has changed"
    INCIDENT = "incident", "重大なリスクケースがありました", "A grave risk case occurred"
    REVIEW = "review", "見直しの期限が来ました", "The review is due"
