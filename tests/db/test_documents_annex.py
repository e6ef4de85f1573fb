"""The high-risk annex of a round: the cases of its day, the judgment that held then, whom it is for."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from register import audit
from register.clock import FixedClock
from register.db import Database
from register.models import Assessment, Ministry, Round
from register.services import snapshot_subjects as subjects
from register.vocab import AssessmentState, RiskResult, RoundState, SnapshotKind
from tests.support.assessments import HIGH, LOW, Panel
from tests.support.data import NOW
from tests.support.databases import Build, Databases
from tests.support.documents import Press, lent_press
from tests.support.everything import BY
from tests.support.running_round import Office
from tests.support.stories import CASE, INTERNAL, JUDGED, case_of, storied

OTHER, TOO_LATE = "b-2025-0001", "b-2025-0002"
HIDDEN = ("下書きの理由", "知らせていない出来事", "戻された後の概要", TOO_LATE)


def judged(url: str) -> None:
    """Build the story with judgments after the round's day, and ministries that are not numbered in official order."""
    storied(url)
    database = Database(url, FixedClock(NOW))
    with database.writing() as session:
        panel, case = Panel(session), case_of(session)
        last = session.scalars(select(Ministry).where(Ministry.key == "b")).one()
        last.sort_no = 0
        audit.record(session, audit.Event.MINISTRY_CREATED, last, by=BY)
        draft = session.scalars(select(Assessment).where(Assessment.state == AssessmentState.DRAFT)).one()
        panel.move(draft, "withdraw", who="reporter")
        session.flush()
        panel.decided(case, LOW, result=RiskResult.NOT_HIGH, on=dt.date(2025, 11, 5), reason="使い方を改めた。")
        late = Office(session).case(who="other", title="基準日の後に判定した案件")
        for own, on in ((case_of(session, OTHER), JUDGED), (late, dt.date(2025, 10, 15))):
            begun = panel.start(own, HIGH, who="other", propose=True)
            panel.decide(begun, who="other-approver", on=on)
        _earlier_round(session)
    database.engine.dispose()


def _earlier_round(session: Session) -> None:
    settled = round_of(session)
    empty = Round(fiscal_year=2024, number=1, as_of=dt.date(2024, 9, 30), state=RoundState.FROZEN)
    empty.form_version_id = settled.form_version_id
    session.add(empty)
    audit.record(session, audit.Event.ROUND_CREATED, empty, by=BY)


def round_of(session: Session, year: int = 2025) -> Round:
    """Return the only round of a year."""
    return session.scalars(select(Round).where(Round.fiscal_year == year)).one()


def told(press: Press, who: str = "secretariat", year: int = 2025) -> dict[str, Any]:
    """Return the data of the annex."""
    return press.told(SnapshotKind.ANNEX, lambda session: {"round_id": round_of(session, year).id}, who)


@pytest.fixture
def content() -> Build:
    """A round on whose day two cases counted as possibly high risk."""
    return judged


@pytest.fixture(scope="module")
def printed(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Press]:
    """The same for files that several tests look at."""
    with lent_press(databases, judged, tmp_path_factory) as made:
        yield made


def test_the_cases_of_the_day_stand_by_ministry_in_official_order(press: Press) -> None:
    data = told(press)
    assert data["names"] == [OTHER, CASE] * 2
    assert [one["high_risk"]["case_no"] for one in data["cases"]] == [OTHER, CASE]
    assert [(row["code"], row["total"]) for row in data["counts"]["rows"]] == [("b", 1), ("a", 1), ("total", 2)]
    # As they were reported in the round, not as they were registered.
    assert data["cases"][1]["answers"]["unit"]["text"] == "訂正後の課"


def test_the_judgment_is_the_one_that_held_on_the_day(press: Press) -> None:
    case = told(press)["cases"][1]
    assert case["judgment"]["decision"]["decided_on"] == JUDGED.isoformat()
    assert [row["answer"] for row in case["judgment"]["sheet"]] == ["A4", "B3", "C1", "D1"]
    assert [(row["decided_on"], row["decision"]["code"]) for row in case["judgment"]["later"]] == [
        ("2025-11-05", "not_high")
    ]
    assert case["high_risk"]["until"] == "2025-11-05"
    assert [one["about"]["judgment"] for one in case["referrals"]] == [f"{CASE}-HR1"] * 2
    assert [one["incident_no"] for one in case["incidents"]] == ["a-RC2025-001"]


def test_it_holds_what_the_person_may_see(press: Press) -> None:
    text = json.dumps(told(press), ensure_ascii=False)
    assert [word for word in HIDDEN if word in text] == []
    own = told(press, "approver")
    assert own["names"] == [CASE] * 2
    assert "府省庁B" not in json.dumps(own, ensure_ascii=False)


def test_a_round_without_any_has_a_sentence(press: Press) -> None:
    (paper,) = press.papers(SnapshotKind.ANNEX, lambda session: {"round_id": round_of(session, 2024).id})
    assert json.loads(paper.canonical)["cases"] == []
    assert paper.values["overview"].empty == "基準日に高リスクの可能性がある案件はありません。"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_file_fits_both_standards_and_holds_nothing_hidden(printed: Press, tmp_path: Path, language: str) -> None:
    sheet = printed.file(lambda session: subjects.of_round(session, round_of(session), SnapshotKind.ANNEX, language))
    sheet.check(tmp_path, *HIDDEN, *INTERNAL)
    said = {"ja": ("高リスク案件の別冊", "進めてよい。", "使い方を改めた"), "en": ("High-riskannex", "進めてよい。")}
    assert [text for text in said[language][:2] if text not in sheet.text] == []
    # Only what held on the day is told in full.
    assert "使い方を改めた" not in sheet.text
