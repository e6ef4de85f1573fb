"""The record of a case: all of it as far as a person may see it, its history from the log, in both languages."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, insert, select
from sqlalchemy.orm import Session

from register.clock import FixedClock
from register.db import Base
from register.documents import told_history
from register.documents.record import Log
from register.errors import NotNow
from register.jobs.snapshots import draw
from register.models import AuditClear, AuditEntry, AuditHead
from register.services import snapshot_subjects as subjects
from register.services import use_cases
from register.vocab import SnapshotKind
from tests.support.data import NOW
from tests.support.databases import Build, Databases
from tests.support.documents import LATER, Press, lent_press
from tests.support.running_round import LIBRARY
from tests.support.stories import CASE, FOREIGN, INTERNAL, case_of, storied

CASE_TEXTS = tuple(text for text in INTERNAL if text != "府省庁だけの注意喚起")


@pytest.fixture
def content() -> Build:
    """A case with all that may belong to it."""
    return storied


@pytest.fixture(scope="module")
def printed(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Press]:
    """The same for files that several tests look at."""
    with lent_press(databases, storied, tmp_path_factory) as made:
        yield made


def subject(session: Session) -> dict[str, Any]:
    """Return what is asked for: the case of the story."""
    return {"use_case_id": case_of(session).id}


def told(press: Press, who: str = "secretariat", **more: Any) -> dict[str, Any]:
    """Return the data of the record."""
    return press.told(SnapshotKind.CASE, subject, who, **more)


def events(data: dict[str, Any]) -> list[str]:
    """Return the deeds of the history."""
    return [entry["event"] for entry in data["audit"]["changes"]]


def test_it_tells_what_the_person_may_see_and_nothing_else(press: Press) -> None:
    for who, internal in (("secretariat", False), ("auditor", False), ("approver", True), ("reporter", True)):
        text = json.dumps(told(press, who), ensure_ascii=False)
        for word in (
            "窓口の案内", "問合せに\\n答える案を作る。", "共通基盤", "訂正後の課", "だれが使うのか。", "知らせた出来事",
            "国民が直接使うため。", "進めてよい。", "5月に報告する。", "二度目の概要", "理由を説明した。", "窓口のこと",
        ):  # fmt: skip
            assert word in text, (who, word)
        assert [word for word in CASE_TEXTS if (word in text) is not internal] == [], who
        assert [word for word in FOREIGN if word in text] == [], who


def test_what_others_may_not_see_cannot_be_asked_for(press: Press) -> None:
    with pytest.raises(NotNow):
        told(press, "other-approver")


def test_every_part_is_told_by_its_name(press: Press) -> None:
    data = told(press)
    assert data["overview"]["facts"]["usage_type"] == {"code": "S1", "text": "特化型１"}
    assert [step["state"]["code"] for step in data["life"]["steps"]] == ["planned", "production"]
    (round_,) = data["answers"]["rounds"]
    assert round_["answers"]["unit"] == {"state": "answered", "text": "訂正後の課", "value": "訂正後の課"}
    assert [(one["before"]["text"], one["after"]["text"]) for one in round_["corrections"]] == [
        ("相談局", "訂正後の課")
    ]
    assert [one["body"]["text"] for one in round_["remarks"]] == ["だれが使うのか。"]
    (judgment,) = data["judgments"]["items"]
    assert [row["viewpoint"] for row in judgment["sheet"]] == ["A", "B", "C", "D"]
    assert [len(one["sent"]) for one in data["referrals"]["items"]] == [1, 1]
    assert [one["steps"][-1]["body"]["text"] for one in data["questions"]["items"]] == ["理由を説明した。"]
    assert data["names"] == [CASE, "2025-3", "a-RC2025-001", f"{CASE}-HR1", "a-AB2025-001", "a-AB2025-002"]


def test_the_history_is_that_of_the_log(press: Press) -> None:
    data = told(press)
    # Its own deeds, those of what belongs to it, and of whole returns and rounds what they changed of it.
    wanted = {
        "use_case.created", "use_case.edited", "use_case.moved", "round.moved", "submission.filled",
        "submission_item.corrected", "assessment.decided", "referral.moved", "incident.entered", "disclosure.decided",
        "question.answered",
    }  # fmt: skip
    assert wanted <= set(events(data))
    edited = next(one for one in data["audit"]["changes"] if one["event"] == "use_case.edited")
    title = next(one for one in edited["changes"] if one["field"] == "title")
    assert (title["label"], title["old"], title["new"]) == ("案件名", "窓口の案内 第1版", "窓口の案内")
    numbers = [entry["seq"] for entry in data["audit"]["changes"]]
    assert numbers == sorted(numbers)


def test_what_stays_in_the_ministry_is_withheld_in_the_history_too(press: Press) -> None:
    def states(who: str) -> set[str]:
        changes = [one for entry in told(press, who)["audit"]["changes"] for one in entry["changes"]]
        return {one["state"] for one in changes if "state" in one}

    assert states("secretariat") == {"withheld"}
    assert states("approver") == set()


def test_whoever_may_not_read_the_log_reads_none_of_it_here(press: Press) -> None:
    (paper,) = press.papers(SnapshotKind.CASE, subject, "reporter")
    assert json.loads(paper.canonical)["audit"] == {}
    assert [one.name for one in paper.listings] == ["case"]
    # The length of the log is not theirs to know either.
    assert "seq" not in told(press, "approver")["audit"]["changes"][0]


def test_the_history_ends_at_the_moment_told_of(press: Press) -> None:
    before = events(told(press))
    _renamed_later(press)
    assert events(told(press, moment=NOW)) == before
    assert events(told(press)) == [*before, "use_case.edited"]


def test_a_past_moment_is_told_with_its_own_history(press: Press) -> None:
    _renamed_later(press)
    by = press.actor("secretariat")
    with press.run.database.reading() as session:
        then, now = (subjects.of_case(case_of(session), "ja", moment) for moment in (NOW, None))
    titles = {}
    for wanted in (then, now):
        (drawn,) = draw(press.run, wanted, LATER, by)
        data = json.loads(drawn.paper.canonical)
        titles[wanted.as_of] = data["overview"]["facts"]["title"], events(data)[-1] == "use_case.edited"
    assert titles == {NOW: ("窓口の案内", False), None: ("改めた名前", True)}


def _renamed_later(press: Press) -> None:
    """Give the case another name, two weeks after the story."""
    by = press.actor("reporter")
    clock = press.run.clock
    assert isinstance(clock, FixedClock)
    clock.moment = NOW + dt.timedelta(days=14)
    with press.run.database.writing() as session:
        case = case_of(session)
        values: dict[str, Any] = {name: getattr(case, name) for name in use_cases.EDITABLE} | {"title": "改めた名前"}
        use_cases.edit(session, case, form=LIBRARY.newest, values=values, version=case.version, by=by)


def test_more_entries_than_there_is_room_for_stay_in_the_data(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told_history, "MOST_ROWS", 20)
    (paper,) = press.papers(SnapshotKind.CASE, subject)
    (log,) = [part for part in paper.values["chapters"][-1].parts if isinstance(part, Log)]
    assert 0 < log.left_out < len(log.entries) == len(events(told(press)))
    # The newest ones are printed.
    assert log.printed[-1] is log.entries[-1]
    assert sum(len(entry.changes) + 2 for entry in log.printed) <= 20


def test_a_state_made_anew_has_its_history_from_the_register(press: Press, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'past.sqlite3'}")
    _copied(press.run.database.engine, engine)
    with Session(engine) as past:
        case_of(past).title = "その時の名前"
        past.flush()
        data = told(press, past=past)
        past.rollback()
    engine.dispose()
    assert data["overview"]["facts"]["title"] == "その時の名前"
    assert data["audit"]["changes"] == told(press)["audit"]["changes"]


def _copied(source: Engine, target: Engine) -> None:
    """Copy every row but those of the log into a new database."""
    Base.metadata.create_all(target)
    log = {model.__tablename__ for model in (AuditEntry, AuditClear, AuditHead)}
    with source.connect() as reading, target.begin() as writing:
        for table in Base.metadata.sorted_tables:
            rows = [] if table.name in log else [dict(row) for row in reading.execute(select(table)).mappings()]
            if rows:
                writing.execute(insert(table), rows)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_file_fits_both_standards_and_holds_nothing_hidden(printed: Press, tmp_path: Path, language: str) -> None:
    sheet = printed.file(lambda session: subjects.of_case(case_of(session), language, None))
    sheet.check(tmp_path, *CASE_TEXTS, *FOREIGN)
    assert "case-log.csv" in sheet.attached()
    said = {
        "ja": ("案件の記録", "窓口の案内", "訂正前", "特化型１"),
        "en": ("Recordofausecase", "Ministry", "窓口の案内", "Specialised1"),
    }
    assert [text for text in said[language] if text not in sheet.text] == []
    chapters = [text.partition("　")[0] for text in sheet.bookmarks() if re.match(r"\d+　", text)]
    assert chapters == [str(number) for number in range(1, 10)]
