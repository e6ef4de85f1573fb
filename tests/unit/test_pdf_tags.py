"""The structure tree: what a screen reader gets. No validator checks most of this."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from register.formats import pdf
from tests.support.pdf_tree import elements, inside, of_kind, opened, texts
from tests.support.sample_document import CHART, CROSS_TAB, page, report, sample

CELLS = re.compile(r"<(t[hd])[^>]*>([^<]*)</t")


def headers(table: str) -> dict[str, list[str]]:
    """Return for each data cell of the table the texts of the headers it points at."""
    cells = CELLS.findall(table)
    with opened(sample(page(f"<h1>x</h1>{table}"))) as file:
        marks = of_kind(file, "TH", "TD")
        assert [str(mark.S)[1:].lower() for mark in marks] == [kind for kind, _ in cells]
        names = {bytes(mark.ID): text for mark, (_, text) in zip(marks, cells, strict=True) if "/ID" in mark}
        return {
            text: [names[bytes(one)] for one in mark.A.get("/Headers", [])]
            for mark, (kind, text) in zip(marks, cells, strict=True)
            if kind == "td"
        }


def test_one_level() -> None:
    table = """<table><thead><tr><th scope="col">名</th><th scope="col">甲</th><th scope="col">乙</th></tr></thead>
    <tbody><tr><th scope="row">い</th><td>a</td><td>b</td></tr><tr><th scope="row">ろ</th><td>c</td><td>d</td></tr></tbody>
    </table>"""
    assert headers(table) == {"a": ["甲", "い"], "b": ["乙", "い"], "c": ["甲", "ろ"], "d": ["乙", "ろ"]}


def test_two_levels_with_spans_and_row_groups() -> None:
    table = CROSS_TAB
    for number in range(20):  # each cell gets a text of its own
        table = re.sub(r'(<td class="num[^"]*">)\d+<', rf"\g<1>c{number:02d}<", table, count=1)
    # the two "常用" and the two "検証" are told apart by the header above them
    found = headers(table)
    assert found["c00"] == ["開始済", "常用", "汎用型", "汎用型１"]
    assert found["c01"] == ["開始済", "検証", "汎用型", "汎用型１"]
    assert found["c02"] == ["開始前", "常用", "汎用型", "汎用型１"]
    assert found["c03"] == ["開始前", "検証", "汎用型", "汎用型１"]
    assert found["c04"] == ["計", "汎用型", "汎用型１"]
    assert found["c05"] == ["開始済", "常用", "汎用型", "汎用型２"]
    assert found["c12"] == ["開始前", "常用", "特化型", "特化型１"]
    assert found["c19"] == ["計", "特化型", "特化型２"]


def test_a_heading_row_heads_the_rows_below_it_up_to_the_next() -> None:
    table = """<table><thead><tr><th scope="col">名</th><th scope="col">甲</th></tr></thead><tbody>
    <tr><th scope="rowgroup" colspan="2">内部</th></tr><tr><th scope="row">い</th><td>a</td></tr>
    <tr><th scope="rowgroup" colspan="2">外部</th></tr><tr><th scope="row">ろ</th><td>b</td></tr></tbody>
    <tbody><tr><th scope="row">は</th><td>c</td></tr></tbody></table>"""
    assert headers(table) == {"a": ["甲", "内部", "い"], "b": ["甲", "外部", "ろ"], "c": ["甲", "は"]}


def test_cells_that_span() -> None:
    table = """<table><thead><tr><th scope="col">名</th><th scope="col">甲</th><th scope="col">乙</th></tr></thead><tbody>
    <tr><th scope="row">い</th><td colspan="2">a</td></tr><tr><th scope="row">ろ</th><td rowspan="2">b</td><td>c</td></tr>
    <tr><th scope="row">は</th><td>d</td></tr></tbody></table>"""
    assert headers(table) == {
        "a": ["甲", "乙", "い"], "b": ["甲", "ろ", "は"], "c": ["乙", "ろ"], "d": ["乙", "は"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "rows",
    [
        "<tr><td>a</td><td>b</td></tr><tr><td>c</td></tr>",
        '<tr><td rowspan="90">a</td><td>b</td></tr>' + "<tr><td>c</td></tr>" * 89,
    ],
)
def test_a_table_with_holes_is_refused(rows: str) -> None:
    with pytest.raises(pdf.Incomplete, match="holes"):
        sample(page(f"<h1>x</h1><table><tbody>{rows}</tbody></table>"))


def test_headers_without_scope() -> None:
    table = (
        """<table><thead><tr><th>名</th><th>甲</th></tr></thead><tbody><tr><th>い</th><td>a</td></tr></tbody></table>"""
    )
    assert headers(table) == {"a": ["甲", "い"]}


def test_a_table_over_two_pages_keeps_its_headers_within_each_part() -> None:
    with opened(report()) as file:
        parts = [table for table in of_kind(file, "Table") if len(inside(table, "TD")) > 30]
        assert len(parts) == 2
        for part in parts:
            heads = {bytes(head.ID): head for head in inside(part, "TH")}
            for cell in inside(part, "TD"):
                found = [heads[bytes(one)] for one in cell.A.Headers]
                assert [str(head.A.Scope) for head in found] == ["/Column", "/Row"]


def test_scopes() -> None:
    with opened(sample(page(f"<h1>x</h1>{CROSS_TAB}"))) as file:
        scopes = [str(head.A.Scope) for head in of_kind(file, "TH")]
    assert scopes == ["/Column"] * 8 + ["/Row"] * 6


def test_running_headers_and_footers_are_artifacts_and_everything_else_is_linked() -> None:
    with opened(report()) as file:
        linked: dict[tuple[int, int], object] = {}
        live = {element.objgen for element in elements(file)}
        numbers = file.Root.StructTreeRoot.ParentTree.Nums
        entries = dict(zip([int(key) for key in list(numbers)[::2]], list(numbers)[1::2], strict=True))
        for number, sheet in enumerate(file.pages):
            for mark, element in enumerate(entries[int(sheet.obj.StructParents)]):
                assert element.objgen in live
                linked[number, mark] = element
        assert int(file.Root.StructTreeRoot.ParentTreeNextKey) == max(entries) + 1
        kinds: dict[int, set[str]] = {}
        for text in texts(file):
            assert text.enclosing
            tag, mark_number, subtype = text.enclosing[0]
            if tag == "/Artifact":
                assert len(text.enclosing) == 1
                kinds.setdefault(text.page, set()).add(str(subtype))
            else:
                assert mark_number is not None
                assert (text.page, mark_number) in linked
        assert kinds == {number: {"/Header", "/Footer"} for number in range(len(file.pages))}


def test_languages_are_kept() -> None:
    html = page('<h1>x</h1><p>あ<span lang="en">case</span></p><p lang="en">English</p><p>い</p>')
    with opened(sample(html)) as file:
        assert str(file.Root.Lang) == "ja"
        assert [str(one.get("/Lang", "")) for one in of_kind(file, "P")] == ["", "en", ""]
        assert "en" in [str(one.get("/Lang", "")) for one in of_kind(file, "Span")]


def test_footnotes_are_notes_with_ids_in_the_tree() -> None:
    with opened(report()) as file:
        notes = of_kind(file, "Note")
        assert len(notes) == 2
        tree = list(file.Root.StructTreeRoot.IDTree.Names)
        names = [bytes(one) for one in tree[::2]]
        assert names == sorted(set(names))
        ids = {bytes(one.ID): one.objgen for one in elements(file) if "/ID" in one}
        assert dict(zip(names, [one.objgen for one in tree[1::2]], strict=True)) == ids
        assert {bytes(note.ID) for note in notes} <= set(names)


def test_figures_headings_and_title() -> None:
    with opened(report()) as file:
        title = re.search(r"<title[^>]*>([^<]+)</title>", CHART)
        assert title is not None
        assert [str(one.Alt) for one in of_kind(file, "Figure")] == [title.group(1)]
        assert [str(one.S) for one in of_kind(file, "H1", "H2", "H3")] == ["/H1", "/H2", "/H2", "/H3", "/H2"]
        assert file.Root.ViewerPreferences.DisplayDocTitle
        assert str(file.docinfo.Title) == "生成AIシステム定期報告"


def test_two_threads_render_the_same_bytes() -> None:
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: sample(), range(2))) == [report()] * 2
