"""Questions of the consistency check (確認の質問): where they stand, what is done with them, what they ask about."""

from __future__ import annotations

from register.vocab.terms import Term


class QuestionState(Term):
    """Where a question stands."""

    OPEN = "open", "回答待ち", "Waiting for an answer"
    CLAIMED = "claimed", "修正済みと回答", "Said to be corrected"
    EXPLAINED = "explained", "説明あり", "Explained"
    ACCEPTED = "accepted", "了承", "Accepted"
    FIXED = "fixed", "解消", "Settled"


class QuestionDeed(Term):
    """What is done with a question; the first ones and the last ones by the check itself."""

    ASK = "ask", "質問する", "Ask"
    REVISE = "revise", "内容を改める", "Bring up to date"
    CLAIM = "claim", "修正済みと答える", "Say that it is corrected"
    EXPLAIN = "explain", "理由を説明する", "Explain"
    ACCEPT = "accept", "説明を了承する", "Accept the explanation"
    ASK_BACK = "ask_back", "もう一度尋ねる", "Ask again"
    SETTLE = "settle", "解消を確かめる", "Find it settled"
    REOPEN = "reopen", "再び質問する", "Reopen"


class Weight(Term):
    """How much hangs on the answer to a question."""

    HIGH = "high", "重要", "Important"
    NORMAL = "normal", "通常", "Normal"


class About(Term):
    """What a rule of the check looks at."""

    CASE = "case", "案件", "Use case"
    TIED = "tied", "案件とリスクケース", "Use case and incident"
    INCIDENT = "incident", "リスクケース", "Incident"
    SYSTEM = "system", "AIシステム", "AI system"


class Need(Term):
    """What must be loaded for a rule beside the case or incident itself."""

    ROUNDS = "rounds", "定期報告の回答", "Answers of the rounds"
    INCIDENTS = "incidents", "リスクケース", "Incidents"
    SYSTEMS = "systems", "AIシステム", "AI systems"
    ASSESSMENTS = "assessments", "高リスク判定", "High-risk judgments"
    NOTICES = "notices", "注意喚起", "Notices"
