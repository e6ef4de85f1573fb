"""The list of cases as a document: narrowed as the list, in volumes, with the counts of all in the first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from register.authz import Actor
from register.clock import FixedClock
from register.db import Database
from register.documents import register
from register.jobs.snapshots import draw
from register.services import snapshot_subjects as subjects
from register.services.snapshots import Wanted
from register.vocab import Lifecycle, SnapshotKind
from tests.support.data import NOW, staffed
from tests.support.databases import Build, Databases
from tests.support.documents import LATER, Press, lent_press
from tests.support.running_round import Office

OWN = [f"a-2025-{number:04d}" for number in range(1, 4)]
FOREIGN = [f"b-2025-{number:04d}" for number in range(1, 3)]


def listed(url: str) -> None:
    """Build the staff's database with three cases of the first ministry and two of the second."""
    staffed(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        office = Office(session)
        office.case(title="議事録の要約", usage_type="G1")
        office.case(title="窓口の案内\n二行目", to=Lifecycle.PLANNED, usage_type="S1", user_scope=None)
        office.case(title="=1+1", to=Lifecycle.SUSPENDED, unit="")
        office.case(who="other", title="府省庁Bの要約")
        office.case(who="other", title="府省庁Bの翻訳", to=Lifecycle.PLANNED, usage_type=None)
    database.engine.dispose()


@pytest.fixture
def content() -> Build:
    """Cases of two ministries."""
    return listed


@pytest.fixture(scope="module")
def printed(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Press]:
    """The same for files that several tests look at."""
    with lent_press(databases, listed, tmp_path_factory) as made:
        yield made


def told(press: Press, who: str = "secretariat", **filters: list[str]) -> list[dict[str, Any]]:
    """Return the data of every volume."""
    papers = press.papers(SnapshotKind.REGISTER, lambda _: {"filters": filters}, who)
    return [json.loads(paper.canonical) for paper in papers]


def test_it_lists_what_the_person_may_see_by_number(press: Press) -> None:
    for who, numbers in (("secretariat", OWN + FOREIGN), ("reporter", OWN), ("other-approver", FOREIGN)):
        (data,) = told(press, who)
        assert data["names"] == [one["case_no"] for one in data["cases"]] == numbers, who
        assert data["total"] == len(numbers)
    assert "府省庁B" not in json.dumps(told(press, "reporter"), ensure_ascii=False)


def test_every_field_of_the_export_is_in_the_data(press: Press) -> None:
    (data,) = told(press)
    first = data["cases"][0]
    assert set(first) == set(register.FIELDS)
    assert (first["usage_type"], first["lifecycle"], first["planned_stage"]) == ("G1", "production", None)
    assert data["codes"]["usage_type"]["G1"] == "汎用型１"


def test_the_conditions_narrow_it_and_stand_in_words(press: Press) -> None:
    (data,) = told(press, lifecycle=["planned", "suspended"], usage_type=["S1", "none"])
    assert data["names"] == [OWN[1], FOREIGN[1]]
    assert [(one["name"], one["text"]) for one in data["conditions"]] == [
        ("状態", "利用開始前、停止中"), ("利用類型", "特化型１、未回答"),
    ]  # fmt: skip
    (data,) = told(press, q=["要約"], ministry=["b"])
    assert (data["names"], data["conditions"][0]) == (FOREIGN[:1], {"name": "言葉で探す", "text": "「要約」"})
    assert [row["code"] for row in data["counts"]["lifecycle"]["rows"]] == ["b", "total"]
    # What is no filter of the list is none here.
    (data,) = told(press, sort=["title"], nothing=["x"])
    assert (data["names"], data["conditions"]) == (OWN + FOREIGN, [])


def test_the_counts_add_up_to_the_list(press: Press) -> None:
    (data,) = told(press)
    states, types = data["counts"]["lifecycle"], data["counts"]["usage_type"]
    assert states["columns"] == ["planned", "verification", "production", "suspended", "retired"]
    assert [row["cells"] for row in states["rows"]] == [[1, 0, 1, 1, 0], [1, 0, 1, 0, 0], [2, 0, 2, 1, 0]]
    assert {row["code"]: row["total"] for row in types["rows"]} == {
        "G1": 1, "G2": 2, "S1": 1, "S2": 0, "OT": 0, "none": 1, "total": 5,
    }  # fmt: skip


def test_it_comes_in_volumes_with_the_counts_in_the_first(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "ROWS_PER_VOLUME", 2)
    volumes = told(press)
    assert [one["names"] for one in volumes] == [OWN[:2], [OWN[2], FOREIGN[0]], FOREIGN[1:]]
    assert [one["first"] for one in volumes] == [1, 3, 5]
    assert ["counts" in one for one in volumes] == [True, False, False]
    assert {one["total"] for one in volumes} == {5}
    # The digest of each is of its own rows.
    assert len({json.dumps(one["cases"]) for one in volumes}) == 3


def test_an_empty_list_is_one_volume_with_a_sentence(press: Press) -> None:
    (data,) = told(press, lifecycle=["retired"])
    assert (data["names"], data["total"], "counts" in data) == ([], 0, False)


def wanted(filters: dict[str, list[str]], language: str, by: Actor) -> Any:
    """Return what asks for the list."""

    def ask(session: Session) -> Wanted:
        return subjects.of_register(session, filters, language, LATER, by)

    return ask


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_file_fits_both_standards_and_holds_nothing_hidden(printed: Press, tmp_path: Path, language: str) -> None:
    sheet = printed.file(wanted({}, language, printed.actor("approver")), "approver")
    sheet.check(tmp_path, "府省庁Bの要約", *FOREIGN)
    said = {
        "ja": ("案件一覧", "汎用型１", "未回答"),
        "en": ("Usecasesbyministryandstate", "General-purpose1", "議事録の要約"),
    }
    assert [text for text in said[language] if text not in sheet.text] == []
    assert sheet.attached()["register.csv"].decode("utf-8-sig").splitlines()[3].split(",")[3] == "'=1+1"
    assert "register-20251201-a" in sheet.drawn.seal.number


def test_an_empty_list_can_be_printed(printed: Press, tmp_path: Path) -> None:
    empty = printed.file(wanted({"lifecycle": ["retired"]}, "ja", printed.actor("secretariat")))
    empty.check(tmp_path)
    assert "条件に合う案件はありません。" in empty.text


def test_a_later_volume_says_which_cases_it_holds(printed: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "ROWS_PER_VOLUME", 3)
    by = printed.actor("secretariat")
    with printed.run.database.reading() as session:
        asked = wanted({}, "ja", by)(session)
    first, second = draw(printed.run, asked, LATER, by)
    assert (first.seal.volume, second.seal.volume, second.seal.volumes) == (1, 2, 2)
    assert "4件目から5件目まで（b-2025-0001からb-2025-0002まで）" in second.request.html
    assert ("1　件数" in first.request.html, "1　件数" in second.request.html) == (True, False)
