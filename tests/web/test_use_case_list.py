"""The list of use cases as a page and as a file: its whole state in the URL, and an export that shows the same rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from register import audit
from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.models import AuditEntry, User
from register.services import use_cases
from tests.support import html
from tests.support.client import Client
from tests.support.data import NOW, staffed
from tests.support.round_files import FORMS

ClientOf = Callable[[str], Client]
COUNT = {"reporter": 60, "other": 3}
FILTER = "q=%E8%A6%81%E7%B4%84&usage_type=G1&usage_type=none&lifecycle=planned"


def paged(url: str) -> None:
    """Build more than a page of cases of one ministry and some of another."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        for name, count in COUNT.items():
            by = Actor.of(session.scalars(select(User).where(User.email == f"{name}@example.go.jp")).one())
            for number in range(count):
                values = {"title": f"要約{number:02d}", "usage_type": ("G1", "G2", None)[number % 3]}
                use_cases.create(session, form=FORMS["v2"], values=values, by=by)
    database.engine.dispose()


@pytest.fixture
def content() -> Callable[[str], None]:
    return paged


def tree_of(client: Client, address: str) -> Element:
    """Open a page and return its tree."""
    answer = client.get(address)
    assert answer.status_code == 200
    return html.parse(answer.text)[0]


def links(tree: Element, css: str) -> dict[str, str]:
    """Return the links inside the elements with this class: their words with their addresses."""
    boxes = [one for one in tree.iter() if css in (one.get("class") or "").split()]
    return {"".join(link.itertext()).strip(): link.get("href") or "" for box in boxes for link in box.iter("a")}


def numbers(tree: Element) -> list[str]:
    """Return the case numbers that the list shows, in its order."""
    cells = [next(row.iter("td")) for body in tree.iter("tbody") for row in body.iter("tr")]
    return ["".join(cell.itertext()).strip() for cell in cells]


def state(address: str) -> dict[str, list[str]]:
    """Return the arguments of an address."""
    return parse_qs(urlsplit(address).query)


def exported(client: Client, address: str) -> list[dict[str, str]]:
    """Fetch a CSV file and return its rows by their headings."""
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def test_each_condition_is_a_chip_that_takes_only_itself_away(client_of: ClientOf) -> None:
    tree = tree_of(client_of("auditor"), f"/use-cases?{FILTER}&ministry=a&sort=number&page=1")
    chips = links(tree, "chips")
    asked = {
        "q": ["要約"], "usage_type": ["G1", "none"], "lifecycle": ["planned"], "ministry": ["a"], "sort": ["number"],
    }  # fmt: skip
    less = {
        "「要約」": {"q": []},
        "汎用型１": {"usage_type": ["none"]},
        "未回答": {"usage_type": ["G1"]},
        "利用開始前": {"lifecycle": []},
        "府省庁A": {"ministry": []},
    }
    assert len(chips) == len(less) + 1
    for word, change in less.items():
        address = next(href for text, href in chips.items() if text.startswith(word))
        assert state(address) == {name: values for name, values in (asked | change).items() if values}, word
    assert chips["条件をすべて解除"] == "/use-cases"


def test_the_pages_keep_the_conditions_and_show_every_case_once(client_of: ClientOf) -> None:
    client, found = client_of("auditor"), []
    address = "/use-cases?q=%E8%A6%81%E7%B4%84&lifecycle=planned&sort=number"
    first = tree_of(client, address)
    assert "63件" in "".join(first.itertext())
    following = next(link for link in first.iter("a") if link.get("rel") == "next").get("href") or ""
    assert state(following) == {"q": ["要約"], "lifecycle": ["planned"], "sort": ["number"], "page": ["2"]}
    second = tree_of(client, following)
    back = next(link for link in second.iter("a") if link.get("rel") == "prev").get("href") or ""
    assert state(back) == state(address)
    found = numbers(first) + numbers(second)
    assert len(numbers(first)) == 50
    assert found == [*(f"a-2025-{n:04d}" for n in range(1, 61)), *(f"b-2025-{n:04d}" for n in range(1, 4))]


def test_the_orders_keep_the_conditions_and_begin_anew(client_of: ClientOf) -> None:
    tree = tree_of(client_of("auditor"), "/use-cases?q=%E8%A6%81%E7%B4%84&sort=title&page=2")
    heads = {link.get("href") or "" for link in tree.iter("a") if link.get("class") == "sort"}
    assert [state(href) for href in sorted(heads)] == [
        {"q": ["要約"]}, {"q": ["要約"], "sort": ["number"]}, {"q": ["要約"], "sort": ["since"]},
        {"q": ["要約"], "sort": ["title"]},
    ]  # fmt: skip
    sorted_by = [head.get("aria-sort") for head in tree.iter("th") if head.get("aria-sort")]
    assert sorted_by == ["ascending"]


