"""The high-risk annex of a round (高リスク案件の別冊): the cases that counted as possibly high risk on its day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from register import authz
from register.authz import Permission
from register.documents import tally, told_answers, told_case, told_risk
from register.documents.figures import Printed, cross_cells
from register.documents.ground import Ground
from register.documents.paper import Paper
from register.documents.record import Block, Facts, Grid, Note, Part, Series, plain
from register.documents.record_paper import record_paper
from register.documents.tell import Tell
from register.errors import say
from register.models import Assessment, HighRiskFlag, Ministry, Referral, Round, SubmissionItem, UseCase
from register.queries import assessments, editions, incidents, referrals, use_cases
from register.reports.table import Table

NAME = "annex"


@dataclass(frozen=True)
class Risky:
    """A case of the annex: the judgment that held on the round's day, and what was answered of it in the round."""

    case: UseCase
    flag: HighRiskFlag
    judgment: Assessment | None
    later: Sequence[Assessment]
    item: SubmissionItem | None
    referrals: Sequence[Referral]

    @property
    def ministry(self) -> Ministry:
        """Whose case it is."""
        return self.case.ministry

    @property
    def usage_type(self) -> str:
        """The usage type in the round; that of the register where the case was not reported then."""
        told = self.item.answers.get("usage_type") if self.item else self.case.usage_type
        return str(told or tally.UNANSWERED)


def papers(ground: Ground) -> list[Paper]:
    """Return the one document of the round that was asked for."""
    round_: Round = ground.row(Round)
    tell = Tell(ground)
    found = [_risky(ground, round_, case, flag) for case, flag in _cases(ground, round_)]
    name = tell.round_name(round_)
    title, table = say("高リスク案件の別冊（%(name)s）", name=name), _table(tell, found)
    blocks = [_block(tell, one) for one in found]
    data: dict[str, Any] = {"round": round_.code, "as_of": round_.as_of.isoformat()}
    data |= {"cases": [plain(block.parts) for block in blocks]}
    data |= {"counts": tally.as_plain(tell, table)} if found else {}
    # Each stands in the overview and at the head of what is told of it.
    data["names"] = [block.key for block in blocks] * 2
    values = {"round": round_, "name": name, "count": len(found), "table": table, "overview": _overview(tell, found)}
    return [record_paper(tell, "annex.html", NAME, title, _chapters(tell, found, blocks), values, data)]


def expected(data: Mapping[str, Any]) -> Printed:
    """Return what the document prints of its data: the counts, and the cases, in the overview and by themselves."""
    figures = [cross_cells(data["counts"])] if "counts" in data else []
    return Printed(figures, data["names"])


def _cases(ground: Ground, round_: Round) -> list[tuple[UseCase, HighRiskFlag]]:
    """Return the cases that the person may see, by ministry in official order."""
    found = [
        (case, flag)
        for case, flag in editions.high_risk(ground.session, round_)
        if authz.can(ground.actor, Permission.USE_CASE_READ, case)
        and authz.can(ground.actor, Permission.ASSESSMENT_READ, flag)
    ]
    return sorted(found, key=lambda one: (one[0].ministry.sort_no, one[0].ministry_id, one[0].case_no))


def _risky(ground: Ground, round_: Round, case: UseCase, flag: HighRiskFlag) -> Risky:
    session, actor = ground.session, ground.actor
    held = assessments.held_on(session, case, round_.as_of)
    seen = held is not None and authz.can(actor, Permission.ASSESSMENT_READ, held)
    known = assessments.of_case(session, case, actor, ground.run.sheets, ground.today)
    decided = [one for one in reversed(known.assessments) if one.decided_on] if known else []
    items = [one for one in use_cases.items_of(session, case, actor) if one.round_id == round_.id]
    return Risky(
        case,
        flag,
        held if seen else None,
        [one for one in decided if one.decided_on and one.decided_on > round_.as_of],
        items[0] if items else None,
        referrals.of_case(session, case, actor)[::-1],
    )


def _table(tell: Tell, found: Sequence[Risky]) -> Table:
    bodies = tally.ministries(tell, dict.fromkeys(one.ministry for one in found))
    pairs = [(one.ministry.key, one.usage_type) for one in found]
    title = say("高リスクの可能性がある案件の数（府省庁と利用類型）")
    return tally.cross(tell, "high_risk", title, bodies, tally.options(tell, "usage_type"), pairs)


