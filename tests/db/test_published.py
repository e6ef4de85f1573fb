"""A published report beside the counts: what it prints otherwise is found, and explained by named sets of cases."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.errors import Invalid, NotNow
from register.formats import csv, xlsx
from register.formats.xlsx_print import Printed
from register.models import AuditEntry, Round, RoundPrint
from register.reports import cases, plain, published
from register.reports.explain import Reading, explain
from register.reports.figures import resolve
from register.reports.place import Place
from register.reports.render import as_csv_rows, as_sheets
from register.reports.report import Report, as_json
from register.reports.table import TOTAL, Table
from register.services import round_prints
from register.vocab import Role
from tests.support.data import NOW, lent, staffed
from tests.support.databases import KINDS, Databases
from tests.support.prints import PRINTED, Change, report_of
from tests.support.round_files import CONFIG, PLAIN, file_of, load, reference_rounds

SECRETARIAT = Actor("事務局", 1, Role.SECRETARIAT)


@pytest.fixture(scope="module", params=KINDS)
def database(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Database]:
    """One database with the reference rounds; what a test writes it rolls back."""
    with lent(databases, request.param, reference_rounds) as url:
        opened = Database(url, FixedClock(NOW))
        yield opened
        opened.engine.dispose()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that is rolled back."""
    with database.session(write=True) as session:
        yield session
        session.rollback()


@pytest.fixture
def report(session: Session) -> Report:
    """The report of the second round."""
    return report_of(session, 2)


def told(reading: Reading) -> list[tuple[str, str, str, str]]:
    """Return each erratum: where, printed, counted, beside which table."""
    return [(str(one.place), str(one.printed), str(one.counted), one.beside) for one in reading.errata]


def read_with(report: Report, change: Change, printed: dict[str, Any] = PRINTED) -> Reading:
    """Return what becomes of a print in which something was changed."""
    changed = copy.deepcopy(printed)
    change(changed)
    return explain(plain.read(changed), report)


SLIPS = [
    ("start_timing_by_usage_type:5:total", "3件", "4件", "start_timing_by_usage_type"),
    ("populations:staff_with_stage:no_stage", "4件", "3件", "stage_by_user_scope"),
    ("headlines:confidentiality_1:denominator", "237件／296件", "237件／295件", "confidentiality"),
]


class TestThePublishedOverview:
    """On the reference round the three slips are found, and nothing else."""

    def test_it_finds_the_three_slips_and_nothing_else(self, report: Report) -> None:
        reading = explain(plain.read(PRINTED), report)
        assert told(reading) == SLIPS
        assert reading.unknown == ()
        assert reading.compared > 250

    def test_it_does_not_read_what_the_file_says_beside_the_print(self, report: Report) -> None:
        def silence(told: dict[str, Any]) -> None:
            told.pop("populations")
            for table in told["tables"].values():
                table.pop("erratum", None)
                for row in table["rows"]:
                    row.pop("erratum", None)

        assert told(read_with(report, silence)) == SLIPS

    def test_each_is_explained_by_the_cases_behind_it(self, session: Session, report: Report) -> None:
        errata = explain(plain.read(PRINTED), report).errata
        words = (
            ("内訳の合計は4件", "利用開始時期が未回答の案件", "入っていない"),
            ("295－292＝3件", "残る1件は「利用開始時期が未回答の案件」でもあり"),
            ("総計は295件", "「政府職員を利用者とする案件」296件", "「利用開始時期が未回答の案件」1件を除いている"),
        )
        for one, wanted in zip(errata, words, strict=True):
            assert [word for word in wanted if word not in str(one.explanation)] == []
            assert one.cases is not None
            behind = cases.behind(session, resolve(report, one.cases), SECRETARIAT, 1)
            assert [item.case_no for item in behind.rows] == ["I-2025-0005"]

    def test_it_is_on_file_for_the_data_that_it_prints(self, session: Session, report: Report) -> None:
        found = published.find(session, report, CONFIG)
        assert found is not None
        assert (told(found.reading), found.row) == (SLIPS, None)
        assert published.errata(session, report_of(session, 1), CONFIG) == ()


def test_other_data_under_the_same_code_have_no_print_on_file(databases: Databases) -> None:
    with lent(databases, "sqlite", _small) as url:
        database = Database(url, FixedClock(NOW))
        with database.reading() as session:
            assert published.find(session, report_of(session, 2), CONFIG) is None
        database.engine.dispose()


