"""What a record tells: the same in the data, in the list and among the names that must be printed."""

from __future__ import annotations

import pytest

from register.documents.record import (
    Block,
    Change,
    Column,
    Entry,
    Fact,
    Facts,
    Grid,
    Log,
    Note,
    Part,
    Series,
    Told,
    Words,
    entries,
    lines,
    names,
    plain,
)

ENTRY = Entry("1　した", "理由", [Change("項目", "前", "後", False)], {"seq": 1})


def record() -> list[Part]:
    """Return a record with every kind of part."""
    grid = Grid("rows", "表", [Column("no", "番号"), Column("text", "文")], [], "ありません。", "no")
    filled = Grid("more", "表", grid.columns, [[Told("N-1", "N-1"), Told("一\n二", "一\n二")]], "", "no")
    facts = Facts(
        "facts", "事実", [Fact("day", "日", Told("令和7年", "2025-01-01")), Fact("no", "なし", Told("未回答"))]
    )
    inner = Block("one", "節", [Words("text", "本文", Told("文", "文"))], "K-1")
    log = Log("log", "記録", [ENTRY], "")
    return [
        Block("first", "章", [Note("読み方"), facts, grid, Series("items", [inner], "")], "K-0"),
        Block("second", "次の章", [filled, Series("none", [], "ありません。"), log]),
    ]


def test_the_data_hold_every_value_by_its_name() -> None:
    assert plain(record()) == {
        "first": {"facts": {"day": "2025-01-01", "no": None}, "rows": [], "items": [{"text": "文"}]},
        "second": {"more": [{"no": "N-1", "text": "一\n二"}], "none": [], "log": [{"seq": 1}]},
    }


def test_no_value_is_lost_to_another_of_its_name() -> None:
    with pytest.raises(ValueError, match="one name"):
        plain([Facts("a", "", []), Words("a", "", Told(""))])


def test_the_numbers_stand_in_the_order_of_their_places() -> None:
    assert names(record()) == ["K-0", "K-1", "N-1"]


def test_what_is_not_printed_is_no_name_that_must_be() -> None:
    rows = [[Told("N-1")], [Told("N-2")]]
    assert names([Grid("rows", "", [Column("no", "")], rows, "", "no", left_out=1)]) == ["N-2"]


def test_the_list_has_a_line_per_value() -> None:
    assert lines(record()) == [
        ["章", "", "事実", "", "日", "令和7年"],
        ["章", "", "事実", "", "なし", "未回答"],
        ["章", "節", "", "", "本文", "文"],
        ["次の章", "", "表", "1", "番号", "N-1"],
        ["次の章", "", "表", "1", "文", "一\n二"],
    ]


def test_the_entries_of_the_log_are_found_wherever_they_stand() -> None:
    assert entries(record()) == [ENTRY]


def test_few_facts_are_kept_on_one_page() -> None:
    assert Facts("a", "", [Fact("b", "項目", Told("短い"))]).short
    assert not Facts("a", "", [Fact("b", "項目", Told("長い" * 500))]).short
