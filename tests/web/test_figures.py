"""The pages that open a figure: its proof, and two figures side by side."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote
from xml.etree.ElementTree import Element

import pytest

from tests.support import html
from tests.support.client import Client
from tests.support.databases import Build
from tests.support.round_files import reference_rounds

ClientOf = Callable[[str], Client]
PAGE = "/rounds/2025-2/report"
WHY = f"{PAGE}/difference?first=populations:staff_with_timing:total&second=populations:staff:total"
LINK = re.compile(r'href="(/rounds/2025-2/report/cases\?[^"]+)"')


@pytest.fixture
def content() -> Build:
    """The reference rounds."""
    return reference_rounds


def figure(table: str, row: str, column: str) -> str:
    """Return the address of a figure's page."""
    return f"{PAGE}/cases?table={table}&row={quote(row)}&column={quote(column)}"


def text_of(element: Element | None) -> str:
    """Return the words of an element."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def read(client: Client, address: str) -> str:
    """Return what a page says, blanks folded."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    main = html.parse(answer.text)[0].find(".//main")
    assert main is not None
    return " ".join(" ".join(main.itertext()).split())


@pytest.mark.parametrize("name", ["reporter", "secretariat"])
def test_the_proof_is_for_everybody_the_cases_for_those_who_may_see_them(client_of: ClientOf, name: str) -> None:
    text = read(client_of(name), figure("start_timing_by_usage_type", "5", "total"))
    assert "全案件 306 ５．未定 4" in text
    assert "「利用開始時期」が未回答の1件を「未定」に数えている" in text
    assert "回答のSHA-256" in text
    assert ("自分の府省庁のものだけを表示しています" in text) is (name == "reporter")


def test_every_link_of_the_report_to_a_figure_works(client_of: ClientOf) -> None:
    client = client_of("auditor")
    addresses = {one.replace("&amp;", "&") for one in LINK.findall(client.get(PAGE).text)}
    special = [one for one in addresses if re.search("headlines|populations|unanswered|ministries", one)]
    assert len(addresses) > 150
    assert len(special) > 20
    for address in special:
        read(client, address)


def test_a_footnote_leads_to_the_cases_that_it_counts(client_of: ClientOf) -> None:
    client = client_of("secretariat")
    page = html.parse(client.get(PAGE).text)[0]
    found = {
        text_of(note.find("a")): note.find("a").get("href", "")
        for note in page.findall(".//ul[@class='notes']/li")
        if note.find("a") is not None and "導入段階の記載がない" in text_of(note)
    }
    assert list(found) == ["該当する4件"]
    assert client.get(found["該当する4件"]).text.count("/submissions/items/") == 4


def test_why_295_and_not_296(client_of: ClientOf) -> None:
    text = read(client_of("secretariat"), WHY)
    for words in (
        "差 1件",
        "どちらにも入る案件 295件",
        "数字1だけに入る案件（0件） ありません。",
        "数字2だけに入る案件（1件）",
    ):
        assert words in text, words
    assert "このうち「利用開始時期が未回答の案件」： 1件" in text
    assert client_of("secretariat").get(WHY).text.count("/submissions/items/") == 1


def test_a_ministry_is_told_the_counts_of_a_difference_and_sees_its_own_cases(client_of: ClientOf) -> None:
    answer = client_of("reporter").get(WHY)
    assert "数字2だけに入る案件（1件）" in answer.text
    assert "自分の府省庁のものだけを表示しています" in answer.text
    assert set(re.findall(r"府省庁[A-Y]", answer.text)) <= {"府省庁A"}


def test_the_page_of_a_figure_offers_the_others_to_compare(client_of: ClientOf) -> None:
    client = client_of("secretariat")
    page = html.parse(client.get(figure("populations", "staff", "total")).text)[0]
    form = page.find(".//form[@class='filters']")
    assert form is not None
    options = [one.get("value", "") for one in form.iter("option")]
    first = form.find(".//input[@name='first']").get("value", "")
    assert first == "populations:staff:total"
    assert len(options) > 50
    for second in options[::9]:
        assert client.get(f"{form.get('action')}?first={quote(first)}&second={quote(second)}").status_code == 200


@pytest.mark.parametrize(
    "query", ["", "first=populations:staff:total", "first=x&second=y", "second=populations:all:total"]
)
def test_no_figures_no_difference(client_of: ClientOf, query: str) -> None:
    assert client_of("secretariat").get(f"{PAGE}/difference?{query}").status_code == 404


def test_a_figure_of_the_round_before_is_opened_but_not_compared(client_of: ClientOf) -> None:
    client = client_of("secretariat")
    page = client.get(figure("usage_type_flow", "G1", "closed"))
    assert page.status_code == 200
    assert "ほかの数字との違い" not in page.text
    refused = client.get(f"{PAGE}/difference?first=usage_type_flow:G1:closed&second=populations:all:total")
    assert refused.status_code == 409
    assert "前回の案件を数えた数字は、今回の数字と比べられません" in refused.text


@pytest.mark.parametrize(("name", "status"), [("admin", 404), ("approver", 200)])
def test_who_reads_the_report_opens_its_figures(client_of: ClientOf, name: str, status: int) -> None:
    for address in (WHY, figure("populations", "staff", "total")):
        assert client_of(name).get(address).status_code == status
