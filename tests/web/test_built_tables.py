"""The pages of the table builder: choosing, saving, revising, sharing, and the cases behind a table's figures."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from register.db import Database
from register.models import AuditEntry, BuiltTable, BuiltTableVersion
from tests.support import html
from tests.support.client import Client, filled, find_form
from tests.support.databases import Build
from tests.support.round_files import reference_rounds
from tests.web.test_reports import shown, statements, text_of

ClientOf = Callable[[str], Client]
PAGE, FIRST = "/rounds/2025-2/report/tables", "/rounds/2025-1/report/tables"
CHOSEN = "rows=usage_type&columns=stage&population=staff"
REVISED = "rows=usage_type&columns=started&population=staff"
OTHERS = ["reporter", "approver", "auditor"]


@pytest.fixture
def content() -> Build:
    """The reference rounds."""
    return reference_rounds


@pytest.fixture
def office(client_of: ClientOf) -> Client:
    """The browser of the secretariat."""
    return client_of("secretariat")


def events(database: Database) -> list[str]:
    """Return what the log holds of built tables."""
    with database.reading() as session:
        wanted = select(AuditEntry.event).where(AuditEntry.event.startswith("built_table")).order_by(AuditEntry.seq)
        return list(session.scalars(wanted))


def tables(text: str) -> list[Element]:
    """Return the cross tables of a page."""
    tree, _ = html.parse(text)
    return [one for one in tree.iter("table") if "cross" in (one.get("class") or "")]


def cells(text: str) -> dict[str, list[str]]:
    """Return the figures of the page's table by the name of their row, as the eye sees them."""
    (table,) = tables(text)
    lines = [one for one in table.iter("tr") if one.find("td[@class='num']") is not None]
    return {text_of(one.findall("th")[-1]): [shown(cell) for cell in one.findall("td")] for one in lines}


def links(element: Element) -> dict[str, str]:
    """Return the addresses to which an element leads, with their words."""
    return {one.get("href", ""): text_of(one) for one in element.iter("a")}


def saved(office: Client, *, name: str = "導入段階の表", chosen: str = CHOSEN, shared: bool = False) -> str:
    """Save a table and return its address."""
    values = {"name": name} | ({"shared": "y"} if shared else {})
    sent = office.submit(f"{PAGE}/new?{chosen}", values)
    assert sent.status_code == 303, sent.text
    return sent.location


def test_the_builder_shows_nothing_before_it_is_asked(office: Client) -> None:
    page = office.get(f"{PAGE}/new").text
    assert "表を表示する" in page
    assert tables(page) == []
    assert "名前を付けて保存する" not in page


def test_what_is_chosen_is_shown_below_and_stays_chosen(office: Client) -> None:
    page = office.get(f"{PAGE}/new?{CHOSEN}&only_usage_type=G1&only_usage_type=blank").text
    assert {name: figures[-1] for name, figures in cells(page).items()} == {
        "汎用型１": "216", "汎用型２": "0", "特化型１": "0", "特化型２": "0", "その他": "0", "総計": "216",
    }  # fmt: skip
    tree, _ = html.parse(page)
    chosen = {
        one.get("name"): option.get("value")
        for one in tree.iter("select")
        for option in one.iter("option")
        if option.get("selected") is not None
    }
    assert (chosen["rows"], chosen["columns"], chosen["population"]) == ("usage_type", "stage", "staff")
    ticked = {one.get("value") for one in tree.iter("input") if one.get("checked") is not None}
    assert ticked == {"G1", "blank"}
    assert "「利用類型」が汎用型１、未回答の案件" in page


def test_the_preview_counts_like_the_report(office: Client) -> None:
    report = tables(office.get("/rounds/2025-2/report").text)[0]
    own = cells(office.get(f"{PAGE}/new?rows=start_timing&columns=usage_type").text)
    assert own["１．利用開始済み"] == ["212", "28", "24", "2", "9", "275"]
    assert own["５．未定"][-1] == "3"
    assert own["未回答"][-1] == "1"
    assert own["総計"] == [shown(one) for one in report.findall(".//tr[@class='table__sum']/td")]


