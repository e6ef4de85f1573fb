"""The record of an incident (リスクケースの記録): all that the register holds of it and the person may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from register.documents import told_history, told_questions
from register.documents.figures import Printed
from register.documents.ground import Ground
from register.documents.paper import Paper
from register.documents.record import Block, Facts, Grid, Told, Words
from register.documents.record_paper import record_paper
from register.documents.tell import Tell
from register.documents.told_risk import NO_VALUE, step_columns
from register.errors import Say, say
from register.models import Incident, Measure
from register.queries import incidents, notices
from register.queries.audit_history import incident_scope
from register.queries.incidents import IncidentPage
from register.vocab import IncidentState, Precision

NAME = "incident"
UNKNOWN = say("不明")
# Texts of some length, in the order of the page.
TEXTS: Mapping[str, Say] = {
    "summary": say("起きたこと"),
    "cause": say("原因"),
    "containment": say("応急の対応"),
    "lessons": say("教訓"),
}
# Those that the secretariat is not told of any more: no clock runs for them.
UNTOLD = (IncidentState.DISMISSED, IncidentState.WITHDRAWN)


def papers(ground: Ground) -> list[Paper]:
    """Return the one document of the incident that was asked for."""
    incident: Incident = ground.row(Incident)
    tell = Tell(ground)
    page = incidents.incident_page(ground.session, incident, ground.actor, ground.run.risk, ground.today)
    title = say("リスクケースの記録（%(number)s）", number=incident.incident_no)
    return [record_paper(tell, "incident.html", NAME, title, _chapters(tell, page), {"page": page})]


def expected(data: Mapping[str, Any]) -> Printed:
    """Return what the document prints of its data: the numbers of all that it tells of, in order."""
    return Printed(names=data["names"])


def _chapters(tell: Tell, page: IncidentPage) -> list[Block]:
    ground, incident = tell.ground, page.incident
    texts = [Words(name, tell.say(label), tell.text(getattr(incident, name))) for name, label in TEXTS.items()]
    return [
        Block("overview", tell.say(say("概要")), [_facts(tell, page), *texts], incident.incident_no),
        Block("clocks", tell.say(say("期限")), [_clocks(tell, page)]),
        Block("cases", tell.say(say("関係する案件")), [_cases(tell, page)]),
        Block("record", tell.say(say("経過")), [_record(tell, page)]),
        Block("measures", tell.say(say("恒久対策")), [_measures(tell, page)]),
        Block("references", tell.say(say("関連する記録")), [_references(tell, page)]),
        Block("files", tell.say(say("添付ファイル")), [_files(tell, page)]),
        Block("notices", tell.say(say("注意喚起")), [_notices(tell, incident)]),
        told_questions.chapter(tell, incident),
        told_history.chapter(tell, incident_scope(ground.session, incident, ground.actor)),
    ]


def _facts(tell: Tell, page: IncidentPage) -> Facts:
    it, risk = page.incident, tell.risk
    found = [
        tell.fact("incident_no", say("番号"), tell.text(it.incident_no)),
        tell.fact("title", say("件名"), tell.text(it.title)),
        tell.fact("ministry", say("府省庁"), tell.ministry(page.ministry)),
        tell.fact("kind", say("種類"), tell.term(it.kind)),
        tell.fact("state", say("状態"), tell.term(it.state)),
        tell.fact("grade", say("重大度"), tell.listed(risk.grades, [it.grade] if it.grade else [], say("未定"))),
        tell.fact("categories", say("分類"), tell.listed(risk.categories, it.categories.split())),
        tell.fact("unregistered", say("台帳に登録されていない利用"), tell.text(it.unregistered, NO_VALUE)),
        tell.fact("occurred_on", say("発生した日"), _known(tell, it.occurred_on, it.occurred_precision)),
        tell.fact("detected_on", say("覚知した日"), tell.day(it.detected_on)),
        tell.fact("affected", say("影響を受けた人"), _affected(tell, it)),
        tell.fact(
            "information",
            say("関係した情報"),
            tell.listed(risk.information, [it.information] if it.information else []),
        ),
        tell.fact("suspended", say("利用の停止"), _suspended(tell, it)),
        tell.fact("announced_on", say("公表した日"), tell.day(it.announced_on, NO_VALUE)),
        tell.fact("announcement", say("公表の内容"), tell.text(it.announcement)),
        tell.fact("reporter", say("報告した人"), tell.text(it.reporter)),
    ]
    return Facts("facts", tell.say(say("リスクケースの内容")), found)


def _known(tell: Tell, day: dt.date | None, precision: Precision) -> Told:
    told = tell.day(day, UNKNOWN)
    close = f"（{precision.label(tell.code)}）" if day and precision is Precision.ESTIMATE else ""
    return Told(f"{told.text}{close}", {"on": told.value, "precision": precision.value})


def _affected(tell: Tell, it: Incident) -> Told:
    value = {"who": it.affected, "count": it.affected_count, "precision": it.affected_precision.value}
    if it.affected_count is None:
        number = tell.say(say("人数は不明"))
    else:
        told = {"count": tell.words.number(it.affected_count), "how": it.affected_precision}
        number = tell.say(say("%(count)s人（%(how)s）", **told))
    return Told(tell.together(it.affected, number), value)


def _suspended(tell: Tell, it: Incident) -> Told:
    if it.suspended_from is None:
        return tell.none(say("停止していません"))
    first, last = tell.day(it.suspended_from), tell.day(it.suspended_to, NO_VALUE)
    text = tell.say(say("%(first)s～%(last)s", first=first.text, last=last.text if it.suspended_to else ""))
    return Told(text, {"from": first.value, "to": last.value})


def _clocks(tell: Tell, page: IncidentPage) -> Grid:
    """Return by when each step was to be taken, when it was, and whether that was in time."""
    it = page.incident
    told = it.state not in UNTOLD or it.notify_late is not None
    rows = [
        _clock(tell, page, say("一報"), it.report_due, it.reported_at, it.report_late),
        _clock(tell, page, say("受理"), None, it.received_at),
        *([_clock(tell, page, say("事務局への報告"), it.notify_due, it.notified_at, it.notify_late)] if told else []),
        *([_clock(tell, page, say("次の経過の報告"), page.follow_up, None)] if page.follow_up else []),
        _clock(tell, page, say("終結"), None, it.closed_at),
    ]
    columns = [
        tell.column("what", say("すること"), 46),
        tell.column("due", say("期限")),
        tell.column("done", say("した日時")),
        tell.column("met", say("期限との関係"), 36),
    ]
    return tell.grid("steps", say("期限と、守られたか"), columns, rows, NO_VALUE)


def _clock(
    tell: Tell,
    page: IncidentPage,
    what: Say,
    due: dt.date | None,
    done: dt.datetime | None,
    late: bool | None = None,
) -> list[Told]:
    met = _met(tell, page, due, late, done) if due else tell.none(NO_VALUE)
    return [Told(tell.say(what), what.template), tell.on(due, NO_VALUE), tell.at(done, NO_VALUE), met]


def _met(tell: Tell, page: IncidentPage, due: dt.date, late: bool | None, done: dt.datetime | None) -> Told:
    if late:
        return Told(tell.say(say("期限後")), "late")
    if done is not None:
        return Told(tell.say(say("期限内")), "in_time")
    if due < page.today:
        return Told(tell.say(say("期限超過")), "overdue")
    return Told(tell.say(say("期限前")), "open")


def _cases(tell: Tell, page: IncidentPage) -> Grid:
    rows = [[tell.text(one.case_no), tell.text(one.title), tell.term(one.lifecycle)] for one in page.cases]
    columns = [
        tell.column("case_no", say("案件番号"), 40),
        tell.column("title", say("案件名")),
        tell.column("lifecycle", say("状態"), 30),
    ]
    title, empty = say("関係する案件"), say("台帳の案件には結び付けられていません。")
    return Grid("items", tell.say(title), columns, rows, tell.say(empty), key="case_no")


def _record(tell: Tell, page: IncidentPage) -> Grid:
    rows = [
        [
            tell.at(event.at),
            Told(f"{event.deed.label(tell.code)}　{event.to_state.label(tell.code)}", event.deed.value),
            tell.text(event.actor_name),
            tell.text(event.body, NO_VALUE),
        ]
        for event in page.events
    ]
    empty = say("下書きとして保存された後の記録はありません。")
    return tell.grid("steps", say("経過の記録"), step_columns(tell), rows, empty)


def _measures(tell: Tell, page: IncidentPage) -> Grid:
    rows = [
        [
            tell.text(one.body),
            tell.text(one.owner),
            _due(tell, page, one),
            _by(tell, tell.on(one.done_on, say("未実施")), one.done_by),
            _by(tell, tell.at(one.verified_at, say("未確認")), one.verified_by),
        ]
        for one in page.measures
    ]
    columns = [
        tell.column("body", say("対策の内容")),
        tell.column("owner", say("担当"), 28),
        tell.column("due_on", say("期限"), 30),
        tell.column("done", say("実施"), 30),
        tell.column("verified", say("確認"), 32),
    ]
    return tell.grid("items", say("恒久対策"), columns, rows, say("恒久対策はまだありません。"))


def _due(tell: Tell, page: IncidentPage, one: Measure) -> Told:
    told = tell.on(one.due_on)
    late = not one.done_on and one.due_on < page.today
    return Told(tell.together(told.text, tell.say(say("期限超過")) if late else ""), told.value)


def _by(tell: Tell, told: Told, name: str) -> Told:
    return Told(tell.together(told.text, name), {"at": told.value, "by": name})


def _references(tell: Tell, page: IncidentPage) -> Grid:
    rows = [
        [Told(tell.risk.references.label(one.kind, tell.code), one.kind), tell.text(one.number)]
        for one in page.references
    ]
    columns = [tell.column("kind", say("種類"), 70), tell.column("number", say("番号"))]
    return tell.grid("items", say("関連する記録"), columns, rows, say("関連する記録はありません。"))


def _files(tell: Tell, page: IncidentPage) -> Grid:
    rows = [
        [
            tell.text(one.file_name),
            tell.number(one.size),
            Told(one.sha256, one.sha256),
            _by(tell, tell.at(one.at), one.author_name),
        ]
        for one in page.files
    ]
    columns = [
        tell.column("file_name", say("ファイル名")),
        tell.column("size", say("大きさ（バイト）"), 24),
        tell.column("sha256", say("SHA-256"), 62),
        tell.column("kept", say("添付した日時と人"), 36),
    ]
    return tell.grid("items", say("添付ファイル"), columns, rows, say("添付ファイルはありません。"))


def _notices(tell: Tell, incident: Incident) -> Grid:
    ground = tell.ground
    rows = [
        [
            tell.text(one.notice_no, say("番号なし")),
            tell.text(one.title),
            tell.term(one.state),
            tell.at(one.issued_at, NO_VALUE),
        ]
        for one in notices.of_incident(ground.session, incident, ground.actor)
    ]
    columns = [
        tell.column("notice_no", say("番号"), 34),
        tell.column("title", say("件名")),
        tell.column("state", say("状態"), 24),
        tell.column("issued_at", say("発出した日時"), 42),
    ]
    title, empty = say("このリスクケースから作った注意喚起"), say("このリスクケースから作った注意喚起はありません。")
    return tell.grid("items", title, columns, rows, empty)