def _overview(tell: Tell, found: Sequence[Risky]) -> Grid:
    none = say("報告・相談はありません")
    rows = [
        [
            tell.text(one.case.case_no),
            tell.ministry(one.ministry),
            tell.text(one.case.title),
            tell.on(one.flag.since),
            tell.text("\n".join(told_risk.referral_title(tell, each) for each in one.referrals), none),
        ]
        for one in found
    ]
    columns = [
        tell.column("case_no", say("案件番号"), 30),
        tell.column("ministry", say("府省庁"), 28),
        tell.column("title", say("案件名")),
        tell.column("since", say("高リスクの扱いの初日"), 30),
        tell.column("referrals", say("報告・相談"), 42),
    ]
    title, empty = say("高リスクの可能性がある案件"), say("基準日に高リスクの可能性がある案件はありません。")
    return Grid("cases", tell.say(title), columns, rows, tell.say(empty), key="case_no")


def _chapters(tell: Tell, found: Sequence[Risky], blocks: Sequence[Block]) -> list[Block]:
    """Return a chapter for each ministry, a section for each case."""
    return [
        Block(ministry.key, ministry.label(tell.code), [Series("cases", [block for _, block in own], "")])
        for ministry, own in groupby(zip(found, blocks, strict=True), key=lambda pair: pair[0].ministry)
    ]


def _block(tell: Tell, one: Risky) -> Block:
    return Block("case", f"{one.case.case_no}　{one.case.title}", _case(tell, one), one.case.case_no)


def _case(tell: Tell, one: Risky) -> list[Part]:
    tied = incidents.of_case(tell.ground.session, one.case, tell.ground.actor)
    referred = [
        Block("referral", told_risk.referral_title(tell, each), told_risk.referral(tell, each))
        for each in one.referrals
    ]
    return [
        _about(tell, one),
        *_answers(tell, one),
        Block("judgment", _judgment_title(tell, one), _judgment(tell, one)),
        Series("referrals", referred, tell.say(say("この案件の報告・相談はありません。"))),
        told_case.incidents(tell, tied, "incidents"),
    ]


def _about(tell: Tell, one: Risky) -> Facts:
    case, flag = one.case, one.flag
    found = [
        tell.fact("case_no", say("案件番号"), tell.text(case.case_no)),
        tell.fact("ministry", say("府省庁"), tell.ministry(one.ministry)),
        tell.fact("lifecycle", say("状態"), tell.term(case.lifecycle)),
        tell.fact("since", say("高リスクの扱いの初日"), tell.day(flag.since)),
        tell.fact("until", say("高リスクの扱いの終わり"), tell.day(flag.until, say("続いている"))),
    ]
    return Facts("high_risk", tell.say(say("高リスクの扱い")), found)


def _answers(tell: Tell, one: Risky) -> list[Part]:
    """Return what the case is: as it was reported in the round, or as the register has it."""
    if one.item is not None:
        return told_answers.round_of(tell, one.item)
    page = use_cases.case_page(tell.ground.session, one.case, tell.ground.actor, tell.ground.today)
    note = Note(tell.say(say("この回では報告されていないため、台帳の登録内容を示します。")))
    title = tell.say(say("台帳の登録内容"))
    return [note, Facts("facts", title, told_case.facts(tell, one.case, page.system))]


def _judgment_title(tell: Tell, one: Risky) -> str:
    number = one.judgment.assessment_no if one.judgment else ""
    return tell.say(say("基準日の高リスク判定　%(number)s", number=number)).strip("　")


def _judgment(tell: Tell, one: Risky) -> list[Part]:
    held = [*told_risk.judgment(tell, one.judgment)] if one.judgment else []
    none = [] if one.judgment else [Note(tell.say(say("基準日の高リスク判定は、台帳にありません。")))]
    rows = [
        [tell.text(each.assessment_no), tell.on(each.decided_on), tell.term(each.decision), tell.term(each.state)]
        for each in one.later
    ]
    columns = [
        tell.column("assessment_no", say("番号")),
        tell.column("decided_on", say("判定した日"), 32),
        tell.column("decision", say("判定の結果"), 50),
        tell.column("state", say("状態"), 32),
    ]
    later = tell.grid("later", say("基準日より後の判定"), columns, rows, say("基準日より後の判定はありません。"))
    return [*none, *held, later]
