"""Reports that are not of a finished, real and untouched round: told on the page, in files, as text and in the PDF."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.documents.ground import Ground
from register.documents.language import Language
from register.documents.paper import request
from register.documents.report import papers
from register.models import Round, User
from register.runtime import runtime_of
from register.vocab import Role
from tests.support.client import Client, filled, find_form
from tests.support.data import NOW
from tests.support.databases import Build
from tests.support.html import parse
from tests.support.round_files import file_of, load
from tests.support.running_round import Office, busy

ClientOf = Callable[[str], Client]
INTERIM = "この回は「受付中」です。2府省庁中1府省庁の提出を受理した時点の数字で、まだ変わります。"
TRIAL = "これは演習の回の集計です。統計には使えません。"
CORRECTED = "確定後に1件の案件の回答を訂正した（最後の訂正は%s）。この集計は訂正後の回答による"
ROWS = (
    {"case_no": "a-2025-0001", "usage_type": "G1"},
    {"case_no": "b-2025-0001", "usage_type": "S1", "ministry": "府省庁B"},
)


def running(url: str) -> None:
    """Build a frozen round with a correction, one in progress, and its rehearsal; ministry a is accepted in both."""
    busy(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        load(session, file_of(*ROWS))
        office = Office(session)
        last = office.submission(session.scalars(select(Round)).one())
        office.correct(office.items(last)[0], usage_type="G2")
    for rehearsal in (False, True):
        with database.writing() as session:
            office = Office(session)
            submission = office.submission(office.opened(rehearsal=rehearsal))
            office.handed_in(submission)
            office.accept(submission)
    database.engine.dispose()


@pytest.fixture
def content() -> Build:
    return running


def text(page: str) -> str:
    """Return the words of a page in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.parametrize(
    ("name", "status"), [("reporter", 403), ("approver", 403), ("secretariat", 200), ("auditor", 200), ("admin", 404)]
)
@pytest.mark.parametrize("code", ["2025-3", "2025-3r"])
def test_only_those_who_oversee_look_at_a_round_in_progress(
    client_of: ClientOf, code: str, name: str, status: int
) -> None:
    client = client_of(name)
    for tail in ("", ".json", ".csv", ".xlsx", "/cases?table=output_type&row=total&column=total"):
        assert client.get(f"/rounds/{code}/report{tail}").status_code == status, tail


class TestInProgress:
    """The figures of the returns accepted so far."""

    def test_the_page_says_so_before_any_figure(self, client_of: ClientOf) -> None:
        page = client_of("secretariat").get("/rounds/2025-3/report").text
        assert f"途中経過 {INTERIM}" in text(page)
        assert page.index("途中経過") < page.index("要点")
        assert "演習" not in page
        assert "前回から" not in text(page[page.index("要点") : page.index("集計の対象")])

    def test_every_figure_leads_to_its_cases(self, client_of: ClientOf) -> None:
        client = client_of("auditor")
        links = re.findall(
            r'href="(/rounds/2025-3/report/cases[^"]+)">(\d+)</a>', client.get("/rounds/2025-3/report").text
        )
        assert len(links) > 10
        for address, number in links:
            page = client.get(address.replace("&amp;", "&")).text
            assert page.count("/submissions/items/") == int(number), address

    def test_no_snapshot_is_offered_and_none_is_made(self, client_of: ClientOf) -> None:
        client = client_of("secretariat")
        assert "/rounds/2025-3/snapshots" not in client.get("/rounds/2025-3/report").text
        assert "/rounds/2025-2/snapshots/report" in client.get("/rounds/2025-2/report").text
        form = filled(find_form(parse(client.get("/rounds/2025-2/snapshots/report").text)[0], None))
        for answer in (
            client.get("/rounds/2025-3/snapshots/report"),
            client.post("/rounds/2025-3/snapshots/report", data=form),
        ):
            assert answer.status_code == 409
            assert "この回はまだ確定していません。" in answer.text

    def test_the_files_say_so(self, client_of: ClientOf) -> None:
        client = client_of("secretariat")
        plain = json.loads(client.get("/rounds/2025-3/report.json").data)
        assert (plain["settled"], plain["rehearsal"], plain["ministries"]) == (False, False, {"all": 2, "accepted": 1})
        _, *rows = csv.reader(io.StringIO(client.get("/rounds/2025-3/report.csv").data.decode("utf-8-sig")))
        assert {tuple(row[8:]) for row in rows} == {("2025年度第3回", "途中経過（2府省庁中1府省庁を受理）")}
        book = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/rounds/2025-3/report.xlsx").data))
        assert ["途中経過", INTERIM] in book.get_sheet_by_name("この集計について").to_python()

    def test_the_text_says_so(self, app: Flask) -> None:
        assert f"【途中経過】{INTERIM}\n" in show(app, "2025-3")