def test_shares_stand_over_their_counts(office: Client) -> None:
    page = office.get(f"{PAGE}/new?rows=start_timing&measure=share_of_table").text
    assert cells(page)["１．利用開始済み"] == ["89.9%275"]
    assert "割合は小数第2位を四捨五入しているため" in page


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ("rows=", "行にするものを選んでください"),
        ("rows=zzz", "選択肢の中から選んでください"),
        ("rows=stage&columns=stage", "「導入段階」は、すでに行か列に選ばれています"),
        ("rows=stage&columns_inner=usage_type", "列の内訳を選ぶときは"),
        ("rows=stage&measure=share_of_row", "列を選んだときだけ表せます"),
        ("rows=stage&population=zzz", "選択肢の中から選んでください"),
        ("rows=stage&only_stage=zzz", "この回の様式にない選択肢です"),
    ],
)
def test_what_is_no_table_is_told_and_the_choices_stay(
    office: Client, database: Database, chosen: str, why: str
) -> None:
    answer = office.get(f"{PAGE}/new?{chosen}&only_usage_type=S1")
    assert (answer.status_code, tables(answer.text)) == (422, [])
    assert why in answer.text
    assert re.search(r'value="S1" id="only_usage_type" checked|value="S1" checked', answer.text)
    token = filled(find_form(html.parse(office.get(f"{PAGE}/new?{CHOSEN}").text)[0], None))
    assert office.post(f"{PAGE}/new?{chosen}", data={**token, "name": "表"}).status_code == 422
    assert events(database) == []


def test_what_a_round_did_not_ask_is_neither_offered_nor_counted(office: Client) -> None:
    page = office.get(f"{FIRST}/new").text
    assert "取扱情報の機密性" not in page
    answer = office.get(f"{FIRST}/new?rows=confidentiality&only_output_type=1")
    assert answer.status_code == 422
    assert "「取扱情報の機密性」は、この回の様式では尋ねていません" in answer.text
    assert "「出力データの種類」は、この回の様式では尋ねていません" in answer.text


def test_a_table_is_saved_under_a_name_and_shown_for_every_round(office: Client, database: Database) -> None:
    address = saved(office, name="  導入段階の表 ")
    page = office.get(address).text
    assert "<h1>導入段階の表</h1>" in page
    assert "第1版" in page
    assert "事務局だけ" in page
    assert cells(page) == cells(office.get(f"{PAGE}/new?{CHOSEN}").text)
    assert cells(office.get(address.replace("2025-2", "2025-1")).text) != cells(page)
    assert address in links(html.parse(office.get(PAGE).text)[0])
    assert PAGE in links(html.parse(office.get("/rounds/2025-2/report").text)[0])
    assert events(database) == ["built_table.saved"]


@pytest.mark.parametrize(
    ("name", "why"),
    [(" ", "表の名前を入力してください"), ("長" * 101, "100文字以内で"), ("導入段階の表", "同じ名前の表があります")],
)
def test_a_name_that_does_not_do_is_told_and_the_table_stays(
    office: Client, database: Database, name: str, why: str
) -> None:
    saved(office)
    sent = office.submit(f"{PAGE}/new?{CHOSEN}", {"name": name})
    assert sent.status_code == 422
    assert why in sent.text
    assert len(tables(sent.text)) == 1
    assert events(database) == ["built_table.saved"]


def test_a_saved_table_tells_which_question_a_round_did_not_ask(office: Client) -> None:
    address = saved(office, chosen="rows=confidentiality&columns=stage").replace("2025-2", "2025-1")
    page = office.get(address)
    assert page.status_code == 200
    assert "この回では、この表を作れません" in page.text
    assert "「取扱情報の機密性」は、この回の様式では尋ねていません" in page.text
    assert tables(page.text) == []
    for path in (f"{address}.csv", f"{address}/cases?row=1&column=total", f"{address}/revise"):
        assert office.get(path).status_code == 422, path


def test_a_revision_is_the_next_version_and_the_first_stays(office: Client, database: Database) -> None:
    address = saved(office)
    before = cells(office.get(address).text)
    sent = office.submit(f"{address}/revise?{REVISED}", {"reason": "時期で見るため", "name": "新しい名前"})
    assert (sent.status_code, sent.location) == (303, address)
    page = office.get(address).text
    assert "新しい名前" in page
    assert "時期で見るため" in page
    assert cells(page) != before
    first = office.get(f"{address}?version=1").text
    assert cells(first) == before
    assert "これは前の版です" in first
    assert f"{address}?version=1" in links(html.parse(page)[0])
    assert events(database) == ["built_table.saved", "built_table.revised"]
    with database.reading() as session:
        numbers = select(BuiltTableVersion.number, BuiltTableVersion.reason).order_by(BuiltTableVersion.number)
        assert list(map(tuple, session.execute(numbers))) == [(1, ""), (2, "時期で見るため")]
    for number in ("0", "3", "x", "1.0"):
        assert office.get(f"{address}?version={number}").status_code == 404