def test_the_form_keeps_what_was_asked(client_of: ClientOf) -> None:
    tree = tree_of(client_of("auditor"), "/use-cases?q=%E8%A6%81%E7%B4%84&usage_type=G1&sort=number")
    form = next(one for one in tree.iter("form") if one.get("role") == "search")
    assert {(one.get("name"), one.get("value")) for one in form.iter("input")} == {("q", "要約"), ("sort", "number")}
    chosen = {
        (select.get("name"), option.get("value"))
        for select in form.iter("select") for option in select.iter("option") if option.get("selected") is not None
    }  # fmt: skip
    assert ("usage_type", "G1") in chosen


@pytest.mark.parametrize(
    ("name", "address", "words"),
    [
        ("reporter", "/use-cases?q=nothing", "条件に合う案件はありません。"),
        ("reporter", "/use-cases?ministry=b", "条件に合う案件はありません。"),
        ("auditor", "/use-cases?lifecycle=retired", "条件に合う案件はありません。"),
    ],
)
def test_an_empty_list_says_why(client_of: ClientOf, name: str, address: str, words: str) -> None:
    answer = client_of(name).get(address)
    assert words in answer.text
    assert "/use-cases.csv" not in answer.text


@pytest.mark.parametrize("name", ["reporter", "auditor"])
def test_the_files_hold_the_rows_of_the_list(client_of: ClientOf, name: str) -> None:
    client = client_of(name)
    address = f"/use-cases?{FILTER}&sort=number"
    tree = tree_of(client, address)
    files = {kind: href for text, href in links(tree, "tools").items() for kind in ("Excel", "CSV") if kind in text}
    rows = exported(client, files["CSV"])
    assert [row["案件番号"] for row in rows] == numbers(tree)
    assert len(rows) == (40 if name == "reporter" else 42)
    assert {row["利用類型"] for row in rows} == {"汎用型１", ""}
    answer = client.get(files["Excel"])
    assert answer.headers["Content-Disposition"] == 'attachment; filename="use-cases.xlsx"'
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    heading = next(place for place, line in enumerate(sheet) if line[0] == "案件番号")
    assert sheet[heading] == list(rows[0])
    assert [line[0] for line in sheet[heading + 1 :]] == [row["案件番号"] for row in rows]


def test_a_file_holds_every_page_of_the_list(client_of: ClientOf) -> None:
    assert len(exported(client_of("auditor"), "/use-cases.csv?sort=title&page=2")) == 63


@pytest.mark.parametrize(("kind", "query"), [("csv", ""), ("xlsx", "?q=%E8%A6%81%E7%B4%8401&ministry=a")])
def test_taking_the_list_out_is_recorded_without_the_words_searched(
    client_of: ClientOf, database: Database, kind: str, query: str
) -> None:
    client_of("auditor").get(f"/use-cases.{kind}{query}")
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.event == audit.Event.USE_CASES_EXPORTED)).one()
        assert not audit.verify(session, []).finding
    assert (entry.actor_name, entry.role) == ("auditor", "auditor")
    assert json.loads(entry.body)["details"] == {
        "kind": kind, "rows": 1 if query else 63, "filtered": bool(query),
    }  # fmt: skip
    assert "要約" not in entry.body


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "|cmd", "%0A", '"=1+1"'])
def test_no_cell_of_the_file_is_taken_for_a_formula(client_of: ClientOf, database: Database, text: str) -> None:
    client = client_of("reporter")
    assert client.submit("/use-cases/new", {"title": text, "purpose": f"{text}\r\n{text}"}).status_code == 303
    row = exported(client, "/use-cases.csv")[0]
    assert (row["案件名"], row["利用用途"]) == (f"'{text}", f"'{text}\n{text}")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/use-cases.xlsx").data)).get_sheet_by_index(0)
    assert any(text in line for line in sheet.to_python())


def test_what_people_write_stays_text_in_the_page(client_of: ClientOf) -> None:
    client = client_of("reporter")
    evil = "<script>alert(1)</script>&amp;\"'"
    made = client.submit("/use-cases/new", {"title": evil, "unit": evil, "purpose": f"{evil}\r\n{evil}"})
    for address in (made.location, f"{made.location}/edit", "/use-cases", f"/use-cases?q={evil}"):
        tree = tree_of(client, address)
        assert not [one for one in tree.iter("script") if one.get("src") is None]
        values = [one.get("value") or "" for one in tree.iter("input")]
        assert any(evil in text for text in ["".join(tree.itertext()), *values]), address