class TestRehearsal:
    """A rehearsal is told apart wherever a report shows its name."""

    def test_the_pages_say_so(self, client_of: ClientOf) -> None:
        client = client_of("secretariat")
        page = client.get("/rounds/2025-3r/report").text
        for words in ("<h1>集計 2025年度第3回（演習）</h1>", "<title>集計 2025年度第3回（演習）"):
            assert words in page
        assert f"演習 {TRIAL}" in text(page)
        behind = client.get("/rounds/2025-3r/report/cases?table=output_type&row=total&column=total").text
        assert "2025年度第3回（演習）" in behind

    def test_its_files_say_so(self, client_of: ClientOf) -> None:
        client = client_of("auditor")
        assert json.loads(client.get("/rounds/2025-3r/report.json").data)["rehearsal"] is True
        _, *rows = csv.reader(io.StringIO(client.get("/rounds/2025-3r/report.csv").data.decode("utf-8-sig")))
        assert {row[8] for row in rows} == {"2025年度第3回（演習）"}
        answer = client.get("/rounds/2025-3r/report.xlsx")
        assert answer.headers["Content-Disposition"].endswith('filename="report-2025-3r.xlsx"')
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
        assert ["演習", TRIAL] in book.get_sheet_by_name("この集計について").to_python()

    def test_the_text_is_asked_for_by_its_code(self, app: Flask) -> None:
        printed = show(app, "2025-3r")
        assert printed.startswith("2025年度第3回（演習）（")
        assert f"【演習】{TRIAL}\n" in printed
        refused = app.test_cli_runner().invoke(args=["reports", "show", "2025-2r"])
        assert (refused.exit_code, refused.stderr) == (1, "2025-2rの回はありません。\n")

    def test_a_document_would_say_so(self, app: Flask) -> None:
        assert "各府省庁生成AIシステム定期報告概要（2025年度第3回（演習））" in document(app, rehearsal=True, number=3)
        assert TRIAL in document(app, rehearsal=True, number=3)


class TestCorrections:
    """What was corrected after freezing is a footnote."""

    def test_the_page_says_so_to_everybody_who_reads_it(self, client_of: ClientOf) -> None:
        for name in ("reporter", "secretariat"):
            page = client_of(name).get("/rounds/2025-2/report").text
            assert f"※ {CORRECTED}" % "令和7年11月10日" in text(page)
            assert "途中経過" not in page

    def test_an_english_page_says_so_too(self, client_of: ClientOf) -> None:
        client = client_of("auditor")
        client.submit("/rounds/2025-2/report", {"language": "en"}, button="/language")
        page = text(client.get("/rounds/2025-2/report").text)
        assert "Cases corrected after freezing: 1 (last on 10 November 2025)." in page

    def test_the_text_and_the_document_say_so(self, app: Flask) -> None:
        assert f"  ※ {CORRECTED}\n" % "2025-11-10" in show(app, "2025-2")
        assert CORRECTED % "令和7年11月10日（2025年11月10日）" in document(app, rehearsal=False, number=2)

    def test_where_none_was_there_is_none(self, client_of: ClientOf, app: Flask) -> None:
        assert "訂正" not in client_of("secretariat").get("/rounds/2025-3/report").text
        assert "訂正" not in show(app, "2025-3")


def show(app: Flask, code: str) -> str:
    """Return what ``flask reports show`` prints."""
    done = app.test_cli_runner().invoke(args=["reports", "show", code])
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def document(app: Flask, *, rehearsal: bool, number: int) -> str:
    """Return the HTML of a round's snapshot, whether one would be made or not."""
    run = runtime_of(app)
    words = Language(run.settings.translations_dir, "ja")
    with run.database.reading() as session:
        found = session.scalars(select(Round).where(Round.number == number, Round.rehearsal.is_(rehearsal))).one()
        office = Actor.of(session.scalars(select(User).where(User.role == Role.SECRETARIAT)).first())
        made = papers(Ground(run, session, session, office, words, NOW, {"round_id": found.id}))[0]
        return request(replace(made, created=NOW), words, run.settings.templates_dir).html