def test_the_page_of_a_revision_begins_with_what_is_stored(office: Client) -> None:
    address = saved(office, chosen=f"{CHOSEN}&only_usage_type=S1&only_usage_type=G1")
    page = office.get(f"{address}/revise").text
    assert cells(page) == cells(office.get(address).text)
    same = office.submit(f"{address}/revise", {"reason": "なし"})
    assert same.status_code == 422
    assert "名前も表の内容も変わっていません" in same.text
    renamed = office.submit(f"{address}/revise", {"reason": "分かりやすくするため", "name": "別の名前"})
    assert renamed.status_code == 303
    assert "第2版" not in office.get(address).text
    assert office.submit(f"{address}/revise?{REVISED}", {"reason": ""}).status_code == 422


def test_who_saves_second_sees_both_and_may_then_save(office: Client, client_of: ClientOf, database: Database) -> None:
    address = saved(office)
    late = filled(find_form(html.parse(office.get(f"{address}/revise?{REVISED}").text)[0], None))
    earlier = f"{address}/revise?rows=user_scope"
    assert client_of("secretariat").submit(earlier, {"reason": "先に", "name": "先の名前"}).status_code == 303
    refused = office.post(f"{address}/revise?{REVISED}", data={**late, "reason": "後で"})
    assert refused.status_code == 409
    tree, _ = html.parse(refused.text)
    rows = (line for line in tree.iter("tr") if line.get("class") == "table__diff")
    told = {text_of(line.find("th")).removesuffix("違い"): list(map(text_of, line.findall("td"))) for line in rows}
    assert told == {
        "表の名前": ["導入段階の表", "先の名前"],
        "行": ["利用類型", "利用者の範囲"],
        "列": ["利用開始時期（開始済・開始前）", "なし"],
        "対象の案件": ["政府職員を利用者とする案件", "全案件"],
    }
    assert "ほかの人が先に保存しました" in refused.text
    again = {**filled(find_form(tree, None)), "reason": "後で"}
    assert office.post(f"{address}/revise?{REVISED}", data=again).status_code == 303
    assert events(database) == ["built_table.saved", "built_table.revised", "built_table.revised"]
    with database.reading() as session:
        assert [one.number for one in session.scalars(select(BuiltTable)).one().versions] == [1, 2, 3]


@pytest.mark.parametrize("who", OTHERS)
def test_others_see_a_table_while_it_is_shared(
    client_of: ClientOf, office: Client, database: Database, who: str
) -> None:
    address, reader = saved(office), client_of(who)
    paths = (address, f"{address}.xlsx", f"{address}/cases?row=G1&column=R")
    assert [reader.get(path).status_code for path in paths] == [404, 404, 404]
    assert "導入段階の表" not in reader.get(PAGE).text
    assert office.submit(address, button="/share").location == address
    assert [reader.get(path).status_code for path in paths] == [200, 200, 200]
    page = reader.get(PAGE).text
    assert "導入段階の表" in page
    assert "表を作る" not in page
    assert "表を改める" not in reader.get(address).text
    office.submit(address, button="/share")
    assert reader.get(address).status_code == 404
    assert events(database) == [
        "built_table.saved", "built_table.shared", "built_table.exported", "built_table.shared",
    ]  # fmt: skip


@pytest.mark.parametrize("who", [*OTHERS, "admin"])
def test_others_build_and_change_nothing(client_of: ClientOf, office: Client, database: Database, who: str) -> None:
    address, other = saved(office, shared=True), client_of(who)
    for path in (f"{PAGE}/new?{CHOSEN}", f"{PAGE}/new/cases?{CHOSEN}&row=G1&column=R", f"{address}/revise"):
        assert other.get(path).status_code in {403, 404}, path
    for path in (f"{PAGE}/new?{CHOSEN}", f"{address}/revise?{REVISED}", f"{address}/share", f"{address}/withdraw"):
        assert other.post(path, data={"name": "表", "reason": "理由"}).status_code in {400, 403, 404}, path
    assert events(database) == ["built_table.saved"]


def test_a_withdrawn_table_stays_with_the_secretariat(client_of: ClientOf, office: Client, database: Database) -> None:
    address = saved(office, shared=True)
    assert office.submit(address, button="/withdraw").location == PAGE
    assert client_of("auditor").get(address).status_code == 404
    page = office.get(address).text
    assert "この表は取り下げられています" in page
    assert "表を改める" not in page
    assert "取下げ" in office.get(PAGE).text
    assert office.get(f"{address}/revise").status_code == 409
    token = filled(find_form(html.parse(office.get(f"{PAGE}/new?{CHOSEN}").text)[0], None))["csrf_token"]
    assert office.post(f"{address}/withdraw", data={"csrf_token": token}).status_code == 303
    assert office.post(f"{address}/share", data={"csrf_token": token, "shared": "1"}).status_code == 409
    assert saved(office) != address
    assert events(database) == ["built_table.saved", "built_table.withdrawn", "built_table.saved"]


