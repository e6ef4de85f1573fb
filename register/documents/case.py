"""The record of a case (案件の記録): all that the register holds of one case and that the person who asks may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from register import authz
from register.authz import Permission
from register.documents import told_answers, told_case, told_history, told_questions, told_risk
from register.documents.figures import Printed
from register.documents.ground import Ground
from register.documents.paper import Paper
from register.documents.record import Block, Facts, Grid, Part, Series, Told
from register.documents.record_paper import record_paper
from register.documents.tell import Tell
from register.documents.told_risk import NO_VALUE
from register.errors import psay, say
from register.models import Disclosure, UseCase
from register.queries import assessments, disclosures, incidents, referrals, use_cases
from register.queries.audit_history import case_scope
from register.queries.use_cases import CasePage

NAME = "case"
# How much of a text is repeated beside what was decided of it.
CLIPPED = 120


def papers(ground: Ground) -> list[Paper]:
    """Return the one document of the case that was asked for."""
    case: UseCase = ground.row(UseCase)
    tell = Tell(ground)
    page = use_cases.case_page(ground.session, case, ground.actor, ground.today)
    title = say("案件の記録（%(number)s）", number=case.case_no)
    return [record_paper(tell, "case.html", NAME, title, _chapters(tell, page), {"page": page})]


def expected(data: Mapping[str, Any]) -> Printed:
    """Return what the document prints of its data: the numbers of all that it tells of, in order."""
    return Printed(names=data["names"])


def _chapters(tell: Tell, page: CasePage) -> list[Block]:
    ground, case = tell.ground, page.use_case
    session, actor = ground.session, ground.actor
    tied = told_case.incidents(tell, incidents.of_case(session, case, actor))
    chapters = [
        _block(tell, "overview", say("概要"), [_facts(tell, page), *_system(tell, page)], case.case_no),
        _block(tell, "life", say("経過"), [told_case.life(tell, page.steps)]),
        _block(
            tell,
            "answers",
            say("定期報告の回答"),
            [told_answers.rounds(tell, use_cases.items_of(session, case, actor))],
        ),
        _block(tell, "incidents", say("リスクケース"), [tied]),
        *_judgments(tell, case),
        _block(tell, "referrals", say("アドバイザリーボードへの報告・相談"), [_referrals(tell, case)]),
        told_questions.chapter(tell, case),
    ]
    if authz.can(actor, Permission.DISCLOSURE_READ, case):
        chapters.append(_block(tell, "disclosure", say("公開の区分"), [_disclosures(tell, case)]))
    return [*chapters, told_history.chapter(tell, case_scope(session, case, actor))]


def _block(tell: Tell, name: str, title: Any, parts: list[Part], key: str = "") -> Block:
    return Block(name, tell.say(title), parts, key)


def _facts(tell: Tell, page: CasePage) -> Facts:
    case = page.use_case
    found = [
        tell.fact("case_no", say("案件番号"), tell.text(case.case_no)),
        tell.fact("title", say("案件名"), tell.text(case.title)),
        tell.fact("ministry", say("府省庁"), tell.ministry(page.ministry)),
        tell.fact("lifecycle", say("状態"), tell.term(case.lifecycle)),
        tell.fact("lifecycle_since", say("状態になった日"), tell.day(case.lifecycle_since)),
        *told_case.facts(tell, case, page.system),
        tell.fact("created_at", say("登録日時"), tell.at(case.created_at)),
        tell.fact("updated_at", say("更新日時"), tell.at(case.updated_at)),
    ]
    return Facts("facts", tell.say(say("台帳の登録内容")), found)


def _system(tell: Tell, page: CasePage) -> list[Facts]:
    system = page.system
    if system is None:
        return []
    found = [
        tell.fact("name", say("名称"), tell.text(system.name)),
        tell.fact("ministry", say("府省庁"), tell.ministry(system.ministry)),
        tell.fact("vendor", say("事業者"), tell.text(system.vendor)),
        tell.fact("model_usage", say("モデル利用状況"), tell.text(system.model_usage)),
        tell.fact("shared", say("ほかの府省庁と共同で使う"), tell.yes(system.shared)),
        tell.fact("note", say("備考"), tell.text(system.note, NO_VALUE)),
    ]
    return [Facts("system", tell.say(psay("singular", "AIシステム")), found)]


def _judgments(tell: Tell, case: UseCase) -> list[Block]:
    ground = tell.ground
    known = assessments.of_case(ground.session, case, ground.actor, ground.run.sheets, ground.today)
    if known is None:
        return []
    blocks = [
        Block("judgment", told_risk.judgment_title(tell, one), told_risk.judgment(tell, one), one.assessment_no)
        for one in reversed(known.assessments)
    ]
    none = tell.say(say("この案件の判定はまだありません。"))
    parts: list[Part] = [told_risk.flags(tell, known.flags), Series("items", blocks, none)]
    return [_block(tell, "judgments", say("高リスク判定"), parts)]


def _referrals(tell: Tell, case: UseCase) -> Series:
    ground = tell.ground
    found = referrals.of_case(ground.session, case, ground.actor)
    blocks = [
        Block("referral", told_risk.referral_title(tell, one), told_risk.referral(tell, one), one.referral_no)
        for one in reversed(found)
    ]
    return Series("items", blocks, tell.say(say("この案件の報告・相談はありません。")))


def _disclosures(tell: Tell, case: UseCase) -> Grid:
    rows = [
        [tell.term(one.part), _clipped(tell, one.text), _level(tell, one.row), _decision(tell, one.row)]
        for one in disclosures.parts_of(tell.ground.session, case)
    ]
    columns = [
        tell.column("part", say("項目"), 32),
        tell.column("text", say("いまの内容")),
        tell.column("level", say("公開の区分"), 52),
        tell.column("state", say("状態"), 40),
    ]
    return tell.grid("parts", say("報告書の公開版に載せてよい範囲"), columns, rows, say("公開の区分はありません。"))


def _clipped(tell: Tell, text: str) -> Told:
    """Tell the beginning of a text that stands in the overview; the data have all of it."""
    told = tell.text(text, NO_VALUE)
    return told if len(text) <= CLIPPED else Told(f"{text[:CLIPPED]}…", text)


def _level(tell: Tell, row: Disclosure | None) -> Told:
    if row is None:
        return tell.none(say("決まっていません（非公開）"))
    ground = tell.say(say("情報公開法第5条%(ground)s", ground=row.ground)) if row.ground else ""
    said = f"{tell.say(say('公開する文：'))}{row.public_text}" if row.public_text else ""
    again = tell.say(say("見直す日：%(day)s", day=tell.words.on(row.review_on))) if row.review_on else ""
    told = tell.term(row.level)
    value = {
        "level": told.value,
        "ground": tell.term(row.ground).value,
        "public_text": row.public_text,
        "review_on": tell.on(row.review_on).value,
    }
    return Told(tell.together(told.text, ground, said, again), value)


def _decision(tell: Tell, row: Disclosure | None) -> Told:
    if row is None:
        return tell.none(NO_VALUE)
    at, by = (row.decided_at, row.decided_by) if row.decided_at else (row.proposed_at, row.proposed_by)
    told = tell.term(row.state)
    value = {"state": told.value, "at": tell.at(at).value, "by": by, "word": row.word}
    return Told(tell.together(told.text, tell.at(at).text, by, row.word), value)