def _small(url: str) -> None:
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        load(session, file_of(PLAIN))
    database.engine.dispose()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_figure_that_is_printed_otherwise_is_found(reference: Report, data: st.DataObject) -> None:
    told = as_json(reference, str)
    table = data.draw(st.sampled_from(sorted(told["tables"])))
    row = data.draw(st.sampled_from(told["tables"][table]["rows"]))
    place = data.draw(st.sampled_from([*(n for n, cell in enumerate(row["cells"]) if cell is not None), "total"]))
    off = data.draw(st.integers(1, 40))
    if place == "total":
        row["total"] += off
    else:
        row["cells"][place] += off
    column = "total" if place == "total" else told["tables"][table]["columns"][place]
    reading = explain(plain.read(told), reference)
    found = {one.place: one for one in reading.errata}
    slip = found[Place(table, row["code"], column)]
    assert int(str(slip.printed).removesuffix("件")) - int(str(slip.counted).removesuffix("件")) == off
    assert str(slip.explanation)


class TestTheExplanation:
    """The fewest named sets that make up the difference."""

    def test_a_case_too_many_is_one_that_should_have_been_left_out(self, reference: Report) -> None:
        def change(told: dict[str, Any]) -> None:
            row = told["tables"]["user_scope_by_usage_type"]["rows"][0]
            row["total"] += 1

        place = Place("user_scope_by_usage_type", "1", TOTAL)
        [erratum] = [one for one in read_with(reference, change).errata if one.place == place]
        assert "除くはずの「利用開始時期が未回答の案件」の1件が入っている" in str(erratum.explanation)

    def test_what_went_to_another_cell_is_told(self, reference: Report) -> None:
        told = as_json(reference, str)
        cells = told["tables"]["confidentiality"]["rows"][0]["cells"]
        cells[0], cells[2] = cells[0] - 7, cells[2] + 7
        reading = explain(plain.read(told), reference)
        slip = next(one for one in reading.errata if one.place == Place("confidentiality", "1", "G1/started"))
        assert "同じ7件だけ" in str(slip.explanation)
        assert "汎用型２／開始済" in str(slip.explanation)

    def test_what_no_set_explains_is_said_to_be_unexplained(self, reference: Report) -> None:
        told = as_json(reference, str)
        told["tables"]["confidentiality"]["rows"][0]["cells"][0] += 1_000
        reading = explain(plain.read(told), reference)
        assert "説明できません" in str(reading.errata[0].explanation)

    def test_what_the_report_has_not_is_named(self, reference: Report) -> None:
        def change(told: dict[str, Any]) -> None:
            told["tables"]["none"] = {"columns": [], "rows": [], "notes": []}
            told["tables"]["confidentiality"]["rows"].append(
                {"code": "9", "label": "９．別", "printed": [], "total": 0}
            )
            told["headlines"].append({"text": "zzz", "numerator": 1, "denominator": None})

        assert read_with(reference, change).unknown == ("confidentiality ９．別", "none", "zzz")


def grid(table: Table, *, filled: bool) -> str:
    """Return a table as people copy it: with tabs, or off a PDF, where the blanks are lost."""
    lines = []
    for row in table.rows:
        label = f"{row.group}／{row.label}" if row.group else row.label
        total = f"{row.total}({row.distinct_ministries})" if row.distinct_ministries else str(row.total)
        cells = [str(cell or "") for cell in row.cells]
        lines.append("\t".join([label, *cells, total]) if filled else " ".join([label, *filter(None, cells), total]))
    return "\n".join([str(table.title), *lines, "※ 政府職員を利用者とするもののみを対象"])


