"""CSV: what is written is harmless and complete; what is read keeps its lines and is never guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from register.errors import ImportRejected, RowProblem
from register.formats import csv

FORMULAS = [
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    '"=1',
    "|cmd",
    "%0A=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    '  "  =1',
    "-株",
]


def refusal(data: bytes, **limits: int) -> RowProblem:
    with pytest.raises(ImportRejected) as caught:
        csv.read(data, limits=csv.Limits(**limits))
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def test_written_with_mark_and_line_ends() -> None:
    assert csv.write(["番号", "件名"], [[1, "翻訳, 要約"], [2, None]]) == (
        '\ufeff番号,件名\r\n1,"翻訳, 要約"\r\n2,\r\n'.encode()
    )


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_marked(text: str) -> None:
    cell = csv.read(csv.write(["a", "b"], [[text, "x"]])).rows[0].cells[0]
    assert cell.startswith("'")


@pytest.mark.parametrize("text", ["翻訳", "a=b", "3-1", "(−1)", "'"])
def test_other_text_stays(text: str) -> None:
    assert csv.read(csv.write(["a", "b"], [[text, "x"]])).rows[0].cells == (text, "x")


def test_numbers_and_dates_stay_what_they_are() -> None:
    rows = [[-5, -1.5, Decimal("-2.50"), date(2025, 9, 30)]]
    assert csv.write(list("abcd"), rows).decode("utf-8-sig").splitlines()[1] == "-5,-1.5,-2.50,2025-09-30"


def test_control_characters_are_left_out() -> None:
    assert csv.write(["a\x00b"], [["x\x1f\ud800y"]]).decode("utf-8-sig") == "ab\r\nxy\r\n"


@pytest.mark.parametrize(("codec", "name"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp932", "cp932")])
def test_encodings(codec: str, name: str) -> None:
    parsed = csv.read("府省庁,件名\r\n府省庁A,髙﨑①㈱の翻訳〜ﾃｽﾄ\r\n".replace("〜", "～").encode(codec))
    assert parsed.encoding == name
    assert parsed.header.cells == ("府省庁", "件名")
    assert parsed.rows == (csv.Row(2, ("府省庁A", "髙﨑①㈱の翻訳～ﾃｽﾄ")),)


def test_lines_are_those_of_the_file() -> None:
    parsed = csv.read(b'a,b\r\n1,"x\r\ny\nz"\r\n\r\n2,"q\xe2\x80\xa8r"\r3,4')
    assert [(row.line, row.cells[0]) for row in parsed.rows] == [(2, "1"), (6, "2"), (7, "3")]
    assert parsed.rows[0].cells[1] == "x\r\ny\nz"


def test_ragged_rows_are_told() -> None:
    parsed = csv.read(b"a,b\n1\n1,2\n1,2,3\n")
    assert [row.line for row in parsed.rows] == [3]
    assert [(problem.line, problem.reason.params["found"]) for problem in parsed.problems] == [(2, 1), (4, 3)]


def test_a_broken_byte_is_named() -> None:
    data = "府省庁,件名\n府省庁A,翻訳と要約\n".encode()
    place = data.index("訳".encode()) + 1
    problem = refusal(data[:place] + b"\xff" + data[place + 1 :])
    assert problem.line == 2
    assert problem.reason.params["byte"] in {place, place + 1}


def test_neither_encoding() -> None:
    problem = refusal(b"a,b\n\x82\xa0,\x81\x00".replace(b"\x00", b" ") + b"\xff\xff")
    assert problem.line == 2
    assert "UTF-8" in str(problem.reason)


def test_other_files_are_refused() -> None:
    assert "UTF-16" in str(refusal("a,b".encode("utf-16")).reason)
    nul = refusal(b"a,b\n1,\x002\n")
    assert (nul.line, nul.reason.params["byte"]) == (2, 7)
    assert "空" in str(refusal(b"").reason)
    assert "空" in str(refusal(b"\n\n").reason)


def test_quotes_out_of_place_are_refused_with_their_line() -> None:
    assert refusal(b'a,b\n1,2\n"x"y,3\n').line == 3
    assert refusal(b'a,b\n1,"never closed\n2,3\n').line == 2


def test_limits() -> None:
    assert "バイト" in str(refusal(b"a,b\n1,2\n", size=4).reason)
    assert refusal(b"a\n1\n2\n", rows=1).line == 3
    assert "列" in str(refusal(b"a,b\n", columns=1).reason)
    long = csv.read(b"a,b\n1,22222\n", limits=csv.Limits(cell=4)).problems
    assert [(problem.line, problem.column) for problem in long] == [(2, "b")]
