"""The record of an incident: facts, clocks, measures, files, notices, and its history, as a person may see them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from register.errors import NotNow
from register.services import snapshot_subjects as subjects
from register.vocab import SnapshotKind
from tests.support.databases import Build, Databases
from tests.support.documents import LATER, Press, lent_press
from tests.support.stories import CASE, FOREIGN, INTERNAL, TOLD, incident_of, storied

UNTOLD = "a-RC2025-002"


@pytest.fixture
def content() -> Build:
    """An incident with all that may belong to it."""
    return storied


@pytest.fixture(scope="module")
def printed(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Press]:
    """The same for files that several tests look at."""
    with lent_press(databases, storied, tmp_path_factory) as made:
        yield made


def told(press: Press, who: str = "secretariat", number: str = TOLD, **more: Any) -> dict[str, Any]:
    """Return the data of the record."""

    def subject(session: Session) -> dict[str, Any]:
        return {"incident_id": incident_of(session, number).id}

    return press.told(SnapshotKind.INCIDENT, subject, who, **more)


def test_it_tells_all_of_the_incident(press: Press) -> None:
    data = told(press)
    assert data["overview"]["summary"] == "誤った案内をした。"
    assert data["overview"]["facts"]["categories"] == [{"code": "RC01", "text": "誤情報・ハルシネーション"}]
    assert [row["met"] for row in data["clocks"]["steps"]] == ["in_time", None, "in_time", "open", None]
    # A month later nobody has heard how things stand.
    late = told(press, moment=LATER + dt.timedelta(days=30))["clocks"]["steps"]
    assert late[3]["met"] == "overdue"
    assert [row["case_no"] for row in data["cases"]["items"]] == [CASE]
    assert [row["deed"] for row in data["record"]["steps"]] == ["report", "receive", "notify"]
    assert [row["body"] for row in data["measures"]["items"]] == ["点検する"]
    (kept,) = data["files"]["items"]
    assert (kept["file_name"], kept["size"], kept["sha256"]) == ("資料.pdf", 1234, "ab" * 32)
    assert data["references"]["items"] == []
    assert data["names"] == [TOLD, CASE]


def test_a_notice_stands_there_for_those_who_may_see_it(press: Press) -> None:
    titles = {
        who: [one["title"] for one in told(press, who)["notices"]["items"]] for who in ("secretariat", "approver")
    }
    assert titles["secretariat"] == ["府省庁だけの注意喚起", "引用の確認"]
    # A draft is the secretariat's own.
    assert titles["approver"] == ["引用の確認"]


def test_an_incident_that_others_were_not_told_of_is_the_ministrys(press: Press) -> None:
    assert told(press, "approver", UNTOLD)["overview"]["facts"]["title"] == "知らせていない出来事"
    for who in ("secretariat", "auditor", "other-approver"):
        with pytest.raises(NotNow):
            told(press, who, UNTOLD)


def test_the_history_names_codes_in_words(press: Press) -> None:
    entered = next(one for one in told(press)["audit"]["changes"] if one["event"] == "incident.entered")
    changed = {one["field"]: (one["label"], one["new"]) for one in entered["changes"] if one["table"] == "incident"}
    assert changed["categories"] == ("分類", "誤情報・ハルシネーション")
    assert changed["title"] == ("件名", "知らせた出来事")
    text = json.dumps(told(press), ensure_ascii=False)
    assert [word for word in (*INTERNAL[:-1], *FOREIGN) if word in text] == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_file_fits_both_standards_and_holds_nothing_hidden(printed: Press, tmp_path: Path, language: str) -> None:
    sheet = printed.file(lambda session: subjects.of_incident(incident_of(session), language, None))
    sheet.check(tmp_path, *INTERNAL[:-1], *FOREIGN)
    said = {
        "ja": ("リスクケースの記録", "点検する", "L1軽微", "ab" * 32),
        "en": ("Recordofanincident", "Ministry", "点検する", "ab" * 32),
    }
    assert [text for text in said[language] if text not in sheet.text] == []