class TestWhatIsRead:
    """A table is read from a workbook, a CSV file and pasted text alike."""

    @pytest.mark.parametrize("filled", [True, False])
    def test_pasted_tables_are_read_as_they_stand(self, reference: Report, filled: bool) -> None:
        for slug, table in reference.tables.items():
            reading = explain(published.read_text(grid(table, filled=filled), reference, slug), reference)
            assert (told(reading), reading.unknown) == ([], ()), slug
            assert reading.compared > len(table.rows)

    def test_our_own_files_are_read_whole(self, reference: Report) -> None:
        book = xlsx.write(as_sheets(reference, str), created=NOW, title="x")
        lines = csv.write(*as_csv_rows(reference, str))
        for name, data in (
            ("a.xlsx", book),
            ("a.csv", lines),
            ("a.json", json.dumps(as_json(reference, str)).encode()),
        ):
            found = published.read_file(data, name, reference, "")
            assert list(found.tables) == list(reference.tables), name
            assert told(explain(found, reference)) == [], name

    def test_a_sheet_for_people_alone_is_read_too(self, reference: Report) -> None:
        pages = [sheet for sheet in as_sheets(reference, str) if isinstance(sheet, Printed)]
        for page in pages:
            slug = next((slug for slug, one in reference.tables.items() if str(one.title) == page.title), "")
            if slug:
                found = published.read_file(xlsx.write([page], created=NOW), "a.xlsx", reference, slug)
                reading = explain(found, reference)
                assert (told(reading), reading.unknown) == ([], ()), slug
                assert len(found.tables[slug].rows) == len(reference.tables[slug].rows)
        assert len(pages) == len(reference.every_table)

    def test_tables_are_entered_one_by_one(self, reference: Report) -> None:
        one, other = (
            published.read_text(grid(reference.tables[slug], filled=True), reference, slug)
            for slug in ("confidentiality", "output_type")
        )
        assert list(published.added(one, other).tables) == ["confidentiality", "output_type"]
        assert published.added(None, one) is one

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("１．機密性１情報のみ取り扱う\t1\t2", "表の列より多いか、総計がありません"),
            ("何か別の行\t1\t2", "この表にありません"),
            ("総計 295\n総計 295", "2つあります"),
            ("見出しだけ", "数字のある行が見つかりません"),
            ("総計 3 x 295", "数字ではありません"),
            ('{"tables": [1]}', "集計のJSONではありません"),
            ('{"tables": {"a": 1}}', "形が正しくありません"),
            (
                '{"tables": {"a": {"columns": ["x"], "rows": [{"code": "1", "cells": ["1"], "total": 1}]}}}',
                "形が正しく",
            ),
            ('{"tables": {"a": {"columns": ["x"], "rows": [{"code": "1", "cells": [1]}]}}}', "形が正しく"),
            ("{", "JSONとして読めません"),
        ],
    )
    def test_what_cannot_be_read_is_told(self, reference: Report, text: str, why: str) -> None:
        if why == "表の列より多いか、総計がありません":
            text = "\t".join(["総計", *["1"] * 12])
        with pytest.raises(Invalid) as refused:
            published.read_text(text, reference, "confidentiality")
        assert why in str(refused.value)

    def test_the_table_must_be_told_where_the_text_does_not(self, reference: Report) -> None:
        with pytest.raises(Invalid):
            published.read_text("総計 1", reference, "")


class TestEntering:
    """The secretariat enters a print; the newest that was not withdrawn is compared."""

    def test_what_was_entered_last_is_compared(self, session: Session, report: Report) -> None:
        round_ = session.get_one(Round, report.round_id)
        for total in (296, 297):
            told_ = {"tables": {"confidentiality": {"columns": [], "rows": [], "notes": []}}, "headlines": []}
            told_["tables"]["confidentiality"]["rows"] = [{"code": "total", "printed": [], "total": total}]
            made = round_prints.enter(session, round_, name=f"資料{total}", content=told_, by=SECRETARIAT)
            session.flush()
            found = published.find(session, report, CONFIG)
            assert found is not None
            assert (found.row, [str(one.printed) for one in found.reading.errata][-1:]) == (made, [f"{total}件"])
        round_prints.withdraw(session, round_, str(made.public_id), by=SECRETARIAT)
        round_prints.withdraw(session, round_, str(made.public_id), by=SECRETARIAT)
        session.flush()
        found = published.find(session, report, CONFIG)
        assert found is not None
        assert found.row is not None
        assert found.row.name == "資料296"
        session.commit()
        entries = session.scalars(select(AuditEntry).where(AuditEntry.event.startswith("round_print"))).all()
        assert [one.event for one in entries] == ["round_print.entered"] * 2 + ["round_print.withdrawn"]
        for row in session.scalars(select(RoundPrint).where(RoundPrint.withdrawn_at.is_(None))):
            round_prints.withdraw(session, round_, str(row.public_id), by=SECRETARIAT)
        session.commit()

    def test_a_rehearsal_has_no_print(self, session: Session, report: Report) -> None:
        round_ = session.get_one(Round, report.round_id)
        session.expunge(round_)
        round_.rehearsal = True
        with pytest.raises(NotNow):
            round_prints.enter(session, round_, name="x", content={"tables": {}}, by=SECRETARIAT)