def test_every_figure_opens_to_as_many_cases(office: Client) -> None:
    chosen = "rows=user_scope&rows_inner=stage&columns=usage_type_group&population=staff&only_start_timing=1"
    for page in (office.get(saved(office, chosen=chosen)), office.get(f"{PAGE}/new?{chosen}")):
        found = links(tables(page.text)[0])
        assert len(found) > 20
        for address, number in list(found.items())[::5]:
            opened = office.get(address).text
            assert f"{number}件（" in opened, address
            assert min(int(number), 50) == opened.count("/submissions/items/"), address


def test_a_ministry_opens_the_counts_and_its_own_cases(client_of: ClientOf, office: Client) -> None:
    address = saved(office, shared=True)
    page = client_of("reporter").get(f"{address}/cases?row=G1&column=R").text
    assert "自分の府省庁のものだけを表示しています" in page
    assert set(re.findall(r"府省庁[A-Y]", page)) <= {"府省庁A"}
    for wrong in ("row=zzz&column=R", "row=G1&column=zzz", "row=G1", ""):
        assert client_of("reporter").get(f"{address}/cases?{wrong}").status_code == 404


def test_ministries_open_to_the_cases_that_make_them_count(office: Client) -> None:
    page = office.get(f"{PAGE}/new?rows=user_scope_group&measure=ministries&population=staff").text
    found = links(tables(page)[0])
    for address, number in found.items():
        assert f"（{number}府省庁）" in office.get(address).text


def test_a_table_is_taken_out_as_a_file(office: Client, database: Database) -> None:
    address = saved(office, chosen=f"{CHOSEN}&measure=share_of_row")
    told = json.loads(office.get(f"{address}.json").text)
    assert (told["name"], told["version"], told["round"]) == ("導入段階の表", 1, "2025-2")
    assert told["definition"]["measure"] == "share_of_row"
    total = told["table"]["rows"][-1]
    assert (sum(total["cells"]), total["total"], total["shares"][-1]) == (296, 296, 100.0)
    lines = list(csv.reader(io.StringIO(office.get(f"{address}.csv").data.decode("utf-8-sig"))))
    assert lines[0][-1] == "割合（％）"
    assert [line[7] for line in lines[1:] if line[3] == "total"] == [*map(str, total["cells"]), "296"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(office.get(f"{address}.xlsx").data))
    assert book.sheet_names == ["この集計について", "表", "割合（％）"]
    about = dict(row[:2] for row in book.get_sheet_by_index(0).to_python()[1:])
    assert (about["表の名前"], about["版"], about["回"]) == ("導入段階の表", "1", "2025年度第2回")
    assert book.get_sheet_by_index(1).to_python()[-1][2:] == [*total["cells"], 296]
    assert book.get_sheet_by_index(2).to_python()[-1][2:] == total["shares"]
    assert events(database)[1:] == ["built_table.exported"] * 3


def test_an_earlier_version_is_taken_out_too(office: Client) -> None:
    address = saved(office)
    office.submit(f"{address}/revise?{REVISED}", {"reason": "時期で見るため"})
    files = [json.loads(office.get(f"{address}.json{more}").text) for more in ("", "?version=1")]
    assert [one["version"] for one in files] == [2, 1]
    assert [one["definition"]["columns"] for one in files] == [["started"], ["stage"]]


def test_a_table_of_a_settled_round_asks_the_database_little(app: Flask, office: Client) -> None:
    address = saved(office)
    office.get(address)
    with statements(app) as sent:
        office.get(address)
    assert len(sent) <= 9, sent


def test_the_log_tells_a_saved_table_in_words(office: Client) -> None:
    address = saved(office, chosen=f"{CHOSEN}&only_usage_type=G1")
    office.submit(f"{address}/revise?{REVISED}", {"reason": "時期で見るため"})
    told = {}
    for event in ("saved", "revised"):
        tree, _ = html.parse(office.get(f"/audit?event=built_table.{event}").text)
        (entry,) = [link for link in links(tree) if link.startswith("/audit/")]
        told[event] = office.get(entry).text
    assert "列：導入段階" in told["saved"]
    assert "絞り込みの内容：「利用類型」が汎用型１の案件" in told["saved"]
    assert "列：利用開始時期（開始済・開始前）" in told["revised"]
    assert "時期で見るため" in told["revised"]
