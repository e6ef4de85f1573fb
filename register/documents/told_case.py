"""What every record tells of a case alike: its answers as the register holds them, its life, its incidents."""

from __future__ import annotations

from collections.abc import Sequence

from register.documents.record import Fact, Grid, Told
from register.documents.tell import Tell
from register.documents.told_risk import NO_VALUE
from register.errors import psay, say
from register.models import AISystem, Incident, UseCase
from register.queries.use_cases import Step

CODED = {
    "usage_type": say("利用類型"),
    "user_scope": say("利用者の範囲"),
    "confidentiality": say("取扱情報の機密性"),
}
UNTIED = say("結び付けられていません")


def facts(tell: Tell, case: UseCase, system: AISystem | None) -> list[Fact]:
    """Return what the case is, as its page shows it; ``system`` is the one it runs on, if the person may know of it."""
    return [
        tell.fact("unit", say("部局・課室"), tell.text(case.unit)),
        tell.fact("purpose", say("利用用途"), tell.text(case.purpose)),
        *(tell.fact(name, label, tell.option(name, getattr(case, name))) for name, label in CODED.items()),
        tell.fact("planned_stage", say("導入段階（予定を含む）"), tell.term(case.planned_stage)),
        tell.fact("start_on", say("利用開始（予定）日"), tell.day(case.start_on)),
        tell.fact("output_type", say("出力データの種類"), tell.option("output_type", case.output_type)),
        tell.fact("goal_kind", say("成果目標"), tell.option("goal_kind", case.goal_kind)),
        tell.fact("goal_text", say("成果目標の内容"), tell.text(case.goal_text)),
        tell.fact("model_usage", say("モデル利用状況"), tell.text(case.model_usage)),
        tell.fact("system", psay("singular", "AIシステム"), tell.text(system.name if system else "", UNTIED)),
    ]


def life(tell: Tell, steps: Sequence[Step]) -> Grid:
    """Return the steps of a life, with the days in each state."""
    rows = [
        [
            tell.on(step.event.on),
            tell.term(step.event.to_state),
            _days(tell, step),
            tell.text(step.event.reason, NO_VALUE),
            Told(
                f"{step.event.actor_name}\n{step.event.source.label(tell.code)}",
                {"by": step.event.actor_name, "source": step.event.source.value},
            ),
        ]
        for step in steps
    ]
    columns = [
        tell.column("on", say("移行日"), 30),
        tell.column("state", say("状態"), 26),
        tell.column("days", say("日数"), 24),
        tell.column("reason", say("理由")),
        tell.column("by", say("記録した人と方法"), 40),
    ]
    return tell.grid("steps", say("状態の移り変わり"), columns, rows, say("経過の記録はありません。"))


def _days(tell: Tell, step: Step) -> Told:
    lasting = say("%(days)s（現在）", days=tell.words.number(step.days))
    return Told(tell.say(lasting) if step.current else tell.words.number(step.days), step.days)


def incidents(tell: Tell, found: Sequence[Incident], name: str = "items") -> Grid:
    """Return the incidents of a case, a line each: every one has a record of its own."""
    rows = [
        [
            tell.text(one.incident_no),
            tell.on(one.detected_on),
            tell.text(one.title),
            tell.term(one.kind),
            tell.term(one.state),
            Told(tell.risk.grades.label(one.grade, tell.code) or tell.say(NO_VALUE), one.grade),
        ]
        for one in found
    ]
    columns = [
        tell.column("incident_no", say("番号"), 30),
        tell.column("detected_on", say("覚知した日"), 28),
        tell.column("title", say("件名")),
        tell.column("kind", say("種類"), 24),
        tell.column("state", say("状態"), 22),
        tell.column("grade", say("重大度"), 22),
    ]
    title, empty = say("この案件のリスクケース"), say("この案件のリスクケースは報告されていません。")
    return Grid(name, tell.say(title), columns, rows, tell.say(empty), key="incident_no")
