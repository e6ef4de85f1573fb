"""What the register tells of high-risk judgments and of referrals to the Advisory Board, as parts of a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from register.documents.record import Block, Column, Facts, Grid, Part, Series, Told, Words
from register.documents.tell import Tell
from register.errors import say
from register.formspec.sheets import Flip
from register.models import Assessment, HighRiskFlag, Referral, ReferralPackage
from register.queries import assessments, referrals
from register.queries.assessments import AssessmentPage
from register.queries.referrals import PACKAGE, ReferralPage

NO_VALUE = say("－")


def judgment(tell: Tell, one: Assessment) -> list[Part]:
    """Return all that the page of a judgment shows."""
    ground = tell.ground
    page = assessments.assessment_page(ground.session, one, ground.actor, ground.run.sheets, ground.today)
    decided = [_decision(tell, page)] if one.decision else []
    return [*decided, _suggestion(tell, page), _sheet(tell, page), _facts(tell, page), _steps(tell, page)]


def _decision(tell: Tell, page: AssessmentPage) -> Facts:
    it = page.assessment
    numbers = [f"{one.referral_no}　{one.state.label(tell.code)}" for one in page.referrals]
    differs = tell.say(say("シートと違う")) if it.decision != it.suggested else ""
    told = tell.term(it.decision)
    return Facts(
        "decision",
        tell.say(say("府省庁の判定")),
        [
            tell.fact("result", say("判定の結果"), Told(tell.together(told.text, differs), told.value)),
            tell.fact("reason", say("判定の理由"), tell.text(it.decision_reason)),
            tell.fact("decided_on", say("判定した日"), tell.day(it.decided_on)),
            tell.fact("decided_by", say("判定した人"), tell.text(it.decided_by)),
            tell.fact("document_no", say("文書番号"), tell.text(it.document_no)),
            tell.fact("review_due", say("見直しの期限"), tell.day(it.review_due)),
            tell.fact(
                "referrals",
                say("この判定による報告・相談"),
                Told("\n".join(numbers) or tell.say(NO_VALUE), [one.referral_no for one in page.referrals]),
            ),
        ],
    )


def _suggestion(tell: Tell, page: AssessmentPage) -> Facts:
    clause = page.suggestion.clause
    why = clause.text.of(tell.code) if clause else tell.say(say("答えていない観点があります"))
    flips = [_turns(tell, one) for one in page.flips]
    lower = [_expected(tell, one) for one in page.understated]
    none = say("一つの答えだけで結果が変わることはありません")
    told = tell.term(page.suggestion.result)
    found = [
        tell.fact("result", say("シートの示す結果"), Told(tell.together(told.text, why), told.value)),
        tell.fact("flips", say("結果が変わる答え"), Told("\n".join(flips) or tell.say(none), flips)),
    ]
    found += [tell.fact("understated", say("案件との違い"), Told("\n".join(lower), lower))] if lower else []
    return Facts("suggestion", tell.say(say("シートの示す結果")), found)


def _turns(tell: Tell, one: Flip) -> str:
    told: dict[str, Any] = {"viewpoint": one.viewpoint.id, "option": one.option.text, "result": one.result}
    return tell.say(say("観点%(viewpoint)sが「%(option)s」であれば、「%(result)s」になります。", **told))


def _expected(tell: Tell, one: Flip) -> str:
    told: dict[str, Any] = {"viewpoint": one.viewpoint.id, "option": one.option.text}
    return tell.say(say("観点%(viewpoint)sは、案件の内容からは「%(option)s」と考えられます。", **told))


def _sheet(tell: Tell, page: AssessmentPage) -> Grid:
    it, rows = page.assessment, []
    for viewpoint in page.sheet.viewpoints:
        option = viewpoint.option(it.answers.get(viewpoint.id, ""))
        rows.append(
            [
                Told(f"{viewpoint.id}　{viewpoint.text.of(tell.code)}", viewpoint.id),
                Told(option.text.of(tell.code), option.code) if option else tell.none(),
                tell.text(it.reasons.get(viewpoint.id)),
                tell.text(it.evidence.get(viewpoint.id)),
            ]
        )
    columns = [
        tell.column("viewpoint", say("観点"), 42),
        tell.column("answer", say("答え"), 42),
        tell.column("reason", say("理由")),
        tell.column("evidence", say("根拠"), 34),
    ]
    title = say("シートの内容（%(title)s）", title=page.sheet.title)
    return Grid("sheet", tell.say(title), columns, rows, tell.say(say("シートに観点はありません。")))


def _facts(tell: Tell, page: AssessmentPage) -> Facts:
    it = page.assessment
    causes = [cause.label(tell.code) for cause in page.begun_for]
    stands = [cause.label(tell.code) for cause in page.causes]
    why = Told("\n".join(causes) or tell.say(say("府省庁の判断")), [cause.value for cause in page.begun_for])
    found = [
        tell.fact("user_scope", say("利用者の範囲"), tell.option("user_scope", it.fact_user_scope)),
        tell.fact("confidentiality", say("取扱情報の機密性"), tell.option("confidentiality", it.fact_confidentiality)),
        tell.fact("usage_type", say("利用類型"), tell.option("usage_type", it.fact_usage_type)),
        tell.fact("stage", say("導入段階"), tell.option("stage", it.fact_stage)),
        tell.fact("model", say("モデル利用状況"), tell.text(it.fact_model.strip())),
        tell.fact("causes", say("判定を始めた理由"), why),
    ]
    if stands:
        again = Told("\n".join(stands), [cause.value for cause in page.causes])
        found.append(tell.fact("due", say("もう一度判定する理由"), again))
    return Facts("facts", tell.say(say("判定のもとになった案件の内容")), found)


def _steps(tell: Tell, page: AssessmentPage) -> Grid:
    rows = [
        [
            tell.at(event.at),
            Told(f"{event.deed.label(tell.code)}　{event.to_state.label(tell.code)}", event.deed.value),
            tell.text(event.actor_name),
            tell.text(event.body, NO_VALUE),
        ]
        for event in page.events
    ]
    return tell.grid("steps", say("経過"), step_columns(tell), rows, say("経過の記録はありません。"))


def step_columns(tell: Tell) -> list[Column]:
    """Return the columns of what was done, by whom and in which words."""
    return [
        tell.column("at", say("日時"), 42),
        tell.column("deed", say("したこと"), 40),
        tell.column("by", say("人"), 30),
        tell.column("body", say("内容")),
    ]


def flags(tell: Tell, held: Sequence[HighRiskFlag]) -> Grid:
    """Return when a case counted as possibly high risk."""
    last = say("続いている")
    rows = [[tell.on(flag.since), tell.on(flag.until, last)] for flag in held]
    columns = [tell.column("since", say("始まった日")), tell.column("until", say("終わった日"))]
    empty = say("高リスクの扱いになったことはありません。")
    return tell.grid("flags", say("高リスクの扱い"), columns, rows, empty)


def judgment_title(tell: Tell, one: Assessment) -> str:
    """Return the heading of a judgment."""
    result = f"　{one.decision.label(tell.code)}" if one.decision else ""
    return f"{one.assessment_no}　{one.state.label(tell.code)}{result}"


def referral_title(tell: Tell, one: Referral) -> str:
    """Return the heading of a referral."""
    return f"{one.referral_no}　{one.state.label(tell.code)}"


def referral(tell: Tell, one: Referral) -> list[Part]:
    """Return all that the page of a referral shows."""
    ground = tell.ground
    page = referrals.referral_page(ground.session, one, ground.actor, ground.today)
    own: list[Part] = []
    if page.working:
        title = say("府省庁の中だけの内容") if page.sent else say("府省庁の中だけの下書き")
        own.append(Block("working", tell.say(title), _package(tell, page.package)))
    return [_about(tell, page), *own, _sent(tell, page), *_opinion(tell, page), _record(tell, page)]


def _about(tell: Tell, page: ReferralPage) -> Facts:
    it = page.referral
    judged, no_day = page.judgment, say("決まっていません")
    based = (
        f"{judged.assessment_no}　{tell.term(judged.decision).text}　{tell.on(judged.decided_on).text}"
        if judged
        else ""
    )
    open_to = say("公開の区分") if it.opinion_on else say("公開の区分（府省庁の案）")
    found = [
        tell.fact(
            "judgment",
            say("もとになった高リスク判定"),
            Told(based or tell.say(say("判定はありません")), judged.assessment_no if judged else None),
        ),
        tell.fact("drafted_at", say("起案"), _beside(tell, tell.at(it.created_at), it.author_name)),
        tell.fact("meeting_on", say("会議の日"), tell.day(it.meeting_on, no_day)),
        tell.fact("meeting_name", say("会議の名称"), tell.text(it.meeting_name, no_day)),
        tell.fact("publicity", open_to, tell.term(it.publicity, say("未定"))),
    ]
    if it.closed_at:
        found.append(tell.fact("closed_at", say("終結"), tell.at(it.closed_at)))
    return Facts("about", tell.say(say("報告・相談のあらまし")), found)


def _beside(tell: Tell, told: Told, name: str) -> Told:
    return Told(f"{told.text}　{name}", {"at": told.value, "by": name})


def _package(tell: Tell, package: Any) -> list[Words]:
    return [Words(name, tell.say(label), tell.text(getattr(package, name))) for name, label in PACKAGE.items()]


def _sent(tell: Tell, page: ReferralPage) -> Series:
    blocks = [_sending(tell, page, one) for one in reversed(page.sent)]
    return Series("sent", blocks, tell.say(say("まだ送っていません。")))


def _sending(tell: Tell, page: ReferralPage, one: ReferralPackage) -> Block:
    title = tell.say(say("%(number)s回目の送付", number=one.number))
    judged = one.assessment if page.judgment else None
    found = [
        tell.fact("sent_at", say("送付"), _beside(tell, tell.at(one.sent_at), one.sent_by)),
        tell.fact(
            "judgment",
            say("もとになった高リスク判定"),
            tell.text(judged.assessment_no if judged else "", NO_VALUE),
        ),
        tell.fact("sha256", say("送付された内容のSHA-256"), Told(one.sha256, one.sha256)),
    ]
    return Block("sending", title, [Facts("about", tell.say(say("送付された内容")), found), *_package(tell, one)])


def _opinion(tell: Tell, page: ReferralPage) -> list[Part]:
    it = page.referral
    if it.opinion_on is None:
        return []
    found = [
        tell.fact("opinion_on", say("意見が出された日"), tell.day(it.opinion_on)),
        tell.fact("responded_at", say("意見への対応を回答した日時"), tell.at(it.responded_at)),
    ]
    columns = [
        tell.column("number", say("番号"), 18),
        tell.column("condition", say("条件")),
        tell.column("response", say("対応")),
    ]
    rows = [
        [Told(str(one.number), one.number), tell.text(one.body), tell.text(one.response)] for one in page.conditions
    ]
    title = tell.say(say("アドバイザリーボードの意見"))
    parts: list[Part] = [
        Facts("about", tell.say(say("意見と対応の日")), found),
        Words("opinion", tell.say(say("意見")), tell.text(it.opinion)),
        Grid("conditions", tell.say(say("条件と対応")), columns, rows, tell.say(say("条件はありません。"))),
        Words("response", tell.say(say("意見への対応")), tell.text(it.response)),
    ]
    return [Block("opinion", title, parts)]


def _record(tell: Tell, page: ReferralPage) -> Grid:
    rows = []
    for event in page.events:
        day = f"　{tell.words.on(event.on)}" if event.on else ""
        deed = f"{event.deed.label(tell.code)}　{event.to_state.label(tell.code)}{day}"
        rows.append(
            [
                tell.at(event.at),
                Told(deed, event.deed.value),
                tell.text(event.actor_name),
                tell.text(event.body, NO_VALUE),
            ]
        )
    empty = say("経過の記録はありません。")
    return tell.grid("steps", say("経過"), step_columns(tell), rows, empty)
