"""Editions of a report and what of a case is public: states, deeds, classes, legal grounds (domain.md section 11)."""

from __future__ import annotations

from register.vocab.terms import Term


class EditionState(Term):
    """Where an edition of a report stands."""

    DRAFT = "draft", "準備中", "Draft"
    CHECKED = "checked", "承認待ち", "Awaiting approval"
    APPROVED = "approved", "承認済み", "Approved"
    PUBLISHED = "published", "公表済み", "Published"
    SUPERSEDED = "superseded", "差替え済み", "Superseded"
    DISCARDED = "discarded", "取りやめ", "Discarded"


class EditionDeed(Term):
    """What is done with an edition of a report."""

    EDIT = "edit", "内容を決め直す", "Change what it holds"
    CHECK = "check", "点検して承認を求める", "Check and ask for approval"
    SEND_BACK = "send_back", "準備中に戻す", "Send back"
    APPROVE = "approve", "承認する", "Approve"
    PUBLISH = "publish", "公表する", "Publish"
    SUPERSEDE = "supersede", "差し替える", "Supersede"
    DISCARD = "discard", "取りやめる", "Discard"


class Variant(Term):
    """For whom an edition is written: both have the same ids, and the public one lacks what is not public."""

    PUBLIC = "public", "公開版", "Public edition"
    CLOSED = "closed", "関係者版", "Closed edition"


class DisclosureClass(Term):
    """How far a part of a case is public."""

    PUBLIC = "public", "公開", "Public"
    PARTLY = "partly", "一部非公開", "Public in part"
    CLOSED = "closed", "非公開", "Not public"


class DisclosureState(Term):
    """Where the decision on a part of a case stands; until it is decided, it is not public."""

    PROPOSED = "proposed", "決定待ち", "Awaiting decision"
    DECIDED = "decided", "決定済み", "Decided"
    DECLINED = "declined", "差戻し", "Sent back"


class DisclosurePart(Term):
    """What of a case may be public or not: that it is told of at all, and its texts."""

    CASE = "case", "案件として示すこと", "That the case is shown"
    TITLE = "title", "案件名", "Name of the case"
    PURPOSE = "purpose", "利用用途", "Purpose of use"
    GOAL = "goal_text", "成果目標", "Goal"


# The parts that are texts: what is shown of a case, if it is shown at all.
DISCLOSED_TEXTS = tuple(part for part in DisclosurePart if part is not DisclosurePart.CASE)


class Ground(Term):
    """Why something is not public: the numbers of article 5 of the disclosure law (情報公開法, 平成11年法律第42号)."""

    PERSON = "1", "第1号（個人に関する情報）", "Item 1 (individuals)"
    ANONYMISED = "1-2", "第1号の2（行政機関等匿名加工情報）", "Item 1-2 (anonymised personal information)"
    CORPORATION = "2", "第2号（法人等に関する情報）", "Item 2 (corporations)"
    SECURITY = "3", "第3号（国の安全・外交）", "Item 3 (national security, diplomacy)"
    SAFETY = "4", "第4号（公共の安全・捜査）", "Item 4 (public safety, investigation)"
    DELIBERATION = "5", "第5号（審議・検討）", "Item 5 (deliberation)"
    AFFAIRS = "6", "第6号（事務・事業）", "Item 6 (affairs and business)"
