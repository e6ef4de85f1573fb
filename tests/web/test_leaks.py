"""Marked words of one ministry, looked for on every page and file that people of other ministries can reach."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZipFile, is_zipfile

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from register.clock import FixedClock
from register.db import Database
from register.models import Question, User
from register.queries.notice_replies import standing
from register.services import ai_systems, assessments, incident_files, measures
from register.vocab import AssessmentState, IncidentState, Lifecycle, NoticeState, ReferralState, ReplyState
from tests.support import assessments as judging
from tests.support import html, pdf_text
from tests.support import notices as noticing
from tests.support import referrals as referring
from tests.support.assessments import HIGH, SHEETS, Panel
from tests.support.client import Client
from tests.support.data import NOW
from tests.support.incidents import RISK, TODAY, Desk
from tests.support.notices import Bureau
from tests.support.questions import check, move
from tests.support.referrals import MEETING, PACKAGE, Table
from tests.support.running_round import FULL, Office, busy

MARK, UNCONFIRMED = "印印印", "未確定の説明"
# Enough pages of each endpoint: they differ in their rows only.
ENOUGH = 12
PAPERS = f"/agendas/{MEETING}.pdf"
NUMBERS = re.compile(r"\ba-(RC|AB)?2025-\d+|-HR\d")
UNSENT = "未送付"
TOLD = ("title", "summary", "unregistered", "affected", "cause", "containment", "announcement", "lessons")


def marked(url: str) -> None:
    """Build both ministries with something of everything; every word of ministry A is marked."""
    busy(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        office, desk = Office(session), Desk(session)
        by = office.people["reporter"]
        texts = {name: f"{MARK}{name}" for name in ("title", "unit", "purpose", "goal_text", "model_usage")}
        case, _ = office.case(**texts), office.case(who="other")
        ai_systems.create(session, values={name: f"{MARK}{name}" for name in ("name", "vendor", "note")}, by=by)
        submission = office.submission(office.opened())
        office.add(submission, **{name: text for name, text in texts.items() if name in FULL})
        _incidents(session, desk, case.case_no)
        _assessments(session, office)
        _referrals(session, office)
        _notices(Bureau(session))
        _questions(session, office)
    database.engine.dispose()


def _incidents(session: Session, desk: Desk, case_no: str) -> None:
    """Let ministry A have an incident in every state, with all that may stand beside it."""
    by = desk.people["reporter"]
    for state in IncidentState:
        made = desk.at(state, cases=case_no, **{name: f"{MARK}{name}" for name in TOLD})
        if state in (IncidentState.RECEIVED, IncidentState.IN_RESPONSE):
            own = {"body": f"{MARK}対策", "owner": f"{MARK}担当", "due_on": TODAY, "by": by}
            measures.add(session, made, **own)  # type: ignore[arg-type]
            incident_files.refer(session, made, kind="vendor", number=f"{MARK}番号", terms=RISK, by=by)
            stored = incident_files.Stored(f"{MARK}.txt", "none", 1, "0" * 64)
            incident_files.attach(session, made, stored, by=by)
            desk.move(made, "comment", who="reporter", word=f"{MARK}経過")
    desk.enter(who="other", title="府省庁Bの出来事")


def _assessments(session: Session, office: Office) -> None:
    """Let ministry A have a judgment in every state, each of a case of its own, with marked reasons."""
    panel = Panel(session)
    marks = {one: f"{MARK}観点{one}" for one in HIGH}
    own: dict[str, Any] = {"library": SHEETS, "by": office.people["reporter"]}
    for state in (state for state in AssessmentState if state is not AssessmentState.SUPERSEDED):
        case = office.case(title=f"{MARK}{state.value}", usage_type="S1")
        made = assessments.start(session, case, assessments.Filled(HIGH, marks, marks), **own)
        for who, deed in judging.WAYS[state]:
            if deed == "decide":
                panel.decide(made, who=who, reason=f"{MARK}判定")
            else:
                panel.move(made, deed, who=who, word=f"{MARK}理由")


def _referrals(session: Session, office: Office) -> None:
    """Let ministry A have a referral in every state, each of a case of its own, and the meeting deal with some."""
    table, told = Table(session), {name: f"{MARK}{name}" for name in PACKAGE}
    for state in ReferralState:
        made = table.draft(office.case(title=f"{MARK}{state}"), **told)
        for who, deed in referring.WAYS[state]:
            table.on(MEETING if deed == "advise" else TODAY)
            words = (
                {"conditions": f"{MARK}条件", "responses": {1: f"{MARK}回答"}} if deed in ("advise", "respond") else {}
            )
            table.move(made, deed, who=who, word=f"{MARK}{deed}", **words)
            session.flush()
        table.on(TODAY)
        if state is ReferralState.RETURNED:
            table.edit(made, details=f"{MARK}{UNSENT}")
    table.draft(office.case(who="other"), who="other")


def _notices(bureau: Bureau) -> None:
    """Let there be notices from ministry A: for its eyes only in every state, and one for all with its own answer."""
    text = {name: f"{MARK}{name}" for name in ("title", "text", "action")}
    own = {"audience_kind": "confidentiality", "audience_value": "4"}
    Office(bureau.session).case(Lifecycle.PLANNED, confidentiality="4", title=f"{MARK}title")
    for state in NoticeState:
        incident = bureau.known(title=f"{MARK}title")
        made = bureau.write(incident=incident, **text, **own)
        for who, deed in noticing.WAYS[state]:
            bureau.take(made, deed, who=who, word=f"{MARK}理由" if deed != "issue" else "")
    bureau.replied(bureau.noticed(NoticeState.ISSUED, **text, **own), ReplyState.CONFIRMED)
    # Everybody reads this one: what was cleared, and no word of whose it is or of what A answers.
    shared = bureau.write(incident=bureau.known(title=f"{MARK}title"), title="共有する題")
    for who, deed in noticing.WAYS[NoticeState.ISSUED]:
        bureau.take(shared, deed, who=who, word=f"{MARK}理由")
    first, *_ = standing(bureau.session, bureau.recipient(shared)).all_ids
    bureau.answer(bureau.recipient(shared), {first: "in_progress"}, comment=f"{MARK}説明", rest=True)
    bureau.confirm(bureau.recipient(shared))
    waiting = bureau.issued(title="答えの途中の題")
    bureau.answer(bureau.recipient(waiting), {first: "in_progress"}, comment=f"{MARK}{UNCONFIRMED}")


def _questions(session: Session, office: Office) -> None:
    """Let both ministries be asked about a system that B shares, and ministry A answer whatever it is asked."""
    values = {"name": "府省庁Bの基盤", "model_usage": "商用LLM-B", "vendor": "株式会社乙", "shared": True}
    shared = ai_systems.create(session, values=values, by=office.people["other"])
    for who, confidentiality in (("reporter", "3"), ("other", "1")):
        texts = {"title": f"{MARK}共用", "model_usage": f"{MARK}モデル"} if who == "reporter" else {}
        office.case(who=who, confidentiality=confidentiality, ai_system_id=shared.id, **texts)
    check(session)
    for question in session.scalars(select(Question)):
        if question.ministry_id == office.people["reporter"].ministry_id:
            move(session, question, "explain", who="reporter", word=f"{MARK}説明")


@pytest.fixture
def content() -> Callable[[str], None]:
    """Both ministries, marked."""
    return marked


def endpoint(app: Flask, address: str) -> str:
    """Return what answers a GET of ``address``; nothing for what is no page of ours."""
    try:
        return str(app.url_map.bind("localhost").match(address.partition("?")[0].partition("#")[0])[0])
    except HTTPException:
        return ""


def text_of(data: bytes) -> str:
    """Return what a person reads of an answer; of a workbook, all its parts, of a PDF, all its lines."""
    if data.startswith(b"%PDF"):
        return pdf_text.joined(data)
    if not is_zipfile(BytesIO(data)):
        return data.decode(errors="replace")
    with ZipFile(BytesIO(data)) as archive:
        return "\n".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


def crawl(app: Flask, client: Client, start: list[str]) -> dict[str, str]:
    """Follow every link from these addresses on; return what each answered."""
    waiting, read = list(start), {}
    counted: Counter[str] = Counter()
    while waiting:
        address = waiting.pop()
        answer = client.get(address)
        read[address] = text_of(answer.data)
        if answer.mimetype != "text/html":
            continue
        for link in html.parse(answer.text)[0].iter("a"):
            href = (link.get("href") or "").partition("#")[0]
            name = endpoint(app, href) if href.startswith("/") else ""
            if name and name != "static" and href not in read and href not in waiting and counted[name] < ENOUGH:
                counted[name] += 1
                waiting.append(href)
    return read


def everything(app: Flask) -> list[str]:
    """Return the address of every page and file that no row names, and searches for the mark."""
    plain = [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    files = [f"/{name}.{kind}" for name in ("use-cases", "incidents", "assessments") for kind in ("csv", "xlsx")]
    searched = [f"{page}?q={MARK}" for page in ("/use-cases", "/incidents", "/use-cases.csv", "/incidents.csv")]
    return [*(address for address in plain if address != "/logout"), *files, *searched, PAPERS]
    searched += ["/questions?ministry=a", "/questions?state=unsettled&rule=Y01", "/questions?state=explained"]
    return [*(address for address in plain if address != "/logout"), *files, *searched]


@pytest.mark.parametrize("name", ["other", "other-approver", "admin"])
def test_no_word_and_no_number_of_a_ministry_is_met_by_others(
    name: str, app: Flask, client_of: Callable[[str], Client]
) -> None:
    read = crawl(app, client_of(name), everything(app))
    # Where somebody typed the mark themselves, the page says so back.
    said = {address: text.replace(f"?q={MARK}", "").replace(f'value="{MARK}"', "") for address, text in read.items()}
    found = [
        address for address, text in said.items() if MARK in text.replace(f"「{MARK}」", "") or NUMBERS.search(text)
    ]
    assert found == []
    assert len(read) > (10 if name == "admin" else 30)


@pytest.mark.parametrize("name", ["secretariat", "auditor"])
def test_what_waits_in_a_ministry_is_not_met_by_those_who_oversee(
    name: str, app: Flask, client_of: Callable[[str], Client], database: Database
) -> None:
    with database.reading() as session:
        people = {user.name for user in session.scalars(select(User))}
    assert name in people
    read = crawl(
        app,
        client_of(name),
        ["/", "/incidents", f"/incidents?q={MARK}", "/incidents.csv", "/incidents/months", "/questions?rule=I02"],
    )
    pages = {address: text for address, text in read.items() if address.startswith(("/incidents", "/questions"))}
    shown = {number for text in pages.values() for number in re.findall(r"a-RC2025-\d+", text)}
    # An incident in each state was made in order; what was never notified are the first three and the last two.
    assert {"a-RC2025-004", "a-RC2025-005", "a-RC2025-006"} <= shown
    assert not shown & {f"a-RC2025-00{number}" for number in (1, 2, 3, 7, 8)}


@pytest.mark.parametrize("name", ["secretariat", "auditor"])
def test_an_answer_that_nobody_confirmed_is_not_met_by_those_who_oversee(
    name: str, app: Flask, client_of: Callable[[str], Client]
) -> None:
    read = crawl(app, client_of(name), ["/notices"])
    assert [address for address, text in read.items() if UNCONFIRMED in text] == []
    met = {endpoint(app, address) for address, text in read.items() if f"{MARK}説明" in text}
    # Ministry A said the same word where it answered a question of the check.
    assert {name for name in met if not name.startswith(("audit.", "questions."))} == {"notice_answers.show"}


@pytest.mark.parametrize("name", ["secretariat", "auditor"])
def test_what_was_not_sent_of_a_referral_is_not_met_by_those_who_oversee(
    name: str, app: Flask, client_of: Callable[[str], Client]
) -> None:
    read = crawl(app, client_of(name), ["/", "/referrals", "/agendas", PAPERS])
    pages = {address: text for address, text in read.items() if address.startswith(("/referrals", "/agendas"))}
    shown = {number for text in pages.values() for number in re.findall(r"a-AB2025-\d+", text)}
    # One in each state, in order: the first is a draft.
    assert shown == {f"a-AB2025-{number:03d}" for number in range(2, len(ReferralState) + 1)}
    assert [address for address, text in pages.items() if UNSENT in text] == []
    # The papers hold what the meeting deals with; whoever may not have them is told so.
    printed = read[PAPERS]
    if name == "auditor":
        assert MARK not in printed
        return
    wanted = [*(f"{MARK}{part}" for part in (*PACKAGE, "advise", "respond")), f"{MARK}条件", f"{MARK}回答"]
    assert [word for word in wanted if word not in printed] == []
    assert {number for number in shown if number in printed} == {f"a-AB2025-{number:03d}" for number in (4, 5, 6, 7)}


def test_the_search_finds_what_is_there(app: Flask, client_of: Callable[[str], Client]) -> None:
    read = crawl(app, client_of("approver"), everything(app))
    with_mark = {endpoint(app, address) for address, text in read.items() if MARK in text}
    assert {
        "use_cases.index",
        "use_cases.export",
        "incidents.show",
        "incidents.export",
        "referrals.show",
        "notices.show",
        "notice_answers.show",
        "submissions.show",
        "assessments.index",
        "assessments.show",
        "assessments.edit",
        "assessments.decide",
        "assessments.export",
        "questions.index",
        "questions.show",
    } <= with_mark
